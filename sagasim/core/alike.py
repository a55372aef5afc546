"""What a coordinator cannot tell apart any more: faults and answers that differ in their names alone.

reduction.py asks here for one name for all that has the same future in orchestration. Each rule says why.

    answers     an answer is heard as another one if every rule treats both alike
    strikes     a fault that goes on strikes like a lost request if the participant would change nothing, and
                not at all if the call that it strikes is not tried again
    certain     a call that nothing can strike succeeds: how often it was tried before does not matter
    going back  for what reason, and whether a step that is being undone was done or unknown
    given up    which undos were given up, as long as nothing of those steps is under way
"""

from __future__ import annotations

from sagasim.core.blueprint import Blueprint
from sagasim.core.cells import Cell
from sagasim.core.ledger import Leg
from sagasim.core.participant import NO_STRIKE, Strike
from sagasim.core.saga import Kind
from sagasim.core.striking import STRUCK_ATTEMPTS

BEYOND_FAULTS = STRUCK_ATTEMPTS + 1
"""An attempt that is not struck: a world with faults left never looks like one without."""

FIRST_ANSWER = {("reply-lost", ""): "request-lost"}
"""What a fault comes to where the participant knows the call and gives its first answer."""

LANDS_FOR_NOTHING = {("crash", "before"): "request-lost", ("late", ""): "request-lost"}
"""The same of faults that leave a copy, where nobody listens to its answer either."""


