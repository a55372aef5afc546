"""What somebody does in the composer with a real browser: by keyboard, by mouse, and never by script."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.conftest import ROOT
from tests.runs.conftest import Visitor

FIVE = (
    "orders: create order / reject order",
    "inventory: reserve items / release items",
    "payments: charge card / refund card",
    "shipping: book parcel (pivot)",
    "orders: confirm order (retriable)",
)
"""The five-step order saga as somebody would jot it down."""


def compose(page: Page, site: Visitor, path: str, *, tour: bool = False) -> None:
    """Opens a composer; who was here before is shown no tour."""
    if not tour:
        page.add_init_script("localStorage.setItem('sagasim tour seen', 'yes')")
    page.goto(site.site + path)
    expect(root(page)).to_have_attribute("data-awake", "", timeout=20_000)


def root(page: Page) -> Locator:
    return page.locator(".composer")


def bring(site: Visitor, text: str) -> str:
    """Keeps a saga; gives the path of its composer."""
    return site.post("/sagas/", text=text)


def settle(page: Page) -> str:
    """Waits until the server has said all it knows about what is on the page; gives the hash of the saga."""
    expect(root(page)).to_have_attribute("data-behind", "")
    expect(root(page)).to_have_attribute("data-hash", re.compile(r"^[0-9a-f]{16,}$"))
    return root(page).get_attribute("data-hash") or ""


def text_of(page: Page) -> str:
    """The file that Export gives: what is on the page, byte for byte."""
    expect(root(page)).to_have_attribute("data-behind", "")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.locator("[data-do=export-yaml]").click()
    return download.value.path().read_text(encoding="utf-8")


def command_line_hash(text: str, folder: Path) -> str:
    """What `python -m sagasim` understands of that file."""
    file = folder / "composed.yaml"
    file.write_text(text, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "sagasim", "check", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode in {0, 1}, checked.stderr  # 2: it is no saga
    code = "import sys; from sagasim.core.codec import *; print(saga_hash(saga_from_text(open(sys.argv[1]).read())))"
    told = subprocess.run(
        [sys.executable, "-c", code, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def table(page: Page) -> Locator:
    """The step table, with the focus in it."""
    page.keyboard.press("Alt+2")
    grid = page.get_by_role("grid", name="Steps")
    expect(grid).to_be_visible()
    return grid


def steps(page: Page) -> list[str]:
    return page.locator(".steps tr[data-step]:not(.new-step) td[data-column=name]").all_inner_texts()


def cell(page: Page, step: str, column: str) -> Locator:
    return page.locator(f".steps tr[data-step='{step}'] td[data-column={column}]")


def type_steps(page: Page, lines: Iterable[str]) -> None:
    """By keyboard, in the table's last row."""
    table(page)
    page.keyboard.press("Control+End")
    for line in lines:
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def verdict(page: Page) -> Locator:
    return page.get_by_role("region", name="Live verdict")


def wait_for_verdict(page: Page, phase: str = "found|none") -> str:
    """Waits until any two faults are explored; gives the words of the badge."""
    expect(verdict(page)).to_have_attribute("data-phase", re.compile(f"^({phase})$"), timeout=30_000)
    return verdict(page).inner_text()


def said(page: Page) -> Locator:
    """The line under the toolbar that says what has happened."""
    return page.locator(".toolbar-said")


def undo_all(page: Page) -> int:
    """Undoes until there is nothing left; gives how often."""
    return _all(page, "undo", "Control+z")


def redo_all(page: Page) -> int:
    return _all(page, "redo", "Control+y")


def _all(page: Page, act: str, key: str) -> int:
    button = page.locator(f"[data-do={act}]")
    button.focus()
    count = 0
    while button.get_attribute("aria-disabled") == "false":
        page.keyboard.press(key)
        count += 1
    return count


def yaml(name: str, count: int) -> str:
    """A chain of so many steps."""
    names = [
        {"name": f"step-{number}", "service": f"service-{number % 7}", "compensation": "undo"}
        for number in range(count)
    ]
    return json.dumps({"sagasim": 1, "name": name, "steps": names}, indent=1)
