"""What is read from the graph of a search: what is stuck, how many executions there are, what is the worst.

The graph has no cycles. So `stuck` is where nothing is left to happen and no end is reached; the number of
executions and the worst that can follow come by dynamic programming over the worlds in topological order.

A large graph takes seconds to read: `watch` is called in between, and what it raises ends the reading.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator

from sagasim.core.harms import WORST_FIRST, Harm, stuck
from sagasim.core.search import Broken, Search
from sagasim.core.world import World

RANK = {harm: place for place, harm in enumerate(WORST_FIRST)}
HARMLESS = len(RANK)
STRIDE = 16_384
"""So many worlds are read between two calls of `watch`: some hundredths of a second."""

Watch = Callable[[], None]


def unwatched() -> None:
    """Nobody looks."""


def watched(numbers: Iterable[int], watch: Watch) -> Iterator[int]:
    """The same numbers, with a call of `watch` now and then."""
    for place, number in enumerate(numbers):
        if not place % STRIDE:
            watch()
        yield number


def note_stuck(search: Search) -> None:
    """A saga is stuck in a world where nothing is left to happen, and it has reached no accepted end.

    The graph has no cycles, so a world from which no end is reached leads to such a world, and to nothing else.
    """
    for number, edges in enumerate(search.edges):
        if edges is None or edges or search.is_over(number):
            continue
        for harm in stuck_at(search, search.world(number)):
            search.breaks(harm, search.cost[number], Broken(number, None, search.letters[number]))
            known = search.harmful.setdefault((number, number), [])
            if harm not in known:
                known.append(harm)


def stuck_at(search: Search, world: World) -> Iterator[Harm]:
    bp = search.bp
    for instance in world.instances:
        if not instance.mind.ended:
            yield stuck(bp, instance.mind)


def topological(search: Search, watch: Watch = unwatched) -> list[int]:
    """The worlds so that every edge leads onward (Kahn)."""
    every, faulty = search.edges, search.faulty
    degree = array("i", bytes(4 * len(search)))
    for edges in every:
        for following in edges or ():
            degree[following] += 1
    for struck in faulty.values():
        for following, _ in struck:
            degree[following] += 1
    ready = [number for number, edges_in in enumerate(degree) if not edges_in]
    order: list[int] = []
    while ready:
        if not len(order) % STRIDE:
            watch()
        number = ready.pop()
        order.append(number)
        onward = list(every[number] or ())
        if number in faulty:
            onward.extend([following for following, _ in faulty[number]])
        for following in onward:
            degree[following] -= 1
            if not degree[following]:
                ready.append(following)
    assert len(order) == len(degree), "the graph of worlds has a cycle"
    return order


def executions(search: Search, order: list[int], watch: Watch = unwatched) -> int:
    """Paths from the start to where nothing is left to happen, per number of faults used."""
    most = search.faults
    paths: dict[int, list[int]] = {0: [1] + [0] * most}
    none = [0] * (most + 1)
    total = 0
    for number in watched(order, watch):
        here = [(used, count) for used, count in enumerate(paths.pop(number)) if count]
        edges = search.edges[number]
        if not edges:
            total += sum([count for _, count in here])
        for following in edges or ():
            there = paths.get(following)
            if there is None:
                there = paths[following] = none.copy()
            for used, count in here:
                there[used] += count
        struck = search.faulty.get(number)
        if struck:
            more = [(used + 1, count) for used, count in here if used < most]
            for following, _ in struck:
                there = paths.get(following)
                if there is None:
                    there = paths[following] = none.copy()
                for used, count in more:
                    there[used] += count
    return total


def worst_by_itself(search: Search, order: list[int], watch: Watch = unwatched) -> array[int]:
    worst = array("b", [HARMLESS] * len(search))
    for number in watched(reversed(order), watch):
        least = rank_of_edge(search, number, number)
        for following in search.edges[number] or ():
            least = min(least, worst[following])
            if search.harmful:
                least = min(least, rank_of_edge(search, number, following))
        worst[number] = least
    return worst


def rank_of_edge(search: Search, number: int, following: int) -> int:
    return min((RANK[harm.harm] for harm in search.harmful.get((number, following), ())), default=HARMLESS)
