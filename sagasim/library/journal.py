"""The history of a run being written, and checked while it is read again.

While lines are replayed nothing is written: what the rules say must come next is compared with what the lines say.
What they say no more, because the writer died in the middle of a turn, is written when the replay is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sagasim.core.beliefs import belief_after
from sagasim.core.history import Entry, HistoryEvent
from sagasim.library.answers import CannotResume
from sagasim.library.recording import Line, line_of

More = Mapping[int, Mapping[str, object]]


class Journal:
    """The entries of one run, and the lines of them that are not recorded yet."""

    def __init__(self, run: str, *, keeps_lines: bool) -> None:
        self.run, self.keeps_lines = run, keeps_lines
        self.entries: list[Entry] = []
        self.is_replaying = False
        self._lines: list[Line] = []
        self._beliefs: dict[str, str] = {}
        self._expected: list[HistoryEvent] = []
        self._seen: list[HistoryEvent] = []

    def write(
        self,
        events: Sequence[HistoryEvent],
        at_ms: int,
        because: int,
        beliefs: Mapping[str, str],
        more: More | None = None,
    ) -> int:
        """Adds the events of one transition; returns the number of the first.

        beliefs   per step, what is believed after all of them
        more      by place: what the line of an event says besides
        """
        first = len(self.entries) + 1
        if self.is_replaying:
            self._compare(events)
            return first
        for place, event in enumerate(events):
            cause = because if place == 0 else first
            belief = self._belief_at(events, place, beliefs)
            entry = Entry(len(self.entries) + 1, at_ms, event, 1, cause, belief)
            self.entries.append(entry)
            if self.keeps_lines:
                self._lines.append(line_of(entry, self.run, (more or {}).get(place, {})))
        return first

    def take_lines(self) -> tuple[Line, ...]:
        """The lines that were written since they were last asked for."""
        lines, self._lines = tuple(self._lines), []
        return lines

    # reading again

    def read(self, entry: Entry) -> bool:
        """Takes in a line; returns whether it tells an input, from which others follow. Raises CannotResume."""
        self.entries.append(entry)
        name = getattr(entry.event, "step", "")
        if name:
            self._beliefs[name] = entry.belief
        if not self._expected:
            self._seen.append(entry.event)
            return True
        if self._expected.pop(0) != entry.event:
            raise CannotResume(
                f"entry {entry.seq} is {entry.kind}, where this saga would go on differently; "
                "resume with the steps and rules that it was started with"
            )
        return False

    def let_pass(self, *but: HistoryEvent) -> None:
        """What was read so far needs no answer of the rules, but for these events."""
        self._seen = list(but)

    def end_replay(self) -> tuple[HistoryEvent, ...]:
        """The lines are read; returns what follows from them and is not in them."""
        missing, self._expected, self.is_replaying = tuple(self._expected), [], False
        self._seen.clear()
        return missing

    def _compare(self, events: Sequence[HistoryEvent]) -> None:
        for event in events:
            if self._seen and self._seen[0] == event:
                self._seen.pop(0)
            else:
                self._expected.append(event)

    def _belief_at(self, events: Sequence[HistoryEvent], place: int, beliefs: Mapping[str, str]) -> str:
        """What is believed right after this event; the last one of its step has the last word."""
        name = getattr(events[place], "step", "")
        if name not in beliefs:
            return ""
        if all(getattr(later, "step", "") != name for later in events[place + 1 :]):
            self._beliefs[name] = beliefs[name]
        else:
            self._beliefs[name] = belief_after(self._beliefs.get(name, "idle"), events[place])
        return self._beliefs[name]
