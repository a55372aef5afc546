"""The command line: check, run, explore, diagram, schema. For files and for CI, without a server.

Exit codes: 0 nothing found; 1 findings; 2 the input is wrong, said in one sentence on standard error. What a
command needs is imported when it runs, so that a check in a build starts at once.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sagasim import __version__
from sagasim.core.errors import CoreError, listed, quoted
from sagasim.terminal import Terminal

if TYPE_CHECKING:
    from sagasim.core.faults import FaultPlan, Moment
    from sagasim.core.inquiry import Inquiry, Standing
    from sagasim.core.saga import Coordination, Saga
    from sagasim.core.verdict import ToldFinding, Verdict

FOUND_NOTHING, FOUND, WRONG_INPUT = 0, 1, 2
MOST_BYTES = 64 * 1024 * 1024
"""Of any file no more than this is read; a saga file may be far smaller (document.py says how much)."""
MOST_FAULTS = 20
UNEXPLORED = "unexplored"
"""What `--fail-on` calls a verdict that a limit cut short."""


class WrongInput(CoreError):
    """What was asked for cannot be done; the text is one sentence for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code and raises nothing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console of another alphabet is no reason to fail
    terminal = Terminal()
    try:
        asked = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace, Terminal], int] = asked.command
        code = command(asked, terminal)
        terminal.out.flush()
    except CoreError as refused:
        terminal.refuse(str(refused))
        return WRONG_INPUT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it exits
        terminal.refuse("the output was closed before everything was written")
        return WRONG_INPUT
    except OSError as failed:
        terminal.refuse(f"the result cannot be written: {failed.strerror or failed}")
        return WRONG_INPUT
    except KeyboardInterrupt:
        terminal.refuse("stopped before there was a result")
        return WRONG_INPUT
    return code


