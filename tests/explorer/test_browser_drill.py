"""An exercise in a real browser: line by line, by keyboard, and uncovered at the end."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from sagasim.explorer.drilling import BELIEFS
from tests.explorer.conftest import Site
from tests.runs.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TWO_LEFT = ("capture:refused", "authorise-card.undo:late@end*for-ever", "reserve-items.undo:error*for-ever")


@pytest.fixture
def stage(served: Site) -> Visitor:
    return Visitor(served.address)


def opened(page: Page, stage: Visitor) -> str:
    """An exercise of a run of its own, reached from its stage."""
    run = stage.run("order-fulfilment", *TWO_LEFT)
    page.goto(f"{stage.site}{run.partition('?')[0]}?t=99999")
    page.get_by_role("link", name="Open as an exercise").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Order fulfilment is parked")
    return run


def belief_of(page: Page, step: str) -> str:
    return page.locator(f'tr[data-step="{step}"] .step').inner_text()


def test_one_can_go_through_what_was_reported_line_by_line(page: Page, stage: Visitor) -> None:
    opened(page, stage)
    lines = page.locator("[data-log] li")
    total = lines.count()
    assert belief_of(page, "authorise-card") == "undo given up"
    page.get_by_role("button", name="From the start").click()
    expect(page.locator("[data-where]")).to_have_text(f"line 1 of {total}")
    assert page.locator("[data-log] li:visible").count() == 1
    assert belief_of(page, "authorise-card") == "not begun"
    for _ in range(3):
        page.get_by_role("button", name="Next").press("Enter")
    assert belief_of(page, "create-order") == "done"
    page.get_by_role("button", name="All of it").click()
    assert page.locator("[data-log] li:visible").count() == total
    assert belief_of(page, "authorise-card") == "undo given up"


def test_by_keyboard_alone_one_decides_and_sees_what_it_did(page: Page, stage: Visitor) -> None:
    opened(page, stage)
    expect(page.locator("body")).not_to_contain_text("there once")
    for step in ("reserve-items", "authorise-card"):
        page.get_by_role("group", name=step).get_by_role("radio", name="Leave it").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("group", name=step).get_by_role("radio", name="Retry")).to_be_checked()
    page.get_by_role("button", name="Decide, and uncover the truth").press("Enter")
    expect(page.locator("#truth")).to_have_attribute("data-state", "settled")
    expect(page.locator(".drill-log li[data-covered]").first).to_be_visible()
    page.get_by_role("group", name="authorise-card").get_by_label("Compensate by hand").check()
    page.get_by_role("button", name="Decide again").click()
    expect(page.locator("#truth")).to_have_attribute("data-state", "broken")
    expect(page.locator('tr[data-step="authorise-card"]')).to_contain_text("undone once too often")


def test_beliefs_are_called_as_on_the_stage(page: Page, stage: Visitor) -> None:
    page.goto(stage.site)
    looks = page.evaluate("import('sagasim/runs/words.js').then((words) => words.BELIEFS)")
    assert {belief: (look["state"], look["word"]) for belief, look in looks.items()} == dict(BELIEFS)


def test_nothing_is_in_the_way_of_who_cannot_see_it(page: Page, stage: Visitor) -> None:
    opened(page, stage)
    for query in ("", "?decide=1&step.authorise-card=by-hand"):
        page.goto(page.url.partition("?")[0] + query)
        found = Axe().run(page).response["violations"]
        assert [it["id"] for it in found if it["impact"] in ("serious", "critical")] == []
