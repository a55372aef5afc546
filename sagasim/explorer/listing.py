"""Lists of explorations and weighings: which filters there are, and pages by key, as lists of runs have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from sagasim.composer.models import SavedSaga
from sagasim.core.harms import HARMS
from sagasim.explorer.models import NEWEST_FIRST, Exploration, ExploredFinding, State, Weighing
from sagasim.runs.paging import NO_PLACE, Key, after, chosen_among, key_of

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
        self.chosen, self.refusals = chosen_among(asked, CHOICES)
        if asked.get("saga", ""):
            self.chosen["saga"] = asked["saga"][:200]
        self.before = key_of(asked.get("before", ""))
        if asked.get("before") and self.before is None:
            self.refusals.append(NO_PLACE)

    def explorations(self) -> QuerySet[Exploration]:
        found = Exploration.objects.select_related("saga", "version").order_by(*NEWEST_FIRST)
        if state := self.chosen.get("state"):
            found = found.filter(state=state)
        if name := self.chosen.get("saga"):
            found = found.filter(saga=SavedSaga.objects.filter(name=name).first())
        if harm := self.chosen.get("harm"):
            found = of_harm(found, harm)
        return after(found, "asked_at", self.before)

    def page(self) -> Page:
        rows = list(self.explorations()[: PAGE + 1])
        if len(rows) <= PAGE:
            return Page(rows)
        last = rows[PAGE - 1]
        return Page(rows[:PAGE], str(Key(last.asked_at, last.pk)))


def weighings_of(saga: SavedSaga | None, before: str) -> tuple[list[Weighing], str]:
    """Some weighings, of one saga or of all, and the `before` of the next ones."""
    found = Weighing.objects.select_related("version__saga").order_by(*NEWEST_FIRST)
    if saga is not None:
        found = found.filter(version__saga=saga)
    rows = list(after(found, "asked_at", key_of(before))[: PAGE + 1])
    more = str(Key(rows[PAGE - 1].asked_at, rows[PAGE - 1].pk)) if len(rows) > PAGE else ""
    return rows[:PAGE], more


def of_harm(explorations: QuerySet[Exploration], harm: str) -> QuerySet[Exploration]:
    """Those that found this property broken."""
    return explorations.filter(pk__in=ExploredFinding.objects.filter(harm=harm).values("exploration"))
