"""One run of a saga with real callables, as a state: an input, what happened, and what to call next.

    input   begin, answered (a callable came back), take (a moment has come), cancel
    turn    the lines that happened, to be recorded first; then the callables to call

What follows from an input is course.py's business. A run can be taken up again from its lines (replaying.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core.faults import FaultPlan
from sagasim.library.agenda import Due
from sagasim.library.answers import Outcome
from sagasim.library.contexts import Context
from sagasim.library.course import Course
from sagasim.library.design import Design
from sagasim.library.recording import Line
from sagasim.library.replaying import take_up
from sagasim.library.turns import Ask, Turn


class Conductor:
    """The run being made."""

    def __init__(
        self, design: Design, plan: FaultPlan, run: str, context: Context, *, keeps_lines: bool = True
    ) -> None:
        self.course = Course(design, plan, run, context, keeps_lines=keeps_lines)

    # what is asked of it

    @property
    def is_over(self) -> bool:
        """The saga has ended and nothing of its fault plan is left. Callables that timed out may still be running."""
        course = self.course
        under_way = course.scene.instance.copies or course.calls.abandoned or course.landings.number
        return course.scene.mind.ended and not under_way

    @property
    def is_idle(self) -> bool:
        """Nobody is at work whose answer is waited for."""
        calls = self.course.calls
        at_work = any(number in calls.running for number in calls.current.values())
        return not self.course.landings.number and not at_work

    def next_ms(self) -> int | None:
        """When something is due next; None: only an answer can bring the run forward."""
        course = self.course
        if course.landings.number:
            return None
        while (due := course.agenda.first()) is not None and self._is_stale(due):
            course.agenda.pop()
        if due is None and course.scene.instance.copies and self.is_idle:
            course.landings.schedule_leftover(course.now_ms)
            due = course.agenda.first()
        return None if due is None else due.at_ms

    # inputs

    def begin(self, now_ms: int) -> Turn:
        """The saga starts."""
        self.course.start_ms = self.course.now_ms = now_ms
        self.course.open()
        return self._turn()

    def resume(self, lines: Sequence[Line], now_ms: int) -> Turn:
        """Takes up a run where its lines end; what was sent and not answered is sent again (rule `on_recover`)."""
        take_up(self.course, lines, now_ms)
        return self._turn()

    def take(self, now_ms: int) -> Turn:
        """The next thing that is due happens, if its moment has come."""
        self._pass_to(now_ms)
        due = self.next_ms()
        if due is not None and due <= now_ms:
            self._take(self.course.agenda.pop())
        return self._turn()

    def answered(self, ask: Ask, outcome: Outcome, now_ms: int) -> Turn:
        """A callable came back."""
        self._pass_to(now_ms)
        course, calls = self.course, self.course.calls
        calls.running.discard(ask.number)
        course.contexts.keep(ask, outcome)
        if ask.number == course.landings.number:
            if course.landings.arrived():
                course.land(ask, ask.copy, outcome)
            else:
                course.land_again(ask, outcome)
        elif calls.current.get(ask.step) != ask.number:
            course.land(ask, "late" if ask.number in calls.given_up else "abandoned", outcome)
        else:
            course.came_back(ask, outcome)
        return self._turn()

    def cancel(self, now_ms: int) -> Turn:
        """The user cancels. Once it has ended, or a second time, that changes nothing."""
        self._pass_to(now_ms)
        scene = self.course.scene
        if not scene.mind.ended and "cancelled" not in scene.instance.interrupted:
            self.course.interrupt("cancelled")
        return self._turn()

    # what is due

    def _is_stale(self, due: Due) -> bool:
        calls, scene = self.course.calls, self.course.scene
        match due.verb:
            case "send" if due.number in calls.abandoned:
                return False
            case "send":
                return not calls.is_waited_for(due.number) or due.number in calls.performed
            case "hear":
                return not calls.is_waited_for(due.number)
            case "land":
                return due.subject not in scene.instance.copies
            case _:
                return scene.mind.ended or due.subject in scene.instance.interrupted

    def _take(self, due: Due) -> None:
        course, calls = self.course, self.course.calls
        match due.verb:
            case "send" if due.number in calls.abandoned:
                course.send_abandoned(calls.by_number[due.number])
            case "send":
                course.send(calls.by_number[due.number])
            case "hear":
                course.hear(due.number, due.subject)
            case "land":
                course.begin_landing(due.subject)
            case _:
                course.interrupt(due.subject)

    def _pass_to(self, now_ms: int) -> None:
        self.course.now_ms = max(self.course.now_ms, now_ms)

    def _turn(self) -> Turn:
        return Turn(self.course.journal.take_lines(), self.course.calls.take_issued())
