"""The composer for everybody: keyboard alone, without colours, enlarged, in the dark, on a phone; and nobody else."""

from __future__ import annotations

import gzip
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.composer.composing import bring, cell, compose, table, type_steps, wait_for_verdict, yaml
from tests.runs.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_SCRIPT = 130 * 1024
"""Without the text view, compressed."""


def serious(page: Page) -> list[tuple[str, str]]:
    violations = Axe().run(page).response["violations"]
    return [
        (violation["id"], node["html"][:160])
        for violation in violations
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, stage: Visitor, scheme: Literal["light", "dark"]):
    page.emulate_media(color_scheme=scheme)
    compose(page, stage, "/sagas/order-fulfilment-broken/")
    wait_for_verdict(page)
    for key in ("Alt+1", "Alt+2", "Alt+3", "Alt+4"):
        page.keyboard.press(key)
        page.wait_for_timeout(500)
        assert serious(page) == [], key
    table(page)
    cell(page, "capture", "name").click()
    closed = page.locator("[data-region=properties] details:not([open]) > summary:visible")
    while closed.count():
        closed.first.click()
    assert serious(page) == []
    page.keyboard.press("?")
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.goto(stage.site + "/sagas/new")
    expect(page.locator(".composer")).to_have_attribute("data-awake", "")
    assert serious(page) == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 450), (1280, 900), (1920, 1080)])
def test_the_page_fits_phones_screens_and_200_percent(page: Page, stage: Visitor, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    compose(page, stage, "/sagas/order-fulfilment-broken/")
    for key in ("Alt+1", "Alt+2", "Alt+3", "Alt+4"):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, key


def test_the_focus_can_be_seen_wherever_tab_leads(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/bank-transfer/")
    seen = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        where, outline = page.evaluate(
            """() => {
                const it = document.activeElement;
                const part = it.closest("[data-region]")?.dataset.region ?? it.tagName;
                const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(it);
                return [part, (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none"];
            }"""
        )
        assert where == "BODY" or outline, where
        seen.add(where)
    assert {"toolbar", "tabs", "canvas", "properties", "problems"} <= seen


def test_by_mouse_alone_a_saga_is_drawn(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/new")
    for kind in ("compensatable", "compensatable", "pivot", "retriable"):
        page.locator(".saga-canvas").get_by_role("button", name=kind).first.click()
        page.mouse.click(700, 700)
    expect(page.locator(".djs-shape[data-step]")).to_have_count(4)
    wait_for_verdict(page)


def test_the_tour_has_five_stops_is_skipped_for_good_and_found_again_in_help(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/bank-transfer/", tour=True)
    tour = page.get_by_role("complementary", name="Draw the saga")
    expect(tour).to_be_visible()
    for _ in range(4):
        page.get_by_role("button", name="Next").click()
    expect(page.locator(".tour")).to_contain_text("5 of 5")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".tour")).to_be_hidden()
    page.reload()
    expect(page.locator(".composer")).to_have_attribute("data-awake", "")
    expect(page.locator(".tour")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of the composer")).to_contain_text("Ctrl + S")
    page.get_by_role("button", name="Show the tour again").click()
    page.get_by_role("button", name="Skip the tour").click()
    expect(page.locator(".tour")).to_be_hidden()


def test_no_request_leaves_the_origin_and_the_scripts_are_light(page: Page, stage: Visitor):
    scripts: dict[str, int] = {}
    others: list[str] = []

    def heard(response: Response) -> None:
        if not response.url.startswith((stage.site, "data:", "blob:")):
            others.append(response.url)
        elif response.url.split("?")[0].endswith(".js"):
            scripts[response.url] = len(gzip.compress(response.body()))

    page.on("response", heard)
    compose(page, stage, bring(stage, yaml("light", 8)))
    wait_for_verdict(page)
    assert others == []
    assert 40 * 1024 < sum(scripts.values()) <= MOST_SCRIPT
    table(page)
    page.keyboard.press("Alt+3")
    expect(page.locator(".cm-content")).to_be_visible()
    page.keyboard.press("Alt+4")
    assert others == []


def test_the_problems_are_told_fixed_and_shown(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/new")
    type_steps(
        page,
        ["payments: charge card", "shipping: send parcel / recall parcel", "mail: tell customer (pivot)"],
    )
    problem = page.locator(".problem[data-rule=no-compensation]")
    expect(problem).to_contain_text("charge-card")
    expect(page.locator("[data-region=problems] [role=status]")).to_contain_text("charge-card")
    problem.get_by_role("button", name="Fix:").click()
    expect(problem).to_have_count(0)
    expect(cell(page, "charge-card", "compensation")).not_to_have_text("")
    page.locator("[data-do=undo]").click()
    expect(problem).to_be_visible()
    wait_for_verdict(page, "found")
    with page.context.expect_page() as opened:
        page.locator("[data-of=verdict]").get_by_role("button", name="Show me").first.click()
    opened.value.wait_for_url("**/runs/**")
    expect(opened.value.locator(".stage")).to_have_attribute("data-awake", "")


def test_a_step_is_moved_below_its_explicit_neighbour_without_a_circle(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/travel-booking/")
    table(page)
    cell(page, "book-hotel", "name").click()
    for _ in range(3):
        page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".found-list").first).not_to_contain_text("Not a saga yet")
    expect(page.locator(".steps tr").nth(6).locator("td").first).to_have_text("book-hotel")
