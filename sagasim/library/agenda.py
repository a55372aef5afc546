"""What is due in a run, and when: a heap of named things with a rank for those at the same moment."""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

AT_ONCE, NEXT, THEN = -1, 0, 1
"""Ranks: what a fault plan does at a moment; answers and copies that have arrived; new commands."""


class Due(NamedTuple):
    """Something that happens at a moment; of those at the same one the lowest rank is first, then the oldest.

    verb   send (a command), hear (an answer, `subject`), land (a copy), interrupt (cancelled or deadline)
    """

    at_ms: int
    rank: int
    age: int
    verb: str
    number: int = 0
    subject: Any = None


class Agenda:
    """What is due, the next thing first."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._age = 0

    def put(self, at_ms: int, rank: int, verb: str, number: int = 0, subject: Any = None) -> None:
        """Something will be due."""
        self._age += 1
        heapq.heappush(self._heap, Due(at_ms, rank, self._age, verb, number, subject))

    def first(self) -> Due | None:
        """What is due next."""
        return self._heap[0] if self._heap else None

    def pop(self) -> Due:
        """Takes what is due next."""
        return heapq.heappop(self._heap)

    def subjects(self, verb: str) -> list[Any]:
        """What all the things of one verb are about."""
        return [due.subject for due in self._heap if due.verb == verb]

    def shift(self, ms: int) -> None:
        """All of it is due so much later."""
        self._heap = [due._replace(at_ms=due.at_ms + ms) for due in self._heap]
