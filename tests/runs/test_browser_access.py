"""The stage for everybody: without motion, without colours, enlarged, in the dark, on a phone."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.runs.conftest import Visitor
from tests.runs.watching import LOST, bring, card, watch

pytestmark = pytest.mark.browser

SIZES = [
    (390, 844),
    *(pytest.param(*size, marks=pytest.mark.slow) for size in [(640, 450), (1280, 900), (1920, 1080)]),
]
"""A phone; 1280 x 900 at 200 percent; two screens."""

PAINTED = """() => [...document.querySelectorAll("canvas.tokens")].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value > 0);
})"""


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_serious(page: Page, stage: Visitor, scheme: Literal["light", "dark"]):
    page.emulate_media(color_scheme=scheme)
    runs = stage.run("order-fulfilment-broken", LOST, coordination="both")
    for t in (1080, 3760):
        watch(page, stage, runs, t=t)
        assert serious(page) == []
    card(page, "authorise-card").click()
    assert serious(page) == []
    for path in ("/", "/runs/", "/sagas/order-fulfilment/runs/new"):
        page.goto(stage.site + path)
        assert serious(page) == []


def serious(page: Page) -> list[tuple[str, str]]:
    violations = Axe().run(page).response["violations"]
    return [
        (violation["id"], node["html"][:120])
        for violation in violations
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"][:2]
    ]


def test_what_is_on_its_way_travels_unless_motion_is_unwelcome(page: Page, stage: Visitor):
    path = stage.run("order-fulfilment", coordination="both")
    watch(page, stage, path, t=45)
    assert page.evaluate(PAINTED) == [True, True]
    page.emulate_media(reduced_motion="reduce")
    watch(page, stage, path, t=45)
    assert page.evaluate(PAINTED) == [False, False]


def test_no_state_is_told_by_colour_alone(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=3690)
    looks = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".card-step")].map((it) => [
            it.dataset.state,
            [it.querySelector(".card-sign .icon").dataset.icon, it.querySelector(".card-word").innerText,
             getComputedStyle(it).borderStyle],
        ]))"""
    )
    assert {"done", "idle", "undoing"} <= set(looks)
    assert len({sign for sign, _, _ in looks.values()}) == len(looks)
    assert len({word for _, word, _ in looks.values()}) == len(looks)
    assert looks["undoing"][2] == "dashed"
    page.goto(page.url.replace("t=3690", "t=1290"))
    expect(card(page, "authorise-card")).to_have_css("border-style", "dotted")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_page_fits_phones_screens_and_200_percent(page: Page, stage: Visitor, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    watch(page, stage, stage.run(bring(stage, "forty", 40), coordination="both"), t=500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_in_viewport()
    page.goto(stage.site)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_help_lists_every_key_and_closes_with_escape(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", coordination="both"), t=0)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="How to read and drive the stage")
    expect(dialog).to_be_visible()
    for key in ("Space", "K", "N", "P", "Home", "End", "I", "W", "Esc"):
        expect(dialog.locator("kbd", has_text=key).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.slow
def test_the_theme_reaches_the_canvas(browser: Browser, stage: Visitor):
    path = stage.run("order-fulfilment", coordination="both")
    seen = []
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            page = context.new_page()
            watch(page, stage, path, t=45)
            seen.append(
                page.evaluate(
                    """() => {
                        const canvas = document.querySelector("canvas.tokens");
                        const pen = canvas.getContext("2d");
                        const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
                        const at = data.findIndex((value, index) => index % 4 === 3 && value === 255) - 3;
                        return [...data.slice(at, at + 3)];
                    }"""
                )
            )
    assert seen == [[0, 68, 145], [73, 109, 195]]  # --running, light and dark


@pytest.mark.slow
def test_fifty_steps_with_ten_tokens_stay_smooth(page: Page, stage: Visitor):
    fan = [
        {"name": f"step-{n}", "service": f"service-{n % 10}", "compensation": "undo", "takes_ms": 400}
        | ({"after": []} if n < 10 else {"after": [f"step-{n - 10}"]})
        for n in range(50)
    ]
    saga = bring(stage, "fifty", 0, steps=fan)
    watch(page, stage, stage.run(saga, coordination="both"), t=0)
    page.keyboard.press("Space")
    late = page.evaluate(
        """() => new Promise((done) => {
            const frames = [];
            const look = (now) => {
                frames.push(now);
                if (frames.length < 181) requestAnimationFrame(look);
                else done(frames.filter((at, index) => index && at - frames[index - 1] > 34).length);
            };
            requestAnimationFrame(look);
        })"""
    )
    assert late <= 9  # 5 % of 180 frames
