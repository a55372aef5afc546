"""How a run is written down: line by line as it happens, read in the order of time.

A line may be written before its time: the command of a retry is decided now and sent later. What caused a line
is the place of another one, so that it stays right when the lines are put in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sagasim.core.harms import Harm
from sagasim.core.history import Entry
from sagasim.core.paths import Told


class Line(NamedTuple):
    """One line: what, when, in which instance (from 0), and the place of the line that caused it (-1: none)."""

    told: Told
    at_ms: int
    instance: int
    because: int


class Chronicle:
    """The lines of one run, and the harms that they tell, each with the place of its line."""

    def __init__(self, messages: int) -> None:
        self.lines: list[Line] = []
        self.harms: dict[Harm, int] = {}
        self.messages = messages
        self._in_order = True

    def write(self, told: Sequence[Told], instance: int, now: int, cause: int) -> tuple[int, int]:
        """Adds the lines of one transition; the first is caused by `cause`, the others by the first."""
        first = len(self.lines)
        because = cause
        for each in told:
            if each.wait_ms:
                self._in_order = False
            self.lines.append(Line(each, now + each.wait_ms, instance, because))
            because = first
        return first, len(self.lines)

    def harm(self, harm: Harm, told: Told, instance: int, now: int) -> None:
        """Tells a harm when it is seen for the first time."""
        if harm not in self.harms:
            because = self.latest(now)
            self.harms[harm] = len(self.lines)
            self.lines.append(Line(told, now, instance, because))

    def move(self, place: int, at_ms: int) -> None:
        """A line that tells what has happened at another time than now."""
        if at_ms != self.lines[place].at_ms:
            self.lines[place] = self.lines[place]._replace(at_ms=at_ms)
            self._in_order = False

    def latest(self, now: int) -> int:
        """The last line that is not in the future."""
        if self._in_order:
            return len(self.lines) - 1
        return max((place for place, line in enumerate(self.lines) if line.at_ms <= now), default=-1)

    def in_time(self) -> list[int]:
        """The places of the lines in the order of time; of lines at one time, as they were written."""
        return sorted(range(len(self.lines)), key=lambda place: self.lines[place].at_ms)

    def seqs(self) -> list[int]:
        """Per place, the number of its entry."""
        if self._in_order:
            return list(range(1, len(self.lines) + 1))
        seqs = [0] * len(self.lines)
        for seq, place in enumerate(self.in_time(), start=1):
            seqs[place] = seq
        return seqs

    def entries(self) -> tuple[Entry, ...]:
        """The history; how often an effect is there is known only in the order of time."""
        truths: dict[tuple[int, int], int] = {}
        entries: list[Entry] = []
        seqs = self.seqs()
        lines = self.lines if self._in_order else [self.lines[place] for place in self.in_time()]
        for seq, (told, at_ms, instance, because) in enumerate(lines, start=1):
            event, step, belief, truth, changed, _ = told
            if step is not None:
                if truth is not None:
                    truths[instance, step] = truth
                else:
                    truth = truths.get((instance, step), 0)
            cause = seqs[because] if because >= 0 else 0
            entries.append(Entry(seq, at_ms, event, instance + 1, cause, belief, truth, changed))
        return tuple(entries)
