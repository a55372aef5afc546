"""An explorer that knows no shortcut: it walks every path, merges nothing, forgets nothing, puts nothing off.

It shares the kernel and the judge with the explorer, and nothing else. What it finds within its budget is the truth
that exploration.py, reduction.py and commuting.py are held against.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sagasim.core.blueprint import Blueprint
from sagasim.core.harms import Harm, Judge, stuck
from sagasim.core.kernel import Kernel
from sagasim.core.world import World


class TooManyPaths(Exception):
    """More transitions than the budget allows; a smaller saga or fewer kinds would have been right."""


@dataclass
class Walked:
    """Per harm the fewest faults that do it, and how many different paths there are from the start to an end."""

    fewest: dict[Harm, int] = field(default_factory=dict)
    paths: int = 0

    def note(self, harm: Harm, faults: int) -> None:
        self.fewest[harm] = min(faults, self.fewest.get(harm, faults))


def walk(kernel: Kernel, faults: int, *, budget: int) -> Walked:
    """Every path with at most that many faults. Raises TooManyPaths."""
    start, _ = kernel.begin()
    return walk_from(kernel, start, faults, budget=budget, at_the_start=True)


def walk_from(
    kernel: Kernel, start: World, faults: int, *, budget: int, at_the_start: bool = False
) -> Walked:
    """The same from any world on."""
    judge, walked = Judge(kernel), Walked()
    for harm in judge.at_the_start(start) if at_the_start else ():
        walked.note(harm, 0)
    waiting = [(start, 0)]
    steps = 0
    while waiting:
        world, used = waiting.pop()
        choices = kernel.choices(world)
        struck = list(kernel.faults(world)) if used < faults else []
        steps += len(choices) + len(struck)
        if steps > budget:
            raise TooManyPaths
        for cost, offered in ((0, choices), (1, struck)):
            for choice in offered:
                after, events = kernel.apply(world, choice)
                for harm in judge.harms(world, choice, events, after):
                    walked.note(harm, used + cost)
                waiting.append((after, used + cost))
        if not choices:
            walked.paths += 1
            for harm in _stuck(kernel.bp, world):
                walked.note(harm, used)
    return walked


def _stuck(bp: Blueprint, world: World) -> Iterator[Harm]:
    """Nothing happens by itself any more, and an instance has reached no end."""
    for instance in world.instances:
        if not instance.mind.ended:
            yield stuck(bp, instance.mind)