# ---------------------------------------------------------------- what can be asked


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, rather than how everything could be right."""

    def error(self, message: str) -> NoReturn:
        raise WrongInput(f"{message}; see `{self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="sagasim", description="Know before production whether a saga holds.")
    parser.add_argument("--version", action="version", version=f"sagasim {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="design lint; exit 1 where there is an error")
    _with_file(check, _check)
    check.add_argument("--json", action="store_true", help="the problems as JSON")

    run = commands.add_parser("run", help="one run, told as a story")
    _with_file(run, _run)
    _with_plan(run)
    run.add_argument("--json", action="store_true", help="the run with its whole history as JSON")

    explore = commands.add_parser("explore", help="every combination of up to K faults")
    _with_file(explore, _explore)
    explore.add_argument("--faults", type=_number(0, MOST_FAULTS), default=2, metavar="K", help="default 2")
    explore.add_argument(
        "--coordination", default="both", metavar="C", help="orchestration, choreography or both"
    )
    explore.add_argument(
        "--kinds", metavar="KIND,...", help="fault kinds; default: all but no-effect, key-lost"
    )
    explore.add_argument("--json", action="store_true", help="the verdict as JSON")
    explore.add_argument("--junit", metavar="F", help="writes the verdict to this file, as JUnit XML")
    explore.add_argument(
        "--fail-on",
        metavar="HARM,...",
        help="only these harms make the exit code 1; `unexplored`: a limit, too",
    )
    explore.add_argument(
        "--baseline", metavar="F", help="a former `explore --json`: only what is new, or easier, fails"
    )
    explore.add_argument(
        "--max-states", type=_number(1), default=2_000_000, metavar="N", help="default 2,000,000"
    )
    explore.add_argument("--max-seconds", type=_seconds, metavar="S", help="default: no limit")

    diagram = commands.add_parser("diagram", help="the sequence diagram of one run")
    _with_file(diagram, _diagram)
    _with_plan(diagram)
    diagram.add_argument("--format", choices=("mermaid", "svg"), required=True)

    schema = commands.add_parser("schema", help="the JSON Schema of saga files")
    schema.set_defaults(command=_schema)
    return parser


def _with_file(
    parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace, Terminal], int]
) -> None:
    parser.add_argument("file", metavar="FILE", help="a saga file, YAML or JSON; - is standard input")
    parser.set_defaults(command=command)


def _with_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--coordination", default="orchestration", metavar="C", help="or choreography")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="F", help="step:kind; may be repeated"
    )
    parser.add_argument("--seed", type=_number(), default=0, metavar="N", help="where `takes_ms` leaves room")
    parser.add_argument("--order", metavar="M,...", help="what comes before what: charge.after,reserve.after")


def _number(least: int | None = None, most: int | None = None) -> Callable[[str], int]:
    bounds = f" from {least}" if least is not None else ""
    bounds += f" to {most}" if most is not None else " on" if bounds else ""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or (least is not None and number < least) or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number{bounds}")
        return number

    return read


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of seconds above 0")
    return seconds


# ---------------------------------------------------------------- what is read


def _saga(file: str) -> Saga:
    from sagasim.core.codec import saga_from_text

    return saga_from_text(_bytes(file), source="standard input" if file == "-" else file)


def _bytes(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(MOST_BYTES)
        with Path(file).open("rb") as stream:
            return stream.read(MOST_BYTES)
    except FileNotFoundError:
        raise WrongInput(f"there is no file {quoted(file, 200)}") from None
    except IsADirectoryError:
        raise WrongInput(f"{quoted(file, 200)} is a folder; name a saga file in it") from None
    except (OSError, ValueError) as unreadable:
        why = getattr(unreadable, "strerror", None) or str(unreadable)
        raise WrongInput(f"{quoted(file, 200)} cannot be read: {why}") from None


def _coordination(text: str, *more: str) -> Coordination:
    from sagasim.core.saga import Coordination

    if text not in list(Coordination):
        names = listed([each.value for each in Coordination] + list(more))
        raise WrongInput(f"no coordination {quoted(text)}; write one of {names}")
    return Coordination(text)


def _plan(asked: argparse.Namespace, saga: Saga) -> tuple[FaultPlan, tuple[Moment, ...]]:
    from sagasim.core.faults import parse_moment, parse_plan

    order = [text.strip() for text in (asked.order or "").split(",") if text.strip()]
    return parse_plan(asked.fault, saga), tuple(parse_moment(text, saga) for text in order)


def _words(text: str | None, known: Sequence[str], what: str) -> tuple[str, ...] | None:
    """A list with commas between, each of them known; None where nothing was asked."""
    if text is None:
        return None
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in words:
        if word not in known:
            raise WrongInput(f"no {what} {quoted(word)}; there are {listed(known, 30)}")
    if not words:
        raise WrongInput(f"an empty list names no {what}; there are {listed(known, 30)}")
    return words


# ---------------------------------------------------------------- check


def _check(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.lint import Problem, check
    from sagasim.core.saga import Coordination
    from sagasim.core.verdict import replay_command

    saga = _saga(asked.file)
    problems = check(saga)
    errors = sum(problem.severity == "error" for problem in problems)

    def proof(problem: Problem) -> str | None:
        if problem.proof is None:
            return None
        coordination = problem.coordination or Coordination.ORCHESTRATION
        return replay_command(asked.file, coordination, problem.proof)

    if asked.json:
        told = [
            {
                "rule": it.rule,
                "severity": it.severity,
                "step": it.step,
                "sentence": it.sentence,
                "proof": proof(it),
            }
            for it in problems
        ]
        _say_json({"saga": saga.name, "problems": told}, terminal)
        return FOUND if errors else FOUND_NOTHING
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        where = f" at {problem.step}" if problem.step else ""
        terminal.say(
            f"{terminal.paint(problem.severity, colour, 'bold')} {problem.rule}{terminal.paint(where)}"
        )
        terminal.say(f"  {terminal.paint(problem.sentence)}")
        if (command := proof(problem)) is not None:
            terminal.say(f"  proof: {terminal.paint(command, 'dim')}")
    warnings = len(problems) - errors
    terminal.say(
        terminal.paint(f"{saga.name}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}", "bold")
    )
    return FOUND if errors else FOUND_NOTHING


def _counted(number: int, word: str) -> str:
    from sagasim.core.phrases import number_of

    return number_of(number, word, "no")


# ---------------------------------------------------------------- run, diagram, schema


def _run(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.execution import run
    from sagasim.core.report import run_report
    from sagasim.core.results import run_to_data

    coordination = _coordination(asked.coordination)
    saga = _saga(asked.file)
    plan, order = _plan(asked, saga)
    result = run(saga, coordination, plan, seed=asked.seed, order=order)
    if asked.json:
        _say_json(run_to_data(result), terminal)
    else:
        for line in run_report(result, terminal.paint):
            terminal.say(line)
    return FOUND if result.harms else FOUND_NOTHING


def _diagram(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.diagrams import mermaid_of, svg_of
    from sagasim.core.execution import run

    coordination = _coordination(asked.coordination)
    saga = _saga(asked.file)
    plan, order = _plan(asked, saga)
    result = run(saga, coordination, plan, seed=asked.seed, order=order)
    terminal.out.write(svg_of(result) if asked.format == "svg" else mermaid_of(result))
    return FOUND_NOTHING


def _schema(_: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.codec import json_schema

    _say_json(json_schema(), terminal)
    return FOUND_NOTHING


def _say_json(data: object, terminal: Terminal) -> None:
    import json

    terminal.say(json.dumps(data, indent=1))


# ---------------------------------------------------------------- explore


def _explore(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.faults import EXPLORED_KINDS, KINDS
    from sagasim.core.harms import HARMS
    from sagasim.core.inquiry import Inquiry
    from sagasim.core.results import verdict_to_data
    from sagasim.core.saga import Coordination

    both = asked.coordination == "both"
    coordinations = list(Coordination) if both else [_coordination(asked.coordination, "both")]
    kinds = _words(asked.kinds, KINDS, "fault kind") or EXPLORED_KINDS
    failing = _words(asked.fail_on, (*HARMS, UNEXPLORED), "harm") or HARMS
    saga = _saga(asked.file)
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
        _say_json(verdict_to_data(verdict), terminal)
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
        baseline = verdict_from_data(json.loads(_bytes(file)))
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
    found = f"{_counted(standing.level, 'fault')}, {_counted(standing.findings, 'finding')}"
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
        terminal.say(f"{new} of {_counted(len(verdict.findings), 'finding')} make the exit code 1")


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
