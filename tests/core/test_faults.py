"""The text of faults and plans, and what a fault that makes no sense is told."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagasim.core.codec import saga_from_data
from sagasim.core.errors import BadFault, UnknownKind, UnknownStep
from sagasim.core.faults import FOR_EVER, Fault, Moment, parse_fault, parse_plan, text_of
from sagasim.core.saga import Saga
from tests.core.strategies import fault_plans, sagas

ORDER = saga_from_data(
    {
        "sagasim": 1,
        "name": "order",
        "steps": [
            {"name": "charge", "service": "payments", "compensation": "refund"},
            {"name": "ship", "service": "parcels"},
        ],
        "instances": 2,
    }
)


@given(st.data(), sagas(max_instances=2, max_steps=3))
def test_a_plan_is_read_back_as_it_was_written(data: st.DataObject, saga: Saga) -> None:
    plan = data.draw(fault_plans(saga))
    assert parse_plan(text_of(plan), saga) == plan


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("charge:reply-lost", Fault("charge", "reply-lost")),
        ("charge#2:error", Fault("charge", "error", attempt=2)),
        ("charge.undo:error*for-ever", Fault("charge", "error", undo=True, times=FOR_EVER)),
        ("charge.undo:late@end", Fault("charge", "late", undo=True, moment=Moment("end"))),
        ("payments:outage", Fault("payments", "outage")),
        (
            "saga[2]:cancelled@charge.after",
            Fault("saga", "cancelled", instance=2, moment=Moment("after", "charge")),
        ),
        ("ship#3[2]:error*4", Fault("ship", "error", attempt=3, instance=2, times=4)),
        (
            "payments:outage@charge.undo.before",
            Fault("payments", "outage", moment=Moment("before", "charge", True)),
        ),
        ("charge:crash", Fault("charge", "crash", moment=Moment("before"))),
        ("charge:coordinator-crash", Fault("charge", "coordinator-crash", moment=Moment("after"))),
        (" ship:error ", Fault("ship", "error")),
    ],
)
def test_a_fault_is_read_as_the_model_says(text: str, fault: Fault) -> None:
    assert parse_fault(text, ORDER) == fault


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("", BadFault, "write step:kind"),
        ("charge", BadFault, "write step:kind"),
        ("charge error", BadFault, "write step:kind"),
        ("charge:error*", BadFault, "write step:kind"),
        ("charge.redo:error", BadFault, "write step:kind"),
        ("pay:error", UnknownStep, "no step or service 'pay'; there are charge, ship, parcels, payments"),
        ("charge:explode", UnknownKind, "the kinds are refused, error,.*deadline"),
        ("saga:error", UnknownKind, "the kinds are cancelled, deadline"),
        ("saga:deadline@charge.after", BadFault, "give it deadline_ms"),
        ("saga#2:cancelled@charge.after", BadFault, "write saga:cancelled@ and a moment"),
        ("saga:cancelled@end", BadFault, "write the moment as a step"),
        ("charge:outage", BadFault, r"a service has outages \(parcels, payments\)"),
        ("charge:cancelled", BadFault, "does not strike a step"),
        ("payments:error", BadFault, "one of its steps: charge, ship"),
        ("payments#2:outage", BadFault, "write payments:outage@step.before"),
        ("payments:outage@charge.after", BadFault, "begins at a call"),
        ("charge:error@end", BadFault, "has its own moment; write it without @end"),
        ("charge:crash@end", BadFault, "@before or @after the effect"),
        ("charge:late@pay.after", UnknownStep, "no step or service 'pay'"),
        ("charge:late@sometime", BadFault, "write before, after, end, or a step"),
        ("charge:late@ship.recorded", BadFault, "write step.before or step.after"),
        ("charge[3]:error", BadFault, "the saga runs 2, counted from 1"),
        ("charge#0:error", BadFault, "attempts are counted from 1"),
        ("charge:error*0", BadFault, r"write \*1 or more, or \*for-ever"),
        ("charge:error*00", BadFault, r"write \*1 or more, or \*for-ever"),
        ("charge#\u0663:error", BadFault, "write step:kind"),
        ("charge:error\n*2", BadFault, "write step:kind"),
        ("x" * 5000, BadFault, "write step:kind"),
    ],
)
def test_a_fault_that_makes_no_sense_is_told_what_would(
    text: str, error: type[BadFault], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as refused:
        parse_fault(text, ORDER)
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "plan",
    [
        ("charge:error", "charge:late@end"),
        ("charge:error*for-ever", "charge#3:error"),
        ("charge:error*3", "charge#3:refused"),
        ("saga:cancelled@charge.after", "saga:cancelled@ship.after"),
        ("payments:outage", "payments:outage@charge.before"),
    ],
)
def test_two_faults_that_strike_one_attempt_are_refused(plan: tuple[str, ...]) -> None:
    with pytest.raises(BadFault, match="strike the same attempt; keep one of them"):
        parse_plan(plan, ORDER)


@pytest.mark.parametrize(
    "plan",
    [
        ("charge:error", "charge#2:error"),
        ("charge:error", "charge.undo:error"),
        ("charge:error", "charge[2]:error"),
        ("charge:error*2", "charge#3:error"),
    ],
)
def test_faults_that_strike_different_attempts_make_a_plan(plan: tuple[str, ...]) -> None:
    assert text_of(parse_plan(plan, ORDER)) == plan


@given(st.text(max_size=40) | st.text("charge.undo#[]12:error@late*for-ver ship\n", max_size=40))
def test_any_text_is_a_fault_or_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        fault = parse_fault(text, ORDER)
    except BadFault:
        return
    assert parse_fault(str(fault), ORDER) == fault


def test_a_refusal_survives_the_way_from_a_worker_process() -> None:
    for error in (UnknownStep("x", ("a", "b")), UnknownKind("x", ("a",))):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
