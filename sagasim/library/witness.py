"""What can be said of a call to a real callable: the event, the answer, and what to remember of it.

In the simulator the participant knows the truth. Here nobody does: a callable that returned is taken at its word,
one that raised is too, and where an effect may or may not be there, a compensation that returns is said to have
taken it away. `Record` is therefore what was witnessed, never the truth.
"""

from __future__ import annotations

from dataclasses import replace

from sagasim.core.history import (
    AnswerRepeated,
    HistoryEvent,
    NothingChanged,
    StepCommitted,
    StepErred,
    StepRefused,
    UndoCommitted,
)
from sagasim.core.kernel import STRIKES_AFTER
from sagasim.core.ledger import Record
from sagasim.core.participant import Call, Strike, arrives, receive
from sagasim.core.saga import Step
from sagasim.library.answers import Outcome, Raised


def is_called(strike: Strike) -> bool:
    """Whether the callable is called at all where this fault strikes."""
    return arrives(strike) and strike.kind not in ("refused", "error", "no-effect")


def strikes_behind(strike: Strike) -> bool:
    """Whether this fault strikes when the participant has done its part."""
    return strike.kind in STRIKES_AFTER or strike.edge == "after"


def witnessed(
    step: Step, record: Record, call: Call, outcome: Outcome, *, kind: str, in_doubt: bool
) -> tuple[str, tuple[HistoryEvent, ...]]:
    """The answer of a callable (done, refused, error, silence) and what can be said of it.

    in_doubt  an effect may be there that nobody has seen
    """
    name, undo, attempt = step.name, call.undo, call.attempt
    if isinstance(outcome, Raised):
        if outcome.word == "refused" and record.memory == "refused" and not undo:
            return "refused", (AnswerRepeated(name, undo, attempt, "refused"),)
        return outcome.word, _raised(outcome, name, call)
    if undo and in_doubt and record.times < 1 and not record.undo_memory:
        return "done", (UndoCommitted(name, attempt, 0),)
    guards = replace(
        step.safeguards, tombstone=False, undo_of_nothing="accept"
    )  # the callable has spoken already
    known = record._replace(memory="" if record.memory == "refused" else record.memory)
    _, answer, event = receive(replace(step, safeguards=guards), known, call, kind)
    return answer, (event,)


def _raised(raised: Raised, step: str, call: Call) -> tuple[HistoryEvent, ...]:
    match raised.word:
        case "refused":
            return (StepRefused(step, call.undo, call.attempt, raised.text),)
        case "error":
            return (StepErred(step, call.undo, call.attempt, raised.text),)
        case _:
            return ()


def heard_as(answer: str, strike: Strike) -> str:
    """What reaches the coordinator of this answer, where this fault strikes behind the effect."""
    match strike.kind:
        case "reply-lost" | "crash":
            return "silence"
        case "coordinator-crash":
            return "crashed"
        case "error-after" if answer == "done":
            return "error"
        case _:
            return answer


def answer_told(event: HistoryEvent) -> str:
    """The answer that an event of a participant tells of."""
    match event:
        case StepRefused():
            return "refused"
        case StepErred():
            return "error"
        case AnswerRepeated():
            return event.answer
        case _:
            return "done"


def remembered(step: Step, record: Record, event: HistoryEvent, kind: str) -> Record:
    """The record after this event. `kind` is the fault that struck the call."""
    keeps = step.safeguards.idempotent and kind != "key-lost"
    match event:
        case StepCommitted():
            return record._replace(
                applied=record.undone + event.times, memory="done" if keeps else record.memory
            )
        case UndoCommitted():
            return record._replace(undone=record.applied - event.times, undo_memory=keeps)
        case NothingChanged(undo=True):
            return record._replace(undo_memory=keeps and kind != "no-effect")
        case NothingChanged():
            return record._replace(memory="done" if keeps else record.memory)
        case StepRefused(undo=False) if step.safeguards.sticky_refusal:
            return record._replace(memory="refused")
        case _:
            return record
