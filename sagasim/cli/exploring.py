"""What explore does: searches until it is over or stopped, and says what was found; a build can ask for files."""

from __future__ import annotations

import argparse
import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sagasim.cli.given import WrongInput, bytes_of, coordination_of, saga_of, words_of
from sagasim.cli.saying import FOUND, FOUND_NOTHING, counted, say_json
from sagasim.core.errors import quoted
from sagasim.terminal import Terminal

if TYPE_CHECKING:
    from sagasim.core.inquiry import Inquiry, Standing
    from sagasim.core.saga import Saga
    from sagasim.core.verdict import ToldFinding, Verdict

UNEXPLORED = "unexplored"
"""What `--fail-on` calls a verdict that a limit cut short."""


def explore(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.faults import EXPLORED_KINDS, KINDS
    from sagasim.core.harms import HARMS
    from sagasim.core.inquiry import Inquiry
    from sagasim.core.results import verdict_to_data
    from sagasim.core.saga import Coordination

    both = asked.coordination == "both"
    coordinations = list(Coordination) if both else [coordination_of(asked.coordination, "both")]
    kinds = words_of(asked.kinds, KINDS, "fault kind") or EXPLORED_KINDS
    failing = words_of(asked.fail_on, (*HARMS, UNEXPLORED), "harm") or HARMS
    saga = saga_of(asked.file)
    baseline = _baseline(asked.baseline, saga)
    began = time.monotonic()
    with _stoppable() as stopped, _nothing_collected():
        deadline = began + asked.max_seconds if asked.max_seconds else None
        inquiry = Inquiry(saga, coordinations, faults=asked.faults, kinds=kinds, most_states=asked.max_states)
        _inquired(inquiry, terminal, lambda: stopped() or _is_past(deadline))
        _mended(inquiry, terminal, stopped)
        verdict = inquiry.verdict(file=asked.file, seconds=time.monotonic() - began)
    known = {} if baseline is None else {each.key: len(each.faults) for each in baseline.findings}

    def excused(finding: ToldFinding) -> str:
        before = known.get(finding.key)
        if before is not None and len(finding.faults) >= before:
            return "known: the baseline has it"
        return "" if finding.harm in failing else "not in --fail-on"

    must_end = UNEXPLORED in failing
    if asked.junit:
        _write_junit(asked.junit, verdict, excused, must_end=must_end)
    if asked.json:
        say_json(verdict_to_data(verdict), terminal)
    else:
        _say_verdict(verdict, inquiry, excused, terminal)
    if must_end and not verdict.exhaustive:
        return FOUND
    return FOUND if any(not excused(each) for each in verdict.findings) else FOUND_NOTHING


def _is_past(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _baseline(file: str | None, saga: Saga) -> Verdict | None:
    if file is None:
        return None
    import json

    from sagasim.core.reading import BadResult
    from sagasim.core.results import verdict_from_data

    try:
        baseline = verdict_from_data(json.loads(bytes_of(file)))
    except BadResult as wrong:
        raise WrongInput(f"{file}: {wrong}") from None
    except (ValueError, RecursionError):
        raise WrongInput(
            f"{file}: this is no JSON; a baseline is what `sagasim explore --json` wrote"
        ) from None
    if baseline.saga != saga.name:
        raise WrongInput(
            f"{file}: a baseline of the saga {quoted(baseline.saga)}, not of {quoted(saga.name)}"
        )
    return baseline


def _inquired(inquiry: Inquiry, terminal: Terminal, is_over: Callable[[], bool]) -> None:
    """Searches until nothing is left to be found, or until it is stopped."""
    began = time.monotonic()
    while not inquiry.is_over and not is_over():
        inquiry.advance()
        terminal.progress(_progress(inquiry.progress(), time.monotonic() - began))
    terminal.clear()


def _progress(standing: Standing, seconds: float) -> str:
    speed = standing.states / max(seconds, 0.001)
    found = f"{counted(standing.level, 'fault')}, {counted(standing.findings, 'finding')}"
    return f"{standing.states:,} states, {speed:,.0f}/s, {found}"


def _mended(inquiry: Inquiry, terminal: Terminal, stopped: Callable[[], bool]) -> None:
    """Looks for the fixes; a search that was stopped gets none."""
    if stopped():
        return
    for finding in inquiry.mending():
        if stopped():
            return
        terminal.progress(f"looking for the fix of {finding.harm} at {finding.step}")


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """An exploration makes much for Python to look through, and no cycles: a fifth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C (or a build's time limit) ends the exploration with what is known; a second one ends at once."""
    signals: list[int] = []

    def note(number: int, _: object) -> None:
        if signals:
            raise KeyboardInterrupt
        signals.append(number)

    before = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(signals)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _say_verdict(
    verdict: Verdict, inquiry: Inquiry, excused: Callable[[ToldFinding], str], terminal: Terminal
) -> None:
    from sagasim.core.report import verdict_report
    from sagasim.core.saga import Coordination

    def hint(told: ToldFinding) -> str:
        return inquiry.hints.get((Coordination(told.coordination), told.harm, told.step), "")

    for line in verdict_report(verdict, terminal.paint, width=terminal.width, excused=excused, hint=hint):
        terminal.say(line)
    if any(excused(each) for each in verdict.findings):
        new = sum(not excused(each) for each in verdict.findings)
        terminal.say(f"{new} of {counted(len(verdict.findings), 'finding')} make the exit code 1")


def _write_junit(
    file: str, verdict: Verdict, excused: Callable[[ToldFinding], str], *, must_end: bool
) -> None:
    from sagasim.core.junit import junit_of

    timestamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    text = junit_of(verdict, timestamp=timestamp, excused=excused, must_end=must_end)
    try:
        Path(file).write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', encoding="utf-8")
    except (OSError, ValueError) as unwritable:
        why = getattr(unwritable, "strerror", None) or str(unwritable)
        raise WrongInput(f"{quoted(file, 200)} cannot be written: {why}") from None
