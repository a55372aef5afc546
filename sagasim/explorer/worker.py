"""Explores one stored question, wherever this is called: reads the row, tells in it how far it is, and answers.

First any 1 fault, which takes a moment and is told at once; then all that was asked; then the fixes; each
part is told when it is known. Between two portions it breathes: writes the progress and reads whether to
stop, four times a second and no more.
"""

from __future__ import annotations

import logging
from time import monotonic, process_time
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from sagasim.core.errors import CoreError
from sagasim.core.inquiry import Inquiry
from sagasim.core.results import verdict_to_data
from sagasim.core.saga import Coordination
from sagasim.explorer import states
from sagasim.explorer.models import Exploration, Lane, State
from sagasim.explorer.telling import Telling

log = logging.getLogger(__name__)

ENDED, GOES_ON, NOT_WANTED = "ended", "goes on", "not wanted"
BREATH_S = 0.25
FIXES_S = 1.5
"""How often fixes are told while others are still looked for."""


def explore(pk: str, budget_s: float | None, next_lane: str | None = None) -> str:
    """Explores to the end, to the limits, or until it is stopped.

    With a budget only until it has used so much of a processor: what is small on an idle machine is small on
    a busy one. Then it is queued for the next lane, and GOES_ON says that it has to be called again.
    """
    row = states.begin(UUID(pk))
    if row is None:
        return NOT_WANTED
    try:
        return _Work(row, budget_s, next_lane or Lane.LONG).do()
    except CoreError as refused:
        states.give_up(row.pk, State.FAILED, f"It cannot be explored: {refused}")
        return ENDED


class _Interrupted(Exception):
    """What is under way is not to be gone on with."""


class _Work:
    def __init__(self, row: Exploration, budget_s: float | None, next_lane: str) -> None:
        self.row, self.saga, self.next_lane = row, row.meaning, next_lane
        self.began = monotonic()
        self.until = self.began + row.most_seconds
        self.budget_until = None if budget_s is None else process_time() + budget_s
        self.breath = self.began - BREATH_S
        self.mended = 0
        self.telling: Telling | None = None
        self.told: dict[str, Any] | None = row.progress.get("told")
        self.told_states = int(row.progress.get("states", 0))
        self.stopped = self.wanted_no_more = self.is_over_budget = False
        verdict = row.verdict or {}
        self.glance = {"verdict": verdict, "more": row.more} if verdict.get("faults") == 1 else None

    def do(self) -> str:
        if self.row.faults > 1 and self.row.verdict is None:  # else a turn before this one told more
            self._glance()
        inquiry = self._inquiry(self.row.faults)
        self._search(inquiry)
        if self._ends_here():
            return self._left()
        if inquiry.is_exhaustive:
            self._tell(inquiry)
            self._mend(inquiry)
            if self._ends_here():
                return self._left()
        return self._end(inquiry)

    # parts

    def _glance(self) -> None:
        """Any 1 fault: the first findings and the whole matrix, told after a moment."""
        inquiry = self._inquiry(1)
        self._search(inquiry)
        if inquiry.is_exhaustive and not self.wanted_no_more:
            verdict, more = self._tell(inquiry)
            self.glance = {"verdict": verdict, "more": more}

    def _search(self, inquiry: Inquiry) -> None:
        while not inquiry.is_over and not self._is_cut() and monotonic() < self.until:
            inquiry.advance()
            self._breathe(inquiry, "searching")

    def _mend(self, inquiry: Inquiry) -> None:
        of = sum(len(each.findings) for each in inquiry.explorations())

        def watch() -> None:
            self._breathe(inquiry, "mending", mended=self.mended, of=of)
            if self._is_cut():
                raise _Interrupted

        told = monotonic()
        try:
            for _ in inquiry.mending(watch):
                watch()
                self.mended += 1
                if monotonic() - told > FIXES_S:
                    told = monotonic()
                    self._tell(inquiry)
        except _Interrupted:
            pass

    def _inquiry(self, faults: int) -> Inquiry:
        row = self.row
        return Inquiry(
            self.saga,
            [Coordination(each) for each in row.coordinations],
            faults=faults,
            kinds=row.kinds,
            most_states=row.most_states,
        )

    # breathing

    def _breathe(self, inquiry: Inquiry, doing: str, **more: int) -> None:
        now = monotonic()
        if self.budget_until is not None and process_time() >= self.budget_until:
            self.is_over_budget = True
        if now - self.breath < BREATH_S:
            return
        self.breath = now
        try:
            stop = states.breathe(self.row.pk, self._progress(inquiry, doing, **more))
        except DatabaseError:
            log.warning("cannot tell how far an exploration is", exc_info=True)
            return
        self.wanted_no_more = stop is None
        self.stopped = bool(stop)

    def _progress(self, inquiry: Inquiry, doing: str, **more: int) -> dict[str, Any]:
        """Never less than was told before: the long lane begins anew, and who watches need not know."""
        standing = inquiry.progress()
        self.told_states = max(self.told_states, standing.states)
        return {
            "doing": doing,
            "states": self.told_states,
            "waiting": standing.waiting,
            "level": standing.level,
            "findings": standing.findings,
            "seconds": round(monotonic() - self.began, 1),
            "coordinations": {
                name.value: {"states": it.states, "findings": it.findings, "level": it.level, "done": it.done}
                for name, it in standing.coordinations.items()
            },
            "told": self.told,
            **more,
        }

    def _is_cut(self) -> bool:
        return self.stopped or self.wanted_no_more or self.is_over_budget

    def _ends_here(self) -> bool:
        return self.wanted_no_more or (self.is_over_budget and not self.stopped)

    def _left(self) -> str:
        if self.wanted_no_more or not states.hand_over(self.row.pk, self.next_lane):
            return NOT_WANTED
        return GOES_ON

    # telling

    def _told(self, inquiry: Inquiry, *, complete: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        verdict = inquiry.verdict(file=f"{self.row.name}.yaml", seconds=monotonic() - self.began)
        if self.telling is None or self.telling.inquiry is not inquiry:
            self.telling = Telling(inquiry)
        return verdict_to_data(verdict), self.telling.more(verdict, complete=complete)

    def _tell(self, inquiry: Inquiry) -> tuple[dict[str, Any], dict[str, Any]]:
        verdict, more = self._told(inquiry, complete=False)
        self.told = {
            "faults": inquiry.faults,
            "fixes": False,
            "findings": len(verdict["findings"]),
            "fixed": len(inquiry.fixes),
        }
        states.tell(self.row.pk, verdict, more, self._progress(inquiry, "reading"))
        return verdict, more

    def _end(self, inquiry: Inquiry) -> str:
        if self.stopped:
            state, sentence = State.STOPPED, "It was stopped; what was known by then is shown."
        elif inquiry.is_exhaustive:
            state, sentence = State.DONE, ""
        else:
            state, sentence = State.LIMITED, self._limit(inquiry)
        verdict, more = self._told(inquiry, complete=state == State.DONE)
        if not inquiry.is_exhaustive and self.glance is not None:
            more["glance"] = self.glance  # what one fault does is known to the end, whatever came then
        states.breathe(self.row.pk, self._progress(inquiry, "done"))
        return ENDED if states.end(self.row.pk, state, verdict, more, sentence=sentence) else NOT_WANTED

    def _limit(self, inquiry: Inquiry) -> str:
        row = self.row
        if inquiry.left <= 0:
            return f"It came to its limit of {row.most_states:,} states; what was known by then is shown."
        return f"It came to its limit of {row.most_seconds:g} s; what was known by then is shown."
