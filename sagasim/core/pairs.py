"""The second layer of the matrix: the worst that can follow from two faults together.

Read from the graph of a search with at least two faults, without exploring anything anew. Worlds in
topological order carry a mask: the bits of the first cells with which they are reached by exactly one fault.
Where a second fault strikes, what follows by itself is known already (graph.py), and every first cell in the
mask makes a pair with the cell of the second. A pair has no order for the reader: whichever struck first.

Only what is *worse together* is kept: a pair that does no worse than the worse of its two cells, or than no
fault at all, says nothing that the matrix does not. Each kept pair has the plan that shows it in a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from sagasim.core.execution import run_of
from sagasim.core.faults import FaultPlan, Moment
from sagasim.core.graph import (
    HARMLESS,
    RANK,
    Watch,
    note_stuck,
    rank_of_edge,
    topological,
    unwatched,
    watched,
    worst_by_itself,
)
from sagasim.core.harms import WORST_FIRST
from sagasim.core.matrix import Place, place_of, towards
from sagasim.core.plans import orders_of, plan_of, walked
from sagasim.core.search import Search
from sagasim.core.world import Choice, World

MOST_SHOWN = 100
"""So many pairs get a plan of their own unless more are asked for: each costs a few milliseconds."""
MOST_TRIED = 4
"""So many places where a pair does its worst are tried until a run shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two cells that are worse together than each of them alone, and the run that shows it.

    `alone` is the worst that one of the two can do by itself (empty: nothing). `faults` is empty where the
    pair has no plan of its own, because there are more than MOST_SHOWN.
    """

    first: Place
    second: Place
    worst: str
    alone: str
    step: str = ""
    faults: FaultPlan = ()
    order: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """All pairs that were reached (`seen`), and those that are worse together, the worst first."""

    seen: int
    worse: tuple[Pair, ...]


class Spot(NamedTuple):
    """Where a second fault does a pair's worst: in which world, and which choice it is."""

    world: int
    following: int
    choice: Choice


def pairs_of(search: Search, *, most_shown: int = MOST_SHOWN, watch: Watch = unwatched) -> Pairs:
    """What is known so far; nothing where the search goes no further than one fault.

    Only `most_shown` get a plan, the worst first; of the others it is said that they are there. `watch` is
    called in between; what it raises ends the reading.
    """
    note_stuck(search)
    return _Reader(search, watch).read(most_shown) if search.faults > 1 else Pairs(seen=0, worse=())


def worst_of_pairs(search: Search) -> Mapping[tuple[Place, Place], str]:
    """Per pair that was reached, the worst from its second fault on; empty where nothing follows."""
    note_stuck(search)
    reader = _Reader(search)
    return {
        (reader.places[one], reader.places[other]): _harm(rank)
        for (one, other), rank in reader.ranks().items()
    }


