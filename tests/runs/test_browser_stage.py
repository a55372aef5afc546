"""The stage as a person sees it: one click away, one clock, belief beside truth, a verdict."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runs.conftest import Visitor
from tests.runs.watching import LOST, bring, card, clock, picture, seqs, watch

pytestmark = pytest.mark.browser


def test_a_playing_run_is_one_click_away(page: Page, stage: Visitor):
    page.goto(stage.site)
    page.get_by_role("button", name="Run it: Order fulfilment").click()
    expect(page.get_by_role("heading", name="Orchestration", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Choreography", exact=True)).to_be_visible()
    expect(page.locator(".stage")).to_have_attribute("data-playing", "")
    expect(page.locator(".fault-chip")).to_have_text([LOST])
    expect(card(page, "create-order")).to_contain_text("done")


def test_a_lost_reply_reads_unknown_and_never_failed_until_it_is_known(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=1080)
    charge = card(page, "authorise-card")
    expect(charge).to_contain_text("unknown")
    expect(charge).to_contain_text("there")
    row = page.locator("[data-row='step/authorise-card/1']")
    expect(row.locator("td").nth(0)).to_have_text("unknown")
    expect(row.locator("td").nth(1)).to_have_text("there: nobody knows")
    money = page.locator("[data-row='resource/payments.authorised']")
    expect(money.locator("td").nth(0)).to_have_text("0 to 100")
    expect(money.locator("td").nth(1)).to_have_text("100: nobody knows")

    page.keyboard.press("Home")
    states = []
    while page.locator("#clock").inner_text() != clock(3800):
        page.keyboard.press("ArrowRight")
        states.append(charge.get_attribute("data-state"))
    story = [state for state, before in zip(states, [None, *states], strict=False) if state != before]
    assert story == ["idle", "running", "unknown", "undoing", "undone"]
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("Orchestration. Compensated")
    expect(verdict).to_contain_text("Nothing that must hold was broken.")


@pytest.mark.slow
def test_the_broken_twin_ends_with_a_finding_and_the_books_show_what_leaks(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment-broken", LOST, coordination="both"), t=3760)
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("100 payments.authorised stay")
    expect(page.locator("[data-row='step/authorise-card/1'] td").nth(1)).to_have_text("there: leak")
    expect(page.locator("[data-row='invariant/nothing stays authorised'] td").first).to_have_text("broken")
    expect(page.locator(".pane-state").first).to_have_text("compensated, 2 broken")


def test_the_verdict_waits_for_the_end(page: Page, stage: Visitor):
    path = stage.run("order-fulfilment-broken", LOST, coordination="both")
    watch(page, stage, path, t=1080)
    expect(page.get_by_text("100 payments.authorised stay")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.get_by_text("100 payments.authorised stay")).to_be_visible()


def test_a_moment_looks_the_same_by_link_forwards_backwards_and_by_playing(page: Page, stage: Visitor):
    path = stage.run("order-fulfilment", LOST, coordination="both")
    watch(page, stage, path, t=0)
    page.keyboard.press("Space")
    expect(page.locator("[data-log='0'] li:nth-child(8)")).to_be_visible()
    page.keyboard.press("Space")
    played = picture(page)
    moment = int(re.sub(r"\D", "", played["clock"]))
    assert moment > 0
    watch(page, stage, path, t=moment)
    assert picture(page) == played

    watch(page, stage, path, t=1310)
    linked = picture(page)
    page.keyboard.press("Home")
    while page.locator("#clock").inner_text() != clock(1310):
        page.keyboard.press("ArrowRight")
    assert picture(page) == linked
    page.keyboard.press("End")
    while page.locator("#clock").inner_text() != clock(1310):
        page.keyboard.press("ArrowLeft")
    assert picture(page) == linked


def test_a_seek_folds_fewer_lines_than_lie_between_two_checkpoints(page: Page, stage: Visitor):
    page.goto(stage.site)
    most = page.evaluate(
        """async () => {
            const { Tape } = await import("sagasim/runs/tape.js");
            let folded = 0;
            const line = (seq) => ({ seq, at_ms: seq, data: { step: "a", belief: "done", truth: seq },
                                     get kind() { folded += 1; return "StepCommitted"; } });
            const tape = new Tape({ resources: {}, steps: [], services: [], invariants: [], instances: 1 });
            tape.append(Array.from({ length: 500 }, (_, index) => line(index + 1)));
            const read = (view) => view.standings["1/a"].truth;
            folded = 0;
            tape.view(1);
            const once = folded;
            let most = 0;
            for (let count = 1; count <= 500; count++) {
                folded = 0;
                if (read(tape.view(count)) !== count) throw new Error(`wrong at ${count}`);
                most = Math.max(most, folded / once);
            }
            return most;
        }"""
    )
    assert most < 32


def test_both_panes_show_the_same_saga_faults_and_clock(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=80)
    runs = page.evaluate("JSON.parse(document.querySelector('#stage-data').content.textContent).runs")
    assert [run["coordination"] for run in runs] == ["orchestration", "choreography"]
    for key in ("version", "seed", "faults"):
        assert runs[0][key] == runs[1][key]
    heads = page.locator(".playhead").evaluate_all("all => all.map((it) => it.getBoundingClientRect().top)")
    assert abs(heads[0] - heads[1]) < 1


def test_pointing_at_a_line_marks_its_twin_and_choosing_it_lights_up_its_causes(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=3800)
    committed = page.locator("[data-log='0'] [data-kind=StepCommitted]").filter(has_text="reserve-items")
    committed.hover()
    twin = page.locator("[data-log='1'] [data-twin]")
    expect(twin).to_have_text(re.compile("inventory committed reserve-items"))
    expect(page.locator(".pane >> nth=1").locator(".diagram [data-twin]").first).to_be_attached()

    committed.get_by_role("button").click()
    lit = page.locator("[data-log='0'] [data-on]")
    assert lit.evaluate_all("all => all.map((it) => +it.dataset.seq)") == [1, 2, 3, 4, 6, 7]
    expect(page.locator("[data-log='0'] li:not([data-on])").first).to_have_css("opacity", "1")
    expect(page.locator("[data-log='0'] li:not([data-on]) .line").first).to_have_css("opacity", "0.35")
    page.keyboard.press("Escape")
    expect(page.locator("[data-log='0'][data-lit]")).to_have_count(0)


def test_next_failure_stops_at_what_went_wrong_and_says_when_there_is_no_more(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", "capture:reply-lost"), t=0)
    page.get_by_role("button", name="Next failure").click()
    expect(page.locator("[data-log] [aria-current]")).to_contain_text("the answer of capture is lost")
    expect(page.locator("[data-log] li:not([hidden])[data-kind=FaultStruck]")).to_have_count(1)
    page.keyboard.press("End")
    page.keyboard.press("n")
    expect(page.get_by_text("Nothing goes wrong after this moment.")).to_be_visible()


@pytest.mark.slow
def test_folding_idle_time_shortens_the_drawing_and_changes_no_moment(page: Page, stage: Visitor):
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=1310)
    before = picture(page)
    height = page.locator(".diagram").first.evaluate("it => it.clientHeight")
    page.keyboard.press("i")
    assert page.locator(".diagram").first.evaluate("it => it.clientHeight") > 3 * height
    after = picture(page)
    assert after["cards"] == before["cards"]
    assert after["ledger"] == before["ledger"]


@pytest.mark.slow
def test_names_of_strangers_come_out_as_text(page: Page, stage: Visitor):
    nasty = [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "שלום עולם",
        "🧨" * 20,
        "x" * 200,
    ]
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for number, name in enumerate(nasty):
        saga = bring(
            stage,
            f"stranger-{number}",
            2,
            title=name,
            invariants=[{"name": name, "finally": "1 == 1"}],
        )
        watch(page, stage, stage.run(saga, coordination="both"), t=0)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.locator("[data-books=invariants] th[scope=row]").first).to_contain_text(name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_scripts_of_the_stage_weigh_at_most_60_kb_and_come_from_here(page: Page, stage: Visitor):
    scripts: dict[str, int] = {}
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "response",
        lambda response: (
            scripts.update({response.url: len(gzip.compress(response.body()))})
            if response.request.resource_type == "script"
            else None
        ),
    )
    watch(page, stage, stage.run("order-fulfilment", LOST, coordination="both"), t=0)
    assert any(url.endswith("runs/stage.js") for url in scripts)
    assert sum(scripts.values()) <= 60 * 1024, {url.rsplit("/", 1)[1]: size for url, size in scripts.items()}
    assert [url for url in asked if not url.startswith(f"{stage.site}/")] == []


def test_without_scripts_the_page_says_how_it_ended_and_starts_another_run(browser: Browser, stage: Visitor):
    path = stage.run("order-fulfilment-broken", LOST, coordination="both")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(stage.site + path)
        expect(page.get_by_text("100 payments.authorised stay")).to_be_visible()
        expect(page.get_by_role("button", name="Play")).to_have_count(0)
        page.get_by_text("Plan as text").click()
        page.get_by_label("Faults, one a line").fill("capture:reply-lost")
        page.get_by_role("button", name="Run this plan").click()
        expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]+/$"))
        assert page.url != stage.site + path
        page.get_by_text("Plan as text").click()
        page.get_by_label("Faults, one a line").fill("capture:nonsense")
        page.get_by_role("button", name="Run this plan").click()
        expect(page.get_by_role("alert")).to_contain_text("nonsense")
        expect(page.get_by_label("Faults, one a line")).to_have_value("capture:nonsense")


def test_the_log_holds_every_line_once_and_in_order(page: Page, stage: Visitor):
    path = stage.run(bring(stage, "long", 120), coordination="orchestration")
    watch(page, stage, path, t=0)
    history = stage.history(path)
    assert len(history) > 400  # more than one frame
    assert seqs(page) == [line["seq"] for line in history]


def test_what_the_scripts_decode_is_what_the_core_has_packed(page: Page, stage: Visitor):
    path = stage.run("food-delivery", "authorise-card:refused", "create-ticket.undo:error*for-ever")
    page.goto(stage.site)
    told = page.evaluate(
        """async (run) => {
            const { decode } = await import("sagasim/runs/wire.js");
            const socket = new WebSocket(`ws://${location.host}/ws${run}`);
            socket.binaryType = "arraybuffer";
            socket.onopen = () => socket.send(JSON.stringify({ after: 0 }));
            const messages = [];
            await new Promise((done) => {
                socket.onmessage = ({ data }) => {
                    messages.push(data);
                    if (String(data).includes("ended")) done();
                };
            });
            const frames = await Promise.all(messages.map(decode));
            const lines = frames.flatMap((frame) => frame.lines ?? []);
            socket.close();
            return JSON.stringify(lines);
        }""",
        path,
    )
    assert json.loads(told) == stage.history(path)
