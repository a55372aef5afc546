"""The coordinator's desk: one decision being made, as a draft of what its log will say.

It knows how a call, a belief and an end are written down, and not when: answering.py and phases.py decide that.
"""

from __future__ import annotations

from collections.abc import Iterable

from sagasim.core.blueprint import Blueprint
from sagasim.core.history import (
    CallAbandoned,
    CommandSent,
    HistoryEvent,
    OutcomeRecorded,
    RetryScheduled,
    SagaEnded,
)
from sagasim.core.ledger import Leg
from sagasim.core.saga import Kind


class Desk:
    """What the coordinator's log says, as a draft: see Coordinator; what has happened is appended to `out`."""

    __slots__ = ("bp", "legs", "out", "phase", "reason", "report", "started")

    def __init__(
        self,
        bp: Blueprint,
        out: list[HistoryEvent],
        phase: str,
        legs: Iterable[Leg],
        reason: str,
        started: tuple[int, ...],
        report: tuple[int, ...],
    ) -> None:
        self.bp, self.out = bp, out
        self.phase, self.reason = phase, reason
        self.legs, self.started, self.report = list(legs), started, report

    # what is asked of it

    def pivot_is_done(self) -> bool:
        return any(self.legs[pivot].belief == "done" for pivot in self.bp.pivots)

    def is_pivot(self, step: int) -> bool:
        return self.bp.steps[step].kind is Kind.PIVOT

    def is_running(self, step: int) -> bool:
        leg = self.legs[step]
        return leg.belief == "running" or leg.undoing == "running"

    def running(self) -> list[int]:
        return [step for step in range(len(self.legs)) if self.is_running(step)]

    # what is written down

    def call(self, step: int, undo: bool) -> None:
        leg = self.legs[step]
        if undo:
            self.legs[step] = Leg(leg.belief, "sent", 1, False, "running")
        else:
            self.legs[step] = Leg("running", "sent", 1)
            if self.bp.rules.order == "reverse-start":
                self.started += (step,)
        self._send(step, undo, 1)

    def call_again(self, step: int, doubt: bool) -> None:
        """The same call once more, with the same key; attempts count on until nothing new can be tried."""
        leg = self.legs[step]
        undo = leg.undoing == "running"
        attempt = min(leg.attempt + 1, self.bp.settled_attempt(step, undo))
        self.legs[step] = Leg(leg.belief, "sent", attempt, leg.doubt or doubt, leg.undoing)
        self.out.append(RetryScheduled(self.bp.steps[step].name, undo, attempt))
        self._send(step, undo, attempt)

    def _send(self, step: int, undo: bool, attempt: int) -> None:
        verb = "undo" if undo else "do"
        name = self.bp.steps[step].name
        self.out.append(CommandSent(name, undo, attempt, f"{verb}:{name}"))

    def believe(self, step: int, belief: str) -> None:
        self.legs[step] = Leg(belief)
        self.out.append(OutcomeRecorded(self.bp.steps[step].name, belief))

    def abandon(self, step: int) -> None:
        leg = self.legs[step]
        undo = leg.undoing == "running"
        self.out.append(CallAbandoned(self.bp.steps[step].name, undo, leg.attempt))
        if undo:
            self.legs[step] = Leg(leg.belief)
        else:
            self.believe(step, "unknown")

    def end(self, outcome: str, report: tuple[int, ...]) -> None:
        self.phase, self.reason, self.report = outcome, "", report
        self.started = ()
        self.out.append(SagaEnded(outcome, tuple(self.bp.steps[step].name for step in report)))
