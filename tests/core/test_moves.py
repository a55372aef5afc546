"""The tables of an exploration against the kernel, the judge and the reduction, which they must never contradict."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from sagasim.core.blueprint import blueprint
from sagasim.core.history import UndoCommitted
from sagasim.core.rows import Spot
from sagasim.core.saga import Coordination
from sagasim.core.search import Search
from tests.core.test_oracle import FORK, Case, branching_cases, cases
from tests.core.test_twins import Data, saga_of

MOST = 250
"""Worlds of each example that are looked at."""

EXAMPLES = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def hold_against_the_kernel(case: Case, faults: int = 2) -> None:
    search = Search(blueprint(case.saga, case.coordination), faults, kinds=case.kinds)
    search.advance(4 * MOST)
    told = case.told(faults=faults)
    for number in range(0, len(search), 1 + len(search) // MOST):
        left = faults - search.cost[number]
        hold_at(search, number, left, told)


def hold_at(search: Search, number: int, left: int, told: str) -> None:
    moves, kernel, judge = search.moves, search.kernel, search.judge
    spot, world = Spot(moves.register, search.rows[number]), search.world(number)
    assert moves.choices(spot) == kernel.choices(world), told
    assert moves.faults(spot) == list(kernel.faults(world)), told
    for cost, offered in ((0, kernel.choices(world)), (1, kernel.faults(world) if left else ())):
        for choice in offered:
            after, events = kernel.apply(world, choice)
            expected = moves.register.reduction.of(after, faults_left=left > cost)
            found = moves.follow(spot, choice, left=left > cost, last=bool(cost) and left == cost)
            assert moves.register.world(found.rows) == expected, (choice, world, told)
            assert set(found.harms) == set(judge.harms(world, choice, events, after)), (choice, world, told)
            undone = {
                search.bp.index[e.step] for e in events if isinstance(e, UndoCommitted) and e.times >= 0
            }
            assert set(found.undone) == undone, (choice, world, told)


@EXAMPLES
@given(cases())
def test_what_is_looked_up_is_what_the_kernel_says(case: Case) -> None:
    hold_against_the_kernel(case)


@EXAMPLES
@given(branching_cases())
def test_so_it_is_where_branches_run_side_by_side(case: Case) -> None:
    hold_against_the_kernel(case)


@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 2)
@given(cases(max_steps=3, instances=2))
def test_so_it_is_where_several_instances_share_resources(case: Case) -> None:
    hold_against_the_kernel(case)


def test_an_undo_given_up_is_not_named_after_a_step_of_which_something_stands() -> None:
    """Else the report of a parked saga would cover what nobody is told of."""
    doubled: Data = {"right": {"safeguards": {"idempotent": False}}}
    hold_against_the_kernel(Case(saga_of(FORK, doubled), Coordination.ORCHESTRATION, ("error-after",)))
