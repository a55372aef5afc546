"""Exact counts: how many worlds, transitions and different runs there are, for sagas that one can do by hand.

Per row: worlds, transitions, executions. A change here is a change of what is explored, so read it as one.
"""

from __future__ import annotations

from typing import Any

import pytest

from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_from_data
from sagasim.core.exploration import Search, reading
from sagasim.core.kernel import Kernel
from sagasim.core.saga import Coordination, Saga

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
    """A grid of 3 x 3 folded along its diagonal: 6 worlds, and one edge per instance that is not over: 2+2+1, 2+1, 0."""
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
    (WHOLE, CHOREOGRAPHY, ("cancelled",), (24, 32, 17)),
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
