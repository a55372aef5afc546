"""What repairs what a run broke: asked of whoever has explored its saga.

The explorer stands above runs and knows; runs do not know the explorer. So it comes here when sagasim starts
(explorer/apps.py), and says how to ask it.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sagasim.runs.models import Run


class Repair(NamedTuple):
    """A change that repairs a finding, in words; whether exploring again has shown it; and where that is shown."""

    change: str
    is_verified: bool
    url: str


class Explorer(Protocol):
    """Whoever explores sagas, as far as runs want to know of it."""

    def repair_of(self, run: Run, harm: str, step: str) -> Repair | None:
        """The best repair that is known."""

    def explore_url(self, run: Run) -> str:
        """Where this run's version is explored, or can be."""

    def stored_url(self, run: Run) -> str:
        """Where the explorations of its saga are stored."""


_known: list[Explorer] = []


def ask(explorer: Explorer) -> None:
    """From now on this one is asked."""
    _known[:] = [explorer]


def explorer() -> Explorer | None:
    return _known[0] if _known else None
