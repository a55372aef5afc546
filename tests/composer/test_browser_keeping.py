"""Nothing is lost: reload, crash, two who save, a server that is away, a gallery that is nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.composer.composing import (
    bring,
    cell,
    compose,
    root,
    said,
    settle,
    steps,
    table,
    text_of,
    undo_all,
    wait_for_verdict,
    yaml,
)
from tests.conftest import serving
from tests.runs.conftest import Visitor, installed

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def rename(page: Page, step: str, name: str) -> None:
    table(page)
    cell(page, step, "name").click()
    page.keyboard.press("F2")
    page.locator(".steps td input").fill(name)
    page.keyboard.press("Enter")


def test_unsaved_work_is_offered_back_after_a_reload(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("reloaded", 3)))
    rename(page, "step-1", "kept")
    settle(page)
    page.wait_for_timeout(400)  # the browser writes it down shortly after
    page.reload()
    expect(root(page)).to_have_attribute("data-awake", "")
    offer = page.locator(".offer")
    expect(offer).to_contain_text("There is unsaved work of yours")
    expect(offer).to_contain_text("It began as version 1.")
    table(page)
    assert steps(page) == ["step-0", "step-1", "step-2"]
    offer.get_by_role("button", name="Take it up").click()
    settle(page)
    assert steps(page) == ["step-0", "kept", "step-2"]
    page.keyboard.press("Control+s")
    expect(said(page)).to_have_text("Saved as version 2.")
    page.reload()
    expect(root(page)).to_have_attribute("data-awake", "")
    expect(page.locator(".offer")).to_have_count(0)


def test_unsaved_work_survives_a_crash_of_the_browser(browser: Browser, stage: Visitor, tmp_path: Path):
    from playwright.sync_api import Error

    path = bring(stage, yaml("crashed", 3))
    with browser.new_context() as context:
        page = context.new_page()
        compose(page, stage, path)
        rename(page, "step-2", "survivor")
        settle(page)
        page.wait_for_timeout(400)
        with pytest.raises(Error):
            page.goto("chrome://crash", timeout=3000)
        after = context.new_page()
        compose(after, stage, path)
        after.get_by_role("button", name="Take it up").click()
        table(after)
        expect(cell(after, "survivor", "name")).to_be_visible()


def test_work_taken_up_after_somebody_else_has_saved_overwrites_nobody(page: Page, stage: Visitor):
    path = bring(stage, yaml("overtaken", 3))
    compose(page, stage, path)
    rename(page, "step-1", "mine")
    settle(page)
    page.wait_for_timeout(400)
    bring(stage, yaml("overtaken", 4))
    page.reload()
    expect(page.locator(".offer")).to_contain_text("It began as version 1; the newest is 2.")
    page.get_by_role("button", name="Take it up").click()
    settle(page)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog", name="Somebody else has saved this saga meanwhile")).to_be_visible()


def test_discarded_work_is_not_offered_again(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("discarded", 2)))
    rename(page, "step-1", "gone")
    settle(page)
    page.wait_for_timeout(400)
    page.reload()
    page.get_by_role("button", name="Discard it").click()
    page.reload()
    expect(root(page)).to_have_attribute("data-awake", "")
    expect(page.locator(".offer")).to_have_count(0)


def test_the_second_to_save_sees_both_versions_and_none_is_lost(browser: Browser, stage: Visitor):
    path = bring(stage, yaml("shared", 3))
    with browser.new_context() as one, browser.new_context() as other:
        first, second = one.new_page(), other.new_page()
        for page in (first, second):
            page.set_default_timeout(10_000)
            compose(page, stage, path)
        rename(first, "step-0", "theirs")
        rename(second, "step-2", "mine")
        settle(second)
        first.keyboard.press("Control+s")
        expect(said(first)).to_have_text("Saved as version 2.")
        second.keyboard.press("Control+s")
        dialog = second.get_by_role("dialog", name="Somebody else has saved this saga meanwhile")
        expect(dialog).to_contain_text("theirs")
        expect(dialog.get_by_role("region", name="Yours").locator("mark", has_text="mine")).to_be_visible()
        dialog.get_by_role("button", name="Take theirs").click()
        expect(cell(second, "theirs", "name")).to_be_visible()
        second.locator("[data-do=undo]").click()
        expect(cell(second, "mine", "name")).to_be_visible()
        second.keyboard.press("Control+s")
        expect(said(second)).to_have_text("Saved as version 3.")
        rename(first, "step-1", "again")
        settle(first)
        first.keyboard.press("Control+s")
        first.get_by_role("button", name="Save mine after it, as version 4").click()
        expect(said(first)).to_have_text("Saved as version 4.")
        listed = stage.get(f"{path}versions/")
        assert all(f"ersion {number}" in listed for number in (1, 2, 3, 4))


def test_a_gallery_saga_is_kept_under_a_name_of_ones_own(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/bank-transfer/")
    page.get_by_role("button", name="Save a copy").click()
    dialog = page.get_by_role("dialog", name="Save a copy")
    dialog.get_by_label("Name of the copy").fill("my-transfer")
    dialog.get_by_role("button", name="Save the copy").click()
    page.wait_for_url("**/sagas/my-transfer/")
    expect(root(page)).to_have_attribute("data-awake", "")


def test_a_saga_gets_another_name_and_its_old_address_leads_to_it(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("named-once", 2)))
    page.locator("[data-region=properties] [data-key=name] input").fill("named-anew")
    settle(page)
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Rename it named-anew").click()
    page.wait_for_url("**/sagas/named-anew/")
    expect(page.locator(".eyebrow")).to_contain_text("version 2")
    page.goto(stage.site + "/sagas/named-once/versions/")
    assert page.url == stage.site + "/sagas/named-anew/versions/"


def test_under_another_name_a_copy_is_saved_beside_the_old_one(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("old-name", 2)))
    page.locator("[data-key=name] input").fill("new-name")
    settle(page)
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Save a copy as new-name").click()
    page.wait_for_url("**/sagas/new-name/")
    assert "old-name" in stage.get("/sagas/old-name/")


def test_when_the_server_is_away_the_page_says_so_keeps_the_work_and_catches_up(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("offline", 3)))
    wait_for_verdict(page)
    start = text_of(page)
    page.route("**/sagas/check", lambda route: route.abort())
    rename(page, "step-0", "written-offline")
    expect(page.locator(".found-list").first).to_contain_text("The server does not answer.")
    table(page)
    assert steps(page)[0] == "written-offline"
    page.unroute("**/sagas/check")
    settle(page)
    assert "written-offline" in text_of(page)
    assert undo_all(page) == 1
    assert text_of(page) == start


def test_a_saga_of_forty_steps_can_be_edited(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("forty", 40)))
    expect(page.locator(".djs-shape[data-step]")).to_have_count(40)
    rename(page, "step-20", "middle")
    settle(page)
    took = page.evaluate(
        """() => new Promise((done) => {
            const start = performance.now();
            const root = document.querySelector(".composer");
            const before = root.dataset.hash;
            new MutationObserver(() => {
                if (root.dataset.hash && root.dataset.hash !== before) done(performance.now() - start);
            }).observe(root, { attributes: true });
            document.querySelector("[data-do=undo]").click();
            document.querySelector("[data-do=redo]").click();
            setTimeout(() => done(0), 1500);
        })"""
    )
    assert took < 1000
    assert steps(page)[20] == "middle"


def test_a_link_carries_what_is_not_saved(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("linked", 3)))
    rename(page, "step-1", "carried")
    written = settle(page)
    page.locator("summary", has_text="More").last.click()
    page.get_by_role("button", name="Copy the link").click()
    expect(said(page)).to_have_text("Copied a link that carries the saga as it stands.")
    page.context.grant_permissions(["clipboard-read"])
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect(root(page)).to_have_attribute("data-awake", "")
    assert settle(page) == written
    assert steps_after_opening(page) == ["step-0", "carried", "step-2"]


def steps_after_opening(page: Page) -> list[str]:
    table(page)
    return steps(page)


@pytest.fixture
def own_server(tmp_path: Path) -> dict[str, str]:
    return installed(tmp_path / "own")


def test_a_restarted_server_is_found_again_by_the_verdict(page: Page, own_server: dict[str, str]):
    with serving(own_server) as address:
        port = int(address.rsplit(":", 1)[1])
        compose(page, Visitor(address), "/sagas/bank-transfer/")
        wait_for_verdict(page)
    expect(page.get_by_role("region", name="Live verdict")).to_contain_text("does not answer", timeout=15_000)
    with serving(own_server, port):
        wait_for_verdict(page)
