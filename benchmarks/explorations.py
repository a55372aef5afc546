"""What a person waits for when exploring, and what ten explorations at once do to others.

All through a daphne process with workers of its own, asked over its API and watched over its sockets. Seconds
are those on the wall: they are what somebody waits, and they count what else the machine does.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from benchmarks._measuring import Row, report, verdict
from benchmarks._site import OURS, Server, serving, set_up
from benchmarks._viewers import TEXT, Viewer, connected, leave
from benchmarks.live_path import ours, percentile

GALLERY = Path(__file__).parent.parent / "sagasim" / "gallery"
EIGHT_STEPS = ("order-fulfilment-broken", "travel-booking-broken", "vm-provisioning-broken")
HEAVY, LIGHT = ("travel-booking", "vm-provisioning"), ("order-fulfilment-broken", "bank-transfer")
FIRST_S, MATRIX_S, VERDICT_S, LAG_MS = 1.0, 2.0, 1.0, 150.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        with serving(OURS) as server:
            ask(server, {"text": text_of("bank-transfer"), "faults": 0})  # wakes the quick worker
            time.sleep(3)
            report("explorations_alone", [alone(server, name) for name in EIGHT_STEPS])
            report("explorations_live", [asyncio.run(edited(server, name)) for name in EIGHT_STEPS])
        with serving(OURS) as server:
            report("explorations_ten", asyncio.run(ten(server)))


def text_of(saga: str) -> str:
    return (GALLERY / f"{saga}.yaml").read_text("utf-8")


def ask(server: Server, body: dict[str, Any] | None = None, path: str = "") -> Any:
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"{server.site}/api/explorations{path}", data=sent, headers=headers)  # noqa: S310  # loopback
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


class Editor(Viewer):
    """Hears verdicts."""

    def __init__(self, request: bytes) -> None:
        super().__init__(request)
        self.said: list[dict[str, Any]] = []
        self.heard = asyncio.Event()

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self.said.append(json.loads(payload))
            self.heard.set()
        else:
            super()._take(kind, payload)


# ---------------------------------------------------------------- alone


@dataclass(slots=True)
class Waited:
    """When something could first be seen, in seconds after it was asked for."""

    asked: float = field(default_factory=time.monotonic)
    first: float | None = None
    matrix: float | None = None
    done: float | None = None

    def look(self, told: dict[str, Any]) -> None:
        now = time.monotonic() - self.asked
        known = told["progress"].get("told") or {"faults": 0}
        if known["faults"] >= 1 and self.first is None:
            self.first = now
        if known["faults"] >= told["faults"] and self.matrix is None:
            self.matrix = now
        if told["ended_at"] and self.done is None:
            self.done = now


def alone(server: Server, name: str) -> Row:
    """One exploration at two faults, as soon as the page could show its parts."""
    waited = Waited()
    row = ask(server, {"text": text_of(name), "anew": True})
    while waited.done is None:
        waited.look(ask(server, path=f"/{row['id']}"))
        time.sleep(0.02)
    told = ask(server, path=f"/{row['id']}")
    return {
        "": name,
        "states": told["states"],
        "findings": told["findings"],
        "first s": round(waited.first or 0, 2),
        f"<= {FIRST_S:g}": verdict(waited.first or 0, FIRST_S, at_most=True),
        "2 faults s": round(waited.matrix or 0, 2),
        f"<= {MATRIX_S:g}": verdict(waited.matrix or 0, MATRIX_S, at_most=True),
        "with fixes s": round(waited.done or 0, 2),
    }


async def edited(server: Server, name: str) -> Row:
    """From an edit to the whole verdict on it, which is the middle of five."""
    (editor,) = await connected(server.site, ["/ws/verdict/"], Editor)
    assert isinstance(editor, Editor)
    said = editor.said
    seconds = []
    for number in range(5):
        text = text_of(name).replace(f"name: {name}", f"name: {name}-{number}")
        began = time.monotonic()
        editor.say({"explore": {"text": text, "n": number}})
        while not said or said[-1]["n"] != number or not said[-1]["done"] or said[-1]["faults"] < 2:
            await editor.heard.wait()
            editor.heard.clear()
        seconds.append(time.monotonic() - began)
    leave([editor])
    middle = sorted(seconds)[2]
    return {
        "": f"an edit of {name}",
        "states": said[-1]["states"],
        "exhaustive": said[-1]["exhaustive"],
        "s": round(middle, 2),
        f"<= {VERDICT_S:g}": verdict(middle, VERDICT_S, at_most=True),
    }


# ---------------------------------------------------------------- ten at once


async def ten(server: Server) -> list[Row]:
    """Ten are asked for at once, four of them heavy, while a run is shown to ten viewers."""
    await ours(server, viewers=10, lines=50)  # what is imported and compiled once is no line's cost
    before = await ours(server, viewers=10)
    asked = [
        *({"text": text_of(name), "faults": faults, "anew": True} for name in HEAVY for faults in (2, 3)),
        *({"text": text_of(name), "faults": faults, "anew": True} for name in LIGHT for faults in (0, 1, 2)),
    ]
    waited = [Waited() for _ in asked]
    rows = [await asyncio.to_thread(ask, server, body) for body in asked]
    watching = asyncio.create_task(watched(server, rows, waited))
    during = await ours(server, viewers=10)
    await watching
    told: list[Row] = []
    for body, one in zip(asked, waited, strict=True):
        name = json.dumps(body["text"]).partition("name: ")[2].partition("\\n")[0]
        told.append(
            {"": f"{name}, {body['faults']} faults", "first s": _told(one.first), "done s": _told(one.done)}
        )
    for what, shown in (("a run, alone", before), ("a run, beside them", during)):
        p99 = percentile(shown.late_ms, 0.99)
        told.append(
            {
                "": what,
                "lines shown": shown.got,
                "lost": shown.due - shown.got,
                "p99 ms": round(p99),
                f"<= {LAG_MS:g}": verdict(p99, LAG_MS, at_most=True),
            }
        )
    return told


def _told(seconds: float | None) -> object:
    return "-" if seconds is None else round(seconds, 2)


async def watched(server: Server, rows: list[dict[str, Any]], waited: list[Waited]) -> None:
    open_ = set(range(len(rows)))
    deadline = time.monotonic() + 150
    while open_ and time.monotonic() < deadline:
        for place in sorted(open_):
            waited[place].look(await asyncio.to_thread(ask, server, None, f"/{rows[place]['id']}"))
            if waited[place].done is not None:
                open_.remove(place)
        await asyncio.sleep(0.2)
    for place in open_:
        await asyncio.to_thread(ask, server, {}, f"/{rows[place]['id']}/stop")


if __name__ == "__main__":
    main()
