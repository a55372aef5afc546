"""What showing a run live costs: our sockets against the consumer of every tutorial, in the same run.

All through a daphne process and real WebSockets on 127.0.0.1. Server CPU is that process's own; the viewers
share the machine with it, so delays include waiting for a core. A line is due when its saga did something,
and has arrived when the viewer has parsed it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._measuring import Row, cpu_seconds, line_of, report, verdict
from benchmarks._recording import PER_STEP, lines_of_a_run
from benchmarks._site import OURS, ROOT, TEXTBOOK, Server, serving, set_up
from benchmarks._viewers import SilentViewer, Viewer, all_have_seen, connected, leave

LINES, RATE = 302, 100.0
TICK_MS = 50
SILENT = 20
LONG = 60_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        report("live_run", storing())
        asyncio.run(measure())


async def measure() -> None:
    with serving(TEXTBOOK) as server:
        theirs = await textbook(server, viewers=100)
    with serving(OURS) as server:
        await ours(server, viewers=10, lines=50)  # what is imported and compiled once is not a line's cost
        alike = await ours(server, viewers=100)
        crowd = await ours(server, viewers=200, others=50)
        most = await ours(server, viewers=500)
    rows = [
        theirs.row("textbook"),
        alike.row("ours"),
        crowd.row("ours, 50 runs more", 150),
        most.row("ours", 4 * TICK_MS),
    ]
    report("live_path", rows)
    whole = theirs.per_line_us / alike.whole_us
    print(
        f"textbook : ours {theirs.per_line_us / alike.per_line_us:.1f} by the server's CPU,"
        f" {whole:.1f} with the recorder's that stores them; goal 12:"
        f" {verdict(theirs.per_line_us / alike.per_line_us, 12, at_most=False)}, {verdict(whole, 12, at_most=False)}"
    )
    report("live_durable", await durable())
    with serving(OURS) as server:
        report("live_slow", [await slow(server)])


# ---------------------------------------------------------------- delivering


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of showing lines to viewers."""

    viewers: int
    runs: int
    due: int
    got: int
    server_s: float
    recorder_s: float
    late_ms: list[float]
    frames: int
    thrown_out: int

    @property
    def per_line_us(self) -> float:
        return 1e6 * self.server_s / self.got

    @property
    def whole_us(self) -> float:
        return 1e6 * (self.server_s + self.recorder_s) / self.got

    def row(self, what: str, goal_ms: float | None = None) -> Row:
        p99 = percentile(self.late_ms, 0.99)
        return {
            "": what,
            "runs": self.runs,
            "viewers": self.viewers,
            "lines shown": self.got,
            "lost": self.due - self.got,
            "none lost": verdict(self.due - self.got, 0, at_most=True),
            "thrown out": self.thrown_out,
            "frames": self.frames,
            "server us/line": round(self.per_line_us, 1),
            "with recorder": round(self.whole_us, 1),
            "median ms": round(statistics.median(self.late_ms)),
            "p99 ms": round(p99),
            "goal ms": "-" if goal_ms is None else f"{goal_ms:.0f}",
            "in time": "-" if goal_ms is None else verdict(p99, goal_ms, at_most=True),
        }


async def durable(viewers: int = 100, rounds: int = 3) -> list[Row]:
    """Stored first, by another process, against never stored at all; medians of pairs that ran one after the other."""
    pairs = []
    for _ in range(rounds):
        with serving(OURS) as server:
            await ours(server, viewers=10, lines=50)
            stored = await ours(server, viewers=viewers)
        with serving(("-m", "benchmarks._unstored", str(viewers), str(LINES), str(RATE))) as server:
            pairs.append((stored, await unstored(server, viewers)))
    assert all(each.due == each.got for pair in pairs for each in pair), "a line was lost"
    told: list[tuple[str, Callable[[Delivered], float]]] = [
        ("the server's CPU, us/line", lambda it: it.per_line_us),
        ("with the recorder's that stores them", lambda it: it.whole_us),
        ("p99, ms", lambda it: percentile(it.late_ms, 0.99)),
    ]
    return [
        {
            "durable : not durable": what,
            "stored first": round(statistics.median(value(stored) for stored, _ in pairs), 1),
            "never stored": round(statistics.median(value(lost) for _, lost in pairs), 1),
            "ratio": round(
                ratio := statistics.median(value(stored) / value(lost) for stored, lost in pairs), 2
            ),
            "goal": "<= 1.3",
            "": verdict(ratio, 1.3, at_most=True),
        }
        for what, value in told
    ]


