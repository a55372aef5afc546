"""The matrix as a person sees it: from the button to the verdict, from a cell to its moment, to a fix that holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import serving
from tests.explorer.conftest import SAGAS
from tests.runs.conftest import Visitor, installed

pytestmark = pytest.mark.browser

SAGA = "order-fulfilment-broken"
STEP = "  - {{name: reserve-part-{n}, service: warehouse-{n}, compensation: release, effects: {{parts.{letter}: 1}}}}\n"
TWELVE = "".join(STEP.format(n=n, letter="abcdefghijkl"[n]) for n in range(12))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A sagasim with its gallery, and the broken order saga explored already."""
    env = installed(tmp_path_factory.mktemp("explorer"))
    with serving(env) as address:
        visitor = Visitor(address, env)
        visitor.get("/")
        visitor.post(f"/sagas/{SAGA}/explorations/", faults="2")
        yield visitor


def explored(page: Page, site: Visitor, saga: str = SAGA, query: str = "") -> None:
    """The matrix of a saga, once it is whole."""
    page.goto(f"{site.site}/sagas/{saga}/matrix/{query}")
    expect(page.locator(".told[data-state=done]")).to_be_visible(timeout=60_000)


def cell(page: Page, target: str, kind: str) -> Locator:
    return page.locator(f"td[data-target='{target}'][data-kind='{kind}']")


def focused(page: Page) -> tuple[str, str]:
    place: dict[str, str] = page.evaluate("({...document.activeElement.closest('td')?.dataset})")
    return place.get("target", ""), place.get("kind", "")


def serious(page: Page) -> list[tuple[str, str]]:
    return [
        (violation["id"], node["html"][:160])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"][:3]
    ]


def test_a_red_cell_is_opened_understood_and_repaired(page: Page, site: Visitor):
    explored(page, site)
    expect(page.get_by_text("exhaustive for any 2 faults")).to_be_visible()
    cell(page, "authorise-card", "reply-lost").get_by_role("link", name="leak").click()
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("100 payments.authorised stay")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()  # paused at that moment
    assert "t=" in page.url
    page.go_back()
    page.get_by_role("button", name="Apply it to a copy").click()
    expect(page.locator(".told[data-state=done]")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("20 cells turned green with this version.")).to_be_visible()
    expect(cell(page, "authorise-card", "reply-lost")).to_have_attribute("data-was", "leak")
    expect(page.locator("td[data-state=harm]")).to_have_count(0)


@pytest.mark.slow
def test_the_verdict_arrives_while_one_looks_and_the_focus_stays(page: Page, site: Visitor):
    page.goto(f"{site.site}/sagas/event-ticketing-broken/matrix/")
    page.get_by_role("button", name="Explore it").click()
    expect(page.locator("td[data-state=harm]").first).to_be_visible(timeout=30_000)
    expect(page.locator(".told[data-state=done]")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.locator(".finding-fix").first).to_be_visible()


@pytest.mark.slow
def test_a_long_exploration_is_stopped_and_says_so(page: Page, site: Visitor):
    page.goto(f"{site.site}/sagas/travel-booking/matrix/")
    page.get_by_label("4", exact=True).check()
    page.get_by_role("button", name="Explore it").click()
    expect(page.locator("[data-progress]")).to_contain_text("states", timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".told[data-state=stopped]")).to_be_visible(timeout=30_000)
    expect(page.locator(".told .state")).to_contain_text("stopped")
    expect(page.locator("[data-exhaustive=no]")).to_be_visible()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()


@pytest.mark.slow
def test_everything_is_done_with_the_keyboard(page: Page, site: Visitor):
    explored(page, site)
    page.get_by_role("button", name="Keys").focus()
    page.keyboard.press("Tab")
    assert focused(page) == ("create-order", "error-after")  # the first cell where something breaks
    expect(page.locator(".reader")).to_have_text(
        re.compile(r"create-order, error-after: leak\. Shown by create-order:error-after")
    )
    page.keyboard.press("ArrowRight")
    assert focused(page) == ("create-order", "request-lost")
    page.keyboard.press("ArrowDown")
    assert focused(page) == ("create-order.undo", "request-lost")
    expect(page.locator(".reader")).to_contain_text("not reached")
    page.keyboard.press("Home")
    assert focused(page) == ("create-order.undo", "refused")
    page.keyboard.press("Control+End")
    assert focused(page)[0] == "send-receipt"
    page.keyboard.press("Control+Home")
    assert focused(page) == ("create-order", "refused")
    page.keyboard.press("n")
    assert focused(page) == ("create-order", "error-after")
    expect(page.locator("td:focus-within")).to_have_count(1)
    page.keyboard.press("f")
    expect(page.locator("#findings-title")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")


@pytest.mark.slow
def test_the_grid_is_one_stop_and_has_the_roles_of_a_grid(page: Page, site: Visitor):
    explored(page, site)
    grid = page.get_by_role("grid", name="The worst that follows from one fault, orchestration", exact=True)
    expect(grid).to_be_visible()
    expect(grid.get_by_role("rowheader", name="authorise-card", exact=True)).to_be_visible()
    expect(grid.get_by_role("columnheader", name="reply-lost")).to_be_visible()
    assert grid.get_by_role("gridcell").count() == 12 * 11
    assert page.locator(".matrix:not(.matrix-aside) [tabindex='0']").count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, site: Visitor, scheme: Literal["light", "dark"]):
    page.emulate_media(color_scheme=scheme)
    explored(page, site)
    assert serious(page) == []
    page.get_by_role("link", name="where they differ").click()
    assert serious(page) == []
    for path in (f"/sagas/{SAGA}/safeguards/", f"/sagas/{SAGA}/compare/", "/sagas/food-delivery/matrix/"):
        page.goto(site.site + path)
        assert serious(page) == []


