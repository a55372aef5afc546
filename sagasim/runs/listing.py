"""Lists of runs: which filters there are, and pages by key.

Each filter is answered by one index that is in the order of the list (models.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet

from sagasim.composer.models import SavedSaga
from sagasim.core.faults import KINDS
from sagasim.core.harms import HARMS
from sagasim.runs.models import COORDINATIONS, EVERY_OUTCOME, NEWEST_FIRST, Run
from sagasim.runs.paging import NO_PLACE, Key, after, chosen_among, key_of

PAGE = 50
MOST_SAGAS = 500
CHOICES: Mapping[str, tuple[str, ...]] = {
    "outcome": tuple(value for value, _ in EVERY_OUTCOME),
    "coordination": tuple(value for value, _ in COORDINATIONS),
    "harm": HARMS,
    "kind": KINDS,
}


LABELS = {"kind": "fault"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One filter as the page shows it: what can be chosen, and what is."""

    name: str
    label: str
    choices: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, and where the next ones begin: their address, and its `before`; empty: there are none."""

    runs: list[Run]
    next: str = ""
    before: str = ""


class RunFilter:
    """What somebody asked to see. What is not known is said (`refusals`), and not filtered by."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.chosen, self.refusals = chosen_among(asked, CHOICES)
        for name in ("saga", "q"):
            if asked.get(name, ""):
                self.chosen[name] = asked[name][:200]
        self.before = key_of(asked.get("before", ""))
        if asked.get("before") and self.before is None:
            self.refusals.append(NO_PLACE)

    def offers(self) -> list[Offer]:
        return [
            Offer(name, LABELS.get(name, name), choices, self.chosen.get(name, ""))
            for name, choices in CHOICES.items()
        ]

    def runs(self) -> QuerySet[Run]:
        found = (
            Run.objects.select_related("saga", "version").prefetch_related("findings").order_by(*NEWEST_FIRST)
        )
        for name, value in self.chosen.items():
            found = _narrowed(found, name, value, self.before.at if self.before else None)
        return after(found, "executed_at", self.before)

    def page(self) -> Page:
        runs = list(self.runs()[: PAGE + 1])
        if len(runs) <= PAGE:
            return Page(runs)
        last = runs[PAGE - 1]
        before = str(Key(last.executed_at, last.pk))
        return Page(runs[:PAGE], self.address(before=before), before)

    def address(self, **more: str) -> str:
        return f"?{urlencode({**self.chosen, **more})}"


def _narrowed(runs: QuerySet[Run], name: str, value: str, until: datetime | None) -> QuerySet[Run]:
    match name:
        case "harm":
            return of_harm(runs, value, until)
        case "kind":
            return of_kind(runs, value, until)
        case "saga":
            return runs.filter(saga=SavedSaga.objects.filter(name=value).first())
        case "q":
            return named(runs, value, until)
        case _:
            return runs.filter(**{name: value})


def of_harm(runs: QuerySet[Run], harm: str, until: datetime | None = None) -> QuerySet[Run]:
    """Those that broke this property."""
    return mentioning(runs, f"harm:{harm}", until)


def of_kind(runs: QuerySet[Run], kind: str, until: datetime | None = None) -> QuerySet[Run]:
    """Those with a fault of this kind in their plan."""
    return mentioning(runs, f"kind:{kind}", until)


def mentioning(runs: QuerySet[Run], word: str, until: datetime | None = None) -> QuerySet[Run]:
    """Joined, and put in the order of the mentions' index: the database stops reading when the page is full.

    `until` lets it begin in the middle, for the pages that come later.
    """
    later = {} if until is None else {"mentions__executed_at__lte": until}
    return runs.filter(mentions__word=word, **later).order_by(*NEWEST_MENTION)


NEWEST_MENTION = ("-mentions__executed_at", "-mentions__run")


def named(runs: QuerySet[Run], word: str, until: datetime | None = None) -> QuerySet[Run]:
    """Those that a word of a search means: a run's id, a finding, a fault or its kind, a saga, a step."""
    if key := _id(word):
        return runs.filter(pk=key)
    if prefix := prefix_of(word):
        return mentioning(runs, f"{prefix}:{word}", until)
    sagas = list(SavedSaga.objects.filter(name__icontains=word).values_list("name", "pk")[:MOST_SAGAS])
    exact = [pk for name, pk in sagas if name == word]
    return runs.filter(saga__in=exact or [pk for _, pk in sagas])


def prefix_of(word: str) -> str:
    """Under which kind of mention a word is looked up; empty: it is part of a saga's name, or an id."""
    if word in HARMS:
        return "harm"
    if word in KINDS:
        return "kind"
    if ":" in word:
        return "fault"
    if _id(word) or SavedSaga.objects.filter(name__icontains=word).exists():
        return ""
    return "step"


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