async def unstored(server: Server, viewers: int) -> Delivered:
    """The same lines out of the server's own memory."""
    watching = await connected(server.site, ["/"] * viewers)
    for viewer in watching:
        viewer.say({"after": 0})
    assert server.process.stdout is not None
    start = json.loads(await asyncio.to_thread(server.process.stdout.readline))
    used = server.cpu_seconds()
    await all_have_seen(watching)
    used = server.cpu_seconds() - used
    leave(watching)
    check_rows(watching)
    return told_by_the_server(watching, start, used)


def told_by_the_server(watching: list[Viewer], start: float, used: float, thrown_out: int = 0) -> Delivered:
    """What came of a run whose lines the server had itself: nobody recorded them."""
    return Delivered(
        viewers=len(watching),
        runs=1,
        due=len(watching) * LINES,
        got=sum(len(it.arrived) for it in watching),
        server_s=used,
        recorder_s=0,
        late_ms=[late for it in watching for late in delays(it, start, RATE)],
        frames=sum(it.frames for it in watching),
        thrown_out=thrown_out,
    )


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


async def textbook(server: Server, viewers: int) -> Delivered:
    lines = lines_of_a_run(LINES)
    watching = await connected(server.site, ["/"] * viewers)
    start, used = time.monotonic() + 0.2, server.cpu_seconds()
    watching[0].say({"play": lines, "start": start, "rate": RATE})
    await all_have_seen(watching, LINES)
    used = server.cpu_seconds() - used
    thrown_out = sum(it.code is not None for it in watching)
    leave(watching)
    return told_by_the_server(watching, start, used, thrown_out)


def delays(viewer: Viewer, start: float, rate: float) -> list[float]:
    """Of every line but the first, which was there before."""
    return [1000 * (at - start - (seq - 1) / rate) for seq, at in viewer.arrived if seq > 1]


async def ours(server: Server, viewers: int, *, lines: int = LINES, others: int = 0) -> Delivered:
    """One run at RATE with these viewers, and others at a tenth of it with one viewer each."""
    command = [
        "-m",
        "benchmarks._recording",
        str(lines),
        str(RATE),
        *([str(others), str(RATE / 10)] * bool(others)),
    ]
    recorder = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert recorder.stdin is not None
    runs = await said(recorder)
    paths = [f"/ws/runs/{runs[0]}/"] * viewers + [f"/ws/runs/{run}/" for run in runs[1:]]
    watching = await connected(server.site, paths)
    for viewer in watching:
        viewer.say({"after": 0})
    await asyncio.sleep(0.5)
    used = server.cpu_seconds()
    recorder.stdin.write(b"\n")
    start = await said(recorder)
    await all_have_seen(watching)
    used = server.cpu_seconds() - used
    done = await said(recorder)
    await recorder.wait()
    thrown_out = sum(it.code is not None for it in watching)
    leave(watching)
    check_rows(watching)
    rates = [RATE] * viewers + [RATE / 10] * others
    return Delivered(
        viewers=len(watching),
        runs=1 + others,
        due=viewers * done["lines"][0] + sum(done["lines"][1:]),
        got=sum(len(it.arrived) for it in watching),
        server_s=used,
        recorder_s=done["cpu"],
        late_ms=[late for it, rate in zip(watching, rates, strict=True) for late in delays(it, start, rate)],
        frames=sum(it.frames for it in watching),
        thrown_out=thrown_out,
    )


