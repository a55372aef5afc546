"""Why a saga took a wrong course: an order that was not kept, a report that is not true, an end that never comes.

One function per harm. Each says what the saga believed and did, and then what is true now.
"""

from __future__ import annotations

from sagasim.core.evidence import Evidence, believed_as
from sagasim.core.expressions import names_in
from sagasim.core.history import (
    CommandSent,
    DeadLettered,
    EventLost,
    EventPublished,
    OutcomeRecorded,
    StepCommitted,
    StepErred,
    UndoCommitted,
    UndoGivenUp,
)
from sagasim.core.narration import sentence
from sagasim.core.phrases import call_of, joined
from sagasim.core.saga import Kind


def undone_after_pivot(evidence: Evidence) -> str:
    pivots = _committed_pivots(evidence)
    beliefs = joined([f"{name} {believed_as(_believed_then(evidence, name))}" for name in pivots])
    return f"the saga believed {beliefs}, and undid {evidence.step}; in truth {joined(pivots)} had committed"


def _committed_pivots(evidence: Evidence) -> list[str]:
    return [it.name for it in evidence.saga.steps if it.kind is Kind.PIVOT and evidence.truth(it.name) > 0]


def _believed_then(evidence: Evidence, step: str) -> str:
    recorded = [event.belief for event in evidence.events(OutcomeRecorded, step)]
    return recorded[-1] if recorded else evidence.belief(step)


def wrong_order(evidence: Evidence) -> str:
    builders = [
        it.name for it in evidence.saga.steps if evidence.step in it.builds_on and evidence.truth(it.name) > 0
    ]
    verb = "builds" if len(builders) == 1 else "build"
    return f"the undo of {evidence.step} began while {joined(builders)}, which {verb} on it, still stood"


def skipped_undo(evidence: Evidence) -> str:
    times = evidence.truth(evidence.step)
    so = f"; {evidence.effect(times)}" if times > 0 else ""
    return f"{evidence.undo_given_up()}, and the undo of {evidence.step} was not attempted any more{so}"


def false_outcome(evidence: Evidence) -> str:
    pivots = _committed_pivots(evidence)
    truth = f"{joined(pivots)} has committed" if pivots else f"{joined(evidence.standing())} took effect"
    return f"the saga says that it {evidence.outcome}, while in truth {truth}"


def stuck(evidence: Evidence) -> str:
    standing = evidence.standing()
    verb = "stands" if len(standing) == 1 else "stand"
    meanwhile = f"; meanwhile {joined(standing)} {verb}" if standing else ""
    return f"{_why_no_end(evidence)}; no end is reached, and nobody is told{meanwhile}"


def _why_no_end(evidence: Evidence) -> str:
    step = evidence.step
    if not evidence.orchestrated:
        return _why_no_event(evidence)
    undo = evidence.has(CommandSent, step, undo=True)
    reasons = [event.reason for event in evidence.events(StepErred, step, undo=undo)]
    why = f" ({reasons[-1]})" if reasons and reasons[-1] != "error" else ""
    return f"{call_of(step, undo)} is tried again and again, and cannot work{why}"


def _why_no_event(evidence: Evidence) -> str:
    """Choreography: what the step waits for, and why it never comes."""
    step = evidence.step
    lost = list(evidence.events(EventLost))
    dead = [event.step for event in evidence.events(DeadLettered)]
    if lost and lost[-1].word in ("start", "undo"):
        return f"the event that {lost[-1].step} waits for never comes"
    if lost:
        return f"{evidence.definition.service} never publishes {lost[-1].event}"
    if evidence.has(UndoGivenUp, step):
        return f"the undo of {step} was given up"
    if evidence.belief(step) == "undoing":
        return f"the undo of {step} is tried again and again, and cannot work"
    if dead:
        return f"{joined(dead)} will never begin, and {step} waits for it"
    if not evidence.has(EventPublished, step):
        return f"{evidence.definition.service} never published what became of {step}"
    return f"nobody reacts to what {step} published last"


def taken_back(evidence: Evidence) -> str:
    """dirty-read and lost-update: the evidence is of the saga that took the change back."""
    undone = list(evidence.all(UndoCommitted)) or evidence.past
    owner = getattr(undone[-1].event, "step", "")
    other = evidence.definition
    common = [name for name in evidence.saga.step(owner).effects if name in (*other.reads, *other.effects)]
    did = "read" if set(common) & set(other.reads) else "wrote"
    return (
        f"{evidence.step} {did} {joined(common)} between {owner} of saga {evidence.instance} and its undo; "
        "what it built on has been taken back"
    )


def invariant(evidence: Evidence) -> str:
    broken = next(it for it in evidence.saga.invariants if it.name == evidence.step)
    values = {name: evidence.saga.resources.get(name, 0) for name in names_in(broken.expression)}
    for entry in evidence.past:
        values.update((name, value) for name, value in entry.resources if name in values)
    when = _moment_of(evidence, broken.when)
    told = joined([f"{name} = {value}" for name, value in values.items()])
    return f"{when}, '{broken.name}' ({broken.expression}) does not hold: {told}"


def _moment_of(evidence: Evidence, when: str) -> str:
    if when == "finally":
        return f"when the saga has ended {evidence.outcome}"
    if not evidence.past or len(evidence.past) == 1:
        return "at the very start"
    changes = [e for e in evidence.past if isinstance(e.event, StepCommitted | UndoCommitted)]
    if not changes:
        return "at the very start"
    happened, _, so = sentence(changes[-1].event, evidence.saga).partition(": ")
    return f"when {happened} ({so})" if so else f"when {happened}"
