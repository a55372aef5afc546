"""A changed saga on trial: explored as far as anybody has asked, and compared with what was found before."""

from __future__ import annotations

from collections.abc import Mapping

from sagasim.core.blueprint import Blueprint
from sagasim.core.changes import Edit
from sagasim.core.execution import run_of
from sagasim.core.exploration import Finding, Search, harms_of
from sagasim.core.harms import Harm


def shows(bp: Blueprint, finding: Finding) -> bool:
    return run_of(bp, finding.faults, order=finding.order).shows(finding.harm, finding.step)


def is_worse(harm: Harm, faults: int, before: Mapping[Harm, int]) -> bool:
    """Whether this is new, or takes fewer faults than it did."""
    return faults < before.get(harm, faults + 1)


class Trial:
    """A changed saga, explored as far as anybody has asked: first one fault to the end, then all of them."""

    def __init__(self, edit: Edit, bp: Blueprint, faults: int, kinds: tuple[str, ...]) -> None:
        self.edit, self.bp = edit, bp
        self.harms: Mapping[Harm, int] = {}
        self.done = False
        self.expanded = 0
        self._kinds = kinds
        self._levels = sorted({min(1, faults), faults})
        self._search: Search | None = None

    def shows(self, finding: Finding) -> bool:
        """Whether the finding's own plan still does the harm."""
        return shows(self.bp, finding)

    def worse_than(self, before: Mapping[Harm, int]) -> tuple[Harm, ...]:
        return tuple(harm for harm, faults in self.harms.items() if is_worse(harm, faults, before))

    def cured_of(self, before: Mapping[Harm, int]) -> tuple[Harm, ...]:
        return tuple(harm for harm in before if harm not in self.harms)

    def advance(self, states: int) -> int:
        """Expands at most this many worlds; says how many."""
        if self._search is None:
            self._search = Search(self.bp, self._levels.pop(0), kinds=self._kinds)
        before = self._search.expanded
        progress = self._search.advance(states)
        expanded = self._search.expanded - before
        self.expanded += expanded
        self.harms = {**self.harms, **harms_of(self._search)}  # what one fault does, more faults do too
        if progress.done:
            self._search = None
            self.done = not self._levels
        return max(1, expanded)
