"""What is believed of a step, in one word, at every single event: a transition is told event by event."""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core.history import (
    CallTimedOut,
    CommandSent,
    CoordinatorRecovered,
    EventConsumed,
    HistoryEvent,
    OutcomeRecorded,
    RetryScheduled,
    StepSkipped,
)
from sagasim.core.ledger import Leg


def believed(leg: Leg) -> str:
    """The belief in one word, as the pages show it: a call in doubt reads `unknown`.

    An answer that is lost casts no doubt yet: only when the time is up does anybody know that it is missing.
    """
    if leg.undoing == "running":
        return "undoing"
    if leg.belief == "running" and leg.doubt:
        return "unknown"
    return leg.belief


def belief_after(belief: str, event: HistoryEvent) -> str:
    """What is believed of a step right after an event that is not the last one of its transition."""
    match event:
        case OutcomeRecorded():
            return event.belief
        case CommandSent(undo=True) | EventConsumed(undo=True):
            return "undoing"
        case CommandSent() | EventConsumed():
            return belief if belief == "unknown" else "running"
        case CallTimedOut(undo=False) | CoordinatorRecovered(undo=False):
            return "unknown"
        case StepSkipped():
            return "skipped"
        case _:
            return belief


def beliefs_told(
    steps: Sequence[int | None], events: Sequence[HistoryEvent], was: Sequence[Leg], now: Sequence[Leg]
) -> list[str]:
    """What is believed of each event's step right after it. `steps`: the step of each event, if it has one."""
    known: dict[int, str] = {}
    told: list[str] = []
    last: dict[int, int] = {}
    for place, (step, event) in enumerate(zip(steps, events, strict=True)):
        if step is None:
            told.append("")
            continue
        if isinstance(event, RetryScheduled):
            known[step] = believed(now[step])
        else:
            known[step] = belief_after(known[step] if step in known else believed(was[step]), event)
        last[step] = place
        told.append(known[step])
    for step, place in last.items():
        if not isinstance(events[place], OutcomeRecorded):
            told[place] = believed(now[step])
    return told
