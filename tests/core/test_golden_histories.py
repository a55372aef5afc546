"""Golden histories: the order saga as prose, with belief and truth. When one changes, review the diff.

`pytest tests/core/test_golden_histories.py --update-golden` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sagasim.core.codec import saga_from_text
from sagasim.core.execution import run
from sagasim.core.faults import parse_plan
from sagasim.core.narration import story
from sagasim.core.phrases import fault_in_words
from sagasim.core.postmortem import findings_of
from sagasim.core.saga import Coordination

GOLDEN = Path(__file__).parent / "golden"
GALLERY = Path(__file__).resolve().parents[2] / "sagasim" / "gallery"

STORIES = {
    "no-fault": (),
    "a-refusal": ("book-shipment:refused",),
    "a-lost-reply": ("authorise-card:reply-lost",),
    "a-late-effect": ("authorise-card:late@authorise-card.undo.after*for-ever",),
    "a-duplicate": ("reserve-items:duplicate@capture.before",),
    "a-failing-undo": ("book-shipment:refused", "reserve-items.undo:error*for-ever"),
}
IN_ONE = {
    ("a-coordinator-crash", Coordination.ORCHESTRATION): ("authorise-card:coordinator-crash@after",),
    ("a-participant-crash", Coordination.CHOREOGRAPHY): ("authorise-card:crash@before",),
}
ALL = {(name, each): faults for name, faults in STORIES.items() for each in Coordination} | IN_ONE


def prose(faults: tuple[str, ...], coordination: Coordination) -> str:
    saga = saga_from_text((GALLERY / "order-fulfilment.yaml").read_bytes())
    told = run(saga, coordination, parse_plan(faults, saga))
    lines = [f"{saga.title}, {coordination.value}"]
    lines += [f"{fault}: {fault_in_words(fault, saga)}" for fault in told.faults]
    lines += ["", *story(told.history, saga), ""]
    lines += [finding.sentence for finding in findings_of(told)]
    return "\n".join(lines).rstrip() + "\n"


@pytest.mark.parametrize(("name", "coordination"), ALL)
def test_the_story_is_the_one_that_was_reviewed(
    name: str, coordination: Coordination, request: pytest.FixtureRequest
):
    file = GOLDEN / f"{name}.{coordination.value}.txt"
    told = prose(ALL[name, coordination], coordination)
    if request.config.getoption("--update-golden"):
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def test_no_golden_history_is_left_over():
    assert {file.name for file in GOLDEN.iterdir()} == {f"{name}.{each.value}.txt" for name, each in ALL}
