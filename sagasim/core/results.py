"""Runs and explorations as JSON: the formats of model.md section 9, and what stands in them.

A run is read back with its saga at hand. Of an exploration the JSON has what a person or a build needs: the
verdict, with all coordinations in one. Histories are lines.py's business, sentences postmortem.py's.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sagasim.core.errors import CoreError, quoted
from sagasim.core.execution import Run, run
from sagasim.core.exploration import Cell, Exploration, Finding
from sagasim.core.faults import FaultPlan, Moment, parse_moment, parse_plan, text_of
from sagasim.core.harms import HARMS, Harm
from sagasim.core.lines import Data, entry_of, line_of, pack, unpack
from sagasim.core.narration import scope
from sagasim.core.postmortem import finding_in_words
from sagasim.core.saga import Coordination, Saga

__all__ = [
    "BadResult",
    "Fixed",
    "RunFinding",
    "ToldCell",
    "ToldFinding",
    "Verdict",
    "entry_of",
    "findings_of",
    "line_of",
    "pack",
    "replay_command",
    "run_from_data",
    "run_to_data",
    "unpack",
    "verdict_from_data",
    "verdict_of",
    "verdict_to_data",
]


class BadResult(CoreError):
    """A file is not the JSON of a run or of an exploration."""


# ---------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinding:
    """A property that a run broke, the entry that shows it, and why."""

    harm: str
    step: str
    seq: int
    sentence: str


def findings_of(it: Run) -> tuple[RunFinding, ...]:
    """What a run broke, in the order in which it did."""
    return tuple(
        RunFinding(harm=harm, step=step, seq=seq, sentence=finding_in_words(it, harm, step))
        for (harm, step), seq in it.harms
    )


def run_to_data(it: Run) -> Data:
    """`run --json`. What only some runs have stands there only then: `order`, `outcomes`, `struck`."""
    findings = [
        {"harm": each.harm, "step": each.step, "seq": each.seq, "sentence": each.sentence}
        for each in findings_of(it)
    ]
    data: Data = {
        "saga": it.saga.name,
        "coordination": it.coordination.value,
        "seed": it.seed,
        "faults": list(text_of(it.faults)),
        "faults_struck": len(it.struck),
        "outcome": it.outcome,
        "parked": list(it.parked),
        "ledger": dict(it.ledger),
        "resources": dict(it.resources),
        "findings": findings,
        "duration_ms": it.duration_ms,
        "messages": it.messages,
        "history": [line_of(entry) for entry in it.history],
    }
    if it.order:
        data["order"] = [str(moment) for moment in it.order]
    if len(it.outcomes) > 1:
        data["outcomes"] = list(it.outcomes)
    if it.struck not in ((), it.faults):
        data["struck"] = list(text_of(it.struck))
    return data


def run_from_data(data: object, saga: Saga) -> Run:
    """The run of this saga that a JSON tells; `run_to_data` is its inverse. Raises CoreError."""
    read = _Reader(data, "a run")
    faults = parse_plan(read.texts("faults"), saga)
    outcome = read.text("outcome")
    struck: FaultPlan = faults if read.number("faults_struck") else ()
    return Run(
        saga=saga,
        coordination=_coordination(read.text("coordination")),
        seed=read.number("seed"),
        faults=faults,
        order=tuple(parse_moment(text, saga) for text in read.texts("order", absent=())),
        struck=parse_plan(read.texts("struck", absent=text_of(struck)), saga),
        outcome=outcome,
        outcomes=read.texts("outcomes", absent=(outcome,)),
        parked=read.texts("parked"),
        ledger=read.numbers("ledger"),
        resources=read.numbers("resources"),
        harms=tuple(
            (Harm(each.text("harm"), each.text("step")), each.number("seq")) for each in read.each("findings")
        ),
        duration_ms=read.number("duration_ms"),
        messages=read.number("messages"),
        history=tuple(entry_of(line.data) for line in read.each("history")),
    )


# ---------------------------------------------------------------- explorations


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


def verdict_to_data(verdict: Verdict) -> Data:
    """`explore --json`."""
    return {
        "saga": verdict.saga,
        "faults": verdict.faults,
        "exhaustive": verdict.exhaustive,
        "unexplored": verdict.unexplored,
        "states": verdict.states,
        "executions": verdict.executions,
        "seconds": verdict.seconds,
        "coordinations": {
            name: {"states": states, "findings": findings}
            for name, (states, findings) in verdict.coordinations.items()
        },
        "findings": [_finding_to_data(each) for each in verdict.findings],
        "matrix": [
            {
                "coordination": cell.coordination,
                "target": cell.target,
                "kind": cell.kind,
                "worst": cell.worst or None,
                "faults": list(cell.faults),
            }
            for cell in verdict.matrix
        ],
        "undo_coverage": dict(verdict.undo_coverage),
    }


def _finding_to_data(finding: ToldFinding) -> Data:
    fix = finding.fix
    return {
        "harm": finding.harm,
        "step": finding.step,
        "coordination": finding.coordination,
        "faults": list(finding.faults),
        "sentence": finding.sentence,
        "fix": None if fix is None else {"change": fix.change, "verified": fix.verified},
        "replay": finding.replay,
    }


def verdict_from_data(data: object) -> Verdict:
    """The verdict that a JSON tells; `verdict_to_data` is its inverse. Raises BadResult."""
    read = _Reader(data, "an exploration")
    coordinations = read.inner("coordinations")
    return Verdict(
        saga=read.text("saga"),
        faults=read.number("faults"),
        exhaustive=read.flag("exhaustive"),
        unexplored=read.number("unexplored"),
        states=read.number("states"),
        executions=read.number("executions"),
        seconds=read.amount("seconds"),
        coordinations={
            name: (its.number("states"), its.number("findings"))
            for name, its in ((name, coordinations.inner(name)) for name in coordinations.data)
        },
        findings=tuple(_finding_from_data(each) for each in read.each("findings")),
        matrix=tuple(
            ToldCell(
                coordination=each.text("coordination"),
                target=each.text("target"),
                kind=each.text("kind"),
                worst="" if each.data.get("worst") is None else each.text("worst"),
                faults=each.texts("faults"),
            )
            for each in read.each("matrix")
        ),
        undo_coverage={
            name: read.inner("undo_coverage").flag(name) for name in read.inner("undo_coverage").data
        },
    )


def _finding_from_data(read: _Reader) -> ToldFinding:
    fix = None if read.data.get("fix") is None else read.inner("fix")
    return ToldFinding(
        harm=read.text("harm"),
        step=read.text("step"),
        coordination=read.text("coordination"),
        faults=read.texts("faults"),
        sentence=read.text("sentence"),
        fix=None if fix is None else Fixed(change=fix.text("change"), verified=fix.flag("verified")),
        replay=read.text("replay"),
    )


# ---------------------------------------------------------------- reading


def _coordination(text: str) -> Coordination:
    if text not in list(Coordination):
        raise BadResult(f"no coordination {quoted(text)}; there are orchestration and choreography")
    return Coordination(text)


class _Reader:
    """Takes values out of JSON, each with the type that it must have."""

    def __init__(self, data: object, what: str) -> None:
        if not isinstance(data, Mapping):
            raise BadResult(f"this is not the JSON of {what}: it is no mapping of keys to values")
        self.data: Mapping[str, object] = data
        self.what = what

    def _of(self, key: str) -> object:
        if key not in self.data:
            raise BadResult(f"this is not the JSON of {self.what}: the key {quoted(key)} is missing")
        return self.data[key]

    def _no(self, key: str, wanted: str) -> BadResult:
        return BadResult(
            f"this is not the JSON of {self.what}: {key} is {quoted(self.data[key])}, not {wanted}"
        )

    def text(self, key: str) -> str:
        value = self._of(key)
        if not isinstance(value, str):
            raise self._no(key, "text")
        return value

    def number(self, key: str) -> int:
        value = self._of(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._no(key, "a whole number")
        return value

    def amount(self, key: str) -> float:
        value = self._of(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._no(key, "a number")
        return value

    def flag(self, key: str) -> bool:
        value = self._of(key)
        if not isinstance(value, bool):
            raise self._no(key, "true or false")
        return value

    def texts(self, key: str, absent: Sequence[str] | None = None) -> tuple[str, ...]:
        if absent is not None and key not in self.data:
            return tuple(absent)
        value = self._of(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._no(key, "a list of texts")
        return tuple(value)

    def numbers(self, key: str) -> dict[str, int]:
        inner = self.inner(key)
        return {name: inner.number(name) for name in inner.data}

    def inner(self, key: str) -> _Reader:
        self._of(key)
        return _Reader(self.data[key], self.what)

    def each(self, key: str) -> list[_Reader]:
        value = self._of(key)
        if not isinstance(value, list):
            raise self._no(key, "a list")
        return [_Reader(each, self.what) for each in value]
