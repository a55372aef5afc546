"""What check, run, diagram and schema do. Each returns the exit code."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sagasim.cli.given import coordination_of, plan_of, saga_of
from sagasim.cli.saying import FOUND, FOUND_NOTHING, counted, say_json
from sagasim.terminal import Terminal

if TYPE_CHECKING:
    from sagasim.core.problems import Problem


def check(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core import lint

    saga = saga_of(asked.file)
    problems = lint.check(saga)
    errors = sum(problem.severity == "error" for problem in problems)
    if asked.json:
        told = [
            {
                "rule": it.rule,
                "severity": it.severity,
                "step": it.step,
                "sentence": it.sentence,
                "proof": _proof(it, asked.file),
            }
            for it in problems
        ]
        say_json({"saga": saga.name, "problems": told}, terminal)
    else:
        for problem in problems:
            _say_problem(problem, asked.file, terminal)
        found = f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}"
        terminal.say(terminal.paint(f"{saga.name}: {found}", "bold"))
    return FOUND if errors else FOUND_NOTHING


def _say_problem(problem: Problem, file: str, terminal: Terminal) -> None:
    colour = "red" if problem.severity == "error" else "yellow"
    where = f" at {problem.step}" if problem.step else ""
    terminal.say(f"{terminal.paint(problem.severity, colour, 'bold')} {problem.rule}{terminal.paint(where)}")
    terminal.say(f"  {terminal.paint(problem.sentence)}")
    if (command := _proof(problem, file)) is not None:
        terminal.say(f"  proof: {terminal.paint(command, 'dim')}")


def _proof(problem: Problem, file: str) -> str | None:
    """The command that shows the problem happen, where there is one."""
    from sagasim.core.saga import Coordination
    from sagasim.core.verdict import replay_command

    if problem.proof is None:
        return None
    return replay_command(file, problem.coordination or Coordination.ORCHESTRATION, problem.proof)


def run(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core import execution
    from sagasim.core.report import run_report
    from sagasim.core.results import run_to_data

    coordination = coordination_of(asked.coordination)
    saga = saga_of(asked.file)
    plan, order = plan_of(asked, saga)
    result = execution.run(saga, coordination, plan, seed=asked.seed, order=order)
    if asked.json:
        say_json(run_to_data(result), terminal)
    else:
        for line in run_report(result, terminal.paint):
            terminal.say(line)
    return FOUND if result.harms else FOUND_NOTHING


def diagram(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core import execution
    from sagasim.core.diagrams import mermaid_of, svg_of

    coordination = coordination_of(asked.coordination)
    saga = saga_of(asked.file)
    plan, order = plan_of(asked, saga)
    result = execution.run(saga, coordination, plan, seed=asked.seed, order=order)
    terminal.out.write(svg_of(result) if asked.format == "svg" else mermaid_of(result))
    return FOUND_NOTHING


def schema(_: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core.codec import json_schema

    say_json(json_schema(), terminal)
    return FOUND_NOTHING
