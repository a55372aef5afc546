"""No line is lost: the socket is cut, the tab draws nothing, the server is killed. Watching together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.conftest import ROOT
from tests.runs.conftest import Visitor, installed
from tests.runs.watching import LOST, bring, clock, seqs, watch

pytestmark = pytest.mark.browser


def test_a_socket_that_is_cut_after_its_first_frame_goes_on_after_the_last_line(page: Page, stage: Visitor):
    path = stage.run(bring(stage, "cut", 120), coordination="orchestration")
    history = stage.history(path)
    asked: list[str] = []
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        first = not sockets
        sockets.append(socket)

        def sent(message: str | bytes) -> None:
            if "after" in str(message):
                asked.append(str(message))
            server.send(message)

        def came(message: str | bytes) -> None:
            socket.send(message)
            if first and isinstance(message, bytes):  # a frame that is long enough to be packed
                socket.close(code=3001, reason="cut")

        socket.on_message(sent)
        server.on_message(came)

    page.route_web_socket("**/ws/runs/**", through)
    watch(page, stage, path, t=0)
    assert seqs(page) == [line["seq"] for line in history]
    assert asked == ['{"after":0}', '{"after":400}']
    expect(page.get_by_text("Connected again:")).to_contain_text("none missing")


def test_a_line_that_is_sent_twice_counts_once_and_a_gap_is_asked_for_again(page: Page, stage: Visitor):
    page.goto(stage.site)
    found = page.evaluate(
        """async () => {
            const { fresh } = await import("sagasim/runs/socket.js");
            const lines = (...all) => all.map((seq) => ({ seq }));
            const told = (cursor, all) => {
                const { taken, gap } = fresh(cursor, all);
                return [taken.map(({ seq }) => seq), gap];
            };
            return [
                told(0, lines(1, 2, 3)), told(2, lines(1, 2, 3)), told(3, lines(1, 2)),
                told(2, lines(4, 5)), told(2, lines(3, 5)),
            ];
        }"""
    )
    assert found == [[[1, 2, 3], False], [[3], False], [[], False], [[], True], [[3], True]]


@pytest.mark.slow
def test_a_tab_that_drew_nothing_for_a_while_is_where_the_clock_is(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=0)
    page.evaluate(
        "() => { window.draw = window.requestAnimationFrame; window.requestAnimationFrame = () => 0; }"
    )
    page.keyboard.press("Space")
    expect(page.locator(".stage")).to_have_attribute("data-playing", "")
    frozen = page.locator("#clock").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator("#clock").inner_text() == frozen
    page.evaluate(
        """() => {
            window.requestAnimationFrame = window.draw;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    shown = int(page.locator("#clock").inner_text().removesuffix(" ms").replace(",", ""))
    assert shown > 40  # 1.5 s of playing, not one frame of it
    expect(page.locator("[data-log='0'] li:nth-child(6)")).to_be_visible()


@pytest.mark.slow
def test_who_watches_together_moves_everybody_and_who_does_not_is_only_told(browser: Browser, stage: Visitor):
    path = stage.run("order-fulfilment", LOST, coordination="both")
    with browser.new_context() as context:
        leader, follower, stranger = (context.new_page() for _ in range(3))
        for page in (leader, follower, stranger):
            watch(page, stage, path, t=0)
        for page in (leader, follower):
            page.get_by_role("button", name="Watch together").click()
        leader.keyboard.press("n")
        expect(leader.locator("#clock")).to_have_text(clock(110))
        expect(follower.locator("#clock")).to_have_text(clock(110))
        expect(stranger.locator("#clock")).to_have_text(clock(0))
        expect(stranger.get_by_text("Somebody leads through this run")).to_be_visible()
        stranger.get_by_role("button", name="Watch together").click()
        expect(stranger.locator("#clock")).to_have_text(clock(110))


def test_an_open_list_shows_new_runs_without_a_reload(page: Page, stage: Visitor):
    with page.expect_websocket():
        page.goto(f"{stage.site}/runs/")
    path = stage.run("bank-transfer", "debit:reply-lost")
    newest = page.locator("#rows tbody tr").first
    expect(newest.get_by_role("link")).to_have_attribute("href", path)


@contextmanager
def served(env: dict[str, str], address: str = "127.0.0.1:0") -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "manage.py", "serve", address]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        announcement = server.stdout.readline()
        try:
            yield server, announcement.split()[3].rstrip("/")
        finally:
            server.kill()


@pytest.mark.slow
def test_a_server_killed_in_mid_run_costs_no_line_and_the_page_says_what_happened(
    browser: Browser, tmp_path: Path
):
    env = installed(tmp_path)
    with browser.new_context() as context:  # the browser logs a failed connection as an error
        page = context.new_page()
        with served(env) as (server, site):
            visitor = Visitor(site, env)
            path = visitor.run("order-fulfilment", LOST, coordination="both")
            history = visitor.history(path)
            watch(page, visitor, path, t=0)
            page.keyboard.press("Space")
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            expect(page.get_by_text("The connection was cut; you have everything up to line")).to_be_visible()
            expect(page.locator(".stage")).to_have_attribute("data-playing", "")  # what we have plays on
        with served(env, site.removeprefix("http://")):
            told = page.get_by_text("Connected again: nothing had happened since, none missing.")
            expect(told).to_be_visible(timeout=20_000)
            assert seqs(page) == [line["seq"] for line in history]
            page.reload()
            expect(page.locator("[data-log='0'] li").last).to_be_attached()
            assert seqs(page) == [line["seq"] for line in history]


RECORD = """
import sys
from sagasim.composer.gallery import pairs
from sagasim.core.codec import saga_from_text
from sagasim.core.execution import run
from sagasim.core.lines import line_of
from sagasim.core.saga import Coordination
from sagasim.runs.recorder import DatabaseRecorder
saga = saga_from_text(pairs()[0][0].text)
recorder = DatabaseRecorder(saga)
for entry in run(saga, Coordination.ORCHESTRATION).history:
    recorder.append([{**line_of(entry), "run": "watched"}])
    print(recorder.runs["watched"], flush=True)
    sys.stdin.readline()
recorder.close()
"""


@pytest.mark.slow
def test_a_recorded_run_appears_line_by_line_and_has_its_verdict_when_it_ends(page: Page, stage: Visitor):
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", RECORD]
    with subprocess.Popen(command, env=stage.env, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as recorder:
        assert recorder.stdin is not None
        assert recorder.stdout is not None
        page.goto(f"{stage.site}/runs/{recorder.stdout.readline().strip()}/")
        lines = page.locator("[data-log='0'] > li")
        for count in range(1, 5):
            expect(lines).to_have_count(count)
            expect(page.locator(".stage")).to_have_attribute("data-live", "")
            recorder.stdin.write("\n")
            recorder.stdin.flush()
        recorder.stdin.write("\n" * 100)
        recorder.stdin.flush()
        expect(page.locator(".stage")).not_to_have_attribute("data-live", "")
        expect(page.get_by_role("region", name="Verdict")).to_contain_text(
            "Orchestration. Completed", timeout=30_000
        )
    assert seqs(page) == list(range(1, len(seqs(page)) + 1))
