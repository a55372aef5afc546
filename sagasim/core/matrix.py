"""The matrix of a search: per target and kind of fault, the worst that follows from that one fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint
from sagasim.core.execution import run_of
from sagasim.core.faults import FaultPlan, Moment
from sagasim.core.graph import HARMLESS, Watch, rank_of_edge, stuck_at, unwatched, worst_by_itself
from sagasim.core.harms import WORST_FIRST, Harm
from sagasim.core.plans import Walk, orders_of
from sagasim.core.search import Search
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice, World


class Place(NamedTuple):
    """Where a cell stands in the matrix: the row is a target, its action or its undo; the column a kind."""

    target: str
    undo: bool
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the matrix: the worst that can follow from one fault of this kind on this target.

    `worst` is a harm and `step` where, or both are empty: nothing follows. `faults` (and
    `order`, where time would choose otherwise) is the run that shows it.
    """

    target: str
    undo: bool
    kind: str
    worst: str
    step: str
    faults: FaultPlan
    order: tuple[Moment, ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.target, self.undo, self.kind)


def matrix_of(search: Search, topological: list[int], watch: Watch = unwatched) -> Iterator[Cell]:
    """Per target and kind, the worst that follows when nothing else goes wrong."""
    worst = worst_by_itself(search, topological, watch)
    cells: dict[Place, tuple[int, int, Choice]] = {}
    for number, faulty in search.faulty.items():
        if search.cost[number]:
            continue
        for following, choice in faulty:
            least = min(worst[following], rank_of_edge(search, number, following))
            place = place_of(search.bp, choice)
            if place not in cells or least < cells[place][0]:
                cells[place] = (least, number, choice)
    trunk = Trunk(search)
    for (target, undo, kind), (least, number, choice) in cells.items():
        watch()
        walk = trunk.to(number)
        path = [*search.path_to(number), choice]
        walked = len(path) - 1
        harm = WORST_FIRST[least] if least < HARMLESS else ""
        step = towards(search, harm, walk.world, path) if harm else ""
        for taken in path[walked:]:
            walk.take(taken)
        plan = walk.plan()
        order = order_for(search, Harm(harm, step), plan, path) if harm else ()
        yield Cell(target=target, undo=undo, kind=kind, worst=harm, step=step, faults=plan, order=order)


def place_of(bp: Blueprint, choice: Choice) -> Place:
    """Where in the matrix a fault that is chosen belongs."""
    if choice.strike is None:
        return Place("saga", False, str(choice.subject))
    fault = fault_of(bp, choice.step, choice.undo, choice.attempt, choice.strike)
    return Place(fault.target, choice.undo, fault.kind)


class Trunk:
    """The walks to the worlds of a search; what they have in common is walked once."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._walks = {0: Walk(search.kernel)}

    def to(self, number: int) -> Walk:
        """A walk to that world, to go on with."""
        search, missing, at = self._search, [], number
        while at not in self._walks:
            missing.append(at)
            at = search.parents[at]
        for at in reversed(missing):
            walk, choice = self._walks[search.parents[at]].copy(), search.choices[at]
            assert choice is not None, "only the start has no choice that leads to it"
            for taken in (choice, *search.silent.get(at, ())):
                walk.take(taken)
            self._walks[at] = walk
        return self._walks[number].copy()


def towards(search: Search, harm: str, world: World, path: list[Choice]) -> str:
    """Takes the path's last choice in this world, and follows what happens by itself until the harm is done.

    Adds that to the path, and returns the step.
    """
    kernel = search.kernel
    waiting: list[tuple[World, list[Choice]]] = [(world, [])]
    seen: set[World] = set()
    for at, way in waiting:
        choices = [path[-1]] if not way else kernel.choices(at)
        hanging = list(stuck_at(search, at)) if not choices and harm == "stuck" else []
        if hanging:
            path[-1:] = way
            return hanging[0].step
        for choice in choices:
            after, events = kernel.apply(at, choice)
            for found in search.judge.harms(at, choice, events, after):
                if found.harm == harm:
                    path[-1:] = [*way, choice]
                    return found.step
            if after not in seen:
                seen.add(after)
                waiting.append((after, [*way, choice]))
    return ""


def order_for(search: Search, harm: Harm, plan: FaultPlan, path: list[Choice]) -> tuple[Moment, ...]:
    """The shortest order with which a run shows the harm; none where time gets there by itself."""
    order: tuple[Moment, ...] = ()
    for order in chain(((),), orders_of(search.kernel, path)):
        if run_of(search.bp, plan, order=order).shows(*harm):
            break
    return order
