"""One service, as it is: it does, refuses, undoes, deduplicates; and this is where faults strike it.

The order in which a participant looks at what arrives is the rule that everything else rests on:

    1. a key that it knows gets the first answer again, before anything else
    2. an action whose undo was already here is refused (tombstone)
    3. business says no (a refusal), or a technical error happens before the effect
    4. the effect, and the answer is remembered

Faults on the way (lost, late, doubled, crashed) decide whether the participant sees the call at all, and
whether its answer is heard. Nothing in here knows who calls, or what is done about the answer.
"""

from __future__ import annotations

from typing import NamedTuple

from sagasim.core.history import (
    AnswerRepeated,
    HistoryEvent,
    NothingChanged,
    StepCommitted,
    StepErred,
    StepRefused,
    UndoCommitted,
)
from sagasim.core.ledger import Record
from sagasim.core.saga import Step


class Call(NamedTuple):
    """What reaches a participant: which step, its action or undo, and which attempt.

    `refusal` is why the business would say no right now (empty: it would not).
    """

    undo: bool
    attempt: int
    refusal: str = ""


class Strike(NamedTuple):
    """A fault as it strikes one call; `edge` is before or after where the kind has both; no kind is none.

    `times` says how many further attempts it strikes (0: for-ever).
    """

    kind: str = ""
    edge: str = ""
    times: int = 1


NO_STRIKE = Strike()


class Answered(NamedTuple):
    """What came of a call: the record now, the answer that the caller will hear, and what happened.

    `answer` is done, refused, error, silence (nobody knows), crashed (the coordinator is gone) or dead (a
    dead letter). `copy` names the copy of the message that stays under way: late, reordered, second or "".
    """

    record: Record
    answer: str
    events: tuple[HistoryEvent, ...]
    copy: str = ""


NEVER_ARRIVES = ("request-lost", "outage")
ARRIVES_LATER = ("late", "reordered")


def arrives(strike: Strike) -> bool:
    """Whether a call that is struck so reaches the participant now."""
    return strike.kind not in (*NEVER_ARRIVES, *ARRIVES_LATER) and strike.edge != "before"


def perform(step: Step, record: Record, call: Call, strike: Strike = NO_STRIKE) -> Answered:
    """One call, with the fault that strikes it."""
    kind, edge, _ = strike
    if kind in NEVER_ARRIVES:
        return Answered(record, "silence", ())
    if kind in ARRIVES_LATER:
        return Answered(record, "silence", (), kind)
    if edge == "before":
        return Answered(record, "silence", (), "late") if kind == "crash" else Answered(record, "crashed", ())
    if kind == "poisoned" and not _knows(step, record, call, kind):
        return Answered(record, "dead", ())
    now, answer, *events = receive(step, record, call, kind)
    if edge == "after":
        answer = "silence" if kind == "crash" else "crashed"
    elif kind == "reply-lost":
        answer = "silence"
    elif kind == "error-after" and answer == "done":
        answer = "error"
    return Answered(now, answer, tuple(events), "second" if kind == "duplicate" else "")


def receive(step: Step, record: Record, call: Call, kind: str = "") -> tuple[Record, str, HistoryEvent]:
    """The call is here: the record afterwards, the answer, and what happened."""
    return _undo(step, record, call, kind) if call.undo else _act(step, record, call, kind)


def strikes_nothing(step: Step, record: Record, call: Call, strike: Strike) -> bool:
    """Whether this fault cannot strike: the participant would give its first answer, or may not refuse."""
    kind = strike.kind
    if kind == "refused" and not call.undo and not step.may_refuse:
        return True
    if kind == "key-lost" and step.safeguards.natural_key:
        return True
    return kind in ("refused", "error", "poisoned") and _knows(step, record, call, kind)


def _knows(step: Step, record: Record, call: Call, kind: str) -> bool:
    if call.undo:
        return record.undo_memory and not _key_is_lost(step, kind)
    return bool(record.memory) and not (record.memory == "done" and _key_is_lost(step, kind))


def _key_is_lost(step: Step, kind: str) -> bool:
    return kind == "key-lost" and not step.safeguards.natural_key


def _act(step: Step, record: Record, call: Call, kind: str) -> tuple[Record, str, HistoryEvent]:
    attempt = call.attempt
    if _knows(step, record, call, kind):
        return record, record.memory, AnswerRepeated(step.name, False, attempt, record.memory)
    if record.tombstone:
        return record, "refused", StepRefused(step.name, False, attempt, "its undo came first")
    if call.refusal or (kind == "refused" and step.may_refuse):
        refused = record._replace(memory="refused") if step.safeguards.sticky_refusal else record
        return refused, "refused", StepRefused(step.name, False, attempt, call.refusal or "refused")
    if kind == "error":
        return record, "error", StepErred(step.name, False, attempt, "error")
    memory = "done" if step.safeguards.idempotent and not _key_is_lost(step, kind) else record.memory
    if kind == "no-effect" or not step.has_effect:
        reason = "a read" if not step.has_effect else "a stub"
        return record._replace(memory=memory), "done", NothingChanged(step.name, False, attempt, reason)
    now = record._replace(applied=record.applied + 1, memory=memory)
    return now, "done", StepCommitted(step.name, attempt, now.times)


def _undo(step: Step, record: Record, call: Call, kind: str) -> tuple[Record, str, HistoryEvent]:
    attempt, guards = call.attempt, step.safeguards
    if _knows(step, record, call, kind):
        return record, "done", AnswerRepeated(step.name, True, attempt, "done")
    if kind == "refused":
        return record, "refused", StepRefused(step.name, True, attempt, "refused")
    if kind == "error":
        return record, "error", StepErred(step.name, True, attempt, "error")
    if kind == "no-effect":
        return record, "done", NothingChanged(step.name, True, attempt, "a stub")
    nothing = record.applied == 0
    if nothing and guards.undo_of_nothing == "reject":
        return record, "error", StepErred(step.name, True, attempt, "there is nothing to undo")
    now = record._replace(
        undone=record.undone + (not nothing or guards.undo_of_nothing == "apply"),
        undo_memory=guards.idempotent and not _key_is_lost(step, kind),
        tombstone=guards.tombstone,
    )
    if now.undone == record.undone:
        return now, "done", NothingChanged(step.name, True, attempt, "there was nothing to undo")
    return now, "done", UndoCommitted(step.name, attempt, now.times)
