"""Edits: parts of a normal form, the saga that they make, and the line that tells them."""

from __future__ import annotations

import pytest

from sagasim.core.changes import apply_fix, compensation_of, of_engine, of_step, told
from sagasim.core.codec import saga_from_data, saga_to_data
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Saga

SAGA = saga_from_data(
    {
        "sagasim": 1,
        "name": "order",
        "services": {"payments": {"safeguards": {"outbox": False}}},
        "steps": [
            {"name": "reserve", "compensation": "release", "retry": {"attempts": 1}, "on_error": "abandon"},
            {"name": "charge", "service": "payments", "compensation": "refund", "compensates_on": ["X"]},
            {"name": "ship", "kind": "pivot", "service": "payments"},
        ],
        "engine": {"preset": "dtm-like", "order": "parallel"},
        "deadline_ms": 1000,
    }
)

TOLD = [
    (of_step("charge", "safeguards", True, "outbox"), "safeguards of charge: outbox: true"),
    (of_step("reserve", "retry", 3, "attempts"), "retry of reserve: attempts: 3"),
    (of_step("reserve", "retry", ["error"], "upon"), "retry of reserve: upon: [error]"),
    (of_step("reserve", "on_error", None), "rules of reserve: on_error: as the engine"),
    (of_step("reserve", "on_unknown", "retry"), "rules of reserve: on_unknown: retry"),
    (of_step("charge", "compensates_on", None), "events of charge: compensates_on: as its neighbours"),
    (of_step("charge", "compensates_on", ["ShipRefused"]), "events of charge: compensates_on: [ShipRefused]"),
    (of_step("charge", "timeout_ms", 2000), "timeout_ms of charge: 2000"),
    (of_step("reserve", "takes_ms", 70), "takes_ms of reserve: 70"),
    (of_step("ship", "kind", "retriable"), "kind of ship: retriable"),
    (compensation_of(SAGA.step("ship")), "compensation of ship: undo_ship"),
    (of_engine("compensates", "unknown"), "engine: compensates: unknown"),
    (of_engine("compensates", ["charge"]), "engine: compensates: [charge]"),
    (of_engine("order", None), "engine: order: none"),
    ({"deadline_ms": 5000}, "deadline_ms: 5000"),
    ({"services": {"payments": {"delivery": "at-most-once"}}}, "delivery of service payments: at-most-once"),
    (
        {"services": {"payments": {"safeguards": {"outbox": True}}}},
        "safeguards of service payments: outbox: true",
    ),
]


@pytest.mark.parametrize(("edit", "line"), TOLD, ids=[line for _, line in TOLD])
def test_an_edit_is_told_in_one_line_and_gives_a_saga_that_can_be_written(edit, line):
    changed = apply_fix(SAGA, edit)

    assert told(edit) == line
    assert changed != SAGA
    assert saga_from_data(saga_to_data(changed)) == changed


def test_two_changes_stand_in_one_edit():
    edit = {"steps": {"ship": {"kind": "retriable", "may_refuse": False}}, "engine": {"order": "reverse"}}

    changed = apply_fix(SAGA, edit)

    assert told(edit) == "kind of ship: retriable; may_refuse of ship: false; engine: order: reverse"
    assert changed.step("ship").kind == "retriable"
    assert changed.engine.overrides == {"order": "reverse"}


def test_a_service_and_its_steps_change_together():
    changed = apply_fix(SAGA, {"services": {"payments": {"safeguards": {"outbox": True}}}})

    assert changed.step("charge").safeguards.outbox
    assert changed.step("ship").safeguards.outbox
    assert saga_to_data(changed)["services"] == {"payments": {"safeguards": {"outbox": True}}}


def test_a_service_that_only_a_step_names_is_declared_by_its_edit():
    changed = apply_fix(SAGA, {"services": {"reserve": {"delivery": "at-most-once"}}})

    assert saga_to_data(changed)["services"]["reserve"] == {"delivery": "at-most-once"}


def test_what_is_partial_keeps_the_rest():
    changed = apply_fix(SAGA, of_step("reserve", "retry", 4, "attempts"))

    assert changed.step("reserve").retry.attempts == 4
    assert changed.step("reserve").retry.first_ms == SAGA.step("reserve").retry.first_ms
    assert changed.step("charge") == SAGA.step("charge")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"steps": {"pay": {"timeout_ms": 1}}}, "no step 'pay'; the saga has reserve, charge, ship"),
        ({"steps": {"ship": {"timeout": 1}}}, "no key 'timeout' to edit"),
        ({"steps": {"ship": {"safeguards": {"outbx": True}}}}, "no key 'outbx' to edit"),
        ({"steps": {"ship": 3}}, "3 is no mapping"),
        ({"steps": {"ship": {"service": None}}}, "service cannot be taken away"),
        ({"services": {"mail": {}}}, "no step names the service 'mail'"),
        ({"engine": {"oder": "reverse"}}, "no engine rule 'oder'"),
        ({"engine": {"order": "sideways"}}, "'sideways' is not one of"),
        ({"title": "x"}, "no edit of 'title'"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_with_what_would_have_been_right(edit, sentence):
    with pytest.raises(BadSaga, match=sentence):
        apply_fix(SAGA, edit)


def test_no_edit_changes_the_saga_that_it_is_applied_to():
    before = saga_to_data(SAGA)

    changed: Saga = apply_fix(SAGA, of_engine("order", "reverse"))

    assert changed is not SAGA
    assert saga_to_data(SAGA) == before
