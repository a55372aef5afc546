"""The explorer against brute force: whoever walks every path and merges nothing must come to the same verdicts."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.codec import saga_to_yaml
from sagasim.core.engine import RULE_VALUES
from sagasim.core.execution import run_of
from sagasim.core.exploration import Exploration, Search, reading
from sagasim.core.faults import KINDS, text_of
from sagasim.core.harms import Harm
from sagasim.core.kernel import Kernel
from sagasim.core.saga import Coordination, Safeguards, Saga
from tests.core.brute import TooManyPaths, Walked, walk
from tests.core.strategies import sagas
from tests.core.test_twins import BASE, BRANCHES, Data, saga_of

BUDGET = 12_000
"""Transitions that brute force may make for one example; most need a few hundred."""

SIDE_BY_SIDE: Data = {**BRANCHES, "steps": BRANCHES["steps"][:2]}
FORK: Data = {
    **BRANCHES,
    "steps": [
        {"name": "first", "service": "firsts", "compensation": "undo_first"},
        {"name": "left", "service": "sides", "compensation": "undo_left"},
        {"name": "right", "service": "sides", "compensation": "undo_right", "after": ["first"]},
    ],
}

EXAMPLES = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


CHAIN: Data = {
    **BRANCHES,
    "steps": [
        {"name": name, "service": f"{name}s", "compensation": f"undo_{name}"}
        for name in ("first", "next", "last")
    ],
}


class Case(NamedTuple):
    """A saga in one coordination, and the kinds of faults that may strike it."""

    saga: Saga
    coordination: Coordination
    kinds: tuple[str, ...]

    def told(self, *, faults: int) -> str:
        return f"{saga_to_yaml(self.saga)}\n{self.coordination} {' '.join(self.kinds)}, faults: {faults}"


@st.composite
def cases(draw: st.DrawFn, *, max_steps: int = 4, instances: int = 1) -> Case:
    saga = draw(
        sagas(
            max_steps=max_steps,
            allow_explicit_subscriptions=draw(st.booleans()),
            given=draw(st.integers(0, 3)) == 3,
        )
    )
    return Case(replace(saga, instances=instances), draw(coordinations), draw(few_kinds(4)))


coordinations = st.sampled_from(list(Coordination))


def few_kinds(most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(KINDS), unique=True, min_size=1, max_size=most).map(tuple)


@st.composite
def branching_cases(draw: st.DrawFn) -> Case:
    """Plain steps side by side, a switch or two turned: where the order of what happens matters most."""
    data = draw(st.sampled_from((BRANCHES, SIDE_BY_SIDE, FORK)))
    turned: Data = {
        step["name"]: {"safeguards": draw(st.dictionaries(switches, st.booleans(), max_size=2))}
        for step in data["steps"]
    }
    engine = {
        name: draw(st.sampled_from(RULE_VALUES[name]))
        for name in draw(st.lists(st.sampled_from(list(RULE_VALUES)), unique=True, max_size=2))
    }
    deadline = draw(st.sampled_from((None, 60_000)))
    rest: Data = {"deadline_ms": deadline} if deadline else {}
    return Case(saga_of(data, turned, engine=engine, **rest), draw(coordinations), draw(few_kinds(2)))


@st.composite
def weighing_cases(draw: st.DrawFn) -> Case:
    """Steps side by side that change what an invariant weighs against each other, or each for itself."""
    data = draw(st.sampled_from((BRANCHES, SIDE_BY_SIDE, FORK)))
    changed: Data = {}
    for step in data["steps"]:
        changed[step["name"]] = {"effects": draw(amounts)}
        if step.get("compensation") and draw(st.booleans()):
            changed[step["name"]]["undo_effects"] = draw(amounts)
    weighed = draw(st.lists(comparisons, min_size=1, max_size=3))
    invariant = {"name": "weighed", "always": f" {draw(st.sampled_from(('and', 'or')))} ".join(weighed)}
    failing = draw(st.sampled_from(("", "error", "reply-lost")))
    given: Data = {"given": [f"left.undo:{failing}*for-ever"]} if failing else {}
    saga = saga_of(data, changed, invariants=[invariant], **given)
    return Case(saga, draw(coordinations), draw(few_kinds(2)))


@st.composite
def hearing_again_cases(draw: st.DrawFn) -> Case:
    """Participants that do not deduplicate, and events that come twice: what is over may begin once more."""
    data = draw(st.sampled_from((BRANCHES, SIDE_BY_SIDE, FORK, CHAIN)))
    forgetful: Data = {
        step["name"]: {
            "safeguards": {
                "idempotent": draw(st.integers(0, 3)) == 0,
                **draw(st.dictionaries(switches, st.booleans(), max_size=1)),
            }
        }
        for step in data["steps"]
    }
    others = st.sampled_from(("refused", "error-after", "cancelled", "late", "poisoned", "crash"))
    return Case(saga_of(data, forgetful), draw(coordinations), ("duplicate", draw(others)))


resources = st.sampled_from(("x", "y", "z"))
amounts = st.dictionaries(resources, st.sampled_from((1, 1, -1)), min_size=1, max_size=2)
comparisons = st.builds("{} {} {}".format, resources, st.sampled_from(("<=", ">=", "!=")), st.integers(-1, 2))
switches = st.sampled_from([each.name for each in fields(Safeguards) if isinstance(each.default, bool)])


def walked_as_far_as_possible(kernel: Kernel) -> tuple[int, Walked]:
    """With two faults, or with as many as the budget allows; a saga that is too big without any is no example."""
    for faults in (2, 1, 0):
        try:
            return faults, walk(kernel, faults, budget=BUDGET)
        except TooManyPaths:
            continue
    assume(False)
    raise AssertionError("assume has left")


def searched(bp: Blueprint, case: Case, faults: int, *, commute: bool) -> Exploration:
    search = Search(bp, faults, kinds=case.kinds, commute=commute)
    assert search.advance(10 * BUDGET).done
    return reading(search)


def verdicts(known: Exploration) -> dict[Harm, int]:
    return {Harm(each.harm, each.step): len(each.faults) for each in known.findings}


def hold_against_brute_force(case: Case) -> None:
    bp = blueprint(case.saga, case.coordination)
    faults, truth = walked_as_far_as_possible(Kernel(bp, tidy=True, kinds=case.kinds))
    told = case.told(faults=faults)
    every = searched(bp, case, faults, commute=False)
    assert verdicts(every) == truth.fewest, told
    assert every.executions == truth.paths, told
    fewer = searched(bp, case, faults, commute=True)
    assert verdicts(fewer) == truth.fewest, told
    assert fewer.executions <= truth.paths, told
    assert fewer.states <= every.states, told


@EXAMPLES
@given(cases())
def test_the_explorer_finds_what_brute_force_finds_with_as_few_faults_and_counts_the_same(case: Case) -> None:
    hold_against_brute_force(case)


@EXAMPLES
@given(weighing_cases())
def test_so_it_does_where_an_invariant_weighs_what_they_change(case: Case) -> None:
    hold_against_brute_force(case)


@EXAMPLES
@given(hearing_again_cases())
def test_so_it_does_where_nobody_deduplicates_events(case: Case) -> None:
    hold_against_brute_force(case)


@EXAMPLES
@given(branching_cases())
def test_so_it_does_where_branches_run_side_by_side(case: Case) -> None:
    hold_against_brute_force(case)


@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 2)
@given(cases(max_steps=2, instances=2))
def test_so_it_does_where_several_instances_share_resources(case: Case) -> None:
    hold_against_brute_force(case)


@EXAMPLES
@given(cases())
def test_dropping_what_changes_nothing_changes_no_verdict(case: Case) -> None:
    bp = blueprint(case.saga, case.coordination)
    faults, truth = walked_as_far_as_possible(Kernel(bp, kinds=case.kinds))
    tidied = walk(Kernel(bp, tidy=True, kinds=case.kinds), faults, budget=10 * BUDGET)
    assert tidied.fewest == truth.fewest, case.told(faults=faults)


@EXAMPLES
@given(cases())
def test_a_run_shows_every_finding_with_its_own_plan(case: Case) -> None:
    bp = blueprint(case.saga, case.coordination)
    search = Search(bp, 2, kinds=case.kinds)
    search.advance(3000)
    for finding in reading(search).findings:
        shown = run_of(bp, finding.faults, order=finding.order)
        plan = (*text_of(finding.faults), "order", *map(str, finding.order))
        assert shown.shows(finding.harm, finding.step), (
            finding.harm,
            finding.step,
            plan,
            case.told(faults=2),
        )


@pytest.mark.parametrize("rule", ["advance", "resurrect"])
@pytest.mark.parametrize("kinds", [("late", "duplicate"), ("late", "reply-lost"), ("crash", "error-after")])
def test_so_it_does_where_a_late_answer_is_taken_for_another_call(rule: str, kinds: tuple[str, ...]) -> None:
    bp = blueprint(saga_of(SIDE_BY_SIDE, engine={"on_stray_reply": rule}), Coordination.ORCHESTRATION)
    search = Search(bp, 2, kinds=kinds)
    assert search.advance(50_000).done
    for finding in reading(search).findings:
        shown = run_of(bp, finding.faults, order=finding.order)
        assert shown.shows(finding.harm, finding.step), (finding, text_of(finding.faults))


def test_so_it_does_where_an_event_must_not_be_heard_before_the_harm() -> None:
    saga = saga_of(
        {
            "sagasim": 1,
            "name": "small",
            "services": {"charges": {"safeguards": {"idempotent": False}}},
            "steps": [
                {"name": "order", "kind": "pivot", "publishes": {"done": "Ordered"}},
                {"name": "charge", "service": "charges", "kind": "retriable", "compensates_on": ["Ordered"]},
            ],
        }
    )
    bp = blueprint(saga, Coordination.CHOREOGRAPHY)
    search = Search(bp, 1, kinds=("error-after",))
    assert search.advance(10_000).done
    found = {(each.harm, each.step): each for each in reading(search).findings}
    assert ("double-effect", "charge") in found
    for finding in found.values():
        assert run_of(bp, finding.faults, order=finding.order).shows(finding.harm, finding.step), finding


@pytest.mark.parametrize("coordination", Coordination)
def test_brute_force_can_find_something(coordination: Coordination) -> None:
    """The other tests would be content with two explorers that find nothing."""
    saga = saga_of(BASE, {"charge": {"safeguards": {"idempotent": False}}})
    truth = walk(Kernel(blueprint(saga, coordination), kinds=("duplicate",)), 1, budget=BUDGET)
    assert truth.fewest[Harm("double-effect", "charge")] == 1


@pytest.mark.parametrize("natural", [False, True])
def test_an_event_that_is_delivered_again_takes_effect_twice_where_its_key_can_be_lost(natural: bool) -> None:
    """To call it deduplicated, because it is nearly always, would hide this."""
    twice = {step["name"]: {"safeguards": {"natural_key": natural}} for step in BASE["steps"]}
    bp = blueprint(saga_of(BASE, twice), Coordination.CHOREOGRAPHY)
    search = Search(bp, 3, kinds=("error-after", "key-lost", "refused"))
    assert search.advance(50_000).done
    found = verdicts(reading(search))
    assert found.get(Harm("double-effect", "charge")) == (None if natural else 2)
    assert found.get(Harm("phantom-undo", "charge")) == (None if natural else 3)
