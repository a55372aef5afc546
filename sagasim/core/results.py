"""Runs and explorations as JSON: the formats of model.md section 9, written and read back.

A run is read back with its saga at hand. Of an exploration the JSON has what a person or a build needs: the
verdict. Histories are lines.py's business, sentences postmortem.py's.
"""

from __future__ import annotations

from sagasim.core.errors import quoted
from sagasim.core.execution import Run
from sagasim.core.faults import FaultPlan, parse_moment, parse_plan, text_of
from sagasim.core.harms import Harm
from sagasim.core.lines import Data, entry_of, line_of
from sagasim.core.postmortem import findings_of
from sagasim.core.reading import BadResult, Reader
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import Fixed, ToldCell, ToldFinding, Verdict

# ---------------------------------------------------------------- runs


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
    read = Reader(data, "a run")
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


def _coordination(text: str) -> Coordination:
    if text not in list(Coordination):
        raise BadResult(f"no coordination {quoted(text)}; there are orchestration and choreography")
    return Coordination(text)


# ---------------------------------------------------------------- explorations


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
    read = Reader(data, "an exploration")
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


def _finding_from_data(read: Reader) -> ToldFinding:
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
