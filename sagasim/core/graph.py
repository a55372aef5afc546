"""What is read from the graph of a search: what is stuck, how many executions there are, what is the worst.

`stuck` is searched backward from the accepted ends over what happens by itself; the number of executions and the
worst that can follow come by dynamic programming over the worlds in topological order.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from sagasim.core.execution import hanging_step
from sagasim.core.harms import WORST_FIRST, Harm
from sagasim.core.search import Broken, Search
from sagasim.core.world import World

RANK = {harm: place for place, harm in enumerate(WORST_FIRST)}
HARMLESS = len(RANK)


def note_stuck(search: Search) -> None:
    """A world that reaches no accepted end by itself is stuck; it is told where nothing is left."""
    fine = _reaching_an_end(search)
    for number, edges in enumerate(search.edges):
        if fine[number] or edges is None or edges:
            continue
        for harm in stuck_at(search, search.world(number)):
            search.breaks(harm, search.cost[number], Broken(number, None, search.letters[number]))
            known = search.harmful.setdefault((number, number), [])
            if harm not in known:
                known.append(harm)


def _reaching_an_end(search: Search) -> bytearray:
    """Backward from the accepted ends; a world that was not expanded is given the benefit of the doubt."""
    fine = bytearray(len(search))
    backward: dict[int, list[int]] = {}
    reached: list[int] = []
    for number, edges in enumerate(search.edges):
        if edges is None or search.is_over(number):
            fine[number] = 1
            reached.append(number)
        else:
            for following in edges:
                backward.setdefault(following, []).append(number)
    while reached:
        for before in backward.get(reached.pop(), ()):
            if not fine[before]:
                fine[before] = 1
                reached.append(before)
    return fine


def stuck_at(search: Search, world: World) -> Iterator[Harm]:
    bp = search.bp
    for instance in world.instances:
        if not instance.mind.ended:
            yield Harm("stuck", bp.steps[hanging_step(bp, instance.mind)].name)


def topological(search: Search) -> list[int]:
    """The worlds so that every edge leads onward (Kahn)."""
    degree = array("i", bytes(4 * len(search)))
    for number in range(len(degree)):
        for following in search.following(number):
            degree[following] += 1
    ready = [number for number, edges in enumerate(degree) if not edges]
    order: list[int] = []
    while ready:
        number = ready.pop()
        order.append(number)
        for following in search.following(number):
            degree[following] -= 1
            if not degree[following]:
                ready.append(following)
    assert len(order) == len(degree), "the graph of worlds has a cycle"
    return order


def executions(search: Search, order: list[int]) -> int:
    """Paths from the start to where nothing is left to happen, per number of faults used."""
    most = search.faults
    paths: dict[int, list[int]] = {0: [1] + [0] * most}
    total = 0
    for number in order:
        here = paths.pop(number)
        edges, faulty = search.edges[number], search.faulty.get(number, ())
        if not edges:
            total += sum(here)
        for following in edges or ():
            there = paths.setdefault(following, [0] * (most + 1))
            for used, count in enumerate(here):
                there[used] += count
        for following, _ in faulty:
            there = paths.setdefault(following, [0] * (most + 1))
            for used in range(most):
                there[used + 1] += here[used]
    return total


def worst_by_itself(search: Search, order: list[int]) -> array[int]:
    worst = array("b", [HARMLESS] * len(search))
    for number in reversed(order):
        least = rank_of_edge(search, number, number)
        for following in search.edges[number] or ():
            least = min(least, worst[following], rank_of_edge(search, number, following))
        worst[number] = least
    return worst


def rank_of_edge(search: Search, number: int, following: int) -> int:
    return min((RANK[harm.harm] for harm in search.harmful.get((number, following), ())), default=HARMLESS)
