from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagasim.core import history
from sagasim.core.history import Entry, HistoryEvent, OutcomeRecorded
from sagasim.core.lines import EVENT_KINDS, FIELDS, BadLine, entry_of, line_of, pack, unpack
from tests.core.telling import shop, through_json

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
