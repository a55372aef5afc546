"""The tables of the scripts and the vocabulary of the core are the same."""

from __future__ import annotations

from typing import get_args

import pytest
from playwright.sync_api import Page

from sagasim.core.faults import CALL_KINDS
from sagasim.core.history import HistoryEvent
from sagasim.runs.placing import PHASES
from tests.runs.conftest import Visitor

pytestmark = pytest.mark.browser


def test_every_kind_of_line_has_a_sign_and_no_other_has(page: Page, stage: Visitor):
    page.goto(stage.site)
    kinds = page.evaluate("import('sagasim/runs/words.js').then((words) => Object.keys(words.KINDS))")
    assert sorted(kinds) == sorted(event.__name__ for event in get_args(HistoryEvent))


def test_every_belief_has_a_state_a_sign_and_a_word_of_its_own(page: Page, stage: Visitor):
    page.goto(stage.site)
    beliefs = page.evaluate("import('sagasim/runs/words.js').then((words) => words.BELIEFS)")
    assert set(beliefs) == {
        "idle", "running", "done", "refused", "failed", "unknown", "undoing", "undone", "given-up",
        "undo-skipped", "skipped", "dead",
    }  # fmt: skip
    assert len({look["word"] for look in beliefs.values()}) == len(beliefs)
    signs = {look["state"]: look["icon"] for look in beliefs.values()}
    assert len(set(signs.values())) == len(signs)  # no two states are told apart by colour alone


def test_the_menu_has_a_place_for_every_kind_that_strikes_a_call():
    assert set(PHASES) == set(CALL_KINDS)
    assert set(PHASES.values()) <= {"before", "effect", "reply"}
