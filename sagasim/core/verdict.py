"""What exploring a saga came to, told: all its coordinations in one, each finding with its sentence and its replay.

Nothing here explores or writes JSON: exploration.py finds, postmortem.py has the sentences, results.py the format.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sagasim.core.execution import run
from sagasim.core.exploration import Cell, Exploration, Finding
from sagasim.core.faults import FaultPlan, Moment, text_of
from sagasim.core.harms import HARMS
from sagasim.core.narration import scope
from sagasim.core.postmortem import finding_in_words
from sagasim.core.saga import Coordination


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The one change that makes a finding go away; `verified`: explored again to the end."""

    change: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFinding:
    """A finding as it is shown: with its sentence, its fix, and the command that replays it."""

    harm: str
    step: str
    coordination: str
    faults: tuple[str, ...]
    sentence: str
    fix: Fixed | None
    replay: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells findings apart: there is one of each."""
        return self.coordination, self.harm, self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCell:
    """One cell of the matrix; `target` is a step, `step.undo`, a service or `saga`; no `worst`: harmless."""

    coordination: str
    target: str
    kind: str
    worst: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a saga, and how far it goes; all coordinations that were explored in one.

    `coordinations` has per coordination its states and the number of its findings. `undo_coverage` says per
    step with an undo whether it ever ran with something to undo, in each of them.
    """

    saga: str
    faults: int
    exhaustive: bool
    unexplored: int
    states: int
    executions: int
    seconds: float
    coordinations: Mapping[str, tuple[int, int]]
    findings: tuple[ToldFinding, ...]
    matrix: tuple[ToldCell, ...]
    undo_coverage: Mapping[str, bool]

    @property
    def scope(self) -> str:
        """How far the verdict goes, in words."""
        return scope(
            faults=self.faults,
            exhaustive=self.exhaustive,
            states=self.states,
            executions=self.executions,
            unexplored=self.unexplored,
        )


Remedy = Callable[[Exploration, Finding], Fixed | None]


def verdict_of(
    explorations: Sequence[Exploration], *, file: str, seconds: float, remedy: Remedy = lambda *_: None
) -> Verdict:
    """The explorations of one saga, told. `file` is what replay commands name; `seconds` is measured outside."""
    first = explorations[0]
    findings = [
        _told(each, finding, file, remedy(each, finding))
        for each in explorations
        for finding in each.findings
    ]
    findings.sort(key=lambda it: (HARMS.index(it.harm), len(it.faults)))
    return Verdict(
        saga=first.saga.name,
        faults=first.faults,
        exhaustive=all(each.exhaustive for each in explorations),
        unexplored=sum(each.unexplored for each in explorations),
        states=sum(each.states for each in explorations),
        executions=sum(each.executions for each in explorations),
        seconds=round(seconds, 3),
        coordinations={each.coordination.value: (each.states, len(each.findings)) for each in explorations},
        findings=tuple(findings),
        matrix=tuple(_cell(each.coordination, cell) for each in explorations for cell in each.matrix),
        undo_coverage={
            step: all(each.undo_coverage[step] for each in explorations) for step in first.undo_coverage
        },
    )


def _told(it: Exploration, finding: Finding, file: str, fix: Fixed | None) -> ToldFinding:
    replayed = run(it.saga, it.coordination, finding.faults, order=finding.order)
    return ToldFinding(
        harm=finding.harm,
        step=finding.step,
        coordination=it.coordination.value,
        faults=text_of(finding.faults),
        sentence=finding_in_words(replayed, finding.harm, finding.step),
        fix=fix,
        replay=replay_command(file, it.coordination, finding.faults, finding.order),
    )


def replay_command(
    file: str, coordination: Coordination, faults: FaultPlan, order: Iterable[Moment] = ()
) -> str:
    """The command that shows a finding again, ready for a shell."""
    words = ["sagasim", "run", file, "--coordination", coordination.value]
    for fault in faults:
        words += ["--fault", str(fault)]
    told = ",".join(str(moment) for moment in order)
    return shlex.join([*words, "--order", told] if told else words)


def _cell(coordination: Coordination, cell: Cell) -> ToldCell:
    return ToldCell(
        coordination=coordination.value,
        target=f"{cell.target}.undo" if cell.undo else cell.target,
        kind=cell.kind,
        worst=cell.worst,
        faults=text_of(cell.faults),
    )
