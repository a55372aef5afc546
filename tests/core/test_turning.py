"""The point of no return: what it says is held against walking every way from every world of the run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.execution import passages_of, run_of
from sagasim.core.exploration import Finding, explore
from sagasim.core.faults import parse_plan
from sagasim.core.harms import PROPERTIES, Harm, Judge, stuck
from sagasim.core.history import FaultStruck
from sagasim.core.kernel import Kernel
from sagasim.core.saga import Coordination, Saga
from sagasim.core.turning import FATES, PointOfNoReturn, point_of_no_return
from sagasim.core.world import World
from tests.core.brute import TooManyPaths
from tests.core.test_oracle import EXAMPLES, Case, branching_cases, cases
from tests.core.test_twins import BASE, saga_of

BUDGET = 4_000
"""Worlds that brute force may look at for one question."""


def every_way(bp: Blueprint, world: World, judge: Judge, left: list[int]) -> list[frozenset[Harm]]:
    """Per way that things can go on by themselves, what it breaks. Merges nothing and drops nothing."""
    found: list[frozenset[Harm]] = []
    waiting: list[tuple[World, frozenset[Harm]]] = [(world, frozenset())]
    while waiting:
        at, broken = waiting.pop()
        left[0] -= 1
        if left[0] < 0:
            raise TooManyPaths
        choices = judge.kernel.choices(at)
        if not choices:
            found.append(broken | _hangs(bp, at))
        for choice in choices:
            after, events = judge.kernel.apply(at, choice)
            waiting.append((after, broken | frozenset(judge.harms(at, choice, events, after))))
    return found


def _hangs(bp: Blueprint, world: World) -> frozenset[Harm]:
    minds = [each.mind for each in world.instances if not each.mind.ended]
    return frozenset(stuck(bp, mind) for mind in minds)


def hold_against_every_way(saga: Saga, finding: Finding) -> None:
    """The world before the turn has a good way on; no world after it has, up to the first harm."""
    told = point_of_no_return(saga, finding)
    assert told is not None
    assert told.exact
    bp = blueprint(saga, finding.coordination)
    run, passages, last = passages_of(bp, finding.faults, order=finding.order)
    judge, left = Judge(Kernel(bp)), [BUDGET]
    first = min(seq for _, seq in run.harms)
    harm = Harm(finding.harm, finding.step)
    turns = [place for place, passage in enumerate(passages) if told.seq in passage.seqs]
    turn = turns[0] if turns else -1
    for place, passage in enumerate(passages):
        if passage.seqs and min(passage.seqs) > first:
            break
        ways = every_way(bp, passage.before, judge, left)
        if place == turn:
            assert frozenset() in ways, (told, place)
        elif place > turn:
            assert frozenset() not in ways, (told, place)
    after = [*(it.before for it in passages), last][turn + 1]
    done = any(found == harm and turn >= 0 and seq in passages[turn].seqs for found, seq in run.harms)
    at_start = turn < 0 and harm in judge.at_the_start(after)
    inevitable = all(harm in way for way in every_way(bp, after, judge, left))
    assert told.certain == (done or at_start or inevitable), told


def hold_all_of(case: Case) -> None:
    known = explore(case.saga, case.coordination, 2, kinds=case.kinds, most_states=1_000)
    for finding in known.findings[:4]:
        try:
            hold_against_every_way(case.saga, finding)
        except TooManyPaths:
            continue


@EXAMPLES
@given(cases(max_steps=3))
def test_a_good_end_can_be_reached_before_the_point_of_no_return_and_never_after_it(case: Case) -> None:
    hold_all_of(case)


@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 2)
@given(branching_cases())
def test_so_it_is_where_branches_run_side_by_side(case: Case) -> None:
    hold_all_of(case)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 3)
@given(cases(max_steps=2, instances=2))
def test_so_it_is_with_two_sagas_that_share_their_resources(case: Case) -> None:
    hold_all_of(case)


def turn_of(saga: Saga, harm: str, step: str, *faults: str, most_worlds: int = 20_000) -> PointOfNoReturn:
    finding = Finding(
        harm=harm, step=step, coordination=Coordination.ORCHESTRATION, faults=parse_plan(faults, saga)
    )
    told = point_of_no_return(saga, finding, most_worlds=most_worlds)
    assert told is not None
    return told


FORGETFUL = saga_of(BASE, engine={"preset": "temporal-after-like"})


def test_a_lost_answer_that_stays_lost_decides_at_its_first_loss() -> None:
    told = turn_of(FORGETFUL, "leak", "charge", "charge:reply-lost*for-ever")
    assert told.certain
    assert told.sentence == (
        "A good end was still possible until 70 ms, when the answer of charge was lost; from then on it is "
        "certain that the effect of charge is left behind."
    )


def test_the_entry_it_names_is_the_one_of_the_run() -> None:
    saga = FORGETFUL
    told = turn_of(saga, "leak", "charge", "charge:reply-lost*for-ever")
    bp = blueprint(saga, Coordination.ORCHESTRATION)
    run, *_ = passages_of(bp, parse_plan(["charge:reply-lost*for-ever"], saga))
    entry = run.history[told.seq - 1]
    assert isinstance(entry.event, FaultStruck)
    assert entry.at_ms == told.at_ms


def test_a_fault_that_strikes_in_vain_first_is_counted_when_it_decides() -> None:
    told = turn_of(FORGETFUL, "leak", "charge", "charge#1:error", "charge#2:error", "charge#3:reply-lost")
    assert "when the answer of charge was lost; from then on" in told.sentence
    repeated = turn_of(FORGETFUL, "leak", "charge", *(f"charge#{number}:reply-lost" for number in (1, 2, 3)))
    assert "when the answer of charge was lost for the third time; from then on" in repeated.sentence


def test_where_the_bound_is_met_it_says_so_and_claims_nothing_earlier() -> None:
    told = turn_of(FORGETFUL, "leak", "charge", "charge:reply-lost*for-ever", most_worlds=3)
    assert not told.exact
    assert not told.certain
    assert "was not decided within 3 worlds" in told.sentence


def test_a_saga_that_breaks_by_itself_never_had_a_good_end() -> None:
    saga = saga_of(
        BASE,
        {"open": {"effects": {"orders.open": 1}}},
        invariants=[{"name": "no order is open", "always": "orders.open < 1"}],
    )
    told = turn_of(saga, "invariant", "no order is open")
    assert (told.seq, told.at_ms, told.certain) == (0, 0, True)
    assert told.sentence == (
        "There never was a good end to reach: even without a fault, 'no order is open' does not hold."
    )


def test_a_saga_in_which_nothing_ever_happens_never_had_a_good_end() -> None:
    waits = {"publishes": {"done": "Opened"}, "starts_on": ["Opened"]}
    saga = saga_of({**BASE, "steps": BASE["steps"][:1]}, {"open": waits})
    (finding,) = explore(saga, Coordination.CHOREOGRAPHY, 0).findings
    told = point_of_no_return(saga, finding)
    assert told is not None
    assert (told.seq, told.certain) == (0, True)


def test_a_finding_that_its_saga_does_not_show_has_none() -> None:
    finding = Finding(harm="leak", step="charge", coordination=Coordination.ORCHESTRATION, faults=())
    assert point_of_no_return(saga_of(BASE), finding) is None


@pytest.mark.parametrize("harm", PROPERTIES)
def test_every_harm_has_words_for_what_is_still_to_come(harm: str) -> None:
    assert FATES[harm].format(step="charge")


WITHOUT_A_KEY = saga_of(
    {
        "sagasim": 1,
        "name": "two-copies",
        "steps": [
            {
                "name": "pay",
                "service": "payments",
                "compensation": "refund",
                "safeguards": {"idempotent": False},
            },
            {"name": "ship", "service": "parcels", "compensation": "call_back"},
        ],
    }
)


@pytest.mark.parametrize(
    "plan",
    [
        ("pay:late@end", "pay#2:reordered"),
        ("pay:reordered@end", "pay#2:late@ship.before"),
        ("pay:late@pay.undo.after", "pay#2:reordered@ship.after", "ship:refused"),
        ("ship:refused", "pay.undo:reordered@end", "pay.undo#2:late"),
    ],
    ids="-".join,
)
def test_two_open_copies_of_one_call_without_a_key_are_told_apart(plan: tuple[str, ...]) -> None:
    faults = parse_plan(plan, WITHOUT_A_KEY)
    shown = run_of(blueprint(WITHOUT_A_KEY, Coordination.ORCHESTRATION), faults)
    assert shown.struck == faults
    assert shown.harms
    for harm, _ in shown.harms:
        hold_against_every_way(
            WITHOUT_A_KEY,
            Finding(harm=harm.harm, step=harm.step, coordination=Coordination.ORCHESTRATION, faults=faults),
        )
