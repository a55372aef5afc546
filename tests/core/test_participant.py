"""What one participant does about one call, row by row: its record, its answer, and what has happened."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from sagasim.core.history import (
    AnswerRepeated,
    HistoryEvent,
    NothingChanged,
    StepCommitted,
    StepErred,
    StepRefused,
    UndoCommitted,
)
from sagasim.core.ledger import BLANK, Record
from sagasim.core.participant import Answered, Call, Strike, arrives, perform, strikes_nothing
from sagasim.core.saga import Kind, Safeguards, Step

DO, UNDO = Call(False, 2), Call(True, 3)
THERE = Record(applied=1, memory="done")
GONE = Record(1, 1, "done", True, True)
NEVER_WAS = Record(0, 0, "", True, True)


def step(*, reads: bool = False, may_refuse: bool = True, **switches: Any) -> Step:
    return Step(
        name="charge",
        service="payments",
        kind=Kind.READ if reads else Kind.COMPENSATABLE,
        compensation=None if reads else "refund",
        may_refuse=may_refuse,
        safeguards=Safeguards(**switches),
    )


PLAIN = step()


class Row(NamedTuple):
    sentence: str
    of: Step
    was: Record
    call: Call
    strike: str
    answer: str
    now: Record
    events: tuple[HistoryEvent, ...] = ()
    copy: str = ""


def repeated(undo: bool, attempt: int, answer: str) -> AnswerRepeated:
    return AnswerRepeated("charge", undo, attempt, answer)


ROWS = (
    # the way there and back
    Row("a call that is lost does nothing", PLAIN, BLANK, DO, "request-lost", "silence", BLANK),
    Row("a service that is down does nothing", PLAIN, BLANK, DO, "outage", "silence", BLANK),
    Row("a late call leaves a copy", PLAIN, BLANK, DO, "late", "silence", BLANK, (), "late"),
    Row("an overtaken one, too", PLAIN, BLANK, UNDO, "reordered", "silence", BLANK, (), "reordered"),
    Row("a queue delivers again after a crash", PLAIN, BLANK, DO, "crash@before", "silence", BLANK, (), "late"),
    Row("a crash after the effect takes the answer", PLAIN, BLANK, DO, "crash@after", "silence", THERE,
        (StepCommitted("charge", 2, 1),)),
    Row("the coordinator dies before it sends", PLAIN, BLANK, DO, "coordinator-crash@before", "crashed", BLANK),
    Row("or when the effect is there", PLAIN, BLANK, DO, "coordinator-crash@after", "crashed", THERE,
        (StepCommitted("charge", 2, 1),)),
    Row("a reply is lost", PLAIN, BLANK, DO, "reply-lost", "silence", THERE, (StepCommitted("charge", 2, 1),)),
    Row("an error after the effect", PLAIN, BLANK, DO, "error-after", "error", THERE,
        (StepCommitted("charge", 2, 1),)),
    Row("which is no error where it was refused", step(may_refuse=True), Record(memory="refused"), DO,
        "error-after", "refused", Record(memory="refused"), (repeated(False, 2, "refused"),)),
    Row("delivered twice", PLAIN, BLANK, DO, "duplicate", "done", THERE, (StepCommitted("charge", 2, 1),),
        "second"),
    Row("a dead letter", PLAIN, BLANK, DO, "poisoned", "dead", BLANK),
    Row("not where the answer is known", PLAIN, THERE, DO, "poisoned", "done", THERE,
        (repeated(False, 2, "done"),)),
    # the action
    Row("done", PLAIN, BLANK, DO, "", "done", THERE, (StepCommitted("charge", 2, 1),)),
    Row("done once", PLAIN, THERE, DO, "", "done", THERE, (repeated(False, 2, "done"),)),
    Row("done again where nothing is deduplicated", step(idempotent=False), Record(1), DO, "", "done", Record(2),
        (StepCommitted("charge", 2, 2),)),
    Row("done again where the key is lost", PLAIN, THERE, DO, "key-lost", "done", Record(2, 0, "done"),
        (StepCommitted("charge", 2, 2),)),
    Row("what came under a lost key is not remembered", PLAIN, BLANK, DO, "key-lost", "done", Record(1),
        (StepCommitted("charge", 2, 1),)),
    Row("a natural key is not lost", step(natural_key=True), THERE, DO, "key-lost", "done", THERE,
        (repeated(False, 2, "done"),)),
    Row("refused after its undo", PLAIN, NEVER_WAS, DO, "", "refused", NEVER_WAS,
        (StepRefused("charge", False, 2, "its undo came first"),)),
    Row("refused by the business", PLAIN, BLANK, Call(False, 1, "no credit"), "", "refused",
        Record(memory="refused"), (StepRefused("charge", False, 1, "no credit"),)),
    Row("refused by a fault", PLAIN, BLANK, DO, "refused", "refused", Record(memory="refused"),
        (StepRefused("charge", False, 2, "refused"),)),
    Row("forgets that it refused", step(sticky_refusal=False), BLANK, DO, "refused", "refused", BLANK,
        (StepRefused("charge", False, 2, "refused"),)),
    Row("never refuses", step(may_refuse=False), BLANK, DO, "refused", "done", THERE,
        (StepCommitted("charge", 2, 1),)),
    Row("an error before the effect", PLAIN, BLANK, DO, "error", "error", BLANK,
        (StepErred("charge", False, 2, "error"),)),
    Row("says yes and does nothing", PLAIN, BLANK, DO, "no-effect", "done", Record(memory="done"),
        (NothingChanged("charge", False, 2, "a stub"),)),
    Row("a read", step(reads=True), BLANK, DO, "", "done", Record(memory="done"),
        (NothingChanged("charge", False, 2, "a read"),)),
    # the undo
    Row("undone", PLAIN, THERE, UNDO, "", "done", GONE, (UndoCommitted("charge", 3, 0),)),
    Row("undone once", PLAIN, GONE, UNDO, "", "done", GONE, (repeated(True, 3, "done"),)),
    Row("undone twice where nothing is deduplicated", step(idempotent=False), Record(2, 1, "", False, True),
        UNDO, "", "done", Record(2, 2, "", False, True), (UndoCommitted("charge", 3, 0),)),
    Row("undone twice where the key is lost", PLAIN, Record(2, 1, "done", True, True), UNDO, "key-lost", "done",
        Record(2, 2, "done", False, True), (UndoCommitted("charge", 3, 0),)),
    Row("an undo refused", PLAIN, THERE, UNDO, "refused", "refused", THERE,
        (StepRefused("charge", True, 3, "refused"),)),
    Row("an undo in error", PLAIN, THERE, UNDO, "error", "error", THERE, (StepErred("charge", True, 3, "error"),)),
    Row("an undo that is a stub", PLAIN, THERE, UNDO, "no-effect", "done", THERE,
        (NothingChanged("charge", True, 3, "a stub"),)),
    Row("nothing to undo: accepted, and remembered", PLAIN, BLANK, UNDO, "", "done", NEVER_WAS,
        (NothingChanged("charge", True, 3, "there was nothing to undo"),)),
    Row("or rejected, for good", step(undo_of_nothing="reject"), BLANK, UNDO, "", "error", BLANK,
        (StepErred("charge", True, 3, "there is nothing to undo"),)),
    Row("or applied all the same", step(undo_of_nothing="apply"), BLANK, UNDO, "", "done",
        Record(0, 1, "", True, True), (UndoCommitted("charge", 3, -1),)),
    Row("no tombstone", step(tombstone=False), THERE, UNDO, "", "done", Record(1, 1, "done", True, False),
        (UndoCommitted("charge", 3, 0),)),
    Row("no memory of the undo either", step(idempotent=False), Record(1), UNDO, "", "done",
        Record(1, 1, "", False, True), (UndoCommitted("charge", 3, 0),)),
)  # fmt: skip


def strike(text: str) -> Strike:
    kind, _, edge = text.partition("@")
    return Strike(kind, edge)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence.replace(" ", "-"))
def test_a_participant_does_what_its_row_says(row: Row) -> None:
    done = perform(row.of, row.was, row.call, strike(row.strike))
    assert done == Answered(row.now, row.answer, row.events, row.copy)
    # named tuples of different kinds are equal if their fields are
    assert [type(event) for event in done.events] == [type(event) for event in row.events]


@pytest.mark.parametrize(
    ("kind", "of", "was", "call", "nothing"),
    [
        ("refused", step(may_refuse=False), BLANK, DO, True),
        ("refused", step(may_refuse=False), BLANK, UNDO, False),
        ("refused", PLAIN, BLANK, DO, False),
        ("refused", PLAIN, THERE, DO, True),
        ("error", PLAIN, THERE, DO, True),
        ("error", PLAIN, GONE, UNDO, True),
        ("error", PLAIN, THERE, UNDO, False),
        ("poisoned", PLAIN, Record(memory="refused"), DO, True),
        ("poisoned", PLAIN, BLANK, DO, False),
        ("key-lost", step(natural_key=True), BLANK, DO, True),
        ("key-lost", PLAIN, THERE, DO, False),
        ("late", step(natural_key=True), THERE, DO, False),
        ("reply-lost", PLAIN, THERE, DO, False),
    ],
)
def test_a_fault_that_cannot_strike_is_not_offered(
    kind: str, of: Step, was: Record, call: Call, nothing: bool
) -> None:
    assert strikes_nothing(of, was, call, Strike(kind)) is nothing


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence.replace(" ", "-"))
def test_a_call_arrives_where_something_comes_of_it(row: Row) -> None:
    """Or where it is a dead letter, which its participant has seen."""
    assert arrives(strike(row.strike)) is bool(row.events or row.answer == "dead")
