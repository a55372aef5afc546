from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, site: str, scheme: Literal["light", "dark"]):
    page.emulate_media(color_scheme=scheme)
    page.goto(site)
    violations = Axe().run(page).response["violations"]
    assert [v["id"] for v in violations if v["impact"] in {"serious", "critical"}] == []


def test_the_first_tab_stop_leads_past_the_navigation(page: Page, site: str):
    page.goto(site)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_chosen_theme_outlives_the_page(page: Page, site: str):
    page.emulate_media(color_scheme="light")
    page.goto(site)
    bright = background(page)
    button = page.get_by_role("button", name="Theme")
    button.click()
    expect(button).to_have_text("Theme: light")
    button.click()
    expect(button).to_have_text("Theme: dark")
    page.reload()
    expect(button).to_have_text("Theme: dark")
    assert background(page) != bright


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


def test_the_page_asks_no_other_origin(page: Page, site: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site, wait_until="networkidle")
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith(f"{site}/")] == []


def test_a_controller_wakes_in_what_a_fragment_brings_later(page: Page, site: str):
    page.goto(site)
    page.evaluate(
        "document.querySelector('main').innerHTML = '<button data-controller=theme hidden></button>'"
    )
    expect(page.locator("main button")).to_have_text("Theme: system")


def test_without_scripts_the_page_makes_sense_and_every_button_sends_a_form(browser, site: str):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.get_by_role("button").evaluate_all("all => all.every((button) => button.form)")
        expect(page.get_by_role("button", name="Theme")).to_have_count(0)
