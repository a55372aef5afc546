"""What the pages show of an exploration beyond its verdict: as JSON, in the order of the verdict's own lists.

findings      per finding: key, order, its point of no return, the fix as an edit with what it cures,
leaves and adds, or a hint where there is none
cells         per cell of the matrix: the step at which the worst shows, and the order
coordinations per coordination: exhaustive, unexplored, states, transitions, executions, undo_coverage, and
`pairs`: two cells that are worse together, the worst first; `pairs_seen` says of how many
scope         how far the verdict goes, in words
complete      whether the fixes were looked for, too
glance        only where the verdict is cut short: {"verdict", "more"} of any 1 fault, which is not
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from time import process_time
from typing import Any, Literal

from sagasim.core.exploration import Exploration, Finding
from sagasim.core.graph import Watch, unwatched
from sagasim.core.harms import Harm
from sagasim.core.inquiry import Inquiry, key_of
from sagasim.core.matrix import Place
from sagasim.core.pairs import MOST_SHOWN, Pair, Pairs, pairs_of
from sagasim.core.pytests import test_text
from sagasim.core.remedies import Fix
from sagasim.core.turning import point_of_no_return
from sagasim.core.verdict import ToldFinding, Verdict
from sagasim.explorer.models import Exploration as Row

SHAPE = 3
"""Counted up when what is told here changes its shape: stored answers of another shape are not used again."""
TURNING_S = 10.0
"""Of a processor, for the points of no return of all findings; thirty of them take a tenth of a second."""
MOST_AT_THE_END = 5_000
"""While a search goes on only the worst pairs get their runs; the others when nobody waits any more."""
TOLD_BY = ("inquiry", "pairs", "turning", "pytests")
"""The modules of the core that have a say in it, with all that they import."""


class Telling:
    """Tells of one inquiry, several times while it goes on; what is read from its graph is read once."""

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry = inquiry
        self._read: tuple[Exploration, ...] | None = None
        self._pairs: dict[str, Pairs] = {}
        self._turns: dict[Finding, dict[str, Any] | None] = {}
        self._turning_s = 0.0

    def more(
        self,
        verdict: Verdict,
        *,
        complete: bool,
        pairs: Literal["none", "worst", "all"] = "worst",
        watch: Watch = unwatched,
    ) -> dict[str, Any]:
        """What belongs to this verdict, which is the newest of the inquiry.

        `pairs`: of a large graph it takes a second to find those that are worse together, and a hundredth to
        find the run of each. `watch` is called in between, and what it raises ends the telling.
        """
        explorations = self.inquiry.explorations(watch)
        if explorations is not self._read:
            self._read, self._pairs = explorations, {}
        if pairs != "none" and not self._pairs:
            self._pairs = self._pairs_of(MOST_SHOWN, watch)
        if pairs == "all" and any(not pair.faults for its in self._pairs.values() for pair in its.worse):
            self._pairs = self._pairs_of(MOST_AT_THE_END, watch)
        by_name = {each.coordination.value: each for each in explorations}
        return {
            "scope": verdict.scope,
            "complete": complete,
            "findings": [self._finding(by_name[each.coordination], each, watch) for each in verdict.findings],
            "cells": [
                {"step": cell.step, "order": _texts(cell.order)}
                for each in explorations
                for cell in each.matrix
            ],
            "coordinations": {name: self._coordination(each) for name, each in by_name.items()},
        }

    def _pairs_of(self, most_shown: int, watch: Watch) -> dict[str, Pairs]:
        return {
            name.value: pairs_of(search, most_shown=most_shown, watch=watch)
            for name, search in self.inquiry.searches.items()
            if search.progress().done
        }

    def _coordination(self, it: Exploration) -> dict[str, Any]:
        pairs = self._pairs.get(it.coordination.value, Pairs(seen=0, worse=()))
        return {
            "exhaustive": it.exhaustive,
            "unexplored": it.unexplored,
            "states": it.states,
            "transitions": it.transitions,
            "executions": it.executions,
            "findings": len(it.findings),
            "undo_coverage": dict(it.undo_coverage),
            "pairs_seen": pairs.seen,
            "pairs": [_pair(each) for each in pairs.worse],
        }

    def _finding(self, exploration: Exploration, told: ToldFinding, watch: Watch) -> dict[str, Any]:
        watch()
        finding = exploration.found(told.harm, told.step)
        assert finding is not None
        key = key_of(finding)
        return {
            "key": key_text(told.coordination, told.harm, told.step),
            "order": _texts(finding.order),
            "point_of_no_return": self._turn(finding),
            "fix": _fix(self.inquiry.fixes.get(key)),
            "hint": self.inquiry.hints.get(key, ""),
            "pytest": test_text(self.inquiry.saga, finding),
        }

    def _turn(self, finding: Finding) -> dict[str, Any] | None:
        """None where it was not looked for: of a very large saga the first findings take all the time there is."""
        if finding not in self._turns and self._turning_s < TURNING_S:
            began = process_time()
            point = point_of_no_return(self.inquiry.saga, finding)
            self._turns[finding] = None if point is None else asdict(point)
            self._turning_s += process_time() - began
        return self._turns.get(finding)


def findings_told(row: Row) -> list[dict[str, Any]]:
    """The findings of a stored verdict, each with what is known of it beyond."""
    told = (row.verdict or {}).get("findings", [])
    return [{**finding, **extra} for finding, extra in zip(told, row.more.get("findings", []), strict=True)]


def key_text(coordination: str, harm: str, step: str) -> str:
    """A finding's key as it stands in addresses: `orchestration:leak:charge`."""
    return f"{coordination}:{harm}:{step}"


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


def _pair(pair: Pair) -> dict[str, Any]:
    told: dict[str, Any] = {
        "first": _place(pair.first),
        "second": _place(pair.second),
        "worst": pair.worst,
        "alone": pair.alone or None,
    }
    if pair.faults:
        told |= {"step": pair.step, "faults": _texts(pair.faults), "order": _texts(pair.order)}
    return told


def _place(place: Place) -> dict[str, str]:
    return {"target": f"{place.target}.undo" if place.undo else place.target, "kind": place.kind}


def _texts(them: Iterable[object]) -> list[str]:
    return [str(each) for each in them]
