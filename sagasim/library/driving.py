"""Drives a conductor on a clock: waits for what comes first, records it, and then issues what follows.

Runs in the thread of whoever calls `run`. A synchronous callable is called in that thread, unless somebody must be
able to stop waiting for it or another may run beside it: then in a thread of its own, which goes on when it was given
up. What comes back after the end of the saga is recorded all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import RLock

from sagasim.library.answers import Outcome
from sagasim.library.calling import call_here, call_in_thread, call_on_loop
from sagasim.library.clocks import Clock, Inbox
from sagasim.library.conductor import Conductor
from sagasim.library.recording import Recorder
from sagasim.library.turns import Ask, Turn


class Cancel:
    """A message: the user cancels."""


Message = tuple[Ask, Outcome] | Cancel


class Driver:
    """One run on its way. `cancel` may be called from any thread; `loop` is where coroutines run."""

    def __init__(
        self,
        conductor: Conductor,
        clock: Clock,
        recorder: Recorder | None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.conductor, self.clock, self.recorder, self.loop = conductor, clock, recorder, loop
        self._inbox: Inbox[Message] = Inbox(clock)
        self._lock = RLock()
        self._is_over = False
        self._is_a_chain = conductor.course.design.is_a_chain()

    def run(self, begin: Callable[[int], Turn]) -> None:
        """From the first input to the end. What a callable raises stays in the run; a recorder's error comes out."""
        conductor = self.conductor
        self._follow(begin(self.clock.now_ms()))
        while not conductor.is_over:
            until_ms = conductor.next_ms()
            message = self._inbox.take(until_ms, idle=conductor.is_idle)
            self._follow(self._input(message))
        with self._lock:
            self._is_over = True
            while (message := self._inbox.poll()) is not None:
                self._follow(self._input(message))

    def cancel(self) -> None:
        """Nothing new begins, and what was done is undone, as the engine's rule says."""
        self._inbox.put(Cancel())

    def _input(self, message: Message | None) -> Turn:
        now_ms = self.clock.now_ms()
        match message:
            case None:
                return self.conductor.take(now_ms)
            case Cancel():
                return self.conductor.cancel(now_ms)
            case (ask, outcome):
                return self.conductor.answered(ask, outcome, now_ms)

    def _follow(self, turn: Turn) -> None:
        if self.recorder is not None and turn.lines:
            self.recorder.append(turn.lines)
        for ask in turn.asks:
            self._issue(ask)

    def _issue(self, ask: Ask) -> None:
        course = self.conductor.course
        callee = course.design.callee(ask.step, ask.undo)
        subject, extras = course.contexts.given(ask)

        def answer(outcome: Outcome) -> None:
            self._post(ask, outcome)

        if callee.is_async:
            call_on_loop(callee, subject, extras, self.loop, answer)
        elif ask.timeout_ms is None and self._is_a_chain:
            answer(call_here(callee, subject, extras, self.loop))
        else:
            call_in_thread(callee, subject, extras, self.loop, answer)

    def _post(self, ask: Ask, outcome: Outcome) -> None:
        with self._lock:
            if not self._is_over:
                self._inbox.put((ask, outcome))
                return
            self._follow(self._input((ask, outcome)))  # a callable that was given up comes back after the end
