"""Honest undo and one model: 200 random edits through every view, all of them undone, all of them done again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from tests.composer.composing import (
    bring,
    cell,
    command_line_hash,
    compose,
    redo_all,
    settle,
    steps,
    table,
    text_of,
    undo_all,
)
from tests.runs.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAGA = """# Kept above everything.
sagasim: 1
name: {name}
steps:
  - name: first # beside the first
    service: orders
    compensation: undo_first
  # above the second
  - name: second
    compensation: undo_second
    after: [first]
deadline_ms: 60000 # a minute
"""

words = st.sampled_from(["pay", "hold", "ship", "tell", "book", "count", "send", "close"])
numbers = st.integers(min_value=1, max_value=5000)
where = st.integers(min_value=0, max_value=30)
edits = st.one_of(
    st.tuples(st.just("add"), words, where),
    st.tuples(st.just("rename"), words, where),
    st.tuples(st.just("service"), words, where),
    st.tuples(st.just("kind"), st.sampled_from(["compensatable", "retriable", "read", "pivot", ""]), where),
    st.tuples(st.just("compensation"), words, where),
    st.tuples(st.just("takes_ms"), numbers, where),
    st.tuples(st.just("timeout_ms"), numbers, where),
    st.tuples(st.just("clear"), st.sampled_from(["service", "kind", "after", "compensation"]), where),
    st.tuples(st.just("move"), st.sampled_from(["ArrowUp", "ArrowDown"]), where),
    st.tuples(st.just("delete"), words, where),
    st.tuples(st.just("place"), st.sampled_from(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]), where),
    st.tuples(st.just("draw"), st.sampled_from("1234"), where),
    st.tuples(st.just("safeguard"), st.sampled_from(["Idempotent", "Tombstone", "Outbox"]), where),
    st.tuples(st.just("deadline"), numbers, where),
)


class Hand:
    """Does one edit after the other, by keyboard and by mouse."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, page.keyboard

    def does(self, what: str, value: str | int, number: int) -> None:
        names = steps(self.page)
        step = names[number % len(names)]
        if what == "add":
            self.keys.press("Alt+2")
            cell(self.page, step, "name").click()
            self.keys.press("Control+End")
            self.keys.type(f"{value}: {value} {number} / undo {value}")
            self.keys.press("Enter")
            self.keys.press("Escape")
        elif what == "delete":
            if len(names) > 2:
                cell(self.page, step, "name").click()
                self.keys.press("Shift+Delete")
        elif what == "move":
            cell(self.page, step, "name").click()
            self.keys.press(f"Alt+{value}")
        elif what == "clear":
            cell(self.page, step, str(value)).click()
            self.keys.press("Delete")
        elif what in ("place", "draw"):
            self._on_the_canvas(what, str(value), step)
        elif what == "safeguard":
            self._in_the_panel(str(value), step)
        elif what == "deadline":
            self.keys.press("Escape")
            field = self.page.locator("[data-key=deadline_ms] input")
            self._open()
            field.fill(str(int(value) * 1000 + 100))
            cell(self.page, step, "name").click()
        else:
            self._in_a_cell(what, value, step)

    def _in_a_cell(self, column: str, value: str | int, step: str) -> None:
        name = "name" if column == "rename" else column
        cell(self.page, step, name).click()
        self.keys.press("F2")
        if name == "kind":
            self.page.locator(".steps td select").select_option(str(value))
        else:
            self.page.locator(".steps td input").fill(
                f"{value}-{step}"[:40] if column == "rename" else str(value)
            )
        self.keys.press("Enter")

    def _on_the_canvas(self, what: str, key: str, step: str) -> None:
        cell(self.page, step, "name").click()
        self.page.get_by_role("tab", name="Canvas").click()
        self.page.locator(".canvas-stage svg").first.focus()
        self.keys.press(key if what == "draw" else f"Shift+{key}")
        if what == "draw":
            self.keys.press("Escape")  # its name is asked for, and may stay
        self.page.get_by_role("tab", name="Table").click()

    def _in_the_panel(self, label: str, step: str) -> None:
        cell(self.page, step, "name").click()
        field = self.page.get_by_role("switch", name=label, exact=True)
        self._open()
        field.click()

    def _open(self) -> None:
        closed = self.page.locator("[data-region=properties] details:not([open]) > summary:visible")
        while closed.count():
            closed.first.click()