@pytest.mark.slow
def test_no_cell_is_told_by_its_colour_alone(page: Page, site: Visitor):
    explored(page, site)
    for kind in ("harm", "holds"):
        one = page.locator(f"td[data-state={kind}] a").first
        expect(one.locator("svg.icon")).to_be_visible()
        expect(one).not_to_have_text("")
    looks = page.evaluate(
        """() => ["harm", "holds"].map((state) => {
            const cell = document.querySelector(`td[data-state=${state}] a`);
            return [cell.innerText, cell.querySelector("path").getAttribute("d"), getComputedStyle(cell).fontWeight];
        })"""
    )
    assert all(one != other for one, other in zip(*looks, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 450), (1280, 900), (1920, 1080)])
def test_the_page_fits_phones_screens_and_200_percent(page: Page, site: Visitor, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    explored(page, site)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="where they differ").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_the_matrix_of_twelve_steps_is_readable_at_1280(page: Page, site: Visitor, tmp_path: Path):
    site.post(
        "/sagas/", text=f"sagasim: 1\nname: twelve\nsteps:\n{TWELVE}engine: {{compensates: completed}}\n"
    )
    page.goto(f"{site.site}/sagas/twelve/matrix/")
    page.get_by_label("1", exact=True).check()
    page.get_by_role("button", name="Explore it").click()
    expect(page.locator(".told[data-state=done]")).to_be_visible(timeout=60_000)
    matrix = page.locator(".matrix:not(.matrix-aside)")
    assert matrix.locator("tbody tr").count() == 24
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".matrix a, .matrix th")]
            .filter((it) => it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 1)
            .map((it) => it.textContent.trim())"""
    )
    assert cut == []
    matrix.locator("tbody tr").last.scroll_into_view_if_needed()
    expect(matrix.get_by_role("columnheader", name="reply-lost")).to_be_in_viewport()  # the heading stays


@pytest.mark.slow
def test_without_motion_nothing_moves_and_without_scripts_all_is_links(browser: Browser, site: Visitor):
    with browser.new_context(java_script_enabled=False, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{site.site}/sagas/{SAGA}/matrix/")
        expect(page.locator(".told[data-state=done]")).to_be_visible()
        assert (
            page.locator("td a").count()
            == page.locator("td:is([data-state=harm], [data-state=holds])").count()
        )
        page.get_by_role("link", name="choreography").first.click()
        expect(page.locator("td[data-state=harm]")).to_have_count(0)
        page.get_by_role("link", name="where they differ").click()
        page.locator("td[data-state=differs] a").first.click()
        expect(page.get_by_role("heading", name="Order fulfilment")).to_be_visible()


@pytest.mark.slow
def test_every_link_of_the_matrix_answers_and_running_a_cell_again_gives_the_same_history(
    page: Page, site: Visitor
):
    explored(page, site)
    links = [str(link.get_attribute("href")) for link in page.locator(".matrix td a").all()]
    assert len(links) == page.locator("td:is([data-state=harm], [data-state=holds])").count() > 80
    before = None
    for link in (links[0], links[0]):
        page.goto(site.site + link)
        run = page.url.split("/runs/")[1].split("/")[0]
        history = site.get(f"/runs/{run}/history.json")
        assert before in (None, history)
        before = history


@pytest.mark.slow
def test_a_finding_is_copied_as_a_command(browser: Browser, site: Visitor):
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        explored(page, site)
        finding = page.locator(".finding").first
        finding.get_by_text("As a command").click()
        finding.get_by_role("button", name="Copy").first.click()
        expect(finding.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"sagasim run {SAGA}.yaml --coordination orchestration --fault ")


@pytest.mark.slow
def test_safeguards_are_weighed_before_ones_eyes(page: Page, site: Visitor):
    name = "dtm-barrier-transfer"
    site.post("/sagas/", text=(SAGAS / f"{name}.yaml").read_text("utf-8"))
    page.goto(f"{site.site}/sagas/{name}/safeguards/")
    page.get_by_role("button", name="Weigh them").click()
    expect(page.locator(".told[data-state=done]")).to_be_visible(timeout=60_000)
    page.locator(".held").first.click()
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")
    expect(page.locator(".stage .pane-state").first).to_contain_text("broken")
