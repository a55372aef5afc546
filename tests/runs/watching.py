"""What a person sees on the stage, read off the page: for the browser tests."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.runs.conftest import Visitor

LOST = "authorise-card:reply-lost*for-ever"


def watch(page: Page, stage: Visitor, path: str, t: int | None = None) -> None:
    """Opens a run, at a moment or playing, and waits until all its lines are here."""
    page.goto(stage.site + path + ("" if t is None else f"?t={t}"))
    expect(page.locator(".stage")).to_have_attribute("data-awake", "")
    for log in page.locator("[data-log]").all():
        expect(log.locator("[data-kind=SagaEnded], [data-kind=SagaStuck]").first).to_be_attached()
        expect(log.locator("li").last).not_to_contain_text("Saga ended")  # the sentences are here as well
    if t is not None:
        expect(page.locator("#clock")).to_have_text(clock(t))


def clock(ms: int) -> str:
    return f"{ms:,} ms" if ms < 10_000 else f"{ms / 1000:.2f} s"


def card(page: Page, step: str, pane: int = 0) -> Any:
    return page.locator(f".pane >> nth={pane}").locator(f".card-step[data-step={step}]")


def picture(page: Page) -> Any:
    """Everything that the page shows of a moment, as text and states."""
    return page.evaluate(
        """() => ({
            clock: document.querySelector("#clock").textContent,
            playheads: [...document.querySelectorAll(".playhead, .curtain")].map((it) => it.style.transform),
            cards: [...document.querySelectorAll(".card-step")].map((it) => [
                it.dataset.step, it.dataset.state, it.matches("[data-differs]"), it.innerText, it.ariaLabel,
            ]),
            ledger: document.querySelector("#ledger").innerText,
            logs: [...document.querySelectorAll(".lines")].map((it) => it.innerText),
            states: [...document.querySelectorAll(".pane-state")].map((it) => it.innerText),
        })"""
    )


def seqs(page: Page, log: int = 0) -> list[int]:
    """The numbers of the lines in a log, in the order in which they stand there."""
    items = page.locator(f"[data-log='{log}'] > li").evaluate_all("all => all.map((it) => +it.dataset.seq)")
    return list(items)


def bring(stage: Visitor, name: str, count: int, **more: object) -> str:
    """Keeps a saga with so many steps over eight services; gives its name."""
    saga = {
        "sagasim": 1,
        "name": name,
        "steps": [
            {"name": f"step-{number}", "service": f"service-{number % 8}", "compensation": "undo"}
            for number in range(count)
        ],
        **more,
    }
    stage.post("/sagas/", text=json.dumps(saga))
    return name
