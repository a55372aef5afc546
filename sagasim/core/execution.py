"""A run: a saga executed in virtual time. And what-ifs.

A run is a pure function of (saga, coordination, fault plan, seed, order); simulation.py makes it. A what-if is the
run of a longer plan; up to the first instant at which the added fault strikes both histories are the same, entry by
entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.faults import FaultPlan, Moment
from sagasim.core.harms import Harm
from sagasim.core.history import Entry
from sagasim.core.saga import Coordination, Saga
from sagasim.core.simulation import Simulation
from sagasim.core.world import Choice, World

SERIOUS_FIRST = ("stuck", "failed", "parked", "compensated", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What happened in one run. `ledger` says how often each step's effect is there at the end.

    `harms` are in the order of their first appearance, each with the number of the entry that shows it.
    `outcome` is the most serious one where there are several instances; `outcomes` has them all.
    """

    saga: Saga
    coordination: Coordination
    seed: int
    faults: FaultPlan
    order: tuple[Moment, ...]
    struck: FaultPlan
    outcome: str
    outcomes: tuple[str, ...]
    parked: tuple[str, ...]
    ledger: Mapping[str, int]
    resources: Mapping[str, int]
    harms: tuple[tuple[Harm, int], ...]
    duration_ms: int
    messages: int
    history: tuple[Entry, ...]

    def shows(self, harm: str, step: str) -> bool:
        """Whether this run breaks that property at that step."""
        return any(found == Harm(harm, step) for found, _ in self.harms)


class Passage(NamedTuple):
    """One transition of a run: the world before it, the choice, and the numbers of the entries it wrote."""

    before: World
    choice: Choice
    seqs: tuple[int, ...]


def run(
    saga: Saga,
    coordination: Coordination,
    faults: FaultPlan = (),
    *,
    seed: int = 0,
    order: tuple[Moment, ...] = (),
) -> Run:
    """Executes the saga in virtual time. Raises BadSaga, BadExpression or BadFault, never anything else."""
    return run_of(_tables_of(_Same(saga), coordination), faults, seed=seed, order=order)


class _Same:
    """A saga as itself: the same object, not an equal one."""

    __slots__ = ("saga",)

    def __init__(self, saga: Saga) -> None:
        self.saga = saga

    def __hash__(self) -> int:
        return id(self.saga)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.saga is self.saga


@lru_cache(maxsize=32)
def _tables_of(same: _Same, coordination: Coordination) -> Blueprint:
    """Who runs a saga once often runs it again."""
    return blueprint(same.saga, coordination)


def run_of(bp: Blueprint, faults: FaultPlan = (), *, seed: int = 0, order: tuple[Moment, ...] = ()) -> Run:
    """The same for a saga whose tables are at hand."""
    simulation = Simulation(bp, faults, seed, order)
    simulation.run()
    return _told(simulation, seed, order)


def passages_of(
    bp: Blueprint, faults: FaultPlan = (), *, seed: int = 0, order: tuple[Moment, ...] = ()
) -> tuple[Run, tuple[Passage, ...], World]:
    """The run, the transitions that it is made of, and the world in which it ends."""
    simulation = Simulation(bp, faults, seed, order)
    simulation.run()
    return _told(simulation, seed, order), _passages(simulation), simulation.world


def shared_prefix(one: Run, other: Run) -> int:
    """The number of the last entry up to which two histories are the same."""
    shared = 0
    for mine, theirs in zip(one.history, other.history, strict=False):
        if mine != theirs:
            break
        shared = mine.seq
    return shared


def _told(it: Simulation, seed: int, order: tuple[Moment, ...]) -> Run:
    """The run that a simulation has come to."""
    history = it.chronicle.entries()
    seqs = it.chronicle.seqs()
    instances = it.world.instances
    outcomes = tuple(each.mind.phase if each.mind.ended else "stuck" for each in instances)
    parked = [it.bp.steps[step].name for each in instances for step in each.mind.report]
    return Run(
        saga=it.bp.saga,
        coordination=it.bp.coordination,
        seed=seed,
        faults=it.faults,
        order=order,
        struck=tuple(fault for fault in it.faults if fault in it.struck),
        outcome=min(outcomes, key=SERIOUS_FIRST.index),
        outcomes=outcomes,
        parked=tuple(dict.fromkeys(parked)),
        ledger={
            step.name: sum(each.records[number].times for each in instances)
            for number, step in enumerate(it.bp.steps)
        },
        resources=dict(zip(it.bp.resources, it.place.values, strict=True)),
        harms=tuple((harm, seqs[place]) for harm, place in it.chronicle.harms.items()),
        duration_ms=history[-1].at_ms if history else 0,
        messages=it.chronicle.messages,
        history=history,
    )


def _passages(it: Simulation) -> tuple[Passage, ...]:
    """What was taken, with the numbers that its lines have in the order of time."""
    seqs = it.chronicle.seqs()
    ends = [*[first for _, _, first in it.taken], len(seqs)][1:]
    return tuple(
        Passage(before, choice, tuple(seqs[place] for place in range(first, end)))
        for (before, choice, first), end in zip(it.taken, ends, strict=True)
    )
