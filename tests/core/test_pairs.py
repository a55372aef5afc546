"""Pairs of faults: what is read from the graph is held against walking every path with two faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings

from sagasim.core.blueprint import blueprint
from sagasim.core.execution import run_of
from sagasim.core.exploration import Search, reading
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.graph import RANK
from sagasim.core.harms import Judge
from sagasim.core.kernel import Kernel
from sagasim.core.matrix import Place, place_of
from sagasim.core.pairs import Pair, pairs_of, worst_of_pairs
from sagasim.core.saga import Coordination, Saga
from sagasim.core.world import World
from tests.core.brute import TooManyPaths
from tests.core.test_oracle import EXAMPLES, Case, branching_cases, cases
from tests.core.test_twins import BASE, BY_ALL, BY_ONE, saga_of

BUDGET = 2_500
"""Transitions that brute force may make for one example."""

PairOfPlaces = frozenset[Place]


def walked_pairs(case: Case) -> Mapping[PairOfPlaces, str]:
    """Every path with two faults; per pair of cells the worst from the second fault on."""
    bp = blueprint(case.saga, case.coordination)
    judge = Judge(Kernel(bp, tidy=True, kinds=case.kinds))
    worst: dict[PairOfPlaces, str] = {}
    waiting: list[tuple[World, tuple[Place, ...]]] = [(judge.kernel.begin()[0], ())]
    steps = 0

    def note(used: tuple[Place, ...], *harms: str) -> None:
        if len(used) == 2:
            known = worst.get(frozenset(used), "")
            worst[frozenset(used)] = min([known, *harms], key=lambda it: RANK.get(it, len(RANK)))

    while waiting:
        world, used = waiting.pop()
        choices = judge.kernel.choices(world)
        struck = list(judge.kernel.faults(world)) if len(used) < 2 else []
        steps += len(choices) + len(struck)
        if steps > BUDGET:
            raise TooManyPaths
        for choice in (*choices, *struck):
            is_fault = choice in struck
            now = (*used, place_of(bp, choice)) if is_fault else used
            after, events = judge.kernel.apply(world, choice)
            note(now, *(harm.harm for harm in judge.harms(world, choice, events, after)))
            waiting.append((after, now))
        if not choices:
            note(used, *("stuck" for instance in world.instances if not instance.mind.ended))
    return worst


def hold_against_brute_force(case: Case) -> None:
    try:
        truth = walked_pairs(case)
    except TooManyPaths:
        return
    told = case.told(faults=2)
    for commute in (False, True):
        search = Search(blueprint(case.saga, case.coordination), 2, kinds=case.kinds, commute=commute)
        assert search.advance(10 * BUDGET).done
        assert {frozenset(pair): worst for pair, worst in worst_of_pairs(search).items()} == truth, told
        for pair in pairs_of(search).worse:
            assert run_of(search.bp, pair.faults, order=pair.order).shows(pair.worst, pair.step), (told, pair)


@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 2)
@given(cases(max_steps=3))
def test_pairs_are_as_bad_as_brute_force_finds_them_and_runs_show_it(case: Case) -> None:
    hold_against_brute_force(case)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 3)
@given(branching_cases())
def test_so_they_are_where_branches_run_side_by_side(case: Case) -> None:
    hold_against_brute_force(case)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 3)
@given(cases(max_steps=2, instances=2))
def test_so_they_are_with_two_sagas(case: Case) -> None:
    hold_against_brute_force(case)


# ---------------------------------------------------------------- in words

FORGETFUL_UNDO = saga_of(BASE, {"charge": {"safeguards": {"idempotent": False}}})


def explored(
    saga: Saga,
    coordination: Coordination = BY_ONE,
    faults: int = 2,
    *,
    kinds: Sequence[str] = EXPLORED_KINDS,
) -> Search:
    search = Search(blueprint(saga, coordination), faults, kinds=kinds)
    search.advance(100_000)
    return search


def pair_of(search: Search, one: Place, other: Place) -> Pair:
    return next(pair for pair in pairs_of(search).worse if {pair.first, pair.second} == {one, other})


def test_a_refusal_and_an_undo_that_runs_twice_are_harmless_alone_and_worse_together() -> None:
    refused, lost = Place("reserve", False, "refused"), Place("charge", True, "reply-lost")
    search = explored(saga_of(BASE, {"charge": {"safeguards": {"idempotent": False}, "takes_ms": 40}}))
    pair = pair_of(search, refused, lost)
    assert (pair.worst, pair.alone, pair.step) == ("phantom-undo", "", "charge")
    assert [str(fault) for fault in pair.faults] == ["reserve:refused", "charge.undo:reply-lost"]


def test_a_pair_is_told_in_the_order_of_the_steps_whichever_struck_first() -> None:
    for pair in pairs_of(explored(FORGETFUL_UNDO)).worse:
        steps = [
            each.target for each in (pair.first, pair.second) if each.target in FORGETFUL_UNDO.step_names
        ]
        assert steps == sorted(steps, key=FORGETFUL_UNDO.step_names.index)


def test_a_sound_saga_has_no_pair_that_is_worse_together() -> None:
    for coordination in (BY_ONE, BY_ALL):
        pairs = pairs_of(explored(saga_of(BASE), coordination))
        assert pairs.seen > 500
        assert pairs.worse == ()


def test_what_one_fault_alone_does_is_no_pair() -> None:
    search = explored(FORGETFUL_UNDO)
    alone = {cell.place: cell.worst for cell in reading(search).matrix}
    for pair in pairs_of(search).worse:
        worst = [RANK.get(alone.get(place, ""), len(RANK)) for place in (pair.first, pair.second)]
        assert RANK[pair.worst] < min(worst)


def test_an_undo_that_lands_after_the_end_is_judged_by_the_pivot_that_committed_before_it() -> None:
    saga = saga_of(
        {**BASE, "steps": [BASE["steps"][0], BASE["steps"][3]]},
        {"open": {"undo_retry": {"attempts": 1}}, "ship": {"on_unknown": "compensate"}},
    )
    late = explored(saga, kinds=("late",))
    worst = {frozenset(pair): harm for pair, harm in worst_of_pairs(late).items()}
    both = frozenset({Place("ship", False, "late"), Place("open", True, "late")})
    assert worst[both] == "undone-after-pivot"


def test_with_one_fault_there_are_no_pairs() -> None:
    assert pairs_of(explored(FORGETFUL_UNDO, faults=1)).seen == 0


def test_beyond_a_number_of_pairs_it_is_only_said_that_they_are_there() -> None:
    search = explored(FORGETFUL_UNDO)
    every = pairs_of(search).worse
    some = pairs_of(search, most_shown=2).worse
    assert [pair.faults for pair in some[:2]] == [pair.faults for pair in every[:2]]
    assert all(pair.faults for pair in every)
    assert not any(pair.faults for pair in some[2:])
    assert [(pair.first, pair.second, pair.worst) for pair in some] == [
        (pair.first, pair.second, pair.worst) for pair in every
    ]