class _Reader:
    """One graph being read. Cells go by their number in `places`, so that a mask can have a bit for each."""

    def __init__(self, search: Search, watch: Watch = unwatched) -> None:
        self.search, self.watch = search, watch
        self.order = topological(search, watch)
        self.worst = worst_by_itself(search, self.order, watch)
        self.places: list[Place] = []
        self._numbers: dict[Place, int] = {}
        self._by_choice: dict[tuple[object, ...], int] = {}
        self._alone: dict[int, int] = {}
        self.masks = self._masks()

    def read(self, most_shown: int) -> Pairs:
        ranks = self.ranks()
        worse = [pair for places, rank in ranks.items() if (pair := self._worse(*places, rank)) is not None]
        worse.sort(
            key=lambda pair: (RANK[pair.worst], self._in_words(pair.first), self._in_words(pair.second))
        )
        spots, paths = self._spots(worse[:most_shown]), Paths(self)
        shown = [
            self.shown(pair, spots.get((pair.first, pair.second), ()), paths) for pair in worse[:most_shown]
        ]
        return Pairs(seen=len(ranks), worse=(*shown, *worse[most_shown:]))

    def _worse(self, one: int, other: int, rank: int) -> Pair | None:
        alone = min(self._alone.get(one, HARMLESS), self._alone.get(other, HARMLESS), self.worst[0])
        if rank >= alone:
            return None
        first, second = sorted((self.places[one], self.places[other]), key=self._in_words)
        return Pair(first=first, second=second, worst=_harm(rank), alone=_harm(alone))

    def _in_words(self, place: Place) -> tuple[int, bool, str]:
        """Pairs are read in the order of the matrix: by step, action before undo."""
        target, undo, kind = place
        steps = self.search.bp.index
        return steps.get(target, len(steps)), undo, f"{target}:{kind}"

    # cells and masks

    def cell_of(self, choice: Choice) -> int:
        """The number of the cell that this fault belongs to."""
        same = (choice.step, choice.undo, choice.strike or choice.subject)
        cell = self._by_choice.get(same)
        if cell is None:
            place = place_of(self.search.bp, choice)
            cell = self._by_choice[same] = self._numbers.setdefault(place, len(self.places))
            if cell == len(self.places):
                self.places.append(place)
        return cell

    def _masks(self) -> list[int]:
        """Per world, a bit for each cell whose one fault leads there, and no other fault."""
        search = self.search
        masks = [0] * len(search)
        for number in watched(self.order, self.watch):
            if not search.cost[number]:
                for following, choice in search.faulty.get(number, ()):
                    cell = self.cell_of(choice)
                    masks[following] |= 1 << cell
                    rank = min(self.worst[following], rank_of_edge(search, number, following))
                    self._alone[cell] = min(rank, self._alone.get(cell, HARMLESS))
            if mask := masks[number]:
                for following in search.edges[number] or ():
                    masks[following] |= mask
        return masks

    # pairs

    def ranks(self) -> dict[tuple[int, int], int]:
        """Per pair, the lower number first, how bad the worst from its second fault on is."""
        by_second: dict[tuple[int, int], int] = {}
        for rank, cell, spot in self._seconds():
            place = (cell, rank)
            by_second[place] = by_second.get(place, 0) | self.masks[spot.world]
        ranks: dict[tuple[int, int], int] = {}
        for (second, rank), mask in by_second.items():
            for first in _bits(mask):
                pair = (first, second) if first <= second else (second, first)
                ranks[pair] = min(rank, ranks.get(pair, HARMLESS))
        return ranks

    def _seconds(self) -> Iterator[tuple[int, int, Spot]]:
        """Every second fault: how bad the worst after it is, its cell, and where it strikes."""
        search = self.search
        for number in watched(search.faulty, self.watch):
            if self.masks[number]:
                for following, choice in search.faulty[number]:
                    rank = min(self.worst[following], rank_of_edge(search, number, following))
                    yield rank, self.cell_of(choice), Spot(number, following, choice)

    def _spots(self, wanted: Iterable[Pair]) -> dict[tuple[Place, Place], list[Spot]]:
        """Per wanted pair, some places where its second fault does the worst."""
        spots: dict[tuple[Place, Place], list[Spot]] = {}
        at_second: dict[tuple[int, int], list[tuple[int, list[Spot]]]] = {}
        for pair in wanted:
            known = spots[pair.first, pair.second] = []
            one, other = self._numbers[pair.first], self._numbers[pair.second]
            for first, second in {(one, other), (other, one)}:
                at_second.setdefault((second, RANK[pair.worst]), []).append((first, known))
        for rank, second, spot in self._seconds():
            for first, known in at_second.get((second, rank), ()):
                if len(known) < MOST_TRIED and self.masks[spot.world] >> first & 1:
                    known.append(spot)
        return spots

    def shown(self, pair: Pair, spots: Iterable[Spot], paths: Paths) -> Pair:
        """The pair with the first plan that a run confirms; else with the first plan there is."""
        self.watch()
        search, first = self.search, self._numbers[pair.first]
        plans = []
        for spot in spots:
            path = paths.to(spot, self._numbers[pair.second] if self.cell_of(spot.choice) == first else first)
            walk = walked(search.kernel, path[:-1])
            step = towards(search, pair.worst, walk.world, path) if path else ""
            if step:
                plan = plan_of(search.kernel, path)
                for order in chain(((),), orders_of(search.kernel, path)):
                    told = replace(pair, step=step, faults=plan, order=order)
                    if run_of(search.bp, plan, order=order).shows(pair.worst, step):
                        return told
                    plans.append(told)
        return plans[0] if plans else pair


class Paths:
    """Ways from the start to a second fault on which exactly one fault of a certain cell has struck."""

    def __init__(self, reader: _Reader) -> None:
        self._reader, self._search = reader, reader.search
        self._before: dict[int, list[int]] = {}
        self._struck: dict[int, list[tuple[int, Choice]]] = {}
        search = self._search
        for number, edges in enumerate(search.edges):
            if reader.masks[number]:
                for following in edges or ():
                    self._before.setdefault(following, []).append(number)
            if not search.cost[number]:
                for following, choice in search.faulty.get(number, ()):
                    self._struck.setdefault(following, []).append((number, choice))

    def to(self, spot: Spot, first: int) -> list[Choice]:
        """The choices up to this second fault, itself included; empty: none was found."""
        towards: dict[int, int] = {spot.world: spot.following}
        waiting = [spot.world]
        for number in waiting:
            for start, choice in self._struck.get(number, ()):
                if self._reader.cell_of(choice) == first:
                    return self._path(start, choice, number, towards, spot)
            for before in self._before.get(number, ()):
                if before not in towards and self._reader.masks[before] >> first & 1:
                    towards[before] = number
                    waiting.append(before)
        return []

    def _path(
        self, start: int, struck: Choice, number: int, towards: Mapping[int, int], spot: Spot
    ) -> list[Choice]:
        """Follows the numbers of the worlds with worlds of its own: those of the graph stand for many."""
        kernel = self._search.kernel
        path = [*self._search.path_to(start), struck]
        world, _ = kernel.begin()
        for choice in path:
            world, _ = kernel.apply(world, choice)
        while number != spot.world:
            number = towards[number]
            onward = self._choice_to(world, number)
            if onward is None:
                return []
            world, _ = kernel.apply(world, onward)
            path.append(onward)
            for silent in self._search.unheard(world, faults_left=True):
                world, _ = kernel.apply(world, silent)
                path.append(silent)
        return [*path, self._same_here(world, spot.choice)]

    def _choice_to(self, world: World, number: int) -> Choice | None:
        search = self._search
        for choice in search.kernel.choices(world):
            after, _ = search.kernel.apply(world, choice)
            if search.number_of(after, faults_left=True) == number:
                return choice
        return None

    def _same_here(self, world: World, choice: Choice) -> Choice:
        """The same fault in this world: a world of the graph may stand for one with the instances swapped."""
        offered = list(self._search.kernel.faults(world))
        if choice in offered:
            return choice
        cell = self._reader.cell_of(choice)
        return next((other for other in offered if self._reader.cell_of(other) == cell), choice)


def _harm(rank: int) -> str:
    return WORST_FIRST[rank] if rank < HARMLESS else ""


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
