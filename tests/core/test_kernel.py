"""Exact counts: how many worlds, transitions and different runs there are, for sagas that one can do by hand.

Per row: worlds, transitions, executions. A change here is a change of what is explored, so read it as one.
"""

from __future__ import annotations

from typing import Any

import pytest

from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_from_data
from sagasim.core.execution import run
from sagasim.core.exploration import Search, reading
from sagasim.core.faults import parse_plan, text_of
from sagasim.core.kernel import Kernel
from sagasim.core.saga import Coordination, Saga
from tests.core.test_twins import BASE, BY_ALL, BY_ONE, saga_of

ORCHESTRATION, CHOREOGRAPHY = Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY
A: dict[str, Any] = {"name": "a", "service": "first", "compensation": "undo_a"}
B: dict[str, Any] = {"name": "b", "service": "second", "compensation": "undo_b"}


def saga(*steps: dict[str, Any], **rest: Any) -> Saga:
    return saga_from_data({"sagasim": 1, "name": "tiny", "steps": list(steps), **rest})


READ = saga({"name": "a"})
ONE = saga(A)
PIVOT = saga({"name": "a", "kind": "pivot"})
CHAIN = saga(A, B)
FORK = saga({**A, "after": []}, {**B, "after": []})
WHOLE = saga(A, {"name": "p", "kind": "pivot"}, {"name": "r", "kind": "retriable"})
TWICE = saga(A, instances=2)


def counts(
    it: Saga, coordination: Coordination, *kinds: str, faults: int = 1, commute: bool = False
) -> tuple[int, int, int]:
    search = Search(blueprint(it, coordination), faults, kinds=kinds, commute=commute)
    assert search.advance(10_000).done
    known = reading(search)
    return known.states, known.transitions, known.executions


@pytest.mark.parametrize("coordination", Coordination)
def test_one_step_is_sent_answered_and_over(coordination: Coordination) -> None:
    for tiny in (READ, ONE, PIVOT):
        assert counts(tiny, coordination, faults=0) == (3, 2, 1)


@pytest.mark.parametrize("coordination", Coordination)
def test_a_chain_is_a_line(coordination: Coordination) -> None:
    assert counts(CHAIN, coordination, faults=0) == (5, 4, 1)
    assert counts(WHOLE, coordination, faults=0) == (7, 6, 1)


@pytest.mark.parametrize("coordination", Coordination)
def test_a_fork_is_a_grid_and_commuting_walks_along_one_of_its_paths(coordination: Coordination) -> None:
    """Each of two branches is sent, answered or heard: 3 x 3 worlds, 2 x 3 edges each way, 4 over 2 paths."""
    assert counts(FORK, coordination, faults=0) == (9, 12, 6)
    assert counts(FORK, coordination, faults=0, commute=True) == (5, 4, 1)


def test_two_instances_are_the_same_in_either_order() -> None:
    """A grid of 3 x 3 folded along its diagonal: 6 worlds, each with an edge per open instance."""
    states, transitions, _ = counts(TWICE, ORCHESTRATION, faults=0)
    assert (states, transitions) == (6, 8)


@pytest.mark.parametrize("coordination", Coordination)
def test_a_refusal_forks_once_and_ends(coordination: Coordination) -> None:
    """Sent, done, completed; and refused, compensated."""
    for tiny in (READ, ONE, PIVOT):
        assert counts(tiny, coordination, "refused") == (5, 4, 2)


def test_an_error_is_retried_or_outlasts_the_attempts() -> None:
    """Sent, done, completed; error once, sent again (then done as before); error for-ever, compensated."""
    assert counts(READ, ORCHESTRATION, "error") == (7, 7, 3)
    assert counts(READ, CHOREOGRAPHY, "error") == (7, 7, 3)


def test_an_undo_adds_its_own_call() -> None:
    """The same with an undo of nothing at the end: its call sent and answered. Choreography knows it is nothing."""
    assert counts(ONE, ORCHESTRATION, "error") == (9, 9, 3)
    assert counts(ONE, CHOREOGRAPHY, "error") == (7, 7, 3)


