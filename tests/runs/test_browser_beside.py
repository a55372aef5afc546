"""Two runs side by side, in a real browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.runs.conftest import Visitor
from tests.runs.test_browser_access import serious
from tests.runs.watching import LOST, card, clock, watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def beside(stage: Visitor) -> str:
    """A run and a what-if of it."""
    parent = stage.run("order-fulfilment-broken").strip("/").split("/")[1]
    child = stage.post(f"/runs/{parent}/what-if", does="place", fault=LOST).strip("/").split("/")[1]
    assert json.loads(stage.get(f"/api/runs/{child}"))["parent"] == parent
    return f"/runs/{parent}/beside/{child}/"


def test_both_stand_where_their_stories_part_and_go_on_together(page: Page, stage: Visitor, beside: str):
    watch(page, stage, beside)
    expect(page.locator("#clock")).to_have_text(clock(110))
    expect(page.locator(".diagram .parting")).to_have_count(2)
    expect(page.locator("[data-log] > [data-parting]")).to_have_count(2)
    for pane in (0, 1):
        expect(card(page, "authorise-card", pane)).to_have_attribute("data-state", "running")
    page.keyboard.press("End")
    expect(card(page, "authorise-card", 0)).to_have_attribute("data-state", "done")
    expect(card(page, "authorise-card", 1)).to_have_attribute("data-state", "unknown")
    page.get_by_role("button", name="Show where they part").click()
    expect(page.locator("#clock")).to_have_text(clock(110))


def test_nothing_is_placed_on_two_runs_that_are_compared(page: Page, stage: Visitor, beside: str):
    watch(page, stage, beside)
    expect(page.locator(".tray, form.plan")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel saga")).to_be_hidden()
    page.locator(".card-step").first.click()
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_beside(page: Page, stage: Visitor, beside: str, scheme: str):
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # light or dark
    watch(page, stage, beside, t=3760)
    assert serious(page) == []
