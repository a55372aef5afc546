"""The command line: check, run, explore, diagram, schema. For files and for CI, without a server.

Exit codes: 0 nothing found; 1 findings; 2 the input is wrong, said in one sentence on standard error. What a
command needs is imported when it runs, so that a check in a build starts at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from sagasim import __version__
from sagasim.cli import commands, exploring
from sagasim.cli.given import WrongInput
from sagasim.cli.saying import WRONG_INPUT
from sagasim.core.errors import CoreError, quoted
from sagasim.terminal import Terminal

MOST_FAULTS = 20


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


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, rather than how everything could be right."""

    def error(self, message: str) -> NoReturn:
        raise WrongInput(f"{message}; see `{self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="sagasim", description="Know before production whether a saga holds.")
    parser.add_argument("--version", action="version", version=f"sagasim {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = verbs.add_parser("check", help="design lint; exit 1 where there is an error")
    _with_file(check, commands.check)
    check.add_argument("--json", action="store_true", help="the problems as JSON")

    run = verbs.add_parser("run", help="one run, told as a story")
    _with_file(run, commands.run)
    _with_plan(run)
    run.add_argument("--json", action="store_true", help="the run with its whole history as JSON")

    explore = verbs.add_parser("explore", help="every combination of up to K faults")
    _with_file(explore, exploring.explore)
    _with_question(explore)
    explore.add_argument("--json", action="store_true", help="the verdict as JSON")
    _with_gate(explore)
    _with_limits(explore)

    diagram = verbs.add_parser("diagram", help="the sequence diagram of one run")
    _with_file(diagram, commands.diagram)
    _with_plan(diagram)
    diagram.add_argument("--format", choices=("mermaid", "svg"), required=True)

    schema = verbs.add_parser("schema", help="the JSON Schema of saga files")
    schema.set_defaults(command=commands.schema)
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


def _with_question(parser: argparse.ArgumentParser) -> None:
    """What is explored."""
    parser.add_argument("--faults", type=_number(0, MOST_FAULTS), default=2, metavar="K", help="default 2")
    parser.add_argument(
        "--coordination", default="both", metavar="C", help="orchestration, choreography or both"
    )
    parser.add_argument(
        "--kinds", metavar="KIND,...", help="fault kinds; default: all but no-effect, key-lost"
    )


def _with_gate(parser: argparse.ArgumentParser) -> None:
    """What a build asks for."""
    parser.add_argument("--junit", metavar="F", help="writes the verdict to this file, as JUnit XML")
    parser.add_argument(
        "--fail-on",
        metavar="HARM,...",
        help="only these harms make the exit code 1; `unexplored`: a limit, too",
    )
    parser.add_argument(
        "--baseline", metavar="F", help="a former `explore --json`: only what is new, or easier, fails"
    )


def _with_limits(parser: argparse.ArgumentParser) -> None:
    """When it stops before it is over."""
    parser.add_argument(
        "--max-states", type=_number(1), default=2_000_000, metavar="N", help="default 2,000,000"
    )
    parser.add_argument("--max-seconds", type=_seconds, metavar="S", help="default: no limit")


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
