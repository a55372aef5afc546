"""Two runs side by side: what tells them apart, how far they are the same, and where they first differ.

A what-if and the run that it parted from; or any two: of two versions, two engines, two plans. Two coordinations
tell different lines from the first on, so there nothing is said to be shared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sagasim.core.history import Entry
from sagasim.runs.feed import entries_after
from sagasim.runs.models import Run
from sagasim.runs.services import shared_prefix
from sagasim.runs.stage import sentence_of

END = "Nothing more happens."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two runs in the order in which they are shown. `names` are a few words that tell them apart.

    Up to line `shared_seq`, at `shared_ms`, both say the same; `parting_ms` is when the first different line
    happens, and `first` what it says in either. Where all is the same, both are empty.
    """

    runs: tuple[Run, Run]
    names: tuple[str, str]
    shared_seq: int
    shared_ms: int
    parting_ms: int | None
    first: tuple[str, str] | None

    @property
    def of_one_coordination(self) -> bool:
        return self.runs[0].coordination == self.runs[1].coordination

    @property
    def told(self) -> list[Side]:
        """Each run with its name, the faults that only it has, and the first line that is its own."""
        one, other = self.runs
        own = [set(one.faults) - set(other.faults), set(other.faults) - set(one.faults)]
        return [
            Side(name, run, [fault for fault in run.faults if fault in its_own], line)
            for name, run, its_own, line in zip(
                self.names, self.runs, own, self.first or ("", ""), strict=True
            )
        ]


class Side(NamedTuple):
    """One of the two, as the page tells it."""

    name: str
    run: Run
    own_faults: list[str]
    first_line: str


def side_by_side(one: Run, other: Run) -> Pair:
    """The two as they are shown: a run before its what-if, else as they were asked for."""
    runs = (other, one) if one.parent_id == other.pk else (one, other)
    histories = tuple(entries_after(run.pk, 0) for run in runs)
    same_kind = one.coordination == other.coordination
    shared = shared_prefix(*histories) if same_kind else 0
    rests = [history[shared:] for history in histories]
    parting = min((rest[0].at_ms for rest in rests if rest), default=None) if same_kind else None
    return Pair(
        runs=runs,
        names=_names(*runs),
        shared_seq=shared,
        shared_ms=histories[0][shared - 1].at_ms if shared else 0,
        parting_ms=parting,
        first=None if parting is None else (_first(rests[0], runs[0]), _first(rests[1], runs[1])),
    )


def _first(rest: Sequence[Entry], run: Run) -> str:
    return sentence_of(rest[0], run.version.meaning) if rest else END


def _names(one: Run, other: Run) -> tuple[str, str]:
    """The first thing that differs, in words."""
    if other.parent_id == one.pk:
        return "The run before", "What if"
    for tell in TELLING:
        names = tell(one), tell(other)
        if names[0] != names[1]:
            return names
    return "One run", "The same again"


TELLING: tuple[Callable[[Run], str], ...] = (
    lambda run: run.coordination.title(),
    lambda run: run.saga.name,
    lambda run: f"Version {run.version.number}",
    lambda run: f"With {', '.join(run.faults)}" if run.faults else "Without faults",
    lambda run: f"In the order {', '.join(run.order)}" if run.order else "In its own order",
    lambda run: f"Seed {run.seed}",
    lambda run: f"{run.executed_at:%Y-%m-%d %H:%M:%S}",
)
