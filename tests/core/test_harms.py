"""What the judge says about single transitions, made by hand: each property broken, and just not broken."""

from __future__ import annotations

import pytest

from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_from_text
from sagasim.core.harms import Harm, Judge, stuck
from sagasim.core.history import HistoryEvent, StepCommitted, UndoCommitted, UndoSkipped
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import BLANK, Leg, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE
from sagasim.core.saga import Coordination
from sagasim.core.world import Choice, Instance, Mark, World
from tests.core.situations import CHAIN, coordinator, saga_of, troupe

SAGA = """
sagasim: 1
name: judged
steps:
  - {name: a, service: s, compensation: undo_a, effects: {things.a: 1}}
  - {name: p, service: s, kind: pivot}
  - {name: r, service: s, kind: retriable}
INVARIANTS
"""
ALWAYS = "invariants: [{name: at most one, always: 'things.a <= 1'}]"
FINALLY = "invariants: [{name: none at the end, finally: 'things.a == 0'}]"
IDLE, DONE, RUNNING = Leg(), Leg("done"), Leg("running", "sent", 1)
UNDOING, ONCE = Leg("done", "sent", 1, False, "running"), Record(1)
ANY = Choice("perform", 0, 0)


def judge(invariants: str = "") -> Judge:
    saga = saga_from_text(SAGA.replace("INVARIANTS", invariants))
    return Judge(Kernel(blueprint(saga, Coordination.ORCHESTRATION)))


def instance(
    phase: str, *legs: Leg, records: tuple[Record, ...] = (BLANK,) * 3, report: tuple[int, ...] = ()
) -> Instance:
    return Instance(Coordinator(phase, legs or (IDLE,) * 3, report=report), records, (NO_STRIKE,) * 3)


def harms(
    was: Instance, now: Instance, *events: HistoryEvent, by: str = "", marks: tuple[Mark, ...] = ()
) -> list[tuple[str, str]]:
    before, after = World((was,), marks=marks), World((now,), marks=marks)
    return [(harm.harm, harm.step) for harm in judge(by).harms(before, ANY, list(events), after)]


FORWARD, BACK = instance("forward"), instance("compensating")
STANDS = instance("forward", records=(ONCE, BLANK, BLANK))


def test_an_effect_may_be_there_once() -> None:
    assert harms(FORWARD, STANDS, StepCommitted("a", 1, 1)) == []
    assert harms(FORWARD, STANDS, StepCommitted("a", 2, 2)) == [("double-effect", "a")]


@pytest.mark.parametrize("event", [StepCommitted("a", 1, 1), UndoCommitted("a", 1, 0)])
def test_after_the_end_nothing_happens_but_to_what_a_report_names(event: HistoryEvent) -> None:
    over, parked = instance("compensated"), instance("parked", report=(0,))
    assert harms(over, over, event) == [("effect-after-end", "a")]
    assert harms(parked, parked, event) == []
    assert harms(instance("parked", report=(1,)), parked, event) == [("effect-after-end", "a")]


def test_an_undo_takes_away_what_was_there_and_nothing_after_the_pivot() -> None:
    assert harms(BACK, BACK, UndoCommitted("a", 1, 0)) == []
    assert harms(BACK, BACK, UndoCommitted("a", 1, -1)) == [("phantom-undo", "a")]
    past = instance("compensating", records=(ONCE, ONCE, BLANK))
    assert harms(past, BACK, UndoCommitted("a", 1, 0)) == [("undone-after-pivot", "a")]
    assert harms(past, BACK, UndoCommitted("a", 1, -1)) == [("phantom-undo", "a")]


def test_every_undo_that_is_skipped_is_named_once() -> None:
    assert harms(BACK, BACK, UndoSkipped("a"), UndoSkipped("p"), UndoSkipped("a")) == [
        ("skipped-undo", "a"),
        ("skipped-undo", "p"),
    ]


@pytest.mark.parametrize(
    ("was", "undo", "builder", "truth", "found"),
    [
        (DONE, UNDOING, DONE, ONCE, [("wrong-order", "a")]),
        (DONE, UNDOING, DONE, BLANK, []),
        (DONE, UNDOING, Leg("undone"), ONCE, []),
        (UNDOING, UNDOING, DONE, ONCE, []),
        (DONE, Leg("done", "sent", 2, False, "running"), DONE, ONCE, []),
        (DONE, Leg("done", "", 0, False, "due"), DONE, ONCE, []),
    ],
)
def test_no_undo_begins_while_what_builds_on_it_is_in_place(
    was: Leg, undo: Leg, builder: Leg, truth: Record, found: list[tuple[str, str]]
) -> None:
    records = (ONCE, truth, BLANK)
    before = instance("compensating", was, builder, IDLE, records=records)
    assert harms(before, instance("compensating", undo, builder, IDLE, records=records)) == found


