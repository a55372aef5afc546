"""The change that repairs a finding, and what rests on a safeguard: every claim is explored again here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sagasim.core.changes import apply_fix, told
from sagasim.core.codec import saga_from_data, saga_from_text, saga_to_data
from sagasim.core.engine import RULE_NAMES, RULE_VALUES
from sagasim.core.execution import run
from sagasim.core.exploration import Exploration, Finding, explore
from sagasim.core.faults import parse_plan
from sagasim.core.harms import HARMS, Harm
from sagasim.core.loads import how_many
from sagasim.core.proposals import proposals
from sagasim.core.remedies import RULES, SAFEGUARDS, Fix, Load, Remedies, fix_for, load_bearing
from sagasim.core.saga import Coordination, Safeguards, Saga

SAGAS = Path(__file__).parents[1] / "sagas"
ORCHESTRATION, CHOREOGRAPHY = Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY


@cache
def the_saga(name: str) -> Saga:
    return saga_from_text((SAGAS / f"{name}.yaml").read_text())


@cache
def explored(name: str, coordination: Coordination, faults: int) -> Exploration:
    return explore(the_saga(name), coordination, faults)


@cache
def remedies(name: str, coordination: Coordination, faults: int) -> Remedies:
    return Remedies(the_saga(name), faults, known=[explored(name, coordination, faults)])


def found(name: str, coordination: Coordination, faults: int, harm: str, step: str) -> Finding:
    finding = explored(name, coordination, faults).found(harm, step)
    assert finding is not None
    return finding


def harms_of(exploration: Exploration) -> set[Harm]:
    return {Harm(finding.harm, finding.step) for finding in exploration.findings}


EXPECTED = {
    ("gallery/bank-transfer-broken", ORCHESTRATION, 2): (
        ("double-effect", "debit", "safeguards of debit: idempotent: true"),
    ),
    ("gallery/bank-transfer-broken", CHOREOGRAPHY, 2): (
        ("double-effect", "debit", "safeguards of debit: idempotent: true"),
        ("invariant", "at most one debit", "safeguards of debit: idempotent: true"),
    ),
    ("gallery/food-delivery-broken", ORCHESTRATION, 2): (
        ("leak", "create-ticket", "engine: on_undo_failure: park"),
    ),
    ("gallery/food-delivery-broken", CHOREOGRAPHY, 2): (
        ("leak", "create-ticket", "engine: on_undo_failure: park"),
    ),
    ("gallery/order-fulfilment-broken", ORCHESTRATION, 2): (
        ("leak", "authorise-card", "engine: compensates: unknown"),
        ("invariant", "nothing stays authorised", "engine: compensates: unknown"),
    ),
    ("gallery/travel-booking-broken", ORCHESTRATION, 1): (
        ("leak", "book-hotel", "safeguards of book-hotel: tombstone: true"),
        ("effect-after-end", "book-hotel", "safeguards of book-hotel: tombstone: true"),
    ),
    ("gallery/vm-provisioning-broken", ORCHESTRATION, 1): (
        ("skipped-undo", "charge-quota", "engine: on_undo_failure: park"),
        ("leak", "charge-quota", "engine: on_undo_failure: park"),
    ),
    ("ftgo-create-order", ORCHESTRATION, 2): (("stuck", "create-ticket", "engine: on_undo_failure: park"),),
    ("aws-llt-order-2026", ORCHESTRATION, 1): (
        ("skipped-undo", "process-payment", "safeguards of reserve-inventory: undo_of_nothing: accept"),
    ),
    ("aws-llt-order-2026", ORCHESTRATION, 2): (
        ("skipped-undo", "process-order", "engine: on_undo_failure: park"),
    ),
    ("conductor-cookbook-order", ORCHESTRATION, 2): (
        ("undone-after-pivot", "charge-payment", "engine: pivot_unknown: resolve"),
        ("invariant", "goods leave only when paid", "engine: pivot_unknown: resolve"),
    ),
    ("dtm-no-barrier-transfer", ORCHESTRATION, 1): (
        ("phantom-undo", "trans-in", "safeguards of trans-in: undo_of_nothing: accept"),
    ),
    ("dtm-no-barrier-transfer", ORCHESTRATION, 2): (
        ("leak", "trans-out", "safeguards of trans-out: idempotent: true"),
    ),
    ("steno-trip", ORCHESTRATION, 2): (("skipped-undo", "payment", "engine: on_undo_failure: park"),),
    ("temporal-go-transfer", ORCHESTRATION, 2): (
        ("double-effect", "withdraw", "safeguards of withdraw: idempotent: true"),
    ),
    ("wshobson-choreography", CHOREOGRAPHY, 1): (
        ("stuck", "reserve-inventory", "events of create-order: compensates_on: as its neighbours"),
    ),
    ("wshobson-choreography", CHOREOGRAPHY, 2): (
        ("double-effect", "process-payment", "safeguards of process-payment: idempotent: true"),
    ),
}


def fix_of(name: str, coordination: Coordination, faults: int, harm: str, step: str) -> Fix | None:
    return remedies(name, coordination, faults).fix(found(name, coordination, faults, harm, step))


@pytest.mark.parametrize(("name", "coordination", "faults"), EXPECTED)
def test_a_known_mistake_is_repaired_by_the_change_that_an_engineer_would_make(name, coordination, faults):
    for harm, step, change in EXPECTED[name, coordination, faults]:
        fix = fix_of(name, coordination, faults, harm, step)

        assert fix is not None
        assert (fix.change, fix.verified) == (change, True)


SMALL = [
    ("gallery/bank-transfer-broken", ORCHESTRATION, 1),
    ("gallery/bank-transfer-broken", CHOREOGRAPHY, 2),
    ("gallery/food-delivery-broken", CHOREOGRAPHY, 2),
    ("aws-llt-order-2026", ORCHESTRATION, 1),
    ("conductor-cookbook-order", ORCHESTRATION, 1),
    ("dtm-no-barrier-transfer", ORCHESTRATION, 2),
    ("steno-trip", ORCHESTRATION, 1),
    ("temporal-go-transfer", ORCHESTRATION, 1),
    ("wshobson-choreography", CHOREOGRAPHY, 1),
]


@pytest.mark.parametrize(("name", "coordination", "faults"), SMALL)
def test_every_fix_holds_when_the_changed_saga_is_explored_again(name, coordination, faults):
    before = harms_of(explored(name, coordination, faults))
    for finding in explored(name, coordination, faults).findings:
        fix = remedies(name, coordination, faults).fix(finding)
        if fix is None:
            continue
        after = harms_of(explore(fix.saga, coordination, faults))

        assert fix.verified
        assert (finding.harm, finding.step) not in after
        assert set(fix.cures) == before - after
        assert set(fix.remains) == before & after
        assert after - before <= set(fix.adds)
        assert len(fix.adds) < len(fix.cures)


@pytest.mark.parametrize(("name", "coordination", "faults"), SMALL)
def test_a_fix_can_be_written_to_the_file(name, coordination, faults):
    for finding in explored(name, coordination, faults).findings:
        fix = remedies(name, coordination, faults).fix(finding)
        if fix is not None:
            assert saga_from_data(saga_to_data(fix.saga)) == fix.saga


def test_a_leak_with_two_causes_has_no_fix_and_says_so():
    finding = found("aws-llt-order-2026", ORCHESTRATION, 1, "leak", "process-payment")
    every = remedies("aws-llt-order-2026", ORCHESTRATION, 1)

    assert every.fix(finding) is None
    assert every.hint(finding) == (
        "There is more than one cause: with `safeguards of reserve-inventory: undo_of_nothing: accept` "
        "these faults do no harm, but others still do."
    )


def test_a_stub_in_the_design_is_no_switch_but_a_hint():
    finding = found("gallery/event-ticketing-broken", CHOREOGRAPHY, 1, "leak", "take-payment")
    every = remedies("gallery/event-ticketing-broken", CHOREOGRAPHY, 1)

    assert every.fix(finding) is None
    assert "take-payment.undo:no-effect*for-ever" in every.hint(finding)


def test_what_a_change_makes_worse_is_said_and_offered_only_where_nothing_else_helps():
    fix = fix_of("steno-trip", ORCHESTRATION, 1, "leak", "car")

    assert fix is not None
    assert fix.change == "engine: compensates: attempted"
    assert fix.adds == (Harm("skipped-undo", "payment"),)


def test_a_fix_is_not_called_verified_where_the_limit_did_not_allow_it():
    finding = found("gallery/bank-transfer-broken", ORCHESTRATION, 1, "double-effect", "debit")

    fix = fix_for(the_saga("gallery/bank-transfer-broken"), finding, faults=2, most_states=40)

    assert fix is not None
    assert fix.change == "safeguards of debit: idempotent: true"
    assert not fix.verified


def test_findings_share_what_was_explored():
    every = Remedies(
        the_saga("gallery/vm-provisioning-broken"),
        1,
        known=[explored("gallery/vm-provisioning-broken", ORCHESTRATION, 1)],
    )
    findings = explored("gallery/vm-provisioning-broken", ORCHESTRATION, 1).findings

    every.fix(findings[0])
    left = every.left
    changes = {fix.change for finding in findings if (fix := every.fix(finding))}

    assert len(findings) > 10
    assert changes == {"engine: on_undo_failure: park"}
    assert every.left == left


def a_saga(*steps: dict[str, Any], **more: Any) -> Saga:
    return saga_from_data({"sagasim": 1, "name": "order", "steps": list(steps), **more})


def first_fix(
    saga: Saga, coordination: Coordination, harm: str, step: str, faults: int = 1, **more: Any
) -> str:
    finding = explore(saga, coordination, faults, **more).found(harm, step)
    assert finding is not None
    fix = fix_for(saga, finding, faults=faults, **more)
    return fix.change if fix else ""


def test_a_missing_compensation_is_the_last_thing_proposed_and_still_found():
    saga = a_saga({"name": "reserve", "kind": "compensatable"}, {"name": "pay", "kind": "pivot"})

    assert first_fix(saga, ORCHESTRATION, "leak", "reserve") == "compensation of reserve: undo_reserve"


def test_a_lost_event_is_repaired_by_an_outbox():
    saga = a_saga(
        {"name": "reserve", "compensation": "release", "safeguards": {"outbox": False}},
        {"name": "pay", "kind": "pivot"},
    )

    assert first_fix(saga, CHOREOGRAPHY, "stuck", "reserve") == "safeguards of reserve: outbox: true"


def test_a_broker_that_loses_events_is_repaired_where_it_is_declared():
    saga = a_saga(
        {"name": "reserve", "compensation": "release"},
        {"name": "pay", "kind": "pivot", "service": "payments"},
        services={"payments": {"delivery": "at-most-once"}},
    )

    assert (
        first_fix(saga, CHOREOGRAPHY, "stuck", "reserve", kinds=("request-lost",))
        == "delivery of service payments: at-least-once"
    )


def test_changes_are_proposed_the_most_specific_first():
    saga = a_saga(
        {
            "name": "reserve",
            "compensation": "release",
            "safeguards": {"tombstone": False},
            "on_unknown": "abandon",
            "retry": {"attempts": 1},
        },
        {"name": "pay", "kind": "pivot"},
        engine={"compensates": "completed"},
    )
    finding = Finding(
        harm="leak",
        step="reserve",
        coordination=ORCHESTRATION,
        faults=parse_plan(["reserve:reply-lost"], saga),
    )
    proposed = [told(edit) for tier in proposals(saga, finding, ("reply-lost",)) for edit in tier]

    first_of_each_kind = [
        "safeguards of reserve: tombstone: true",
        "rules of reserve: on_unknown: compensate",
        "rules of reserve: on_unknown: as the engine",
        "engine: compensates: unknown",
        "rules of reserve: on_error: retry",
        "retry of reserve: attempts: 3",
    ]
    assert [change for change in proposed if change in first_of_each_kind] == first_of_each_kind


def test_a_lost_update_is_held_back_by_a_lock_of_whoever_wrote_first():
    saga = a_saga(
        {"name": "reserve", "compensation": "release", "effects": {"stock": -1}},
        {"name": "pay", "kind": "pivot"},
        instances=2,
        resources={"stock": 5},
    )

    assert (
        first_fix(saga, ORCHESTRATION, "lost-update", "reserve", kinds=("refused",))
        == "safeguards of reserve: semantic_lock: fail"
    )


# the tables


def test_the_tables_name_every_safeguard_and_every_rule():
    assert {switch.key for switch in SAFEGUARDS} == set(Safeguards.__dataclass_fields__)
    assert {switch.key for switch in RULES} == set(RULE_NAMES)


@pytest.mark.parametrize("switch", [*SAFEGUARDS, *RULES], ids=lambda switch: switch.key)
def test_a_switch_has_each_of_its_values_on_one_side(switch):
    assert not set(switch.sound) & set(switch.weak)
    assert set(switch.holds_back) <= set(HARMS)
    if switch.key in RULE_VALUES:
        assert {*switch.sound, *switch.weak} == set(RULE_VALUES[switch.key])


# what carries load


@cache
def loads(name: str, coordination: Coordination) -> tuple[Load, ...]:
    return tuple(load_bearing(the_saga(name), coordination, 1))


SOUND = [
    ("dtm-barrier-transfer", ORCHESTRATION),
    ("gallery/food-delivery", ORCHESTRATION),
    ("gallery/food-delivery", CHOREOGRAPHY),
]


@pytest.mark.parametrize(("name", "coordination"), SOUND)
def test_whatever_appears_without_a_switch_is_in_its_row_of_the_tables(name, coordination):
    rows = {switch.key: switch for switch in (*SAFEGUARDS, *RULES)}
    for load in loads(name, coordination):
        key = load.change.split(": ")[-2]
        for harm in load.holds_back:
            assert rows[key].may_cure(harm.harm), load


def test_an_idempotency_key_carries_load_and_an_outbox_under_a_coordinator_has_no_meaning():
    rows = {load.change: load for load in loads("gallery/food-delivery", ORCHESTRATION)}

    key = rows["safeguards of create-ticket: idempotent: false"]
    assert Harm("double-effect", "create-ticket") in key.holds_back
    outbox = rows["safeguards of create-ticket: outbox: false"]
    assert outbox.is_decoration
    assert not outbox.in_force


def test_each_load_has_a_plan_that_shows_the_worst_in_the_saga_without_it():
    saga = the_saga("gallery/food-delivery")
    rows = loads("gallery/food-delivery", ORCHESTRATION)
    assert len(rows) == how_many(saga)
    for load in rows:
        assert (load.worst is None) == (not load.holds_back)
        if load.worst is not None:
            assert Harm(load.worst.harm, load.worst.step) in load.holds_back
            shown = run(apply_fix(saga, load.edit), ORCHESTRATION, load.worst.faults, order=load.worst.order)
            assert shown.shows(load.worst.harm, load.worst.step)


def test_an_outbox_carries_load_where_participants_tell_each_other():
    rows = {load.change: load for load in loads("gallery/food-delivery", CHOREOGRAPHY)}

    assert Harm("stuck", "create-order") in rows["safeguards of create-order: outbox: false"].holds_back


def test_what_met_its_limit_is_not_called_decoration():
    row = next(load_bearing(the_saga("dtm-barrier-transfer"), ORCHESTRATION, 1, most_states=3))

    assert not row.exhaustive
    assert not row.is_decoration
