"""Every fault plan up to k faults, and what is known of a saga afterwards: findings, matrix, scope.

search.py finds the graph of worlds, graph.py and matrix.py read it; here is what they say together. What is
known so far can be read at any moment of a search, and says what it does not cover.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sagasim.core.blueprint import blueprint
from sagasim.core.execution import run_of
from sagasim.core.faults import EXPLORED_KINDS, FaultPlan, Moment
from sagasim.core.graph import Watch, executions, note_stuck, topological, unwatched
from sagasim.core.harms import HARMS, Harm
from sagasim.core.matrix import Cell, matrix_of, order_for
from sagasim.core.plans import plan_of
from sagasim.core.saga import Coordination, Saga
from sagasim.core.search import Broken, Progress, Search

__all__ = [
    "MOST_STATES",
    "Cell",
    "Exploration",
    "Finding",
    "Progress",
    "Search",
    "explore",
    "finding_of",
    "harms_of",
    "reading",
]

MOST_STATES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken property with the fewest faults that break it; `order` where time would choose otherwise."""

    harm: str
    step: str
    coordination: Coordination
    faults: FaultPlan
    order: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What is known of a saga in one coordination, and how far it goes.

    exhaustive     every plan of up to `faults` faults of these kinds is covered
    unexplored     worlds that were seen but not expanded
    executions     how many different runs the states stand for (of those covered)
    undo_coverage  per step with a compensation: whether its undo ever ran with something to undo
    """

    saga: Saga
    coordination: Coordination
    faults: int
    kinds: tuple[str, ...]
    exhaustive: bool
    unexplored: int
    states: int
    transitions: int
    executions: int
    findings: tuple[Finding, ...]
    matrix: tuple[Cell, ...]
    undo_coverage: Mapping[str, bool]

    def found(self, harm: str, step: str) -> Finding | None:
        return next((each for each in self.findings if (each.harm, each.step) == (harm, step)), None)


def explore(
    saga: Saga,
    coordination: Coordination,
    faults: int = 2,
    *,
    kinds: Iterable[str] = EXPLORED_KINDS,
    most_states: int = MOST_STATES,
) -> Exploration:
    """Explores to the end or to the limit. Raises BadSaga, BadExpression or BadFault."""
    search = Search(blueprint(saga, coordination), faults, kinds=kinds)
    search.advance(most_states)
    return reading(search)


def reading(search: Search, watch: Watch = unwatched) -> Exploration:
    """What is known so far. Searching may go on afterwards, also after `watch` has ended the reading."""
    note_stuck(search)
    order = topological(search, watch)
    bp, progress = search.bp, search.progress()
    return Exploration(
        saga=bp.saga,
        coordination=bp.coordination,
        faults=search.faults,
        kinds=search.kinds,
        exhaustive=progress.done,
        unexplored=progress.waiting,
        states=progress.states,
        transitions=search.transitions,
        executions=executions(search, order, watch),
        findings=_findings(search, watch),
        matrix=tuple(matrix_of(search, order, watch)),
        undo_coverage={
            step.name: number in search.undone
            for number, step in enumerate(bp.steps)
            if bp.is_undoable(number)
        },
    )


def harms_of(search: Search) -> Mapping[Harm, int]:
    """Every harm known so far, with the fewest faults that do it; `stuck` only once nothing is waiting."""
    if search.progress().done:
        note_stuck(search)
    return {harm: faults for harm, (faults, _) in search.broken.items()}


def finding_of(search: Search, harm: Harm) -> Finding:
    """A harm that is known (harms_of), with the fewest faults that do it."""
    _, places = search.broken[harm]
    return _finding(search, harm, places)


# findings


def _findings(search: Search, watch: Watch) -> tuple[Finding, ...]:
    found = []
    for harm, (_, places) in search.broken.items():
        watch()
        found.append(_finding(search, harm, places))
    return tuple(sorted(found, key=lambda each: (len(each.faults), HARMS.index(each.harm), each.step)))


def _finding(search: Search, harm: Harm, places: list[Broken]) -> Finding:
    """The shortest text among the plans with the fewest faults that a run in time confirms."""
    paths = [[*search.path_to(where.world), *([where.choice] if where.choice else [])] for where in places]
    told = sorted(
        ((plan_of(search.kernel, path), path) for path in paths), key=lambda each: _telling(each[0])
    )
    for plan, _ in told:
        if run_of(search.bp, plan).shows(*harm):
            return _told(search, harm, plan)
    plan, path = told[0]
    return _told(search, harm, plan, order_for(search, harm, plan, path))


def _told(search: Search, harm: Harm, plan: FaultPlan, order: tuple[Moment, ...] = ()) -> Finding:
    return Finding(
        harm=harm.harm, step=harm.step, coordination=search.bp.coordination, faults=plan, order=order
    )


def _telling(plan: FaultPlan) -> tuple[int, int, tuple[str, ...]]:
    texts = tuple(str(fault) for fault in plan)
    return len(texts), sum(map(len, texts)), texts
