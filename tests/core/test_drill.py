"""The operator drill: what is seen is what the saga believes, and what a choice does is what the kernel says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sagasim.core.drill import DONE, BadDecision, Consequences, Drill, NotParked, begin, choose
from sagasim.core.execution import Run, run
from sagasim.core.faults import parse_plan, text_of
from sagasim.core.harms import PROPERTIES
from sagasim.core.parked import REPORTED
from sagasim.core.participant import Call, perform
from sagasim.core.saga import Coordination, Saga
from tests.core.test_oracle import EXAMPLES
from tests.core.test_twins import BASE, BY_ALL, BY_ONE, Data, saga_of

FEWER = settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 2)
COMMITTED, UNDONE = "StepCommitted", "UndoCommitted"
SHOP = saga_of(BASE)


def parked(*faults: str, saga: Saga = SHOP, coordination: Coordination = BY_ONE) -> Drill:
    drill = begin(run(saga, coordination, parse_plan(faults, saga)))
    assert drill.run.outcome == "parked"
    return drill


def times_of(told: Consequences, step: str) -> int:
    return next(each.times for each in told.left if each.name == step)


# ---------------------------------------------------------------- what is seen

LOOK_ALIKE = [
    ("charge.undo:error*for-ever", "charge.undo:error-after*for-ever"),
    ("charge.undo:request-lost*for-ever", "charge.undo:reply-lost*for-ever"),
    ("charge.undo:request-lost*for-ever", "charge.undo:late@end*for-ever"),
]


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_two_truths_that_look_alike_are_seen_alike_and_come_out_when_it_is_over(one: str, other: str) -> None:
    first, second = parked("reserve:refused", one), parked("reserve:refused", other)
    assert first.seen == second.seen
    assert first.world != second.world
    ends = [choose(drill, {"charge": "by-hand"}) for drill in (first, second)]
    assert [end.state for end in ends] == ["settled", "broken"]
    assert [times_of(end, "charge") for end in ends] == [0, -1]


@pytest.mark.parametrize("coordination", Coordination)
def test_nothing_is_seen_that_the_saga_did_not_write_hear_or_publish(coordination: Coordination) -> None:
    drill = parked("reserve:refused", "charge.undo:error*for-ever", coordination=coordination)
    known = {kind.__name__ for kind in REPORTED} | {"DeadLettered"}
    assert {told.kind for told in drill.seen.reported} <= known
    text = repr(drill.seen)
    for covered in ("FAULT", "committed", "undid", "there once", "not there", "BROKEN", "for-ever"):
        assert covered not in text
    assert not any(told.covered for told in drill.seen.reported)


class Case(NamedTuple):
    saga: Saga
    run: Run

    def told(self) -> str:
        return f"{self.run.coordination} {text_of(self.run.faults)} {self.saga}"


guards = st.fixed_dictionaries(
    {},
    optional={
        "idempotent": st.booleans(),
        "undo_of_nothing": st.sampled_from(("accept", "reject", "apply")),
        "tombstone": st.booleans(),
        "outbox": st.booleans(),
        "sticky_refusal": st.booleans(),
        "dead_letter_alarm": st.just(value=True),
    },
)
before_it = ("error-after", "reply-lost*2", "late@end", "late", "duplicate@end", "crash@after")
some_undos = (("open",), ("charge",), ("open", "charge"))
for_ever = ("error", "error-after", "reply-lost", "request-lost", "late@end")


@st.composite
def parked_runs(draw: st.DrawFn) -> Case:
    """Runs that end parked: on the way back an undo fails for ever, or behind the pivot a step is refused."""
    changes: Data = {name: {"safeguards": draw(guards)} for name in ("open", "charge", "tell")}
    changes["tell"]["may_refuse"] = True
    engine = {"order": draw(st.sampled_from(("reverse", "parallel", "reverse-start")))}
    saga = saga_of(BASE, changes, engine=engine)
    texts = [
        f"{name}:{draw(st.sampled_from(before_it))}" for name in draw(st.sampled_from(((), *some_undos)))
    ]
    if draw(st.booleans()):
        texts.append("reserve:refused")
        failing = draw(st.sampled_from(some_undos))
        texts += [f"{name}.undo:{draw(st.sampled_from(for_ever))}*for-ever" for name in failing]
    else:
        texts.append("tell:refused")
    it = run(saga, draw(st.sampled_from(list(Coordination))), parse_plan(texts, saga))
    assume(it.outcome == "parked")
    return Case(saga, it)


@st.composite
def handled(draw: st.DrawFn) -> tuple[Case, Drill, Mapping[str, str], bool]:
    case = draw(parked_runs())
    drill = begin(case.run)
    decisions = {
        step.name: draw(st.sampled_from([option.decision for option in step.options]))
        for step in drill.seen.steps
        if step.options
    }
    return case, drill, decisions, draw(st.booleans())


@FEWER
@given(parked_runs())
def test_everything_seen_is_in_the_history_as_it_was_told_then(case: Case) -> None:
    drill = begin(case.run)
    assert [step.name for step in drill.seen.steps if step.options]
    history = {(entry.at_ms, entry.kind) for entry in case.run.history}
    assert all((told.at_ms, told.kind) in history for told in drill.seen.reported)
    beliefs: dict[str, str] = {}
    for entry in drill.entries:
        if entry.belief and entry.instance == drill.number + 1:
            beliefs[getattr(entry.event, "step", "")] = entry.belief
    for step in drill.seen.steps:
        if step.name in beliefs:
            assert step.belief == beliefs[step.name], case.told()


# ---------------------------------------------------------------- what it does


@FEWER
@given(handled())
def test_whatever_is_chosen_the_ledger_is_what_the_participants_did(
    it: tuple[Case, Drill, Mapping[str, str], bool],
) -> None:
    case, drill, decisions, wait = it
    told = choose(drill, decisions, wait=wait)
    for left in told.left:
        done = [line.kind for line in told.followed if line.step == left.name]
        assert left.times - left.before == done.count(COMMITTED) - done.count(UNDONE), case.told()
    assert told.outcome in ("completed", "compensated", "failed", "parked", "stuck")
    assert ("reaches no end" in told.judgement) == (told.outcome == "stuck"), case.told()
    assert (told.state == "settled") == (
        told.outcome in ("completed", "compensated", "failed")
        and not told.harms
        and not any(left.differs for left in told.left)
    ), case.told()


@FEWER
@given(parked_runs())
def test_a_retry_is_one_more_call_to_the_participant_with_the_same_key(case: Case) -> None:
    drill = begin(case.run)
    bp, instance = drill.bp, drill.world.instances[drill.number]
    assume(not instance.copies)
    for seen in drill.seen.steps:
        if not any(option.decision == "retry" for option in seen.options):
            continue
        step = bp.index[seen.name]
        undo = seen.belief == "given-up"
        record, own = instance.records[step], bp.steps[step]
        answered = perform(own, record, Call(undo, bp.attempts(step, undo) + 1))
        told = choose(drill, {seen.name: "retry"})
        if undo:
            assert times_of(told, seen.name) == answered.record.times, case.told()
        happened = [line.kind for line in told.followed if line.step == seen.name]
        assert all(type(event).__name__ in happened for event in answered.events), case.told()


@FEWER
@given(parked_runs())
def test_to_leave_everything_changes_nothing_but_what_was_on_its_way(case: Case) -> None:
    drill = begin(case.run)
    told = choose(drill, {})
    assert told.outcome == "parked"
    assert told.parked == tuple(step.name for step in drill.seen.steps if step.options)
    if not any(each.copies for each in drill.world.instances):
        assert told.followed == ()
    assert {each.name: each.times for each in told.left} == dict(case.run.ledger), case.told()


def test_a_retry_after_a_lost_answer_gets_the_first_answer_again() -> None:
    told = choose(parked("reserve:refused", "charge.undo:error-after*for-ever"), {"charge": "retry"})
    assert (told.state, told.outcome) == ("settled", "compensated")
    assert told.judgement == "It is settled: the saga ended compensated, and what it believes is true."
    assert "AnswerRepeated" in {line.kind for line in told.followed}


def test_what_the_design_has_given_fails_again() -> None:
    saga = saga_of(BASE, given=["charge.undo:error*for-ever"])
    told = choose(parked("reserve:refused", saga=saga), {"charge": "retry"})
    assert (told.state, told.outcome, told.parked) == ("open", "parked", ("charge",))
    assert told.judgement == (
        "It is not settled: the saga stays parked. In truth charge is there once. Nothing was made worse."
    )


def test_to_mark_resolved_what_still_stands_only_looks_settled() -> None:
    told = choose(parked("reserve:refused", "charge.undo:error*for-ever"), {"charge": "resolved"})
    assert (told.state, told.outcome) == ("broken", "compensated")
    assert told.judgement == (
        "It looks settled, and is not: the saga ended compensated, and in truth the effect of charge stays behind."
    )


def test_to_skip_ends_the_saga_as_failed_and_leaves_the_effect() -> None:
    told = choose(parked("reserve:refused", "charge.undo:error*for-ever"), {"charge": "skip"})
    assert (told.state, told.outcome) == ("broken", "failed")
    assert [harm.harm for harm, _ in told.harms] == ["leak"]


def test_who_believes_that_a_late_undo_will_land_has_to_wait_for_it() -> None:
    drill = parked("reserve:refused", "charge.undo:late@end*for-ever")
    hasty = choose(drill, {"charge": "resolved"})
    assert (hasty.state, hasty.outcome) == ("broken", "compensated")
    assert hasty.otherwise == (
        "A call of charge was still on its way. Had you waited for it, the saga would have ended compensated, "
        "with nothing broken."
    )
    assert choose(drill, {"charge": "resolved"}, wait=True).state == "settled"
    assert choose(drill, {"charge": "retry"}).state == "settled"


def test_a_hand_undoes_once_more_what_a_late_undo_undoes_as_well() -> None:
    drill = parked("reserve:refused", "charge.undo:late@end*for-ever")
    for wait in (False, True):
        told = choose(drill, {"charge": "by-hand"}, wait=wait)
        assert times_of(told, "charge") == -1
        assert "phantom-undo" in {harm.harm for harm, _ in told.harms}


def test_a_step_that_stands_in_another_branch_stays_on_the_list_until_somebody_undoes_it() -> None:
    saga = saga_of({**BASE, "steps": [*BASE["steps"][:2], {**BASE["steps"][2], "after": []}]})
    drill = parked("charge:refused", "open.undo:error*for-ever", saga=saga, coordination=BY_ALL)
    assert [step.name for step in drill.seen.steps if step.options] == ["open", "reserve"]
    half = choose(drill, {"open": "retry"})
    assert (half.state, half.outcome, half.parked) == ("open", "parked", ("reserve",))
    assert choose(drill, {"open": "retry", "reserve": "by-hand"}).state == "settled"


def test_past_the_pivot_a_retry_lets_the_saga_go_on_to_its_end() -> None:
    refuses = saga_of(BASE, {"tell": {"may_refuse": True, "safeguards": {"sticky_refusal": False}}})
    drill = parked("tell:refused", saga=refuses)
    assert [step.name for step in drill.seen.steps if len(step.options) > 2] == ["tell"]
    told = choose(drill, {"tell": "retry"})
    assert (told.state, told.outcome) == ("settled", "completed")
    keeps = parked("tell:refused", saga=saga_of(BASE, {"tell": {"may_refuse": True}}))
    again = choose(keeps, {"tell": "retry"})
    assert (again.state, again.outcome) == ("open", "parked")


@pytest.mark.parametrize("coordination", Coordination)
@pytest.mark.parametrize("decision", ["skip", "resolved"])
def test_past_the_pivot_to_go_on_without_a_step_is_a_missing_effect(
    coordination: Coordination, decision: str
) -> None:
    refuses = saga_of(BASE, {"tell": {"may_refuse": True}})
    told = choose(parked("tell:refused", saga=refuses, coordination=coordination), {"tell": decision})
    assert (told.state, told.outcome) == ("broken", "completed")
    assert [(harm.harm, harm.step) for harm, _ in told.harms] == [("missing-effect", "tell")]


def test_to_undo_by_hand_behind_the_pivot_is_said_to_break_the_promise() -> None:
    refuses = saga_of(BASE, {"tell": {"may_refuse": True}})
    told = choose(parked("tell:refused", saga=refuses), {"charge": "by-hand"})
    assert [(harm.harm, harm.step) for harm, _ in told.harms] == [("undone-after-pivot", "charge")]


def test_the_truth_is_uncovered_with_what_was_covered_marked() -> None:
    told = choose(parked("reserve:refused", "charge.undo:error*for-ever"), {})
    covered = {line.kind for line in told.story if line.covered}
    assert {"FaultStruck", "StepCommitted", "StepRefused"} <= covered
    assert covered.isdisjoint({kind.__name__ for kind in REPORTED})


# ---------------------------------------------------------------- refused


def test_a_run_that_asks_nobody_is_no_exercise() -> None:
    with pytest.raises(NotParked, match="ended completed, and asks nobody"):
        begin(run(SHOP, BY_ALL))


@pytest.mark.parametrize(
    ("decisions", "sentence"),
    [
        ({"reserve": "retry"}, "Nobody asks about 'reserve'; the saga asks about charge."),
        (
            {"charge": "pray"},
            "For charge there is no 'pray'; there is leave, retry, skip, by-hand, resolved.",
        ),
    ],
)
def test_a_decision_that_cannot_be_made_is_refused(decisions: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(BadDecision) as refused:
        choose(parked("reserve:refused", "charge.undo:error*for-ever"), decisions)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("harm", PROPERTIES)
def test_every_harm_has_words(harm: str) -> None:
    assert DONE[harm].format(step="charge")
