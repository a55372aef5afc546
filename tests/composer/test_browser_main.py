"""The composer's main path in a real browser: from a blank page to a saved saga with a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.composer.composing import (
    FIVE,
    cell,
    command_line_hash,
    compose,
    redo_all,
    settle,
    steps,
    text_of,
    type_steps,
    undo_all,
    wait_for_verdict,
)
from tests.runs.conftest import Visitor

pytestmark = pytest.mark.browser


def test_by_keyboard_alone_five_steps_get_a_verdict_and_are_saved(page: Page, stage: Visitor, tmp_path: Path):
    compose(page, stage, "/sagas/new")
    type_steps(page, FIVE)
    assert steps(page) == ["create-order", "reserve-items", "charge-card", "book-parcel", "confirm-order"]
    expect(cell(page, "charge-card", "compensation")).to_have_text("refund card")
    expect(cell(page, "book-parcel", "after")).to_have_text("charge-card")
    written = settle(page)
    assert "exhaustive" in wait_for_verdict(page)
    assert command_line_hash(text_of(page), tmp_path) == written
    assert undo_all(page) == 5
    assert steps(page) == []
    assert redo_all(page) == 5
    assert settle(page) == written
    page.keyboard.press("Control+s")
    page.wait_for_url("**/sagas/my-saga/")
    expect(page.locator(".composer-title .eyebrow")).to_have_text("my-saga · version 1")
    assert settle(page) == written