async def said(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    return json.loads(await asyncio.wait_for(process.stdout.readline(), 120))


def check_rows(watching: list[Viewer]) -> None:
    """Every line once, in a row: a benchmark of something else would be worthless."""
    for viewer in watching:
        assert [seq for seq, _ in viewer.arrived] == list(range(1, len(viewer.arrived) + 1)), "gap or double"


# ---------------------------------------------------------------- storing


def storing(steps: int = 124, rounds: int = 15) -> list[Row]:
    """A run of some 500 lines: what it takes beyond executing it, and its bytes."""
    from sagasim.composer.services import keep_saga
    from sagasim.core import execution
    from sagasim.core.saga import Coordination
    from sagasim.runs import feed
    from sagasim.runs.services import Plan, start_runs

    saga = line_of(steps)
    version = keep_saga(saga, by=None)
    assert version.meaning == saga
    both = [Coordination.ORCHESTRATION]
    start_runs(version, both, Plan())
    executing, keeping = [], []
    for _ in range(rounds):
        executing.append(cpu_seconds(lambda: execution.run(version.meaning, both[0], ())))
        keeping.append(cpu_seconds(lambda: start_runs(version, both, Plan())))
    beyond_ms = 1000 * statistics.median(
        whole - alone for whole, alone in zip(keeping, executing, strict=True)
    )
    history = execution.run(version.meaning, both[0], ()).history
    encoding_ms = 1000 * statistics.median(
        cpu_seconds(lambda: feed.document_of(history)) for _ in range(rounds)
    )
    wire = sum(len(frame.sent) for frame in feed.framed(history))
    disk = len(feed.document_of(history))
    lines = PER_STEP * steps
    return [
        _row(f"execute {len(history)} lines, ms CPU", 1000 * statistics.median(executing)),
        _row("encode and store them beyond that, ms CPU", beyond_ms, 2.5),
        _row("of it encoding, ms CPU", encoding_ms),
        _row("kB on the wire", wire / 1000, 10),
        _row("kB on disk", disk / 1000, 10),
        _row("bytes a line on the wire", wire / lines),
    ]


def _row(what: str, value: float, goal: float | None = None) -> Row:
    told: Row = {"what": what, "value": round(value, 2), "goal": "-", "": ""}
    if goal is not None:
        told |= {"goal": f"<= {goal:g}", "": verdict(value, goal, at_most=True)}
    return told


# ---------------------------------------------------------------- slow viewers


async def slow(server: Server) -> Row:
    """A long run for viewers who take everything and acknowledge nothing, until each is closed."""
    run = await asyncio.to_thread(long_run)
    leave(await connected(server.site, [f"/ws/runs/{run}/"]))
    ready = await connected(server.site, [f"/ws/runs/{run}/"] * SILENT, SilentViewer)
    before = server.resident_kb()
    for viewer in ready:
        viewer.say({"after": 0})
    highest = before
    for _ in range(300):
        await asyncio.sleep(0.1)
        highest = max(highest, server.resident_kb())
        if all(viewer.ended for viewer in ready):
            break
    leave(ready)
    kept = max(viewer.bytes for viewer in ready) / 1024
    grown = (highest - before) / SILENT
    return {
        "": f"{SILENT} viewers who acknowledge nothing",
        "most kB sent to one": round(kept),
        "server kB each": round(grown),
        "goal kB": 256,
        "sent": verdict(kept, 256, at_most=True),
        "memory": verdict(grown, 256, at_most=True),
        "closed with": ", ".join(sorted({str(viewer.code) for viewer in ready})),
    }


def long_run() -> str:
    """A recorded run that goes on, with far more lines than a viewer's window has room for."""
    from sagasim.composer.services import keep_saga
    from sagasim.core.lines import entry_of
    from sagasim.core.saga import Coordination
    from sagasim.runs.recording import begin_recording, record_lines

    pattern = lines_of_a_run(402)[1:]
    run = begin_recording(keep_saga(line_of(101), by=None), Coordination.ORCHESTRATION)
    for start in range(1, LONG, 400):
        some = [
            {**line, "seq": seq, "data": {**line["data"], "because": max(0, seq - 1)}}
            for seq, line in enumerate(pattern[:400], start=start)
        ]
        record_lines(run.pk, [entry_of(line) for line in some])
    return str(run.pk)


if __name__ == "__main__":
    main()
