"""Takes the pictures of the README anew: the real pages of a fresh sagasim, one after the other.

    make screenshots

A newcomer opens the broken order saga, explores it, opens a red cell, understands, presses the fix, and sees the
matrix turn green; and the front page's first button shows both coordinations side by side. Each picture is what is on
the screen at that moment, so the story is also a test of it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import chromium, environment, manage, serving  # noqa: E402  # the path has just been laid

PICTURES = ROOT / "docs" / "img"
SAGA = "order-fulfilment-broken"
SIZE = {"width": 1280, "height": 800}
PATIENCE_MS = 60_000
WHILE_NOBODY_KNOWS_MS = 1310


@contextmanager
def browsing(executable: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def installed(data: Path) -> dict[str, str]:
    """The environment of a fresh sagasim with its gallery."""
    env = environment(data)
    for command in (["migrate", "--verbosity", "0"], ["load_gallery"]):
        manage(*command, env=env).check_returncode()
    return env


def story(page: Page, site: str) -> None:
    """The five pictures, in the order in which one comes by."""
    page.goto(f"{site}/sagas/{SAGA}/matrix/")
    take(page, "explore-1-open", height=420)  # below it there is nothing yet

    page.get_by_role("button", name="Explore it").click()
    whole(page)
    page.locator("td[data-target='authorise-card'][data-kind='reply-lost'] a").focus()
    take(page, "explore-2-matrix")

    page.keyboard.press("Enter")
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")
    expect(page.locator("#verdict[data-shown]")).to_be_visible()
    page.wait_for_timeout(500)  # the lines of the diagram are drawn in the next frame
    take(page, "explore-3-moment")

    page.go_back()
    whole(page)
    page.locator("#findings-title").evaluate("it => it.scrollIntoView({block: 'start'})")
    take(page, "explore-4-findings")

    page.get_by_role("button", name="Apply it to a copy").click()
    whole(page)
    expect(page.locator("td[data-was]").first).to_be_visible()
    take(page, "explore-5-green")


def stage(page: Page, site: str) -> None:
    """Both coordinations with the fault of the front page: at their end, and while nobody knows, in the dark."""
    page.goto(site)
    page.get_by_role("button", name="Watch it fail").click()
    expect(page.locator("#verdict[data-shown]")).to_be_visible(timeout=PATIENCE_MS)
    take(page, "stage-light")

    page.emulate_media(color_scheme="dark")
    page.goto(f"{page.url.partition('?')[0]}?t={WHILE_NOBODY_KNOWS_MS}")
    expect(page.locator("#clock")).to_have_text(f"{WHILE_NOBODY_KNOWS_MS:,} ms")
    page.wait_for_timeout(500)
    take(page, "stage-dark")


def whole(page: Page) -> None:
    """Waits until all is explored and every fix was looked for."""
    expect(page.locator(".told[data-state=done]")).to_be_visible(timeout=PATIENCE_MS)


def take(page: Page, name: str, height: int = SIZE["height"]) -> None:
    clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": height}
    page.screenshot(path=PICTURES / f"{name}.png", clip=clip)


def main() -> int:
    executable = chromium()
    if executable is None:
        sys.stderr.write("no Chromium: apt-get install chromium\n")
        return 1
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        serving(installed(Path(data))) as site,
        browsing(executable) as page,
    ):
        story(page, site)
        stage(page, site)
    return 0


if __name__ == "__main__":
    sys.exit(main())
