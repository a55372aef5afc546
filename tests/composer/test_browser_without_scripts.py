"""A browser that runs no scripts: a saga from a list of steps to the stage, and two who save at once."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTES = "orders: create order / cancel order\npayments: charge card / refund\nshipping: send parcel\n"


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    with browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


def begun(page: Page, site: str) -> str:
    """A new saga of three steps on the page, not saved; gives its name."""
    name = f"shop-{uuid4().hex[:8]}"
    page.goto(f"{site}/sagas/new")
    page.get_by_label("Steps, one a line").fill(NOTES)
    page.get_by_label("Name of the saga").fill(name)
    page.get_by_role("button", name="Begin with these steps").click()
    return name


def test_a_saga_is_composed_repaired_saved_and_shown(plain: Page, site: str):
    name = begun(plain, site)
    plain.get_by_label("Timeout, ms of step 2").fill("soon")
    plain.get_by_role("button", name="Save").click()
    wrong = plain.get_by_label("Timeout, ms of step 2")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(plain.get_by_role("alert")).to_have_text("Write a whole number, not 'soon'. Line 10 of the text.")
    wrong.fill("3000")
    plain.get_by_label("Step of step 4").fill("mail")
    plain.get_by_role("button", name="Add").click()
    plain.get_by_role("button", name="Step 4 up").click()
    expect(plain.get_by_label("Step of step 3")).to_have_value("mail")
    plain.get_by_role("button", name="Save").click()
    assert plain.url == f"{site}/sagas/{name}/"
    plain.get_by_role("button", name="Show me").first.click()
    assert plain.url.startswith(f"{site}/runs/")
    plain.goto(f"{site}/sagas/{name}/")
    plain.get_by_role("button", name="Fix it: compensation of send-parcel").click()
    expect(plain.get_by_label("Compensation of step 4")).to_have_value("undo_send_parcel")


def test_the_second_of_two_who_save_sees_both_and_chooses(plain: Page, site: str):
    name = begun(plain, site)
    plain.get_by_role("button", name="Save").click()
    other = plain.context.new_page()
    other.goto(plain.url)
    plain.get_by_label("Compensation of step 3").fill("call_back")
    plain.get_by_role("button", name="Save").click()
    other.get_by_label("Timeout, ms of step 1").fill("9000")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Somebody else saved meanwhile")
    expect(other.get_by_text("send-parcel: compensation none → call_back")).to_be_visible()
    assert "timeout_ms: 9000" in other.get_by_label("Yours, as you have it").input_value()
    other.get_by_role("button", name="Keep mine under that name").click()
    assert other.url == f"{site}/sagas/{name}-copy/"
    expect(other.get_by_label("Timeout, ms of step 1")).to_have_value("9000")
    plain.goto(f"{site}/sagas/{name}/versions/")
    plain.get_by_role("button", name="Restore version 1").click()
    expect(plain.get_by_role("status")).to_have_text("Version 1 is back, as version 3.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_pages_around_the_composer(page: Page, site: str, scheme: str):
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two words
    name = f"axe-{scheme}"
    page.goto(f"{site}/")
    page.get_by_text("Import a saga file").click()
    for compensation in ("refund", "pay_back"):
        page.goto(f"{site}/")
        page.get_by_text("Import a saga file").click()
        page.get_by_label("or its text").fill(
            f"sagasim: 1\nname: {name}\nsteps:\n  - {{name: charge, compensation: {compensation}}}\n"
        )
        page.get_by_role("button", name="Import it").click()
        page.wait_for_url(f"**/sagas/{name}/")
    for path in ("versions/", "versions/1", "versions/compare?a=1&b=2", "delete"):
        page.goto(f"{site}/sagas/{name}/{path}")
        violations = Axe().run(page).response["violations"]
        assert [it["id"] for it in violations if it["impact"] in {"serious", "critical"}] == [], path
