"""Which faults strike which calls, how they go on striking, and what they mean where events are consumed.

A `Fault` is how people write it, a `Strike` is how it strikes. What a strike does to a call is
participant.py's business; this module holds the tables around it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from sagasim.core.blueprint import Blueprint, loses_events
from sagasim.core.faults import FOR_EVER, SAGA_KINDS, SPLIT_KINDS, Fault, FaultPlan, Moment
from sagasim.core.ledger import Copy
from sagasim.core.participant import Answered, Strike
from sagasim.core.saga import Coordination, Step

STRUCK_ATTEMPTS = 2
"""Faults are explored at the first two attempts of a call (model.md section 7)."""

ONCE = ("duplicate", "no-effect", "key-lost", "poisoned")
"""Their call is answered, so that nothing is tried again: for-ever says no more than once."""

SAME_FROM_HERE = {
    ("crash", "after"): ("reply-lost", ""),
    ("crash", "before"): ("late", ""),
    ("reordered", ""): ("late", ""),
}
"""Faults that differ in their names alone once they have struck."""

LEFT_BY = {"second": ("duplicate",), "late": ("late", "crash")}
"""Which kinds of faults leave which kind of copy; any other is called as its fault."""


def can_strike(bp: Blueprint, step: int, undo: bool, kind: str) -> bool:
    """Whether this kind of fault exists for this call in this coordination."""
    orchestrated = bp.coordination is Coordination.ORCHESTRATION
    match kind:
        case "poisoned":
            return not orchestrated
        case "coordinator-crash":
            return orchestrated
        case "request-lost":
            return orchestrated or loses_events(bp, step)
        case "refused":
            return undo or bp.steps[step].may_refuse
        case "key-lost":
            return not bp.steps[step].safeguards.natural_key
        case _:
            return kind not in SAGA_KINDS


def strikes_offered(
    bp: Blueprint, step: int, undo: bool, attempt: int, kinds: Iterable[str]
) -> tuple[Strike, ...]:
    """The strikes that are explored at one attempt, the shortest texts first: what is found first is told."""
    offered = (
        strike
        for kind in kinds
        if can_strike(bp, step, undo, kind)
        for strike in _strikes_of(kind, undo, attempt)
    )
    texts = {strike: str(fault_of(bp, step, undo, attempt, strike)) for strike in offered}
    return tuple(sorted(texts, key=lambda strike: (len(texts[strike]), texts[strike])))


def _strikes_of(kind: str, undo: bool, attempt: int) -> Iterator[Strike]:
    if kind == "outage":
        if attempt == 1:
            yield Strike(kind, "once", FOR_EVER)
            yield Strike(kind, "", FOR_EVER)
        return
    final = kind in ONCE or (kind == "refused" and not undo)
    for edge in ("before", "after") if kind in SPLIT_KINDS else ("",):
        yield Strike(kind, edge, 1)
        if not final:
            yield Strike(kind, edge, FOR_EVER)


def fault_of(bp: Blueprint, step: int, undo: bool, attempt: int, strike: Strike, instance: int = 1) -> Fault:
    """The fault that a strike is, as a user would write it, but for the moment of a landing."""
    kind, edge, times = strike
    name = bp.steps[step].name
    if kind == "outage":
        service = bp.services[bp.service_of[step]]
        return Fault(
            service, kind, False, 1, instance, Moment("before", name, undo), 1 if edge == "once" else times
        )
    return Fault(name, kind, undo, attempt, instance, Moment(edge) if edge else None, times)


def strike_of(fault: Fault) -> Strike:
    """How a fault of a plan strikes."""
    if fault.kind == "outage":
        return Strike("outage", "" if fault.times == FOR_EVER else "once", FOR_EVER)
    edge = fault.moment.edge if fault.kind in SPLIT_KINDS and fault.moment is not None else ""
    return Strike(fault.kind, edge, fault.times)


def fault_at(
    step: Step, undo: bool, attempt: int, plan: FaultPlan, struck: Container[Fault], instance: int = 1
) -> Fault | None:
    """The fault of a plan that begins to strike at this call. An outage that has struck begins no more."""
    for fault in plan:
        if fault.instance != instance:
            continue
        if fault.kind == "outage":
            at = fault.moment
            begins = at is None or (at.step, at.undo) == (step.name, undo)
            if fault.target == step.service and fault not in struck and begins and attempt == 1:
                return fault
        elif (fault.target, fault.undo) == (step.name, undo) and fault.attempt == attempt:
            return fault
    return None


def fault_behind(copy: Copy, step: str, plan: FaultPlan, instance: int = 1) -> Fault | None:
    """The fault of a plan that has left this copy of a call under way."""
    kinds = LEFT_BY.get(copy.kind, (copy.kind,))
    for fault in plan:
        mine = (fault.target, fault.undo, fault.instance) == (step, copy.undo, instance)
        if mine and fault.kind in kinds and fault.strikes(copy.attempt):
            return fault
    return None


def as_event(bp: Blueprint, step: int, answered: Answered, strike: Strike, unharmed: str) -> Answered:
    """What the same fault means in choreography, where a participant consumes an event and publishes another.

    `unharmed` is the answer without the fault. The answers here are done, refused and error as ever, and
    held (the event is late), lost (it never comes), dead (a dead letter), unpublished (committed, and
    nobody is told), again (committed, and an error reported: it is redelivered).
    """
    kind, edge, _ = strike
    guards = bp.steps[step].safeguards
    match kind, edge:
        case ("late" | "reordered", _) | ("crash", "before"):
            return answered._replace(answer="held", copy="")
        case "outage", _ if loses_events(bp, step):
            return answered._replace(answer="lost")
        case "outage", _:
            return answered._replace(answer="held" if edge == "once" else "dead")
        case "request-lost", _:
            return answered._replace(answer="lost")
        case ("reply-lost", _) | ("crash", "after"):
            lost = unharmed == "done" and not guards.outbox
            return answered._replace(answer="unpublished" if lost else unharmed)
        case "error-after", _ if answered.answer == "error":
            swallowed = guards.idempotent and not guards.outbox  # redelivered, deduplicated, and nothing more
            return answered._replace(answer="unpublished" if swallowed else "again")
    return answered