GOLDEN = [
    (ONE, ORCHESTRATION, ("late",), (12, 14, 5)),
    (ONE, CHOREOGRAPHY, ("late",), (5, 6, 3)),
    (ONE, ORCHESTRATION, ("cancelled",), (8, 8, 3)),
    (CHAIN, ORCHESTRATION, ("refused",), (10, 10, 3)),
    (CHAIN, CHOREOGRAPHY, ("refused",), (11, 11, 3)),
    (CHAIN, ORCHESTRATION, ("late",), (22, 28, 9)),
    (FORK, ORCHESTRATION, ("refused",), (24, 36, 18)),
    (FORK, ORCHESTRATION, ("cancelled",), (26, 44, 150)),
    (WHOLE, ORCHESTRATION, ("cancelled",), (14, 16, 5)),
    (WHOLE, CHOREOGRAPHY, ("cancelled",), (22, 30, 17)),
]


@pytest.mark.parametrize(("tiny", "coordination", "kinds", "expected"), GOLDEN)
def test_the_counts_are_golden(
    tiny: Saga, coordination: Coordination, kinds: tuple[str, ...], expected: tuple[int, int, int]
) -> None:
    assert counts(tiny, coordination, *kinds) == expected


@pytest.mark.parametrize("coordination", Coordination)
def test_applying_a_choice_leaves_the_world_as_it_was(coordination: Coordination) -> None:
    kernel = Kernel(blueprint(WHOLE, coordination))
    world, _ = kernel.begin()
    before = repr(world)
    for choice in (*kernel.choices(world), *kernel.faults(world)):
        after, events = kernel.apply(world, choice)
        again, told = kernel.apply(world, choice)
        assert (after, events) == (again, told)
        assert hash(after) == hash(again)
    assert repr(world) == before


@pytest.mark.parametrize("coordination", Coordination)
def test_no_fault_is_offered_twice_and_none_that_was_not_asked_for(coordination: Coordination) -> None:
    kernel = Kernel(blueprint(WHOLE, coordination))
    world, _ = kernel.begin()
    offered = list(kernel.faults(world))
    assert len(offered) == len(set(offered))
    assert not {choice.strike.kind for choice in offered if choice.strike} & {"no-effect", "key-lost"}


# how runs end: the outcome, what a person is told, which effects stand, and what is broken

