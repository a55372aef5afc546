from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core.codec import saga_from_data, saga_from_text
from sagasim.core.execution import run
from sagasim.core.exploration import explore
from sagasim.core.faults import text_of
from sagasim.core.reading import BadResult
from sagasim.core.results import run_from_data, run_to_data, verdict_from_data, verdict_to_data
from sagasim.core.saga import Coordination
from sagasim.core.verdict import Fixed, verdict_of
from tests.core.strategies import fault_plans, sagas
from tests.core.telling import SHOP, shop, through_json

GALLERY = Path(__file__).resolve().parents[1] / "sagas" / "gallery"


def test_the_json_of_a_run_has_exactly_the_promised_keys():
    data = run_to_data(shop("charge:reply-lost*for-ever"))
    assert list(data) == [
        "saga", "coordination", "seed", "faults", "faults_struck", "outcome", "parked", "ledger", "resources",
        "findings", "duration_ms", "messages", "history",
    ]  # fmt: skip
    assert (data["outcome"], data["faults_struck"]) == ("compensated", 1)
    assert data["ledger"] == {"charge": 1, "ship": 0}
    assert data["resources"] == {"stock": 2, "paid": 100}


@settings(max_examples=60)  # each is a whole run
@given(st.data())
def test_a_run_is_read_back_as_it_was(data: st.DataObject):
    saga = data.draw(sagas(max_steps=3, max_instances=2))
    coordination = data.draw(st.sampled_from(Coordination))
    told = run(
        saga, coordination, data.draw(fault_plans(saga, max_faults=2)), seed=data.draw(st.integers(0, 9))
    )
    assert run_from_data(through_json(run_to_data(told)), saga) == told


def test_a_run_with_an_order_is_read_back_with_it():
    saga = saga_from_data({**SHOP, "instances": 2})
    from sagasim.core.faults import parse_moment

    order = (parse_moment("charge[2].after", saga), parse_moment("charge.after", saga))
    told = run(saga, Coordination.ORCHESTRATION, order=order)
    assert run_from_data(through_json(run_to_data(told)), saga) == told


def test_a_verdict_is_read_back_as_it_was():
    explorations = [explore(saga_from_data(SHOP), each, 1) for each in Coordination]
    verdict = verdict_of(
        explorations, file="shop.yaml", seconds=0.25, remedy=lambda *_: Fixed(change="a: b", verified=True)
    )
    assert verdict.findings
    assert verdict_from_data(through_json(verdict_to_data(verdict))) == verdict


def test_a_verdict_counts_what_its_explorations_count():
    explorations = [explore(saga_from_data(SHOP), each, 1) for each in Coordination]
    data = verdict_to_data(verdict_of(explorations, file="my shop.yaml", seconds=1))
    assert list(data) == [
        "saga", "faults", "exhaustive", "unexplored", "states", "executions", "seconds", "coordinations",
        "findings", "matrix", "undo_coverage",
    ]  # fmt: skip
    assert data["states"] == sum(each.states for each in explorations)
    assert data["coordinations"] == {
        each.coordination.value: {"states": each.states, "findings": len(each.findings)}
        for each in explorations
    }
    leak = next(it for it in data["findings"] if it["harm"] == "leak")  # type: ignore[attr-defined]
    assert leak["fix"] is None
    assert leak["replay"].startswith("sagasim run 'my shop.yaml' --coordination orchestration --fault ")


def test_of_plans_with_as_few_faults_the_shortest_is_told_moments_and_all():
    saga = saga_from_text((GALLERY / "order-fulfilment-broken.yaml").read_text("utf-8"))
    leak = explore(saga, Coordination.ORCHESTRATION, 1).found("leak", "authorise-card")
    assert leak is not None
    assert text_of(leak.faults) == (
        "authorise-card:reply-lost*for-ever",
    )  # and not late@create-order.undo...


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "it is no mapping"),
        ({}, "the key 'coordinations' is missing"),
        ({"coordinations": {}, "saga": 3}, "saga is 3, not text"),
        ({"sagasim": 1, "name": "shop", "steps": []}, "not the JSON of an exploration"),
    ],
)
def test_what_is_no_verdict_is_refused_with_a_sentence(data: object, sentence: str):
    with pytest.raises(BadResult, match=sentence):
        verdict_from_data(data)
