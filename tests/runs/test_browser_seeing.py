"""What people see who see other colours, or none; and how soon, by the browser's own clock."""

from __future__ import annotations

import base64
from itertools import combinations
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.runs.conftest import Visitor
from tests.runs.watching import LOST, bring, watch

pytestmark = pytest.mark.slow

DEFICIENCIES = ("none", "achromatopsia", "deuteranopia", "protanopia", "tritanopia")

DRESS = """async (state) => {
    const { BELIEFS } = await import("sagasim/runs/words.js");
    const { icon } = await import("sagasim/runs/icons.js");
    const card = document.querySelector(".card-step");
    const sign = Object.values(BELIEFS).find((look) => look.state === state)?.icon ?? state;
    card.dataset.state = state;
    for (const each of ["data-differs", "data-harm"]) card.removeAttribute(each);
    card.querySelector(".card-sign").replaceChildren(icon(sign));
    for (const words of card.querySelectorAll(".card-name, .card-word, .card-truth")) words.style.visibility = "hidden";
}"""
"""A card in a state, with its sign and without a word: what is left to those who do not read."""

READ = """async (pictures) => Promise.all(pictures.map(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    return [...pen.getImageData(0, 0, image.width, image.height).data].filter((_, index) => index % 4 < 3);
}))"""

FACT = """() => new Promise((done) => {
    const look = () => {
        const stage = document.querySelector(".stage[data-awake]");
        const lines = document.querySelectorAll("[data-log] > li").length;
        if (stage && lines) done(performance.now());
        else requestAnimationFrame(look);
    };
    look();
})"""


def pixels(browser: Browser, pictures: list[bytes]) -> list[list[int]]:
    """Pictures as numbers, read by the browser itself."""
    with browser.new_context() as context:
        told = [base64.b64encode(picture).decode() for picture in pictures]
        read: list[list[int]] = context.new_page().evaluate(READ, told)
        return read


def differing(one: list[int], other: list[int], by: int) -> int:
    """How many pixels differ clearly in any of their three numbers."""
    assert len(one) == len(other)
    return sum(
        max(abs(one[at + part] - other[at + part]) for part in range(3)) >= by for at in range(0, len(one), 3)
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("seen", DEFICIENCIES)
def test_any_two_states_look_different_to_everybody_who_sees_at_all(
    browser: Browser, stage: Visitor, seen: str, scheme: Literal["light", "dark"]
):
    path = stage.run("order-fulfilment-broken", LOST)
    with browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        watch(page, stage, path, t=0)
        context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": seen})
        states = page.evaluate(
            "import('sagasim/runs/words.js').then(({ BELIEFS }) =>"
            " [...new Set(Object.values(BELIEFS).map((look) => look.state)), 'stuck'])"
        )
        place = page.locator(".card-step").first.bounding_box()
        assert place is not None
        pictures = {}
        for state in dict.fromkeys(states):
            page.evaluate(DRESS, state)
            pictures[state] = page.screenshot(clip=place)
    seen_as = dict(zip(pictures, pixels(browser, list(pictures.values())), strict=True))
    assert len(seen_as) >= 8
    alike = {
        f"{one} and {other}"
        for one, other in combinations(seen_as, 2)
        if differing(seen_as[one], seen_as[other], by=48) < 15
    }
    assert alike == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_card_is_read_as_well_without_any_colour(
    browser: Browser, stage: Visitor, scheme: Literal["light", "dark"]
):
    """Text against what is behind it, in the picture that somebody sees who sees no hue: 4.5 to 1 at least."""
    path = stage.run("order-fulfilment-broken", LOST)
    with browser.new_context(color_scheme=scheme, device_scale_factor=3) as context:
        page = context.new_page()
        watch(page, stage, path, t=3760)
        context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
        cards = page.locator(".card-step .card-name").all()
        pictures = [card.screenshot() for card in cards]
    assert len(pictures) == 8
    for picture in pixels(browser, pictures):
        brightness = [luminance(picture[at]) for at in range(0, len(picture), 3)]
        assert (max(brightness) + 0.05) / (min(brightness) + 0.05) >= 4.5


def luminance(grey: int) -> float:
    part = grey / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("steps", [8, 40])
def test_the_stage_is_ready_within_a_second(page: Page, stage: Visitor, steps: int):
    """From asking for the page to the lines on it; the best of five, for a machine has other things to do."""
    path = stage.run(bring(stage, f"ready-{steps}", steps), coordination="both")
    page.goto(stage.site + path)  # the server has compiled its templates
    taken = []
    for _ in range(5):
        page.goto(stage.site + path, wait_until="commit")
        taken.append(page.evaluate(FACT))
    assert min(taken) < 1000, taken
