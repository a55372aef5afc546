"""A search through the worlds of a saga: a 0-1 breadth-first search ordered by the number of faults.

What happens by itself costs nothing, a fault costs one, and every world is expanded once, with the fewest
faults that lead to it; so the first time a property is broken is with the fewest faults, and nothing needs
to be shrunk. The graph has no cycles: a retry that cannot work is no choice (kernel.py).

The search works in portions (`advance`), so that whoever drives it can show progress, stop it, or bound it.
exploration.py reads the graph.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint
from sagasim.core.commuting import Commuting
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import UndoCommitted
from sagasim.core.kernel import Kernel
from sagasim.core.reduction import Key, Reduction
from sagasim.core.world import Choice, World

CANDIDATES = 24
"""How many places with the fewest faults are kept, to tell the plan with the shortest text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search has come. `level` is the number of faults of the worlds that are being expanded."""

    states: int
    waiting: int
    level: int
    findings: int
    done: bool


class Broken(NamedTuple):
    """Where a property was broken: the world before, and the choice that broke it (None: it is stuck)."""

    world: int
    choice: Choice | None


class Search:
    """One search under way, and the graph that it has found.

    Worlds are numbered in the order in which they were found. Per world: the world itself, from where and by
    which choice it was first reached with the fewest faults (`parents`, `choices`, `cost`), what follows by
    itself (`edges`, None where it was not expanded) and by one more fault (`faulty`). `broken` holds, per
    harm, the fewest faults and where; `harmful` the harms done on the way from one world to another.
    """

    def __init__(
        self, bp: Blueprint, faults: int, *, kinds: Iterable[str] = EXPLORED_KINDS, commute: bool = True
    ) -> None:
        self.bp, self.faults, self.kinds = bp, faults, tuple(kinds)
        self.kernel = Kernel(bp, tidy=True, kinds=self.kinds)
        self.judge = Judge(self.kernel)
        self.reduction = Reduction(bp)
        self.commuting = Commuting(self.kernel) if commute else None
        start, _ = self.kernel.begin()
        self.numbers: dict[Key, int] = {self.reduction.key(start): 0}
        self.worlds: list[World] = [start]
        self.parents = array("i", [-1])
        self.choices: list[Choice | None] = [None]
        self.cost = array("b", [0])
        self.edges: list[array[int] | None] = [None]
        self.faulty: dict[int, list[tuple[int, Choice]]] = {}
        self.broken: dict[Harm, tuple[int, list[Broken]]] = {}
        self.harmful: dict[tuple[int, int], list[Harm]] = {}
        self.undone: set[int] = set()
        self.level = 0
        self.expanded = 0
        self.transitions = 0
        self._now: list[int] = [0]
        self._place = 0
        self._later: list[int] = []
        for harm in self.judge.at_the_start(start):
            self.breaks(harm, 0, Broken(0, None))

    def advance(self, states: int) -> Progress:
        """Expands at most this many further worlds."""
        until = self.expanded + states
        while self.expanded < until:
            if self._place == len(self._now):
                if not self._later:
                    break
                self._now, self._later, self._place = self._later, [], 0
                self.level += 1
            number = self._now[self._place]
            self._place += 1
            if self.edges[number] is None and self.cost[number] == self.level:
                self._expand(number)
        return self.progress()

    def progress(self) -> Progress:
        return Progress(
            states=len(self.worlds),
            waiting=len(self.worlds) - self.expanded,
            level=self.level,
            findings=len(self.broken),
            done=self.expanded == len(self.worlds),
        )

    def following(self, number: int) -> Iterator[int]:
        """Every world that follows at once, by itself or by a fault."""
        yield from self.edges[number] or ()
        for other, _ in self.faulty.get(number, ()):
            yield other

    def path_to(self, number: int) -> list[Choice]:
        """The choices that lead from the start to a world, with the fewest faults."""
        path: list[Choice] = []
        while (choice := self.choices[number]) is not None:
            path.append(choice)
            number = self.parents[number]
        return path[::-1]

    def breaks(self, harm: Harm, faults: int, where: Broken) -> None:
        """Notes that a property is broken there, with so many faults."""
        least, places = self.broken.get(harm, (faults, []))
        if faults < least:
            places = []
        if faults <= least and len(places) < CANDIDATES:
            places.append(where)
        self.broken[harm] = (min(least, faults), places)

    def _expand(self, number: int) -> None:
        world = self.worlds[number]
        self.expanded += 1
        choices = self.kernel.choices(world)
        faults = list(self.kernel.faults(world)) if self.level < self.faults else []
        if self.commuting is not None and (len(choices) > 1 or len(world.instances) > 1):
            choices, faults = self.commuting.enough(world, choices, faults, left=self.level < self.faults)
        self.edges[number] = array("i", [self._follow(number, world, choice, 0) for choice in choices])
        if faults:
            self.faulty[number] = [(self._follow(number, world, choice, 1), choice) for choice in faults]

    def _follow(self, number: int, world: World, choice: Choice, cost: int) -> int:
        after, events = self.kernel.apply(world, choice)
        self.transitions += 1
        harms = self.judge.harms(world, choice, events, after)
        following = self._number(after, number, choice, cost)
        for harm in harms:
            self.breaks(harm, self.level + cost, Broken(number, choice))
            known = self.harmful.setdefault((number, following), [])
            if harm not in known:
                known.append(harm)
        if choice.undo and events:
            self.undone.update(
                self.bp.index[event.step]
                for event in events
                if type(event) is UndoCommitted and event.times >= 0
            )
        return following

    def _number(self, world: World, parent: int, choice: Choice, cost: int) -> int:
        total = self.level + cost
        world = self.reduction.of(world, faults_left=total < self.faults)
        key = self.reduction.key(world)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.worlds)
            self.worlds.append(world)
            self.parents.append(parent)
            self.choices.append(choice)
            self.cost.append(total)
            self.edges.append(None)
            (self._later if cost else self._now).append(number)
        elif total < self.cost[number]:
            self.worlds[number] = world  # with several instances, the one that this path leads to
            self.parents[number], self.choices[number], self.cost[number] = parent, choice, total
            self._now.append(number)
        return number
