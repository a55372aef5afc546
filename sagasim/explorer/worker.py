"""Explores one stored question, wherever this is called: reads the row, tells in it how far it is, and answers.

First any 1 fault, which takes a moment and is told at once; by then it is known how heavy the rest is, and in which
lane it goes on (lanes.py). Then all that was asked: its findings and the matrix, the pairs of faults, the fixes, and
last the runs of all pairs; each part is told when it is known. In between it breathes: writes the progress and reads
whether to stop, four times a second and no more.
"""

from __future__ import annotations

import logging
from time import monotonic, process_time
from typing import Any, Literal
from uuid import UUID

from django.db import DatabaseError

from sagasim.core.errors import CoreError
from sagasim.core.graph import Watch
from sagasim.core.inquiry import Inquiry
from sagasim.core.results import verdict_to_data
from sagasim.core.saga import Coordination
from sagasim.explorer import states
from sagasim.explorer.lanes import TURN_S, lane_after, lane_for
from sagasim.explorer.models import Exploration, Lane, State
from sagasim.explorer.telling import Telling

log = logging.getLogger(__name__)
Pairs = Literal["none", "worst", "all"]

ENDED, NOT_WANTED = "", "not wanted"
BREATH_S = 0.25
FIXES_S = 1.5
"""How often fixes are told while others are still looked for."""
GRACE_S = 1.0
"""Who is stopped while a graph is read may read so much longer: a moment later all of it is known, as a rule."""


def explore(pk: str, lane: str) -> str:
    """Explores to the end, to the limits, or until it is stopped; tells in which other lane it goes on, if in any."""
    row = states.begin(UUID(pk))
    if row is None:
        return NOT_WANTED
    try:
        return _Work(row, lane).do()
    except CoreError as refused:
        states.give_up(row.pk, State.FAILED, f"It cannot be explored: {refused}")
        return ENDED


class _Interrupted(Exception):
    """What is under way is not to be gone on with."""