@pytest.mark.timeout(600)  # 200 edits by hand, and each of them undone and done again
def test_200_random_edits_are_undone_to_the_byte_and_done_again(
    browser: Browser, stage: Visitor, tmp_path: Path
):
    path = bring(stage, SAGA.format(name="two-hundred"))

    @seed(20261124)
    @settings(max_examples=1, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(edits, min_size=200, max_size=200))
    def tried(drawn: list[tuple[str, str | int, int]]) -> None:
        assume(len({what for what, _, _ in drawn}) > 8)  # the first that is drawn is the dullest
        with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
            page = context.new_page()
            page.set_default_timeout(10_000)
            compose(page, stage, path)
            table(page)
            start = text_of(page)
            assert start == SAGA.format(name="two-hundred")
            hand = Hand(page)
            for edit in drawn:
                hand.does(*edit)
            page.keyboard.press("Escape")
            end = text_of(page)
            end_steps, end_hash = steps(page), page.locator(".composer").get_attribute("data-hash")
            count = undo_all(page)
            assert 100 < count <= 200  # some change nothing: a step at the top cannot go up
            assert text_of(page) == start
            assert settle(page) == command_line_hash(start, tmp_path)
            assert redo_all(page) == count
            assert text_of(page) == end
            assert steps(page) == end_steps
            assert page.locator(".composer").get_attribute("data-hash") == end_hash
            if end_hash:
                assert command_line_hash(end, tmp_path) == end_hash
            assert "# Kept above everything." in end
            assert "# a minute" in end

    tried()


def test_what_a_text_says_is_in_the_table_and_on_the_canvas_and_back(
    page: Page, stage: Visitor, tmp_path: Path
):
    compose(page, stage, bring(stage, SAGA.format(name="three-views")))
    table(page)
    page.keyboard.press("Alt+3")
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# typed by hand\n")
    page.keyboard.press("Control+End")
    page.keyboard.type("instances: 2\n")
    settle(page)
    page.keyboard.press("Alt+1")
    expect(page.locator(".djs-shape[data-step]")).to_have_count(2)
    page.locator(".canvas-stage svg").first.focus()
    page.keyboard.press("1")
    page.keyboard.type("third")
    page.keyboard.press("Enter")
    expect(page.locator(".djs-shape[data-step=third]")).to_be_visible()
    table(page)
    assert steps(page) == ["first", "second", "third"]
    written = settle(page)
    text = text_of(page)
    assert text.startswith("# typed by hand\n# Kept above everything.\n")
    assert "instances: 2" in text
    assert "name: third" in text
    assert command_line_hash(text, tmp_path) == written
    undo_all(page)
    assert text_of(page) == SAGA.format(name="three-views")


def test_wrong_text_keeps_the_last_good_drawing_and_says_which_line(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, SAGA.format(name="wrong-text")))
    expect(page.locator(".djs-shape[data-step]")).to_have_count(2)
    page.keyboard.press("Alt+3")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("}{ what\n")
    expect(page.locator(".found-list").first).to_contain_text("Not a saga yet.")
    expect(page.locator(".found-list").first).to_contain_text("Line 1")
    page.keyboard.press("Alt+1")
    expect(page.locator(".djs-shape[data-step]")).to_have_count(2)
    expect(page.get_by_role("region", name="Live verdict")).to_contain_text("Not a saga yet")
    undo_all(page)
    settle(page)
    expect(page.locator(".found-list").first).not_to_contain_text("Not a saga yet.")