class Alike:
    """One name for what is alike in the worlds of one saga."""

    def __init__(self, bp: Blueprint) -> None:
        self.bp = bp
        every = range(len(bp.steps))
        alone = bp.saga.instances == 1
        deaf = bp.rules.on_stray_reply == "ignore"
        self._comes_to = FIRST_ANSWER | LANDS_FOR_NOTHING if deaf else FIRST_ANSWER
        # A call that is forgotten under way leaves a copy, and a copy keeps the number of its attempt.
        self._forgets_no_call = deaf and bp.rules.on_sibling_failure == "wait"
        self._waits = bp.rules.on_recover == "wait"
        self._resends = bp.rules.on_recover == "resend"
        self._error_is_silence = tuple(_hears_an_error_as_silence(bp, step) for step in every)
        self._limited = tuple(_is_limited(bp, step) for step in every)
        self._undo_limited = tuple(bp.undo_reaction(step) != "retry" for step in every)
        self._own_service = tuple(alone and bp.service_of.count(bp.service_of[step]) == 1 for step in every)
        self._asks_nobody = tuple(
            bp.refuses_when[step] is None
            and (alone or all(its.safeguards.semantic_lock == "none" for its in bp.steps))
            for step in every
        )

    def of(self, step: int, cell: Cell, *, calm: bool) -> Cell:
        """The cell by its one name. `calm`: no fault is left, and no outage under way."""
        leg, strike = cell.leg, cell.strike
        if not leg.call or leg.call == "done":
            return cell
        if leg.call != "sent":
            leg = self._answered(step, leg)
        if strike.kind:
            strike = self._strike(step, cell, leg)
        if calm and self._forgets_no_call and leg.call == "sent" and leg.attempt > 1:
            leg = self._certain(step, cell, leg, strike)
        if leg == cell.leg and strike == cell.strike:
            return cell
        return Cell(leg, cell.ears, cell.record, strike, cell.copies)

    # answers

    def _answered(self, step: int, leg: Leg) -> Leg:
        undo, answer = leg.undoing == "running", leg.call
        if answer == "crashed" and self._recovers_as_from_silence(step, undo, leg):
            answer = "silence"
        elif undo and answer in ("refused", "error"):
            answer = "silence"  # an undo that was not done is tried again, whatever was said
        elif answer == "error" and self._error_is_silence[step]:
            answer = "silence"
        if answer != "silence" or (answer == leg.call and not leg.doubt):
            return leg
        return Leg(leg.belief, answer, leg.attempt, False, leg.undoing)  # silence leaves doubt by itself

    def _recovers_as_from_silence(self, step: int, undo: bool, leg: Leg) -> bool:
        own = self.bp.steps[step]
        if self._waits and own.safeguards.intent_log:
            return True
        if undo:
            return leg.attempt < own.undo_retry.attempts or not self._undo_limited[step]
        within = leg.attempt < own.retry.attempts and "unknown" in own.retry.upon
        return self._resends and within and own.safeguards.intent_log

    # strikes

    def _strike(self, step: int, cell: Cell, leg: Leg) -> Strike:
        undo, strike = leg.undoing == "running", cell.strike
        private = strike.kind != "outage" or self._own_service[step]
        if private and self._is_over(step, undo, leg):
            return NO_STRIKE
        kind, edge, times = strike
        own, record = self.bp.steps[step], cell.record
        if kind == "outage" and private and (self._undo_limited if undo else self._limited)[step]:
            return Strike("request-lost", "", times)
        if own.safeguards.idempotent and (record.undo_memory if undo else record.memory == "done"):
            if kind == "coordinator-crash":
                return strike if edge == "before" else Strike(kind, "before", times)
            if kind in ("error", "refused"):  # the first answer comes before anything that they could strike
                return NO_STRIKE
            kind = self._comes_to.get((kind, edge), kind)
        elif kind in ("error", "refused") and self._is_as_if_lost(step, cell, undo):
            kind = "request-lost"
        return strike if kind == strike.kind else Strike(kind, "" if kind == "request-lost" else edge, times)

    def _is_over(self, step: int, undo: bool, leg: Leg) -> bool:
        """Whether the call has its last answer: it is not tried again, and what struck it strikes nothing."""
        if leg.call != "silence":
            return False
        own = self.bp.steps[step]
        if undo:
            return self._undo_limited[step] and leg.attempt >= own.undo_retry.attempts
        last = leg.attempt >= own.retry.attempts or "unknown" not in own.retry.upon
        return self._limited[step] and last

    def _is_as_if_lost(self, step: int, cell: Cell, undo: bool) -> bool:
        """An error before anything was looked at leaves what a lost request leaves: nothing."""
        if cell.copies:
            return False
        return undo or (
            self._error_is_silence[step] and not cell.record.tombstone and self._asks_nobody[step]
        )

    # certain

    def _certain(self, step: int, cell: Cell, leg: Leg, strike: Strike) -> Leg:
        if strike.kind or not self._succeeds(step, cell, leg.undoing == "running"):
            return leg
        return Leg(leg.belief, "sent", BEYOND_FAULTS, False, leg.undoing)

    def _succeeds(self, step: int, cell: Cell, undo: bool) -> bool:
        """Whether this call is done, whenever it arrives, now that nothing strikes it."""
        own, record = self.bp.steps[step], cell.record
        if self.bp.given.get((step, undo)):
            return False
        if any(copy.undo != undo for copy in cell.copies):
            return False
        if undo:
            return own.safeguards.undo_of_nothing != "reject"
        return record.memory != "refused" and not record.tombstone and self._asks_nobody[step]


def _hears_an_error_as_silence(bp: Blueprint, step: int) -> bool:
    """Whether every rule does the same about a reported error and about no answer at all."""
    upon = bp.steps[step].retry.upon
    return (
        ("error" in upon) == ("unknown" in upon)
        and (bp.rules.errors_are == "unknown" or bp.steps[step].kind is Kind.PIVOT)
        and bp.reaction(step, "error") == bp.reaction(step, "silence")
        and bp.has_own_reaction(step, "error") == bp.has_own_reaction(step, "silence")
    )


def _is_limited(bp: Blueprint, step: int) -> bool:
    """Whether the limits on attempts hold: no pivot can have committed before the last attempt."""
    return (
        bp.reaction(step, "silence") != "retry"
        and bp.steps[step].kind not in (Kind.PIVOT, Kind.RETRIABLE)
        and all(pivot in bp.descendants[step] for pivot in bp.pivots)
    )