STOP, SWALLOW, RETRY = [{"on_undo_failure": word} for word in ("stop", "swallow", "retry")]
GIVEN_UP = ("reserve:refused", "charge.undo:error*for-ever")
EVERY = ("open", "charge", "reserve", "ship", "tell")
END = [
    (BY_ALL, {}, {}, (), "completed", (), EVERY, ()),
    (BY_ALL, {}, {}, ("reserve:refused",), "compensated", (), (), ()),
    (BY_ALL, {}, {}, GIVEN_UP, "parked", ("charge",), ("charge",), ()),
    (
        BY_ALL,
        {},
        STOP,
        GIVEN_UP,
        "failed",
        (),
        ("open", "charge"),
        ("leak open", "leak charge", "skipped-undo open"),
    ),
    (BY_ALL, {}, SWALLOW, GIVEN_UP, "compensated", (), ("charge",), ("leak charge",)),
    (BY_ALL, {}, RETRY, GIVEN_UP, "compensated", (), (), ()),
    (BY_ALL, {}, {}, ("reserve:refused", "charge.undo:poisoned"), "parked", ("charge",), ("charge",), ()),
    (BY_ALL, {}, {}, ("charge:poisoned",), "parked", ("open", "charge"), ("open",), ()),
    (BY_ALL, {}, {}, ("tell:poisoned",), "parked", EVERY, EVERY[:4], ()),
    (BY_ALL, {"tell": {"may_refuse": True}}, {}, ("tell:refused",), "parked", EVERY, EVERY[:4], ()),
    (
        BY_ALL,
        {"charge": {"safeguards": {"outbox": False}}},
        {},
        ("charge:reply-lost",),
        "stuck",
        (),
        EVERY[:2],
        ("stuck charge",),
    ),
    (
        BY_ALL,
        {"charge": {"safeguards": {"outbox": False}}},
        {},
        ("reserve:refused", "charge.undo:reply-lost"),
        "stuck",
        (),
        ("open",),
        ("stuck charge",),
    ),
    (BY_ALL, {}, {}, ("ship:error*for-ever",), "compensated", (), (), ()),
    (BY_ALL, {}, {}, ("tell:error*for-ever",), "completed", (), EVERY, ()),
    (BY_ALL, {}, {}, ("saga:cancelled@reserve.after",), "compensated", (), (), ()),
    (BY_ALL, {}, {}, ("saga:cancelled@tell.after",), "completed", (), EVERY, ()),
    (
        BY_ALL,
        {},
        {"on_cancel": "abandon"},
        ("saga:cancelled@open.after",),
        "failed",
        (),
        ("open",),
        ("leak open",),
    ),
    (
        BY_ALL,
        {},
        {"on_error": "abandon"},
        ("charge:error*for-ever",),
        "failed",
        (),
        ("open",),
        ("leak open",),
    ),
    (BY_ALL, {}, {}, ("open:error-after",), "completed", (), EVERY, ()),
    (
        BY_ALL,
        {"reserve": {"compensation": None, "kind": "compensatable"}},
        {},
        ("ship:refused",),
        "compensated",
        (),
        ("reserve",),
        ("leak reserve",),
    ),
    (BY_ONE, {}, {}, GIVEN_UP, "parked", ("charge",), ("charge",), ()),
    (
        BY_ONE,
        {},
        STOP,
        GIVEN_UP,
        "failed",
        (),
        ("open", "charge"),
        ("leak open", "leak charge", "skipped-undo open"),
    ),
    (BY_ONE, {}, SWALLOW, GIVEN_UP, "compensated", (), ("charge",), ("leak charge",)),
    (BY_ONE, {}, RETRY, GIVEN_UP, "compensated", (), (), ()),
    (BY_ONE, {"tell": {"may_refuse": True}}, {}, ("tell:refused",), "parked", EVERY, EVERY[:4], ()),
    (BY_ONE, {}, {"on_error": "abandon"}, ("tell:error*for-ever",), "completed", (), EVERY, ()),
    (
        BY_ONE,
        {"tell": {"on_error": "abandon"}},
        {},
        ("tell:error*for-ever",),
        "failed",
        (),
        EVERY[:4],
        ("false-outcome saga",),
    ),
    (BY_ONE, {}, {}, ("saga:cancelled@ship.after",), "completed", (), EVERY, ()),
    (BY_ONE, {}, {}, ("saga:cancelled@reserve.after",), "compensated", (), (), ()),
    (
        BY_ONE,
        {},
        {"on_stray_reply": "resurrect"},
        ("reserve:refused", "charge:duplicate@charge.undo.after"),
        "completed",
        (),
        ("open", "ship", "tell"),
        ("missing-effect charge", "missing-effect reserve"),
    ),
    (
        BY_ONE,
        {"charge": {"safeguards": {"idempotent": False}}},
        {},
        ("charge:late@end*for-ever",),
        "compensated",
        (),
        (),
        (),
    ),
]


@pytest.mark.parametrize(
    ("coordination", "steps", "engine", "plan", "outcome", "parked", "standing", "broken"),
    END,
    ids=[f"{row[0]}-{' '.join(row[3])}-{' '.join(map(str, row[2].values()))}-{row[4]}" for row in END],
)
def test_a_run_ends_as_the_model_says(
    coordination: Coordination,
    steps: dict[str, Any],
    engine: dict[str, str],
    plan: tuple[str, ...],
    outcome: str,
    parked: tuple[str, ...],
    standing: tuple[str, ...],
    broken: tuple[str, ...],
) -> None:
    it = saga_of(BASE, steps, engine=engine)
    shown = run(it, coordination, parse_plan(plan, it))
    assert shown.outcome == outcome
    assert shown.parked == parked
    assert shown.ledger == {name: int(name in standing) for name in EVERY}
    assert {" ".join(harm) for harm, _ in shown.harms} == set(broken)
    assert text_of(shown.struck) == plan


