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
from sagasim.core.kernel import Kernel
from sagasim.core.moves import Moves
from sagasim.core.rows import RowKey, Rows, Spot
from sagasim.core.world import Choice, World

CANDIDATES = 24
"""How many places with the fewest faults are kept: those with the shortest texts, to tell the shortest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search has come. `level` is the number of faults of the worlds that are being expanded."""

    states: int
    waiting: int
    level: int
    findings: int
    done: bool


class Broken(NamedTuple):
    """Where a property was broken: the world before, and the choice that broke it (None: it is stuck).

    `letters` is how long the plan is in writing, without the moments of its landings.
    """

    world: int
    choice: Choice | None
    letters: int


class Search:
    """One search under way, and the graph that it has found.

    Worlds are numbered in the order in which they were found. Per world: the world itself (`world`), from
    where and by which choice it was first reached with the fewest faults (`parents`, `choices`, `cost`), what
    was heard after that of which nothing comes (`silent`), how
    long these are in writing (`letters`), what follows by itself (`edges`, None where it was not expanded) and
    by one more fault (`faulty`). `broken` holds, per harm, the fewest faults and where; `harmful` the harms
    done on the way from one world to another.
    """

    def __init__(
        self, bp: Blueprint, faults: int, *, kinds: Iterable[str] = EXPLORED_KINDS, commute: bool = True
    ) -> None:
        self.bp, self.faults, self.kinds = bp, faults, tuple(kinds)
        self.kernel = Kernel(bp, tidy=True, kinds=self.kinds)
        self.judge = Judge(self.kernel)
        self.moves = Moves(self.kernel, self.judge)
        self.register = self.moves.register
        self.commuting = Commuting(self.kernel) if commute else None
        self._quiets = commute and not self.kernel.orchestrated
        start, _ = self.kernel.begin()
        rows = self.register.rows(start)
        self.numbers: dict[RowKey, int] = {self.register.key(rows): 0}
        self.rows: list[Rows] = [rows]
        self.parents = array("i", [-1])
        self.choices: list[Choice | None] = [None]
        self.silent: dict[int, tuple[Choice, ...]] = {}
        self.cost = array("b", [0])
        self.letters = array("H", [0])
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
            self.breaks(harm, 0, Broken(0, None, 0))

    def __len__(self) -> int:
        return len(self.rows)

    def world(self, number: int) -> World:
        """The world of that number, in full."""
        return self.register.world(self.rows[number])

    def number_of(self, world: World, *, faults_left: bool) -> int | None:
        """The number of the world that stands for this one, if it was found."""
        rows, _ = self._quieted(self._rows_of(world, faults_left=faults_left))
        return self.numbers.get(self.register.key(rows))

    def unheard(self, world: World, *, faults_left: bool) -> tuple[Choice, ...]:
        """What is heard in this world at once because nothing comes of it."""
        return self._quieted(self._rows_of(world, faults_left=faults_left))[1]

    def _rows_of(self, world: World, *, faults_left: bool) -> Rows:
        return self.register.rows(self.register.reduction.of(world, faults_left=faults_left))

    def _quieted(self, rows: Rows) -> tuple[Rows, tuple[Choice, ...]]:
        return self.register.quieted(rows) if self._quiets else (rows, ())

    def is_over(self, number: int) -> bool:
        """Whether every saga of that world has ended."""
        return all(row.rest.over is not None for row in self.rows[number].rows)

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
            states=len(self.rows),
            waiting=len(self.rows) - self.expanded,
            level=self.level,
            findings=len(self.broken),
            done=self.expanded == len(self.rows),
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
            path.extend(reversed(self.silent.get(number, ())))
            path.append(choice)
            number = self.parents[number]
        return path[::-1]

    def breaks(self, harm: Harm, faults: int, where: Broken) -> None:
        """Notes that a property is broken there, with so many faults."""
        least, places = self.broken.get(harm, (faults, []))
        if faults < least:
            places = []
        if faults <= least:
            if len(places) < CANDIDATES:
                places.append(where)
            else:
                longest = max(range(CANDIDATES), key=lambda place: places[place].letters)
                if where.letters < places[longest].letters:
                    places[longest] = where
        self.broken[harm] = (min(least, faults), places)

    def _expand(self, number: int) -> None:
        spot = Spot(self.register, self.rows[number])
        self.expanded += 1
        left = self.level < self.faults
        choices = self.moves.choices(spot)
        faults = self.moves.faults(spot) if left else []
        if self.commuting is not None and (len(choices) > 1 or self.bp.saga.instances > 1):
            choices, faults = self.commuting.enough(spot, choices, faults, left=left)
        self.edges[number] = array("i", [self._follow(number, spot, choice, 0) for choice in choices])
        if faults:
            self.faulty[number] = [(self._follow(number, spot, choice, 1), choice) for choice in faults]

    def _follow(self, number: int, spot: Spot, choice: Choice, cost: int) -> int:
        total = self.level + cost
        rows, harms, undone = self.moves.follow(
            spot, choice, left=total < self.faults, last=bool(cost) and total == self.faults
        )
        self.transitions += 1
        rows, silent = self._quieted(rows)
        letters = self.letters[number] + (self.kernel.letters(choice) if cost else 0)
        following, is_new = self._number(rows, number, choice, total, letters)
        if is_new:
            if silent:
                self.silent[following] = silent
            else:
                self.silent.pop(following, None)
        for harm in harms:
            self.breaks(harm, total, Broken(number, choice, letters))
            known = self.harmful.setdefault((number, following), [])
            if harm not in known:
                known.append(harm)
        if undone:
            self.undone.update(undone)
        return following

    def _number(self, rows: Rows, parent: int, choice: Choice, total: int, letters: int) -> tuple[int, bool]:
        """The number of a world, and whether this is the way to it from now on."""
        key = self.register.key(rows)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.rows)
            self.rows.append(rows)
            self.parents.append(parent)
            self.choices.append(choice)
            self.cost.append(total)
            self.letters.append(letters)
            self.edges.append(None)
            (self._later if total > self.level else self._now).append(number)
        elif total < self.cost[number]:
            self.rows[number] = rows  # with several instances, the one that this path leads to
            self.parents[number], self.choices[number], self.cost[number] = parent, choice, total
            self.letters[number] = letters
            self._now.append(number)
        elif total == self.cost[number] and letters < self.letters[number] and rows == self.rows[number]:
            # as few faults, and shorter to tell; nobody comes before himself, so there is still a way to it
            self.parents[number], self.choices[number], self.letters[number] = parent, choice, letters
        else:
            return number, False
        return number, True
