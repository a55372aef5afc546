"""Takes up a run again from its lines.

Those that tell an input are given to the rules once more, and all the others follow from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sagasim.core.history import (
    CallTimedOut,
    CancelRequested,
    CommandSent,
    CoordinatorCrashed,
    CoordinatorRecovered,
    CopyLanded,
    DeadlinePassed,
    Entry,
    FaultStruck,
    HistoryEvent,
    ReplyReceived,
    SagaStarted,
    StrayReplyReceived,
)
from sagasim.core.lines import entry_of
from sagasim.core.moments import ARRIVED
from sagasim.core.participant import arrives
from sagasim.library.course import Course
from sagasim.library.recording import Line
from sagasim.library.witness import answer_told, heard_as


def take_up(course: Course, lines: Sequence[Line], now_ms: int) -> None:
    """Brings the run to where its lines end, and goes on from there. Raises CannotResume."""
    course.journal.is_replaying = True
    replay = _Replay(course)
    for line in lines:
        entry = entry_of(line)
        course.now_ms = entry.at_ms
        replay.read(entry, line["data"])
    course.start_ms, course.now_ms = now_ms - course.now_ms, now_ms
    course.agenda.shift(course.start_ms)
    sent_ms = course.calls.sent_ms
    course.calls.sent_ms = {number: at + course.start_ms for number, at in sent_ms.items()}
    course.write(course.journal.end_replay(), len(course.journal.entries))
    _recover(course)


class _Replay:
    """The lines of one run being read."""

    def __init__(self, course: Course) -> None:
        self.course, self.bp, self.calls = course, course.bp, course.calls
        self._is_landing = False  # between a copy that lands and what the coordinator hears of it

    def read(self, entry: Entry, data: Mapping[str, Any]) -> None:
        """One line more."""
        event = entry.event
        step = self.bp.index.get(getattr(event, "step", ""), -1)
        number = self.calls.current.get(step, 0)
        if isinstance(event, CommandSent):
            self.calls.commanded[number], self.calls.sent_ms[number] = entry.seq, self.course.now_ms
        if self.course.journal.read(entry):
            self._input(event, step, number, data)

    def _input(self, event: HistoryEvent, step: int, number: int, data: Mapping[str, Any]) -> None:
        course = self.course
        match event:
            case SagaStarted():
                course.open()
            case FaultStruck():
                self._strike(number)
            case CopyLanded():
                self._is_landing = True
                course.scene.forget_copy(step, event.undo, event.copy)
                self.calls.forget_abandoned(step, event.undo)
            case ReplyReceived():
                course.hear(number, event.answer)
            case CallTimedOut():
                course.hear(number, "silence")
            case CoordinatorCrashed():
                course.hear(number, "crashed")
            case StrayReplyReceived():
                self._is_landing = False
                course.journal.let_pass(event)
                course.hear_stray(step, event.undo, event.answer, [])
            case CancelRequested() | DeadlinePassed():
                course.interrupt("cancelled" if isinstance(event, CancelRequested) else "deadline")
            case _ if isinstance(event, ARRIVED):
                self._answer(event, step, number, data)
            case _:  # the command of a retry, sent when its wait was over; or an earlier recovery
                course.journal.let_pass()

    def _strike(self, number: int) -> None:
        """A fault that strikes before the effect; one behind it follows from the answer."""
        ask = self.calls.by_number[number]
        strike = self.calls.strikes[number] = self.course.scene.strike_on(ask)
        if not arrives(strike):
            self.course.perform_unheard(ask, strike)

    def _answer(self, event: HistoryEvent, step: int, number: int, data: Mapping[str, Any]) -> None:
        self.course.contexts.take_up(step, data)
        if self._is_landing:
            self.course.scene.remember(step, event, "")
            return
        ask = self.calls.by_number[number]
        strike = self.calls.strikes.get(number) or self.course.scene.strike_on(ask)
        answer = answer_told(event)
        copy = "second" if strike.kind == "duplicate" else ""
        self.course.perform(ask, strike, answer, heard_as(answer, strike), copy, (event,))


def _recover(course: Course) -> None:
    """What was sent and not answered is sent again, or given up, as the rule says."""
    calls = course.calls
    for step, number in sorted(calls.current.items()):
        if number not in calls.commanded or number in calls.performed:
            continue
        if course.bp.rules.on_recover != "resend":
            course.hear(number, "crashed")
            continue
        ask = calls.by_number[number]
        course.write((CoordinatorRecovered(course.bp.steps[step].name, ask.undo, "resend"),), 0)
