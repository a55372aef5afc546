"""Lists of runs: which filters there are, and pages by key.

A page begins after the last run of the one before it, `?before=<time>/<id>`: never an offset, never a count.
Each filter is answered by one index that is in the order of the list (models.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from sagasim.core.faults import KINDS
from sagasim.core.harms import HARMS
from sagasim.runs.models import COORDINATIONS, EVERY_OUTCOME, NEWEST_FIRST, Run

PAGE = 50
CHOICES: Mapping[str, tuple[str, ...]] = {
    "outcome": tuple(value for value, _ in EVERY_OUTCOME),
    "coordination": tuple(value for value, _ in COORDINATIONS),
    "harm": HARMS,
    "kind": KINDS,
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, and the address of the next ones (empty: there are none)."""

    runs: list[Run]
    next: str


class RunFilter:
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
        for name in ("saga", "q"):
            if asked.get(name, ""):
                self.chosen[name] = asked[name][:200]
        self.before = _key(asked.get("before", ""))

    choices = CHOICES

    def runs(self) -> QuerySet[Run]:
        found = Run.objects.select_related("saga", "version").order_by(*NEWEST_FIRST)
        for name, value in self.chosen.items():
            found = _narrowed(found, name, value)
        if self.before is not None:
            executed_at, pk = self.before
            found = found.filter(Q(executed_at__lt=executed_at) | Q(executed_at=executed_at, pk__lt=pk))
            found = found.filter(
                executed_at__lte=executed_at
            )  # what lets the database begin in the middle of the index
        return found

    def page(self) -> Page:
        runs = list(self.runs()[: PAGE + 1])
        if len(runs) <= PAGE:
            return Page(runs, "")
        last = runs[PAGE - 1]
        return Page(runs[:PAGE], self.address(before=f"{last.executed_at.isoformat()}/{last.pk}"))

    def address(self, **more: str) -> str:
        return f"?{urlencode({**self.chosen, **more})}"


def _narrowed(runs: QuerySet[Run], name: str, value: str) -> QuerySet[Run]:
    match name:
        case "harm":
            return runs.filter(findings__harm=value).distinct()
        case "kind":
            return runs.filter(planned__kind=value).distinct()
        case "saga":
            return runs.filter(saga__name=value)
        case "q":
            return runs.filter(
                Q(saga__name=value)
                | Q(findings__step=value)
                | Q(findings__harm=value)
                | Q(planned__target=value)
            ).distinct()
        case _:
            return runs.filter(**{name: value})


def _key(text: str) -> tuple[datetime, UUID] | None:
    moment, _, pk = text.rpartition("/")
    try:
        executed_at: Any = parse_datetime(moment)
        return (executed_at, UUID(pk)) if executed_at is not None else None
    except ValueError:
        return None
