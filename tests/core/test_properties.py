"""What holds of every saga, every plan and every path: of histories, what-ifs, keys and stopped searches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_to_yaml
from sagasim.core.execution import Run, run, shared_prefix
from sagasim.core.exploration import Exploration, Search, explore, reading
from sagasim.core.faults import EXPLORED_KINDS, FOR_EVER, KINDS, text_of
from sagasim.core.history import FaultStruck, HarmDone, OutcomeRecorded, StepCommitted, UndoCommitted
from sagasim.core.kernel import Kernel
from sagasim.core.lint import check
from sagasim.core.reduction import Reduction
from sagasim.core.saga import Coordination, Safeguards, Saga
from sagasim.core.world import World
from tests.core.brute import TooManyPaths, walk_from
from tests.core.strategies import fault_plans, sagas

ROOT = Path(__file__).parent.parent.parent
FEWER = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
coordinations = st.sampled_from(list(Coordination))
SOME_KINDS = ("refused", "reply-lost", "late", "crash", "duplicate", "cancelled")


@st.composite
def struck_runs(draw: st.DrawFn) -> Run:
    saga = draw(sagas(max_steps=4, allow_explicit_subscriptions=True, given=True, max_instances=2))
    return run(saga, draw(coordinations), draw(fault_plans(saga)), seed=draw(st.integers(0, 9)))


# histories


@given(struck_runs())
def test_a_history_is_numbered_without_a_gap_and_time_never_goes_back(shown: Run) -> None:
    assert [entry.seq for entry in shown.history] == list(range(1, len(shown.history) + 1))
    times = [entry.at_ms for entry in shown.history]
    assert times == sorted(times)
    assert shown.duration_ms == times[-1]


@given(struck_runs())
def test_what_caused_an_entry_stands_before_it(shown: Run) -> None:
    for entry in shown.history:
        assert 0 <= entry.because < entry.seq, entry


@given(struck_runs())
def test_the_truth_of_the_entries_adds_up_to_the_ledger(shown: Run) -> None:
    truth = {(name, each + 1): 0 for name in shown.saga.step_names for each in range(shown.saga.instances)}
    for entry in shown.history:
        event, step = entry.event, getattr(entry.event, "step", "")
        if isinstance(event, StepCommitted | UndoCommitted):
            truth[step, entry.instance] += 1 if isinstance(event, StepCommitted) else -1
            assert event.times == truth[step, entry.instance]
        if step in shown.saga.step_names:
            assert entry.truth == truth[step, entry.instance], entry
    for step, times in shown.ledger.items():
        assert times == sum(truth[step, each + 1] for each in range(shown.saga.instances))


@given(struck_runs())
def test_the_changes_of_the_entries_add_up_to_the_resources(shown: Run) -> None:
    values = {name: shown.saga.resources.get(name, 0) for name in shown.saga.resource_names()}
    for entry in shown.history:
        values.update(entry.resources)
    assert values == shown.resources


@given(struck_runs())
def test_a_step_is_believed_what_was_last_recorded_of_it(shown: Run) -> None:
    for entry in shown.history:
        if isinstance(entry.event, OutcomeRecorded):
            assert entry.belief == entry.event.belief, entry


@given(struck_runs())
def test_every_harm_of_a_run_stands_in_its_history(shown: Run) -> None:
    told = [(entry.event, entry.seq) for entry in shown.history if isinstance(entry.event, HarmDone)]
    assert sorted((tuple(harm), seq) for harm, seq in shown.harms) == sorted(
        (tuple(e), seq) for e, seq in told
    )


@given(struck_runs())
def test_a_fault_that_is_said_to_have_struck_is_one_of_the_plan(shown: Run) -> None:
    assert set(shown.struck) <= set(shown.faults)
    if not shown.faults and not shown.saga.given:
        assert not any(isinstance(entry.event, FaultStruck) for entry in shown.history)


# sound sagas


@given(sagas(clean=True, max_steps=5), coordinations, st.integers(0, 9))
def test_a_saga_that_lint_finds_no_error_in_completes_when_nothing_goes_wrong(
    saga: Saga, coordination: Coordination, seed: int
) -> None:
    assume(not any(problem.severity == "error" for problem in check(saga)))
    shown = run(saga, coordination, seed=seed)
    assert (shown.outcome, shown.harms) == ("completed", ()), saga_to_yaml(saga)
    assert all(shown.ledger[step.name] == step.has_effect for step in saga.steps)


# what-ifs


@given(st.data(), sagas(max_steps=4), coordinations)
def test_a_what_if_shares_its_history_until_the_added_fault_strikes(
    data: st.DataObject, saga: Saga, coordination: Coordination
) -> None:
    longer = data.draw(fault_plans(saga))
    assume(longer)
    parent, child = run(saga, coordination, longer[:-1]), run(saga, coordination, longer)
    shared = shared_prefix(parent, child)
    if longer[-1] not in child.struck:
        assert child.history == parent.history
        return
    since = child.history[shared].at_ms
    assert all(
        mine == theirs
        for mine, theirs in zip(parent.history, child.history, strict=False)
        if mine.at_ms < since
    )
    assert shared >= sum(entry.at_ms < since for entry in parent.history)


# the explorer


@FEWER
@given(sagas(max_steps=3, allow_explicit_subscriptions=True), coordinations, st.integers(1, 200))
def test_a_search_that_was_stopped_says_so_and_makes_nothing_up(
    saga: Saga, coordination: Coordination, states: int
) -> None:
    bp = blueprint(saga, coordination)
    stopped, whole = Search(bp, 1, kinds=SOME_KINDS), Search(bp, 1, kinds=SOME_KINDS)
    early = reading_after(stopped, states)
    late = reading_after(whole, 4_000)
    assume(late.exhaustive)
    assert early.exhaustive is (early.unexplored == 0)
    assert early.states <= late.states
    for finding in early.findings:
        known = late.found(finding.harm, finding.step)
        assert known is not None, (finding.harm, finding.step, saga_to_yaml(saga))
        assert len(known.faults) <= len(finding.faults)
    if early.exhaustive:
        assert early.findings == late.findings


def reading_after(search: Search, states: int) -> Exploration:
    search.advance(states)
    return reading(search)


@pytest.mark.slow
@FEWER
@given(st.data(), sagas(max_steps=3, allow_explicit_subscriptions=True, max_instances=2), coordinations)
def test_what_a_run_shows_the_explorer_finds_with_no_more_faults(
    data: st.DataObject, saga: Saga, coordination: Coordination
) -> None:
    if saga.deadline_ms is not None:
        saga = replace(saga, deadline_ms=1_000_000_000)  # which no run outlasts: it passes as a fault only
    plan = data.draw(fault_plans(saga, max_faults=2))
    assume(all(it.kind in EXPLORED_KINDS and it.times in (1, FOR_EVER) and it.attempt <= 2 for it in plan))
    shown = run(saga, coordination, plan)
    assume(shown.harms)
    search = Search(blueprint(saga, coordination), len(shown.struck), kinds={it.kind for it in shown.struck})
    assume(search.advance(4_000).done)
    known = reading(search)
    for harm, _ in shown.harms:
        found = known.found(harm.harm, harm.step)
        assert found is not None, (harm, text_of(shown.struck), saga_to_yaml(saga))
        assert len(found.faults) <= len(shown.struck)


@FEWER
@given(sagas(max_steps=3), coordinations)
def test_portions_make_no_difference(saga: Saga, coordination: Coordination) -> None:
    search = Search(blueprint(saga, coordination), 1, kinds=SOME_KINDS)
    for _ in range(500):
        if search.advance(7).done:
            break
    assume(search.progress().done)
    assert reading(search) == explore(saga, coordination, 1, kinds=SOME_KINDS)


def with_switch(safeguards: Safeguards, switch: dict[str, Any]) -> Safeguards:
    return replace(safeguards, **switch)


SAFER: tuple[dict[str, Any], ...] = (
    {"idempotent": True},
    {"tombstone": True},
    {"outbox": True},
    {"sticky_refusal": True},
    {"undo_of_nothing": "accept", "tombstone": True},  # to reject parks the saga, which is as honest
)


@FEWER
@given(sagas(max_steps=3, presets=("default",), max_overrides=0), coordinations, st.sampled_from(SAFER))
def test_turning_a_safeguard_on_never_makes_a_leak_appear(
    saga: Saga, coordination: Coordination, switch: dict[str, Any]
) -> None:
    steps = tuple(replace(step, safeguards=with_switch(step.safeguards, switch)) for step in saga.steps)
    safer = explore(replace(saga, steps=steps), coordination, 1, kinds=SOME_KINDS)
    before = explore(saga, coordination, 1, kinds=SOME_KINDS)
    leaks = {each.step for each in safer.findings if each.harm == "leak"}
    assert leaks <= {each.step for each in before.findings if each.harm == "leak"}, (
        switch,
        saga_to_yaml(saga),
    )


@FEWER
@given(
    sagas(max_steps=3, allow_explicit_subscriptions=True),
    coordinations,
    st.lists(st.sampled_from(KINDS), unique=True, min_size=1, max_size=3),
)
def test_worlds_with_one_key_have_one_future(
    saga: Saga, coordination: Coordination, kinds: list[str]
) -> None:
    kernel = Kernel(blueprint(saga, coordination), tidy=True, kinds=kinds)
    reduction = Reduction(kernel.bp)
    first: dict[object, World] = {}
    twins: list[tuple[World, World]] = []
    for world in worlds_of(kernel, most=400):
        key = reduction.key(reduction.of(world))
        if first.setdefault(key, world) != world:
            twins.append((first[key], world))
    assume(twins)
    for one, other in twins[:6]:
        try:
            futures = [walk_from(kernel, world, 1, budget=4000) for world in (one, other)]
        except TooManyPaths:
            continue
        assert futures[0] == futures[1], (one, other, saga_to_yaml(saga))


def worlds_of(kernel: Kernel, *, most: int) -> Iterator[World]:
    """Worlds with up to two faults, the nearest first; none is merged unless it is really the same."""
    start, _ = kernel.begin()
    waiting, seen = [(start, 2)], {start}
    for world, left in waiting:
        yield world
        if len(waiting) > most:
            continue
        for choice in kernel.choices(world):
            after, _ = kernel.apply(world, choice)
            if after not in seen:
                seen.add(after)
                waiting.append((after, left))
        for choice in kernel.faults(world) if left else ():
            after, _ = kernel.apply(world, choice)
            if after not in seen:
                seen.add(after)
                waiting.append((after, left - 1))


# determinism

TOLD = """
import json, sys
from pathlib import Path
from sagasim.core.codec import saga_from_text
from sagasim.core.execution import run
from sagasim.core.exploration import explore
from sagasim.core.faults import parse_plan
from sagasim.core.results import run_to_data
from sagasim.core.saga import Coordination
for path in sys.argv[1:]:
    saga = saga_from_text(Path(path).read_bytes())
    for coordination in Coordination:
        found = explore(saga, coordination, 1)
        print(repr(found))
        for finding in found.findings:
            print(json.dumps(run_to_data(run(saga, coordination, finding.faults, order=finding.order, seed=7))))
"""


def test_other_processes_with_other_hash_seeds_tell_the_same_byte_for_byte() -> None:
    names = ("gallery/bank-transfer-broken", "gallery/order-fulfilment-broken", "wshobson-choreography")
    files = [str(ROOT / "tests" / "sagas" / f"{name}.yaml") for name in names]
    told = {
        subprocess.run(
            [sys.executable, "-c", TOLD, *files],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(told) == 1
    assert b"SagaStarted" in told.pop()
