"""The paths that runs of one saga take, without their times: what a transition does, and how it is told.

What follows from a world by one choice is the same in every run. So runs of one saga share what they find on
their way; simulation.py adds when it happens. What is kept is bounded, and nobody can tell whether it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from sagasim.core.beliefs import beliefs_told, believed
from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import Moment
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import (
    CommandSent,
    EventPublished,
    FaultStruck,
    HarmDone,
    HistoryEvent,
    ReplyReceived,
    StepCommitted,
    UndoCommitted,
)
from sagasim.core.kernel import Kernel
from sagasim.core.moments import first_moments, moments_entered
from sagasim.core.participant import NO_STRIKE, Strike
from sagasim.core.world import Choice, World

MOST_KEPT = 2_000
"""So many transitions of one saga are kept."""


class Told(NamedTuple):
    """One event, as it stands in every history.

    step      the step that it is about, if it is about one
    belief    what is believed of that step then
    truth     how often its effect is there, where the event changes that
    changed   the resources that change with it, and their new values
    wait_ms   how long after the transition it happens: a retry is sent later
    """

    event: HistoryEvent
    step: int | None
    belief: str
    truth: int | None
    changed: tuple[tuple[str, int], ...]
    wait_ms: int


class Way(NamedTuple):
    """What one choice leads to from one world.

    strike    the fault in force, whether it was chosen now, goes on, or is given; `struck`: it has struck
    crashed   the coordinator has died
    messages  how many messages were sent
    """

    to: Place
    told: tuple[Told, ...]
    harms: tuple[tuple[Harm, Told], ...]
    entered: list[Moment]
    strike: Strike
    struck: bool
    crashed: bool
    messages: int


class Place:
    """A world in which a run has been, and the ways that were taken from there."""

    __slots__ = ("choices", "values", "ways", "world")

    def __init__(self, world: World, values: tuple[int, ...], choices: list[Choice]) -> None:
        self.world, self.values, self.choices = world, values, choices
        self.ways: dict[Choice, Way] = {}


class Paths:
    """The places of one saga, and the ways between them."""

    def __init__(self, bp: Blueprint) -> None:
        self.bp = bp
        self.kernel = Kernel(bp)
        self.judge = Judge(self.kernel)
        self._places: dict[World, Place] = {}
        world, events = self.kernel.begin()
        self.start = self._place(world)
        self.begun = self._told(events, world, 0, self.start, self.start)
        self.first = [first_moments(bp, world, number) for number in range(len(world.instances))]
        self.harms_at_the_start = self._harms(self.judge.at_the_start(world), world, 0)
        self.messages_at_the_start = _messages(events) * len(world.instances)

    def way(self, place: Place, choice: Choice) -> Way:
        """What this choice leads to from here."""
        way = place.ways.get(choice)
        if way is None:
            way = self._explored(place, choice)
            if len(self._places) < MOST_KEPT:
                place.ways[choice] = way
        return way

    def _explored(self, place: Place, choice: Choice) -> Way:
        world, number = place.world, choice.instance
        strike = NO_STRIKE
        if choice.verb == "perform":
            strike = choice.strike or self.kernel.strike_in_force(world, number, choice.step)
        after, events = self.kernel.apply(world, choice)
        to = self._place(after)
        now = after.instances[number]
        return Way(
            to,
            self._told(events, world, number, place, to),
            self._harms(self.judge.harms(world, choice, events, after), after, number),
            moments_entered(self.bp, choice, events, world.instances[number], now),
            strike,
            any(isinstance(event, FaultStruck) for event in events),
            choice.verb == "perform" and now.mind.legs[choice.step].call == "crashed",
            _messages(events),
        )

    def _place(self, world: World) -> Place:
        place = self._places.get(world)
        if place is None:
            place = Place(world, self.kernel.values(world), self.kernel.choices(world))
            if len(self._places) < MOST_KEPT:
                self._places[world] = place
        return place

    def _told(
        self, events: Sequence[HistoryEvent], before: World, number: int, was: Place, now: Place
    ) -> tuple[Told, ...]:
        steps = [self.bp.index.get(getattr(event, "step", "")) for event in events]
        legs = before.instances[number].mind.legs, now.world.instances[number].mind.legs
        beliefs = beliefs_told(steps, events, *legs)
        changed = tuple(
            (name, value)
            for name, old, value in zip(self.bp.resources, was.values, now.values, strict=True)
            if old != value
        )
        return tuple(
            self._line(event, step, belief, changed)
            for event, step, belief in zip(events, steps, beliefs, strict=True)
        )

    def _line(
        self, event: HistoryEvent, step: int | None, belief: str, changed: tuple[tuple[str, int], ...]
    ) -> Told:
        wait_ms = 0
        if isinstance(event, CommandSent) and event.attempt > 1 and step is not None:
            own = self.bp.steps[step]
            wait_ms = (own.undo_retry if event.undo else own.retry).wait_ms(event.attempt)
        if isinstance(event, StepCommitted | UndoCommitted):
            return Told(event, step, belief, event.times, changed, wait_ms)
        return Told(event, step, belief, None, (), wait_ms)

    def _harms(self, harms: list[Harm], world: World, number: int) -> tuple[tuple[Harm, Told], ...]:
        return tuple((harm, self.harm_told(harm, world, number)) for harm in harms)

    def harm_told(self, harm: Harm, world: World, number: int) -> Told:
        """The line that tells a harm."""
        return self.line(HarmDone(*harm), world, number)

    def line(self, event: HistoryEvent, world: World, number: int) -> Told:
        """The line that tells something about a world as it is."""
        step = self.bp.index.get(getattr(event, "step", ""))
        belief = "" if step is None else believed(world.instances[number].mind.legs[step])
        return Told(event, step, belief, None, (), 0)


@lru_cache(maxsize=32)
def paths_of(bp: Blueprint) -> Paths:
    """The paths of a saga of which the tables are at hand."""
    return Paths(bp)


def _messages(events: Sequence[HistoryEvent]) -> int:
    return sum(isinstance(event, CommandSent | ReplyReceived | EventPublished) for event in events)
