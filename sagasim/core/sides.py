"""One of the things that are compared: what each fault shows there, and what is found.

An Exploration and a Verdict read back from its JSON look the same from here on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sagasim.core.exploration import Exploration
from sagasim.core.faults import text_of
from sagasim.core.verdict import Verdict


class Seen(NamedTuple):
    """What a cell or a finding shows on one side: the worst (empty: harmless), and the run that shows it."""

    worst: str
    step: str
    faults: tuple[str, ...]
    order: tuple[str, ...] = ()


Cells = Mapping[tuple[str, str], Seen]
Findings = Mapping[tuple[str, str], Seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two things that are compared. `exhaustive` is False where harmless is only "so far"."""

    name: str
    exhaustive: bool
    cells: Cells
    findings: Findings


def side_of(known: Exploration | Verdict, name: str, coordination: str) -> Side:
    if isinstance(known, Exploration):
        return Side(
            name=name,
            exhaustive=known.exhaustive,
            cells={
                (f"{cell.target}.undo" if cell.undo else cell.target, cell.kind): Seen(
                    cell.worst, cell.step, text_of(cell.faults), tuple(map(str, cell.order))
                )
                for cell in known.matrix
            },
            findings={
                (it.harm, it.step): Seen(it.harm, it.step, text_of(it.faults), tuple(map(str, it.order)))
                for it in known.findings
            },
        )
    return Side(
        name=name,
        exhaustive=known.exhaustive,
        cells={
            (cell.target, cell.kind): Seen(cell.worst, "", cell.faults)
            for cell in known.matrix
            if coordination in ("", cell.coordination)
        },
        findings={
            (it.harm, it.step): Seen(it.harm, it.step, it.faults)
            for it in known.findings
            if coordination in ("", it.coordination)
        },
    )


def renamed(side: Side, names: Mapping[str, str]) -> Side:
    """The side with the step names of the other one; its faults keep their own, since they are run on it."""
    if not names:
        return side

    def now(target: str) -> str:
        step, undo, rest = target.partition(".undo")
        return f"{names.get(step, step)}{undo}{rest}"

    return Side(
        name=side.name,
        exhaustive=side.exhaustive,
        cells={(now(target), kind): seen for (target, kind), seen in side.cells.items()},
        findings={(harm, names.get(step, step)): seen for (harm, step), seen in side.findings.items()},
    )