class _Work:
    def __init__(self, row: Exploration, lane: str) -> None:
        self.row, self.saga, self.lane = row, row.meaning, lane
        self.began = monotonic()
        self.until = self.began + row.most_seconds
        self.spent = process_time()
        self.breath = self.began - BREATH_S
        self.mended = 0
        self.telling: Telling | None = None
        self.told: dict[str, Any] | None = row.progress.get("told")
        self.told_states = int(row.progress.get("states", 0))
        self.stopped_at: float | None = None
        self.wanted_no_more = self.is_ending = False
        self.goes_on_in = "" if row.lane == lane else row.lane
        self.known = None if row.verdict is None else (row.verdict, row.more)
        verdict = row.verdict or {}
        self.knew_all = verdict.get("exhaustive", False) and verdict["faults"] == row.faults
        self.glance = {"verdict": verdict, "more": row.more} if verdict.get("faults") == 1 else None

    def do(self) -> str:
        inquiry = self._inquiry(self.row.faults)
        try:
            if self.row.faults > 1 and self.known is None:  # else a turn before this one told more
                glance = self._inquiry(1)
                self._glance(glance)
                if self._is_cut() or monotonic() >= self.until:
                    return self._left() if self._leaves() else self._end(glance)
            self._search(inquiry)
            if inquiry.is_exhaustive:
                self._tell(inquiry, pairs="none")
                self._tell(inquiry)
                self._mend(inquiry)
                self._tell(inquiry, complete=True)  # but for the runs of all pairs, which take longest
        except _Interrupted:
            pass
        return self._left() if self._leaves() else self._end(inquiry)

    # parts

    def _glance(self, inquiry: Inquiry) -> None:
        """Any 1 fault: the first findings and the whole matrix, told after a moment; and where the rest belongs."""
        before = self._used()
        self._search(inquiry)
        a_state_s = (self._used() - before) / inquiry.progress().states
        if not inquiry.is_exhaustive or self.wanted_no_more:
            return
        verdict, more = self._tell(inquiry)
        self.glance = {"verdict": verdict, "more": more}
        if self.lane == Lane.QUICK and not self.goes_on_in:
            lane = lane_for(a_state_s * inquiry.foreseen(self.row.faults))
            self.goes_on_in = "" if lane == self.lane else lane

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
        for _ in inquiry.mending(watch):
            watch()
            self.mended += 1
            if monotonic() - told > FIXES_S:
                told = monotonic()
                self._tell(inquiry)

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
        if now - self.breath < BREATH_S:
            return
        self.breath = now
        try:
            wish = states.breathe(self.row.pk, self._progress(inquiry, doing, **more))
            if wish is None:
                self.wanted_no_more = True
                return
            if wish.stop and self.stopped_at is None:
                self.stopped_at = now
            if self.is_ending:
                return
            if wish.lane != self.lane:
                self.goes_on_in = wish.lane
            elif self._is_over_its_turn() and states.somebody_waits(self.lane):
                self.goes_on_in = lane_after(self.lane)
        except DatabaseError:
            log.warning("cannot tell how far an exploration is", exc_info=True)

    def _reads(self, inquiry: Inquiry, doing: str) -> Watch:
        """Breathes while a graph is read, and ends that where nobody waits for it."""

        def watch() -> None:
            self._breathe(inquiry, doing)
            late = self.stopped_at is not None and monotonic() - self.stopped_at > GRACE_S
            if late or self._leaves():
                raise _Interrupted

        return watch

    def _progress(self, inquiry: Inquiry, doing: str, **more: int) -> dict[str, Any]:
        """Never less than was told before: the next lane begins anew, and who watches need not know."""
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

    def _used(self) -> float:
        return process_time() - self.spent

    def _is_over_its_turn(self) -> bool:
        turn = TURN_S[self.lane]
        return turn is not None and self._used() >= turn

    def _is_cut(self) -> bool:
        return self.stopped_at is not None or self._leaves()

    def _leaves(self) -> bool:
        return self.wanted_no_more or (bool(self.goes_on_in) and self.stopped_at is None)

    def _left(self) -> str:
        if self.wanted_no_more or not states.hand_over(self.row.pk, self.goes_on_in):
            return NOT_WANTED
        return self.goes_on_in

    # telling

    def _told(
        self, inquiry: Inquiry, *, complete: bool, pairs: Pairs
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Raises _Interrupted where it was stopped, and has read on for long enough since."""
        watch = self._reads(inquiry, "pairing" if pairs == "all" else "reading")
        inquiry.explorations(watch)
        verdict = inquiry.verdict(file=f"{self.row.name}.yaml", seconds=monotonic() - self.began)
        if self.telling is None or self.telling.inquiry is not inquiry:
            self.telling = Telling(inquiry)
        more = self.telling.more(verdict, complete=complete, pairs=pairs, watch=watch)
        told = verdict_to_data(verdict), more
        if not self.knew_all:
            self.known = told
        return told

    def _tell(
        self, inquiry: Inquiry, *, complete: bool = False, pairs: Pairs = "worst"
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        verdict, more = self._told(inquiry, complete=complete, pairs=pairs)
        self.told = {
            "faults": inquiry.faults,
            "pairs": pairs != "none",
            "fixes": complete,
            "findings": len(verdict["findings"]),
            "fixed": len(inquiry.fixes),
        }
        states.tell(self.row.pk, verdict, more, self._progress(inquiry, "reading"))
        return verdict, more

    def _end(self, inquiry: Inquiry) -> str:
        """All that is known by now; who is stopped and would read too long for it says what was told before."""
        self.is_ending = True
        whole = inquiry.is_exhaustive and inquiry.faults == self.row.faults
        told = None
        try:
            goes_through = whole and self.stopped_at is None
            told = self._told(inquiry, complete=goes_through, pairs="all" if goes_through else "worst")
        except _Interrupted:
            if self.wanted_no_more:
                return NOT_WANTED
        if told is None or (not whole and self.knew_all):
            told = self.known
        if told is None:
            states.give_up(self.row.pk, State.STOPPED, "It was stopped before anything was known.")
            return ENDED
        verdict, more = told
        if not verdict["exhaustive"] and self.glance is not None:
            more["glance"] = self.glance  # what one fault does is known to the end, whatever came then
        if self.stopped_at is not None:
            state, sentence = State.STOPPED, "It was stopped; what was known by then is shown."
        elif whole:
            state, sentence = State.DONE, ""
        else:
            state, sentence = State.LIMITED, self._limit(inquiry)
        states.breathe(self.row.pk, self._progress(inquiry, "done"))
        return ENDED if states.end(self.row.pk, state, verdict, more, sentence=sentence) else NOT_WANTED

    def _limit(self, inquiry: Inquiry) -> str:
        row = self.row
        if inquiry.left <= 0:
            return f"It came to its limit of {row.most_states:,} states; what was known by then is shown."
        return f"It came to its limit of {row.most_seconds:g} s; what was known by then is shown."
