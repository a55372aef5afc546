from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core.codec import saga_from_data
from sagasim.core.diagrams import mermaid_of, svg_of
from sagasim.core.execution import run
from sagasim.core.faults import parse_plan
from sagasim.core.saga import Coordination
from sagasim.core.sequence import Arrow, Note, sequence_of
from tests.core.strategies import fault_plans, sagas

SVG = "{http://www.w3.org/2000/svg}"
CHARGE = {"name": "charge", "service": "payments", "compensation": "refund", "effects": {"paid": 100}}
SHIP = {"name": "ship", "service": "parcels", "compensation": "recall"}
SHOP = {"sagasim": 1, "name": "shop", "title": "Shop <b>& Co</b>", "steps": [CHARGE, SHIP]}


def a_run(*faults: str, coordination: str = "orchestration", **changes: object):
    saga = saga_from_data({**SHOP, **changes})
    return run(saga, Coordination(coordination), parse_plan(faults, saga))


def arrows(*faults: str, **options: str) -> list[Arrow]:
    return [it for it in sequence_of(a_run(*faults, **options)).items if isinstance(it, Arrow)]


def test_a_call_goes_from_the_coordinator_to_the_service_and_its_answer_comes_back():
    first, second = arrows()[:2]
    assert (first.sender, first.receiver, first.label, first.undo) == (
        "coordinator",
        "payments",
        "charge",
        False,
    )
    assert (second.sender, second.receiver, second.label) == ("payments", "coordinator", "charge: done")


def test_a_lost_request_and_a_lost_answer_stop_half_way():
    assert arrows("charge:request-lost")[0].fate == "lost"
    lost = next(each for each in arrows("charge:reply-lost") if each.fate == "lost")
    assert (lost.sender, lost.receiver) == ("payments", "coordinator")


def test_a_late_call_is_drawn_again_when_it_lands():
    drawn = arrows("charge:late@end")
    assert drawn[0].fate == "late"
    assert drawn[-1].label == "charge, late"


def test_an_undo_is_marked_as_one():
    assert [each.label for each in arrows("ship:refused") if each.undo] == [
        "the undo of charge", "the undo of charge: done",
    ]  # fmt: skip


def test_an_event_goes_from_its_publisher_to_who_reacts():
    (drawn,) = arrows(coordination="choreography")
    assert (drawn.sender, drawn.receiver, drawn.label) == ("payments", "parcels", "ChargeDone")


def test_a_missing_answer_is_noted_as_unknown():
    notes = [it for it in sequence_of(a_run("charge:reply-lost")).items if isinstance(it, Note)]
    assert ("coordinator", "unknown") in {(note.at, note.tone) for note in notes}


@settings(max_examples=60)  # each is a whole run
@given(st.data())
def test_every_run_can_be_drawn(data: st.DataObject):
    saga = data.draw(sagas(max_steps=4, max_instances=2, allow_explicit_subscriptions=True))
    told = run(saga, data.draw(st.sampled_from(Coordination)), data.draw(fault_plans(saga)))
    ET.fromstring(svg_of(told))
    text = mermaid_of(told)
    assert text.startswith("sequenceDiagram\n")
    assert all(line.strip() for line in text.splitlines())


def test_an_svg_says_in_words_what_it_shows_and_holds_its_text_as_text():
    root = ET.fromstring(svg_of(a_run("charge:reply-lost")))
    assert root.get("aria-labelledby") == "title desc"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "Shop <b>& Co</b>: orchestration, completed"
    assert description is not None
    assert "charge:reply-lost" in str(description.text)
    assert "charge: done" in {text.text for text in root.iter(f"{SVG}text")}


def test_an_svg_follows_the_light_and_needs_nothing_from_outside():
    drawn = svg_of(a_run())
    assert "prefers-color-scheme: dark" in drawn
    assert drawn.count("http") == 1  # its own namespace
    assert "<script" not in drawn


@pytest.mark.parametrize("title", ["a; b", "x #35; y", "</svg>", "a\nb", "end"])
def test_what_mermaid_would_take_for_syntax_is_written_as_a_number(title: str):
    told = a_run("charge:refused", invariants=[{"name": title, "finally": "paid == 1"}])
    assert told.harms
    text = mermaid_of(told)
    assert title not in text or title == "end"
    assert text.count("\n") == len(text.splitlines())
