from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from sagasim.composer.wording import changes
from sagasim.core.codec import saga_from_data
from sagasim.core.saga import Saga
from tests.core.strategies import sagas as any_saga

CHARGE: dict[str, Any] = {"name": "charge", "service": "payments", "compensation": "refund"}
SHIP: dict[str, Any] = {"name": "ship", "compensation": "call_back"}


def saga(*steps: dict[str, Any], **more: Any) -> Saga:
    return saga_from_data({"sagasim": 1, "name": "order", "steps": list(steps), **more})


BASE = saga(CHARGE, SHIP)

CHANGES: list[tuple[Saga, Saga, list[str]]] = [
    (BASE, BASE, []),
    (BASE, saga(CHARGE, SHIP, {"name": "mail"}), ["added step mail (mail)"]),
    (BASE, saga(CHARGE), ["removed step ship"]),
    (BASE, saga(CHARGE, {**SHIP, "name": "send"}), ["renamed step ship to send"]),
    (
        saga(CHARGE, SHIP, {"name": "mail", "after": ["ship"]}, given=["ship:late"]),
        saga(CHARGE, {**SHIP, "name": "send"}, {"name": "mail", "after": ["send"]}, given=["send:late"]),
        ["renamed step ship to send"],
    ),
    (BASE, saga(SHIP, CHARGE), ["another order of the steps: ship, charge"]),
    (BASE, saga({**CHARGE, "timeout_ms": 3000}, SHIP), ["charge: timeout_ms 1000 → 3000"]),
    (
        BASE,
        saga({**CHARGE, "retry": {"attempts": 5}, "safeguards": {"outbox": False}}, SHIP),
        ["charge: retry.attempts 3 → 5", "charge: safeguards.outbox true → false"],
    ),
    (
        BASE,
        saga(CHARGE, {**SHIP, "after": []}),
        ["ship: after [charge] → []"],
    ),
    (
        BASE,
        saga(CHARGE, SHIP, engine={"on_unknown": "retry"}),
        ["engine: on_unknown compensate (by default) → retry"],
    ),
    (
        saga(CHARGE, SHIP, engine={"preset": "dtm-like"}),
        saga(CHARGE, SHIP, engine={"preset": "seata-like"}),
        ["engine: preset dtm-like → seata-like"],
    ),
    (
        saga(CHARGE, SHIP, resources={"stock": 3, "gone": 1}),
        saga(CHARGE, SHIP, resources={"stock": 4}, deadline_ms=500, title="Shop", description="Sells."),
        [
            "title none → Shop",
            "a description",
            "resource stock: 3 → 4",
            "removed resource gone",
            "deadline_ms none → 500",
        ],
    ),
    (
        BASE,
        saga(CHARGE, SHIP, invariants=[{"name": "paid", "finally": "stock == 0"}], given=["ship:late"]),
        ["added invariant paid: finally stock == 0", "given: added ship:late"],
    ),
    (
        BASE,
        saga(CHARGE, SHIP, services={"payments": {"delivery": "at-most-once"}}),
        ["added service payments: at-most-once"],
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), CHANGES, ids=range(len(CHANGES)))
def test_a_change_is_told_in_words(old: Saga, new: Saga, told: list[str]):
    assert list(changes(old, new)) == told


@settings(max_examples=25)
@given(any_saga(), any_saga())
def test_two_sagas_have_nothing_to_tell_if_and_only_if_they_are_equal(one: Saga, other: Saga):
    assert (changes(one, other) == ()) is (one == other)
    assert changes(one, one) == ()
