"""The copies of calls that land while nobody waits for them: when each does, and how many messages it is."""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core.faults import LANDING_KINDS, Moment
from sagasim.core.history import HistoryEvent
from sagasim.core.ledger import Copy
from sagasim.core.moments import is_at
from sagasim.library.agenda import AT_ONCE, NEXT, Agenda
from sagasim.library.scene import Scene
from sagasim.library.turns import Ask


class Landings:
    """`number` is the call that is landing now (0: none)."""

    def __init__(self, scene: Scene, agenda: Agenda) -> None:
        self.scene, self.agenda = scene, agenda
        self.number = 0
        self._left = 0  # how many of its messages did not land yet
        self._landed: list[HistoryEvent] = []

    def schedule(self, now_ms: int, moments: Sequence[Moment]) -> None:
        """Puts on the agenda what lands now that the run is at these moments."""
        scheduled = self.agenda.subjects("land")
        for copy in self.scene.instance.copies:
            if copy.ready and copy not in scheduled:
                self._schedule(copy, now_ms, moments)

    def _schedule(self, copy: Copy, now_ms: int, moments: Sequence[Moment]) -> None:
        """At the moment that the plan says; without one, when its caller has given up its last attempt."""
        moment = self._moment_of(copy)
        if moment is not None:
            if is_at(moment, moments, self.scene.bp.steps[copy.step].name, copy.undo, 1):
                self.agenda.put(now_ms, AT_ONCE, "land", subject=copy)
        elif copy.kind == "second" or (copy.kind != "reordered" and not self.scene.is_open(copy)):
            self.agenda.put(now_ms, NEXT, "land", subject=copy)

    def overtake(self, step: int, now_ms: int) -> None:
        """A later call of this step has arrived: what it has overtaken lands directly after it."""
        scheduled = self.agenda.subjects("land")
        for copy in self.scene.instance.copies:
            overtaken = copy.kind == "reordered" and copy.step == step and self._moment_of(copy) is None
            if overtaken and copy.ready and copy not in scheduled:
                self.agenda.put(now_ms, AT_ONCE, "land", subject=copy)

    def _moment_of(self, copy: Copy) -> Moment | None:
        """The moment at which the plan lets it land; None: the plan does not say."""
        fault = self.scene.fault_of_copy(copy)
        return fault.moment if fault is not None and fault.kind in LANDING_KINDS else None

    def schedule_leftover(self, now_ms: int) -> None:
        """A moment that never came: what waits for it lands when nothing else is left to happen."""
        ready = [copy for copy in self.scene.instance.copies if copy.ready]
        if ready:
            self.agenda.put(now_ms, NEXT, "land", subject=ready[0])

    def begin(self, ask: Ask, messages: int = 1) -> None:
        """This call lands next, in so many messages."""
        self.number, self._left, self._landed = ask.number, messages, []

    def arrived(self) -> bool:
        """A message has landed; returns whether it was the last one, and the landing is over."""
        if self._left > 1:
            self._left -= 1
            return False
        self.number = 0
        return True

    def note(self, events: Sequence[HistoryEvent]) -> None:
        """What a message did that was not the last of its call."""
        self._landed.extend(events)

    def take_noted(self) -> list[HistoryEvent]:
        """What the messages before the last one did."""
        landed, self._landed = self._landed, []
        return landed