@pytest.mark.parametrize(
    ("end", "found"),
    [
        (instance("completed", records=(ONCE, ONCE, ONCE)), []),
        (instance("completed", records=(ONCE, ONCE, BLANK)), [("missing-effect", "r")]),
        (instance("compensated"), []),
        (instance("compensated", records=(ONCE, BLANK, BLANK)), [("leak", "a")]),
        (instance("parked", records=(ONCE, BLANK, BLANK), report=(0,)), []),
        (instance("parked", records=(ONCE, BLANK, BLANK), report=(1,)), [("leak", "a")]),
        (instance("failed", RUNNING, IDLE, IDLE, records=(ONCE, BLANK, BLANK)), [("leak", "a")]),
        (instance("failed", DONE, DONE, IDLE, records=(ONCE, ONCE, BLANK)), [("false-outcome", "saga")]),
        (instance("failed", DONE, RUNNING, IDLE, records=(ONCE, BLANK, BLANK)), [("leak", "a")]),
        (
            instance("failed", DONE, DONE, RUNNING, records=(ONCE, BLANK, ONCE)),
            [("leak", "a"), ("leak", "r")],
        ),
    ],
)
def test_what_a_saga_reports_at_its_end_is_true(end: Instance, found: list[tuple[str, str]]) -> None:
    assert harms(FORWARD, end) == found
    assert harms(end, end) == []  # the end is judged once


def test_who_gave_up_or_undid_something_has_failed_in_truth() -> None:
    records = (ONCE, BLANK, ONCE)
    for belief in ("given-up", "undo-skipped", "undone"):
        ended = instance("failed", Leg(belief), Leg("refused"), DONE, records=records)
        assert harms(BACK, ended) == [("leak", "a"), ("leak", "r")]


def test_with_every_effect_but_the_last_calls_failed_is_not_the_truth() -> None:
    saga = saga_from_text(
        "sagasim: 1\nname: two\nsteps:\n"
        "  - {name: a, service: s, compensation: undo_a}\n  - {name: b, service: s, compensation: undo_b}\n"
    )
    two = Judge(Kernel(blueprint(saga, Coordination.ORCHESTRATION)))

    def ended(*legs: Leg, truth: tuple[Record, Record]) -> list[Harm]:
        was = Instance(Coordinator("halting", (DONE, DONE)), truth, (NO_STRIKE,) * 2)
        now = Instance(Coordinator("failed", legs), truth, (NO_STRIKE,) * 2)
        return two.of_instance(was, now, [])

    assert ended(DONE, Leg("unknown"), truth=(ONCE, BLANK)) == [Harm("false-outcome", "saga")]
    assert ended(DONE, Leg("unknown"), truth=(ONCE, ONCE)) == [Harm("false-outcome", "saga")]
    assert ended(DONE, Leg("unknown"), truth=(BLANK, ONCE)) == [Harm("leak", "b")]
    assert ended(DONE, IDLE, truth=(ONCE, BLANK)) == [Harm("leak", "a")]
    assert ended(DONE, Leg("skipped"), truth=(ONCE, BLANK)) == [Harm("leak", "a")]
    assert ended(Leg("undone"), DONE, truth=(ONCE, ONCE)) == [Harm("leak", "a"), Harm("leak", "b")]
    assert ended(DONE, Leg("given-up"), truth=(ONCE, BLANK)) == [Harm("leak", "a")]


def test_an_invariant_holds_always_until_an_undo_is_given_up() -> None:
    twice = instance("forward", records=(Record(2), BLANK, BLANK))
    event = StepCommitted("a", 1, 1)
    assert harms(FORWARD, twice, event, by=ALWAYS) == [("invariant", "at most one")]
    assert harms(FORWARD, STANDS, event, by=ALWAYS) == []
    assert harms(FORWARD, twice, by=ALWAYS) == []  # nothing has changed
    silent = instance("compensating", Leg("given-up"), IDLE, IDLE, records=(Record(2), BLANK, BLANK))
    assert harms(BACK, silent, event, by=ALWAYS) == []
    assert judge(ALWAYS).at_the_start(World((twice,))) == [Harm("invariant", "at most one")]


def test_an_invariant_holds_at_every_end_but_a_parked_one() -> None:
    stands = (ONCE, ONCE, ONCE)
    ended = [instance(phase, records=stands, report=(0, 1, 2)) for phase in ("completed", "parked")]
    assert harms(FORWARD, ended[0], by=FINALLY) == [("invariant", "none at the end")]
    assert harms(FORWARD, ended[1], by=FINALLY) == []
    assert harms(ended[0], ended[0], by=FINALLY) == []


def test_what_is_taken_back_harms_whoever_had_read_it() -> None:
    marks = (Mark("dirty-read", 1, 2, 0, 0), Mark("lost-update", 1, 1, 0, 1), Mark("dirty-read", 0, 1, 1, 0))
    assert harms(BACK, BACK, UndoCommitted("a", 1, 0), marks=marks) == [("dirty-read", "r")]
    assert harms(BACK, BACK, UndoCommitted("a", 1, 1), marks=marks) == []
    assert harms(BACK, BACK, UndoCommitted("p", 1, 0), marks=marks) == [("lost-update", "p")]


def test_a_saga_that_never_ends_hangs_at_a_call_or_at_an_event() -> None:
    by_one, by_all = (blueprint(saga_of(CHAIN, {}, {}), it) for it in Coordination)
    retried = coordinator(by_one, "compensating(compensate): done/due done/undo#7 refused -")
    assert stuck(by_one, retried) == Harm("stuck", "b")
    assert stuck(by_one, coordinator(by_one, "forward: - - - -")) == Harm("stuck", "a")
    assert stuck(by_all, troupe(by_all, "running: done done/unheard<a - -")) == Harm("stuck", "b")
