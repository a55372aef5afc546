"""From a path through an exploration to the plan that a run repeats: faults, moments and orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sagasim.core.faults import LANDING_KINDS, Fault, FaultPlan, Moment
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import Copy
from sagasim.core.moments import first_moments, moments_entered, ordered_moment
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice, World

Landing = dict[tuple[int, int, bool, str], int]
"""Where in the plan the fault is whose copy is still under way: by (instance, step, undo, kind)."""


def plan_of(kernel: Kernel, path: Iterable[Choice]) -> FaultPlan:
    """The faults along a path, each with the moment at which it struck, or its copy landed."""
    bp = kernel.bp
    world, _ = kernel.begin()
    faults: list[Fault] = []
    landing: Landing = {}
    current = {number: first_moments(bp, world, number) for number in range(len(world.instances))}
    for choice in path:
        number = choice.instance
        here = current[number][0] if current[number] else Moment("end")
        if choice.verb == "interrupt":
            faults.append(Fault("saga", str(choice.subject), instance=number + 1, moment=_written(here)))
        elif choice.strike is not None:
            faults.append(fault_of(bp, choice.step, choice.undo, choice.attempt, choice.strike, number + 1))
            kind = "late" if choice.strike.kind == "reordered" else choice.strike.kind
            if kind in LANDING_KINDS:
                landing[number, choice.step, choice.undo, kind] = len(faults) - 1
        elif (place := _place_of_landing(world, choice, landing)) is not None:
            faults[place] = replace(faults[place], moment=_written(here))
        before = world
        world, events = kernel.apply(world, choice)
        entered = moments_entered(bp, choice, events, before.instances[number], world.instances[number])
        if entered:
            current[number] = [_at_the_last_attempt(moment, choice, world) for moment in entered]
    return tuple(_landed(fault) for fault in faults)


def orders_of(kernel: Kernel, path: Iterable[Choice]) -> Iterator[tuple[Moment, ...]]:
    """Orders that make a run follow a path: commits only, then all but messages, then all."""
    # without attempts: what is tried again is told once more
    every = tuple(replace(moment, attempt=0) for moment in _ordered(kernel, path))
    yield tuple(moment for moment in every if moment.edge == "after")
    yield tuple(moment for moment in every if moment.edge != "heard")
    yield every


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
