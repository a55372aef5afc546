"""Lists of explorations: which filters there are, and pages by key, as lists of runs have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from sagasim.composer.models import SavedSaga
from sagasim.core.harms import HARMS
from sagasim.explorer.models import NEWEST_FIRST, Exploration, ExploredFinding, State

PAGE = 50
CHOICES: Mapping[str, tuple[str, ...]] = {"state": tuple(each.value for each in State), "harm": HARMS}


@dataclass(frozen=True, slots=True)
class Page:
    """Some explorations, and the `before` of the next ones; empty: there are none."""

    explorations: list[Exploration]
    before: str = ""


class ExplorationFilter:
    """What somebody asked to see. What is not known is said (`refusals`), and not filtered by."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.refusals: list[str] = []
        self.chosen: dict[str, str] = {}
        for name, choices in CHOICES.items():
            value = asked.get(name, "")
            if value in choices:
                self.chosen[name] = value
            elif value:
                self.refusals.append(f"There is no {name} {value[:60]!r}; there are {', '.join(choices)}.")
        if asked.get("saga", ""):
            self.chosen["saga"] = asked["saga"][:200]
        self.before = _key(asked.get("before", ""))

    def explorations(self) -> QuerySet[Exploration]:
        found = Exploration.objects.select_related("saga", "version").order_by(*NEWEST_FIRST)
        if state := self.chosen.get("state"):
            found = found.filter(state=state)
        if name := self.chosen.get("saga"):
            found = found.filter(saga=SavedSaga.objects.filter(name=name).first())
        if harm := self.chosen.get("harm"):
            found = of_harm(found, harm)
        if self.before is not None:
            asked_at, pk = self.before
            found = found.filter(Q(asked_at__lt=asked_at) | Q(asked_at=asked_at, pk__lt=pk))
            found = found.filter(asked_at__lte=asked_at)  # lets the database begin in the middle of the index
        return found

    def page(self) -> Page:
        rows = list(self.explorations()[: PAGE + 1])
        if len(rows) <= PAGE:
            return Page(rows)
        last = rows[PAGE - 1]
        return Page(rows[:PAGE], f"{last.asked_at.isoformat()}/{last.pk}")


def of_harm(explorations: QuerySet[Exploration], harm: str) -> QuerySet[Exploration]:
    """Those that found this property broken."""
    return explorations.filter(pk__in=ExploredFinding.objects.filter(harm=harm).values("exploration"))


def _key(text: str) -> tuple[datetime, UUID] | None:
    moment, _, pk = text.rpartition("/")
    try:
        asked_at: Any = parse_datetime(moment)
        return (asked_at, UUID(pk)) if asked_at is not None else None
    except ValueError:
        return None
