"""The order in which a run is asked to happen: what must wait until its turn has come.

An order is the time of its run: it decides between all things that are due, and time between those that it leaves
out.
"""

from __future__ import annotations

from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import Moment
from sagasim.core.moments import matches, ordered_moment
from sagasim.core.world import Choice


class Order:
    """The moments of an order, and which of them are still to come."""

    def __init__(self, bp: Blueprint, moments: tuple[Moment, ...]) -> None:
        self.bp, self.is_given = bp, bool(moments)
        self._waiting = list(moments)
        self._edges = {moment.edge for moment in moments}

    def passes(self, choice: Choice) -> None:
        """This happens now."""
        if not self._waiting:
            return
        moment = ordered_moment(self.bp, choice)
        if moment and matches(self._waiting[0], moment):
            self._waiting.pop(0)

    def held_back(self, choice: Choice) -> int:
        """How much it is held back: not at all, as left out, until its turn, until the very last."""
        if choice.verb == "expire" and self.is_given:
            return 3
        moment = ordered_moment(self.bp, choice)
        if moment is None or not self._waiting:
            return 0
        places = [place for place, wanted in enumerate(self._waiting) if matches(wanted, moment)]
        if places:
            return 2 if places[0] else 0
        # an order that names what is recorded names the landings too: a copy that it leaves out lands after it
        edge = "recorded" if choice.verb == "land" else moment.edge
        return int(edge in self._edges)
