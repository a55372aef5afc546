"""From a path through an exploration to the plan that a run repeats: faults, moments and orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace

from sagasim.core.faults import LANDING_KINDS, Fault, FaultPlan, Moment
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import Copy
from sagasim.core.moments import first_moments, moments_entered, ordered_moment
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice, World

Landing = dict[tuple[int, int, bool, str], int]
"""Where in the plan the fault is whose copy is still under way: by (instance, step, undo, kind)."""


class Walk:
    """A path through an exploration as far as it was walked, and the faults on it, each with its moment.

    The moment is the one at which the fault struck, or its copy landed. A copy of a walk goes on by itself.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world, _ = kernel.begin()
        self.faults: list[Fault] = []
        self.landing: Landing = {}
        numbers = range(len(self.world.instances))
        self.current = {number: first_moments(kernel.bp, self.world, number) for number in numbers}

    def copy(self) -> Walk:
        """The same walk, to go on from here in another way."""
        other = copy(self)
        other.faults, other.landing, other.current = [*self.faults], {**self.landing}, {**self.current}
        return other

    def take(self, choice: Choice) -> None:
        """Goes one choice further."""
        number = choice.instance
        here = self.current[number][0] if self.current[number] else Moment("end")
        self._note(choice, here)
        before = self.world
        self.world, events = self.kernel.apply(before, choice)
        after = self.world.instances[number]
        entered = moments_entered(self.kernel.bp, choice, events, before.instances[number], after)
        if entered:
            self.current[number] = [_at_the_last_attempt(moment, choice, self.world) for moment in entered]

    def _note(self, choice: Choice, here: Moment) -> None:
        """The fault of this choice, or that a copy lands with it."""
        number = choice.instance
        if choice.verb == "interrupt":
            self.faults.append(Fault("saga", str(choice.subject), instance=number + 1, moment=_written(here)))
        elif choice.strike is not None:
            self.faults.append(
                fault_of(self.kernel.bp, choice.step, choice.undo, choice.attempt, choice.strike, number + 1)
            )
            kind = "late" if choice.strike.kind == "reordered" else choice.strike.kind
            if kind in LANDING_KINDS:
                self.landing[number, choice.step, choice.undo, kind] = len(self.faults) - 1
        elif (place := _place_of_landing(self.world, choice, self.landing)) is not None:
            self.faults[place] = replace(self.faults[place], moment=_written(here))

    def plan(self) -> FaultPlan:
        """The faults so far, as a plan."""
        return tuple(_landed(fault) for fault in self.faults)


def plan_of(kernel: Kernel, path: Iterable[Choice]) -> FaultPlan:
    """The faults along a path, each with the moment at which it struck, or its copy landed."""
    return walked(kernel, path).plan()


def walked(kernel: Kernel, path: Iterable[Choice]) -> Walk:
    """The walk along a path."""
    walk = Walk(kernel)
    for choice in path:
        walk.take(choice)
    return walk


def orders_of(kernel: Kernel, path: Iterable[Choice]) -> Iterator[tuple[Moment, ...]]:
    """Orders that make a run follow a path: commits only, then all but messages, then all.

    At last also what is not heard until then: an event that an order does not name is heard when it arrives.
    """
    path = list(path)
    # without attempts: what is tried again is told once more
    every = tuple(replace(moment, attempt=0) for moment in _ordered(kernel, path))
    yield tuple(moment for moment in every if moment.edge == "after")
    yield tuple(moment for moment in every if moment.edge != "heard")
    yield every
    yield every + tuple(replace(moment, attempt=0) for moment in _unheard(kernel, path))


def _unheard(kernel: Kernel, path: Iterable[Choice]) -> Iterator[Moment]:
    """The events that are still on their way at the end of a path."""
    world, _ = kernel.begin()
    for choice in path:
        world, _ = kernel.apply(world, choice)
    for choice in kernel.choices(world):
        moment = ordered_moment(kernel.bp, choice) if choice.verb == "receive" else None
        if moment is not None:
            yield moment


def _ordered(kernel: Kernel, path: Iterable[Choice]) -> Iterator[Moment]:
    """What an order calls the choices of a path; attempts that were taken in one stride one by one."""
    world, _ = kernel.begin()
    for choice in path:
        world, _ = kernel.apply(world, choice)
        moment = ordered_moment(kernel.bp, choice)
        if moment is None:
            continue
        if choice.verb == "perform":
            reached = world.instances[choice.instance].mind.legs[choice.step].attempt
            for _ in range(choice.attempt, reached):
                yield moment
                yield replace(moment, edge="recorded")
        yield moment


def _at_the_last_attempt(moment: Moment, choice: Choice, world: World) -> Moment:
    """An exploration may take a fault for-ever in one stride; what lands then lands after the last attempt."""
    if choice.verb != "perform":
        return moment
    reached = world.instances[choice.instance].mind.legs[choice.step].attempt
    return replace(moment, attempt=reached) if reached > choice.attempt else moment


def _place_of_landing(
    world: World, choice: Choice, landing: Mapping[tuple[int, int, bool, str], int]
) -> int | None:
    """The fault whose copy lands by this choice; None: it is no landing, or of no fault of this path."""
    if choice.verb == "perform":
        held = world.instances[choice.instance].mind.legs[choice.step].call == "held"
        return landing.get((choice.instance, choice.step, choice.undo, "late")) if held else None
    if choice.verb != "land":
        return None
    copy = choice.subject
    assert isinstance(copy, Copy)
    kind = "duplicate" if copy.kind == "second" else copy.kind
    return landing.get((choice.instance, copy.step, copy.undo, kind))


def _written(moment: Moment) -> Moment:
    """The moment as a fault writes it: the first attempt needs no number, the instance is the target's."""
    if moment.edge == "end":
        return Moment("end")
    return replace(moment, attempt=moment.attempt if moment.attempt > 1 else 0, instance=1)


def _landed(fault: Fault) -> Fault:
    """A copy that did not land on this path lands at the end, where it changes nothing of what was found."""
    if fault.kind in LANDING_KINDS and fault.moment is None:
        return replace(fault, moment=Moment("end"))
    return fault
