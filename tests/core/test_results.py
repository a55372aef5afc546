from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core import history
from sagasim.core.codec import saga_from_data, saga_from_text
from sagasim.core.execution import run
from sagasim.core.exploration import explore
from sagasim.core.faults import parse_plan, text_of
from sagasim.core.history import Entry, HistoryEvent, OutcomeRecorded
from sagasim.core.lines import EVENT_KINDS, FIELDS, BadLine, entry_of, line_of, pack, unpack
from sagasim.core.results import (
    BadResult,
    Fixed,
    findings_of,
    run_from_data,
    run_to_data,
    verdict_from_data,
    verdict_of,
    verdict_to_data,
)
from sagasim.core.saga import Coordination
from tests.core.strategies import fault_plans, sagas

GALLERY = Path(__file__).resolve().parents[1] / "sagas" / "gallery"

SHOP = {
    "sagasim": 1,
    "name": "shop",
    "resources": {"stock": 2},
    "engine": {"compensates": "completed"},
    "steps": [
        {"name": "charge", "compensation": "refund", "effects": {"paid": 100}, "retry": {"attempts": 2}},
        {"name": "ship", "effects": {"stock": -1}, "compensation": "unship", "retry": {"attempts": 1}},
    ],
}

names = st.text(max_size=12)
numbers = st.integers(-(10**9), 10**9)
shapes = {"name": names, "number": numbers, "flag": st.booleans(), "names": st.lists(names).map(tuple)}


@st.composite
def events(draw: st.DrawFn) -> HistoryEvent:
    kind = draw(st.sampled_from(sorted(EVENT_KINDS)))
    return EVENT_KINDS[kind]._make(draw(shapes[shape]) for _, shape in FIELDS[kind])


@st.composite
def entries(draw: st.DrawFn, seq: int = 7) -> Entry:
    event = draw(events())
    own = event.belief if isinstance(event, OutcomeRecorded) else None
    return Entry(
        seq=seq,
        at_ms=draw(st.integers(0, 10**9)),
        event=event,
        instance=draw(st.integers(1, 9)),
        because=draw(st.integers(0, 10**6)),
        belief=draw(names) if own is None else own,
        truth=draw(st.none() | numbers),
        resources=tuple(draw(st.dictionaries(names, numbers, max_size=3)).items()),
    )


def shop(*faults: str, **changes: object):
    saga = saga_from_data({**SHOP, **changes})
    return run(saga, Coordination.ORCHESTRATION, parse_plan(faults, saga))


def through_json(data: object):
    return json.loads(json.dumps(data))


@given(entries())
def test_a_line_says_all_that_its_entry_says(entry: Entry):
    assert entry_of(through_json(line_of(entry))) == entry


@given(st.lists(entries(), max_size=6))
def test_a_frame_says_all_that_its_entries_say(drawn: list[Entry]):
    numbered = tuple(entry._replace(seq=seq) for seq, entry in enumerate(drawn, start=5))
    assert unpack(through_json(pack(numbered))) == numbered


def test_every_event_of_the_vocabulary_has_a_line():
    """A new event that nobody added to the union would never be told."""
    said = {
        name
        for name, kind in vars(history).items()
        if isinstance(kind, type) and issubclass(kind, tuple) and kind.__module__ == history.__name__
    }
    assert said - {"Entry"} == set(EVENT_KINDS) == {kind.__name__ for kind in get_args(HistoryEvent)}


def test_no_event_has_a_field_that_a_line_keeps_for_the_entry():
    around = {"instance", "because", "truth", "resources"}
    assert all(around.isdisjoint(field for field, _ in fields) for fields in FIELDS.values())
    assert [kind for kind, fields in FIELDS.items() if "belief" in dict(fields)] == ["OutcomeRecorded"]


def test_a_recorded_outcome_is_what_is_believed_then():
    told = [
        entry for entry in shop("ship:error*for-ever").history if isinstance(entry.event, OutcomeRecorded)
    ]
    assert told
    assert all(
        entry.belief == entry.event.belief for entry in told if isinstance(entry.event, OutcomeRecorded)
    )


def test_a_packed_line_takes_about_32_bytes():
    history_ = shop("charge:error*for-ever", "ship:late").history * 8
    lines = through_json(pack(history_))["lines"]
    assert sum(len(json.dumps(line, separators=(",", ":"))) + 1 for line in lines) / len(lines) <= 32


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"kind": "StepVanished", "data": {}}, "no kind of entry 'StepVanished'"),
        ({"kind": "StepSkipped", "data": 3}, "the data of a line is a mapping"),
        ({"seq": 1, "at_ms": 0, "kind": "StepSkipped", "data": {}}, "a name is text"),
        ({"seq": "1", "at_ms": 0, "kind": "StepSkipped", "data": {"step": "a"}}, "a number is whole"),
    ],
)
def test_what_is_no_line_is_refused_with_a_sentence(line: dict[str, object], sentence: str):
    with pytest.raises(BadLine, match=sentence):
        entry_of(line)


@pytest.mark.parametrize("frame", [{}, {"seq": 1, "names": [], "kinds": [["StepSkipped"]], "lines": [[0]]}])
def test_what_is_no_frame_is_refused_with_a_sentence(frame: dict[str, object]):
    with pytest.raises(BadLine, match="no frame"):
        unpack(frame)


def test_the_json_of_a_run_has_exactly_the_promised_keys():
    data = run_to_data(shop("charge:reply-lost*for-ever"))
    assert list(data) == [
        "saga", "coordination", "seed", "faults", "faults_struck", "outcome", "parked", "ledger", "resources",
        "findings", "duration_ms", "messages", "history",
    ]  # fmt: skip
    assert (data["outcome"], data["faults_struck"]) == ("compensated", 1)
    assert data["ledger"] == {"charge": 1, "ship": 0}
    assert data["resources"] == {"stock": 2, "paid": 100}


def test_the_findings_of_a_run_say_why():
    (leak,) = findings_of(shop("charge:reply-lost*for-ever"))
    assert (leak.harm, leak.step) == ("leak", "charge")
    assert leak.sentence == (
        "The answer of charge was lost twice: the saga believed charge unknown and turned back "
        "without undoing it; "
        "the saga ended compensated, and 100 paid stay."
    )


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
