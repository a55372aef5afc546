"""What the pages show of an exploration beyond its verdict: as JSON, in the order of the verdict's own lists.

findings      per finding: key, order, the fix as an edit with what it cures, leaves and adds, or a hint
cells         per cell of the matrix: the step at which the worst shows, and the order
unreached     the cells that no run came to, each with the reason
coordinations per coordination: exhaustive, unexplored, executions, transitions, undo_coverage
scope         how far the verdict goes, in words
complete      whether the fixes were looked for, too
glance        only where the verdict is cut short: {"verdict", "more"} of any 1 fault, which is not
"""

from __future__ import annotations

from typing import Any

from sagasim.core.exploration import Exploration
from sagasim.core.harms import Harm
from sagasim.core.inquiry import Inquiry
from sagasim.core.remedies import Fix
from sagasim.core.results import ToldFinding, Verdict

SHAPE = 1
"""Counted up when what is told here changes its shape: stored answers of another shape are not used again."""


def more_of(inquiry: Inquiry, verdict: Verdict, *, complete: bool) -> dict[str, Any]:
    explorations = {each.coordination.value: each for each in inquiry.explorations()}
    return {
        "scope": verdict.scope,
        "complete": complete,
        "findings": [_finding(inquiry, explorations[each.coordination], each) for each in verdict.findings],
        "cells": [
            {"step": cell.step, "order": [str(moment) for moment in cell.order]}
            for each in explorations.values()
            for cell in each.matrix
        ],
        "coordinations": {name: _coordination(each) for name, each in explorations.items()},
    }


def key_text(coordination: str, harm: str, step: str) -> str:
    """A finding's key as it stands in addresses: `orchestration:leak:charge`."""
    return f"{coordination}:{harm}:{step}"


def _coordination(it: Exploration) -> dict[str, Any]:
    return {
        "exhaustive": it.exhaustive,
        "unexplored": it.unexplored,
        "states": it.states,
        "transitions": it.transitions,
        "executions": it.executions,
        "findings": len(it.findings),
        "undo_coverage": dict(it.undo_coverage),
    }


def _finding(inquiry: Inquiry, exploration: Exploration, told: ToldFinding) -> dict[str, Any]:
    finding = exploration.found(told.harm, told.step)
    assert finding is not None
    key = (finding.coordination, finding.harm, finding.step)
    return {
        "key": key_text(told.coordination, told.harm, told.step),
        "order": [str(moment) for moment in finding.order],
        "fix": _fix(inquiry.fixes.get(key)),
        "hint": inquiry.hints.get(key, ""),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {
        "change": fix.change,
        "edit": fix.edit,
        "verified": fix.verified,
        "cures": _harms(fix.cures),
        "remains": _harms(fix.remains),
        "adds": _harms(fix.adds),
    }


def _harms(harms: tuple[Harm, ...]) -> list[dict[str, str]]:
    return [{"harm": each.harm, "step": each.step} for each in harms]