def test_a_saga_that_fails_with_all_but_the_last_effect_in_place_lies() -> None:
    """Every effect but the last call's: a false outcome and no leak; with more missing it is a leak."""
    for steps, plan, broken in (
        ((A, B), "b:error*for-ever", {"false-outcome saga"}),
        ((A, B), "b:reply-lost*for-ever", {"false-outcome saga"}),
        ((A, B, {"name": "c", "service": "third", "compensation": "undo_c"}), "b:error*for-ever", {"leak a"}),
        ((A, B), "a:error*for-ever", set()),
    ):
        it = saga(*steps, engine={"on_error": "abandon", "on_unknown": "abandon"})
        shown = run(it, ORCHESTRATION, parse_plan((plan,), it))
        assert shown.outcome == "failed"
        assert {" ".join(harm) for harm, _ in shown.harms} == broken, plan


def test_a_second_event_is_handed_on_by_those_who_do_not_deduplicate() -> None:
    """In choreography a duplicate cascades; it ends at the first participant with a key."""
    guards = {"safeguards": {"idempotent": False}}
    it = saga_of(BASE, {"open": guards, "charge": guards})
    shown = run(it, CHOREOGRAPHY, parse_plan(("open:duplicate",), it))
    assert shown.ledger == {"open": 2, "charge": 2, "reserve": 1, "ship": 1, "tell": 1}


@pytest.mark.parametrize(
    ("steps", "services", "plan", "hangs"),
    [
        ({}, {"payments": {"delivery": "at-most-once"}}, ("charge:request-lost",), "open"),
        ({"charge": {"safeguards": {"dead_letter_alarm": False}}}, {}, ("charge:poisoned",), "open"),
        ({"open": {"safeguards": {"outbox": False}}}, {}, ("open:reply-lost",), "open"),
        ({"open": {"compensates_on": ["Never"]}}, {}, ("charge:refused",), "charge"),
        ({"open": {"compensates_on": ["Never"]}}, {}, ("reserve:refused",), "charge"),
    ],
)
def test_a_stuck_choreography_is_named_after_the_last_event_that_nobody_reacts_to(
    steps: dict[str, Any], services: dict[str, Any], plan: tuple[str, ...], hangs: str
) -> None:
    it = saga_of(BASE, steps, services=services)
    shown = run(it, CHOREOGRAPHY, parse_plan(plan, it))
    assert (shown.outcome, {" ".join(harm) for harm, _ in shown.harms}) == ("stuck", {f"stuck {hangs}"})


def test_a_saga_that_is_resurrected_forgets_what_was_still_to_be_undone() -> None:
    """The second reply of charge comes while its undo is under way: that undo still lands, open's never begins."""
    it = saga_of(BASE, engine={"on_stray_reply": "resurrect"})
    plan = ("reserve:refused", "charge:duplicate@charge.undo.before")
    shown = run(it, ORCHESTRATION, parse_plan(plan, it))
    assert shown.outcome == "completed"
    assert shown.ledger == {"open": 1, "charge": 0, "reserve": 0, "ship": 1, "tell": 1}


FORGETFUL = {**B, "retry": {"attempts": 2}, "safeguards": {"tombstone": False}}


@pytest.mark.parametrize(
    ("step", "plan", "harm"),
    [
        (FORGETFUL, ["b:reordered*for-ever"], "leak"),  # the undo overtakes its action
        (FORGETFUL, ["b:reordered"], ""),  # the second attempt overtakes the first, and both have one key
        ({**B, "retry": {"attempts": 2}}, ["b:reordered*for-ever"], ""),  # the undo is remembered
        ({**B, "safeguards": {"idempotent": False}}, ["b:reordered"], "double-effect"),
        (
            {**FORGETFUL, "compensation": None},
            ["b:reordered*for-ever"],
            "effect-after-end",
        ),  # overtaken by the end
    ],
    ids=["undo-first", "retry-first", "remembered", "without-a-key", "nothing-follows"],
)
def test_a_call_that_is_overtaken_arrives_after_what_overtakes_it(
    step: dict[str, Any], plan: list[str], harm: str
) -> None:
    own = {key: it for key, it in step.items() if it is not None}
    it = saga(A, {**own, "kind": "compensatable"})
    shown = run(it, ORCHESTRATION, parse_plan(plan, it))
    assert [found.harm for found, _ in shown.harms if found.step == "b"] == [harm] * bool(harm)
