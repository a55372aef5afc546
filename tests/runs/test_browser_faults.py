"""Faults as objects that one places, by keyboard, by mouse, in the middle of a run; and what is refused."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runs.conftest import Visitor
from tests.runs.watching import LOST, bring, card, clock, watch

pytestmark = pytest.mark.browser


def press_until(page: Page, selector: str, key: str = "Tab", most: int = 150) -> None:
    """Moves the focus with a key until it is there, and sees at each stop that the focus can be seen."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"no visible focus on {selector}"
            return
    pytest.fail(f"{most} times {key} do not lead to {selector}")


def test_by_keyboard_alone_a_saga_is_run_and_a_fault_placed_on_a_step(page: Page, stage: Visitor):
    page.goto(stage.site)
    press_until(page, "[aria-label='Run it: Order fulfilment']")
    page.keyboard.press("Enter")
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")
    page.keyboard.press("Home")
    press_until(page, ".card-step[data-step=reserve-items]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Place a fault on reserve-items")).to_be_visible()
    press_until(page, "[data-fault='reserve-items:refused']")
    before = page.url
    page.keyboard.press("Enter")
    expect(page.locator(".fault-chip")).to_have_text([LOST, "reserve-items:refused"])
    expect(page).not_to_have_url(before)
    page.keyboard.press("End")
    expect(card(page, "reserve-items")).to_contain_text("refused")


def test_a_fault_placed_midway_is_a_what_if_that_goes_on_from_the_same_moment(page: Page, stage: Visitor):
    path = stage.run("order-fulfilment", coordination="both")
    watch(page, stage, path, t=80)
    before = stage.history(path)
    page.keyboard.press("k")
    page.keyboard.press("k")
    page.get_by_role("slider", name="Moment").focus()
    card(page, "authorise-card").click()
    page.locator("[data-fault='authorise-card:reply-lost']").click()
    expect(page.locator(".fault-chip")).to_have_text(["authorise-card:reply-lost"])
    expect(card(page, "reserve-items")).to_contain_text("done")  # not begun anew
    expect(page.get_by_text("What if: the same as the run before up to line")).to_be_visible()
    child = re.sub(r"\?.*", "", page.url.removeprefix(stage.site))
    after = stage.history(child)
    shared = int(re.findall(r"up to line (\d+)", page.locator(".what-if").inner_text())[0])
    assert shared > 0
    assert after[:shared] == before[:shared]
    assert after[shared] != before[shared]
    page.get_by_role("link", name="the run before").click()
    expect(page).to_have_url(re.compile(re.escape(path)))


@pytest.mark.slow
def test_a_fault_is_dragged_onto_a_step(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", coordination="both"), t=0)
    page.locator(".tray-kind[data-kind=refused]").drag_to(card(page, "book-shipment"))
    expect(page.locator(".fault-chip")).to_have_text(["book-shipment:refused"])
    page.keyboard.press("End")
    expect(card(page, "book-shipment")).to_contain_text("refused")


@pytest.mark.slow
def test_a_killed_service_shows_that_it_is_down_and_can_be_restarted(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", coordination="both"), t=40)
    page.locator(".pane >> nth=0").locator(".service[data-service=payments]").click()
    expect(page.locator(".fault-chip")).to_have_text(["payments:outage@authorise-card.before*for-ever"])
    page.keyboard.press("Home")
    page.keyboard.press("n")
    expect(page.locator(".service[data-service=payments][data-down]").first).to_contain_text("down")
    page.locator(".service[data-service=payments]").first.click()
    expect(page.locator(".fault-chip")).to_have_text(["payments:outage@authorise-card.before"])


@pytest.mark.slow
def test_a_saga_is_cancelled_at_the_moment_shown(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", coordination="both"), t=80)
    page.get_by_role("button", name="Cancel saga").click()
    expect(page.locator(".fault-chip")).to_contain_text(["saga:cancelled@"])
    page.keyboard.press("End")
    expect(page.locator(".pane-state").first).to_have_text("compensated")


@pytest.mark.slow
def test_a_fault_is_taken_away_again(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=1080)
    page.get_by_role("button", name=f"Run again without {LOST}").click()
    expect(page.locator(".fault-chip")).to_have_count(0)
    page.keyboard.press("End")
    expect(page.locator("#clock")).to_have_text(clock(320))


def test_a_plan_without_sense_is_refused_with_a_sentence_and_nothing_is_lost(
    browser: Browser, stage: Visitor
):
    path = stage.run("order-fulfilment", LOST, coordination="both")
    with browser.new_context() as context:  # the browser logs a 422 as an error
        page = context.new_page()
        watch(page, stage, path, t=1080)
        page.get_by_text("Plan as text").click()
        page.get_by_label("Faults, one a line").fill("charge:reply-lost")
        page.get_by_role("button", name="Run this plan").click()
        expect(page.get_by_role("alert")).to_contain_text("create-order")
        expect(page.get_by_label("Faults, one a line")).to_have_value("charge:reply-lost")
        expect(page.locator("#clock")).to_have_text(clock(1080))
        expect(card(page, "authorise-card")).to_contain_text("unknown")
        card(page, "create-order").click()
        expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.slow
def test_faults_are_placed_before_anything_has_run(page: Page, stage: Visitor):
    page.goto(f"{stage.site}/sagas/order-fulfilment/runs/new")
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")
    card(page, "capture").click()
    page.get_by_label("for ever").check()
    page.locator("[data-fault='capture:error*for-ever']").click()
    expect(page.locator(".fault-chip")).to_have_text(["capture:error*for-ever"])
    page.get_by_role("button", name="Run this plan").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]+/"))
    expect(page.locator(".fault-chip")).to_have_text(["capture:error*for-ever"])
    expect(page.locator(".stage")).to_have_attribute("data-playing", "")


@pytest.mark.slow
def test_of_several_sagas_at_once_one_is_chosen_by_its_card(page: Page, stage: Visitor):
    saga = bring(stage, "twice", 3, instances=2)
    watch(page, stage, stage.run(saga, coordination="both"), t=0)
    second = card(page, "step-1").nth(1)
    expect(second).to_contain_text("step-1 [2]")
    second.click()
    page.locator("[data-fault='step-1[2]:refused']").click()
    expect(page.locator(".fault-chip")).to_have_text(["step-1[2]:refused"])
    page.keyboard.press("End")
    expect(card(page, "step-1").nth(0)).to_contain_text("done")
    expect(card(page, "step-1").nth(1)).to_contain_text("refused")
