"""How soon the composer can be worked with, for somebody who opens it for the first time."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.runs.conftest import Visitor
from tests.runs.watching import bring

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("steps", [8, 40])
def test_the_composer_is_ready_within_a_second(browser: Browser, stage: Visitor, steps: int):
    """With nothing cached, from asking for the page until all of it is awake; the best of five, as for the stage."""
    bring(stage, f"soon-{steps}", steps)
    path = f"{stage.site}/sagas/soon-{steps}/"
    stage.get(f"/sagas/soon-{steps}/")  # the server has compiled its templates
    taken = []
    for _ in range(5):
        with browser.new_context(viewport={"width": 1280, "height": 900}) as somebody:
            page = somebody.new_page()
            page.goto(path)
            expect(page.locator(".composer")).to_have_attribute("data-awake", "", timeout=20_000)
            taken.append(page.evaluate("performance.getEntriesByName('composer ready')[0].startTime"))
    assert min(taken) < 1000, taken
