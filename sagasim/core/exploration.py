"""Every fault plan up to k faults, and what is known of a saga afterwards: findings, matrix, scope.

search.py finds the graph of worlds; here it is read. `stuck` is searched backward from the accepted ends over
what happens by itself; the number of executions and the matrix come by dynamic programming. What is known
so far can be read at any moment of a search, and says what it does not cover.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sagasim.core.blueprint import blueprint
from sagasim.core.execution import hanging_step, run_of
from sagasim.core.faults import EXPLORED_KINDS, FaultPlan, Moment
from sagasim.core.harms import HARMS, WORST_FIRST, Harm
from sagasim.core.plans import orders_of, plan_of
from sagasim.core.saga import Coordination, Saga
from sagasim.core.search import Broken, Progress, Search
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice, World

__all__ = [
    "MOST_STATES",
    "Cell",
    "Exploration",
    "Finding",
    "Progress",
    "Search",
    "explore",
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


def reading(search: Search) -> Exploration:
    """What is known so far. Searching may go on afterwards."""
    _note_stuck(search)
    order = _topological(search)
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
        executions=_executions(search, order),
        findings=_findings(search),
        matrix=tuple(_matrix(search, order)),
        undo_coverage={
            step.name: number in search.undone
            for number, step in enumerate(bp.steps)
            if bp.is_undoable(number)
        },
    )


def harms_of(search: Search) -> Mapping[Harm, int]:
    """Every harm known so far, with the fewest faults that do it; `stuck` only once nothing is waiting."""
    if search.progress().done:
        _note_stuck(search)
    return {harm: faults for harm, (faults, _) in search.broken.items()}


# stuck


def _note_stuck(search: Search) -> None:
    """A world that reaches no accepted end by itself is stuck; it is told where nothing is left."""
    fine = _reaching_an_end(search)
    for number, edges in enumerate(search.edges):
        if fine[number] or edges is None or edges:
            continue
        for harm in _stuck_at(search, search.world(number)):
            search.breaks(harm, search.cost[number], Broken(number, None))
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


def _stuck_at(search: Search, world: World) -> Iterator[Harm]:
    bp = search.bp
    for instance in world.instances:
        if not instance.mind.ended:
            yield Harm("stuck", bp.steps[hanging_step(bp, instance.mind)].name)


# executions


def _topological(search: Search) -> list[int]:
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


def _executions(search: Search, order: list[int]) -> int:
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


# findings


def _findings(search: Search) -> tuple[Finding, ...]:
    found = (_finding(search, harm, places) for harm, (_, places) in search.broken.items())
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
    return _told(search, harm, plan, _order_for(search, harm, plan, path))


def _order_for(search: Search, harm: Harm, plan: FaultPlan, path: list[Choice]) -> tuple[Moment, ...]:
    """The shortest order with which a run shows the harm; none where time gets there by itself."""
    order: tuple[Moment, ...] = ()
    for order in ((), *orders_of(search.bp, path)):
        if run_of(search.bp, plan, order=order).shows(*harm):
            break
    return order


def _told(search: Search, harm: Harm, plan: FaultPlan, order: tuple[Moment, ...] = ()) -> Finding:
    return Finding(
        harm=harm.harm, step=harm.step, coordination=search.bp.coordination, faults=plan, order=order
    )


def _telling(plan: FaultPlan) -> tuple[int, int, tuple[str, ...]]:
    texts = tuple(str(fault) for fault in plan)
    return len(texts), sum(map(len, texts)), texts


# matrix

_RANK = {harm: place for place, harm in enumerate(WORST_FIRST)}
_HARMLESS = len(_RANK)


def _matrix(search: Search, topological: list[int]) -> Iterator[Cell]:
    """Per target and kind, the worst that follows when nothing else goes wrong."""
    worst = _worst_by_itself(search, topological)
    cells: dict[tuple[str, bool, str], tuple[int, int, Choice]] = {}
    for number, faulty in search.faulty.items():
        if search.cost[number]:
            continue
        for following, choice in faulty:
            least = min(worst[following], _rank_of_edge(search, number, following))
            place = _cell_of(search, choice)
            if place not in cells or least < cells[place][0]:
                cells[place] = (least, number, choice)
    for (target, undo, kind), (least, number, choice) in cells.items():
        path = [*search.path_to(number), choice]
        harm = WORST_FIRST[least] if least < _HARMLESS else ""
        step = _towards(search, harm, path) if harm else ""
        plan = plan_of(search.kernel, path)
        order = _order_for(search, Harm(harm, step), plan, path) if harm else ()
        yield Cell(target=target, undo=undo, kind=kind, worst=harm, step=step, faults=plan, order=order)


def _worst_by_itself(search: Search, order: list[int]) -> array[int]:
    worst = array("b", [_HARMLESS] * len(search))
    for number in reversed(order):
        least = _rank_of_edge(search, number, number)
        for following in search.edges[number] or ():
            least = min(least, worst[following], _rank_of_edge(search, number, following))
        worst[number] = least
    return worst


def _rank_of_edge(search: Search, number: int, following: int) -> int:
    return min((_RANK[harm.harm] for harm in search.harmful.get((number, following), ())), default=_HARMLESS)


def _cell_of(search: Search, choice: Choice) -> tuple[str, bool, str]:
    if choice.strike is None:
        return "saga", False, str(choice.subject)
    fault = fault_of(search.bp, choice.step, choice.undo, choice.attempt, choice.strike)
    return fault.target, choice.undo, fault.kind


def _towards(search: Search, harm: str, path: list[Choice]) -> str:
    """Follows what happens by itself until this harm is done; adds it to the path, returns the step."""
    kernel = search.kernel
    world, _ = kernel.begin()
    for choice in path[:-1]:
        world, _ = kernel.apply(world, choice)
    waiting: list[tuple[World, list[Choice]]] = [(world, [])]
    seen: set[World] = set()
    for at, way in waiting:
        choices = [path[-1]] if not way else kernel.choices(at)
        hanging = list(_stuck_at(search, at)) if not choices and harm == "stuck" else []
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
