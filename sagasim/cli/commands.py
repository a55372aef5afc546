"""What check, run, diagram and schema do. Each returns the exit code."""

from __future__ import annotations

import argparse

from sagasim.cli.given import coordination_of, plan_of, saga_of
from sagasim.cli.saying import FOUND, FOUND_NOTHING, counted, say_json
from sagasim.terminal import Terminal


def check(asked: argparse.Namespace, terminal: Terminal) -> int:
    from sagasim.core import lint
    from sagasim.core.lint import Problem
    from sagasim.core.saga import Coordination
    from sagasim.core.verdict import replay_command

    saga = saga_of(asked.file)
    problems = lint.check(saga)
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
        say_json({"saga": saga.name, "problems": told}, terminal)
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
        terminal.paint(f"{saga.name}: {counted(errors, 'error')}, {counted(warnings, 'warning')}", "bold")
    )
    return FOUND if errors else FOUND_NOTHING


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
