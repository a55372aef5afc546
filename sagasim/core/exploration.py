"""Every fault plan up to k faults, fewest faults first: states are explored, not runs.

A 0-1 breadth-first search over the worlds of kernel.py. What happens by itself costs nothing, a fault costs one,
and every world is expanded once, with the fewest faults that lead to it; so the first time a property is broken
is with the fewest faults, and nothing needs to be shrunk. The rest is read off the same graph: `stuck` by
searching backward from the accepted ends over what happens by itself, the number of executions and the matrix by
dynamic programming. The graph has no cycles: a retry that cannot work is no choice (kernel.py).

The search works in portions (`advance`), so that whoever drives it can show progress, stop it, or bound it; what
is known so far can be read at any moment (`result`), and says what it does not cover.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.commuting import Commuting
from sagasim.core.execution import hanging_step, moments_entered, run_of
from sagasim.core.faults import EXPLORED_KINDS, LANDING_KINDS, Fault, FaultPlan, Moment
from sagasim.core.harms import HARMS, WORST_FIRST, Harm, Judge
from sagasim.core.history import HistoryEvent, UndoCommitted
from sagasim.core.kernel import Choice, Kernel, World, fault_of
from sagasim.core.ledger import Copy
from sagasim.core.reduction import Reduction
from sagasim.core.saga import Coordination, Saga

MOST_STATES = 2_000_000
CANDIDATES = 24
"""How many plans of the same number of faults are compared for the shortest text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search has come. `level` is the number of faults of the worlds now being expanded."""

    states: int
    waiting: int
    level: int
    findings: int
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken property with the fewest faults that break it. `order` is needed where time would choose otherwise."""

    harm: str
    step: str
    coordination: Coordination
    faults: FaultPlan
    order: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the matrix: the worst that can follow from one fault of this kind on this target.

    `worst` is a harm, or empty: nothing can follow. `faults` is the plan that shows it.
    """

    target: str
    undo: bool
    kind: str
    worst: str
    step: str
    faults: FaultPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What is known of a saga in one coordination, and how far it goes.

    exhaustive    every plan of up to `faults` faults of these kinds is covered
    unexplored    worlds that were seen but not expanded
    executions    how many different runs the states stand for (of those covered)
    undo_coverage per step with a compensation: whether its undo ever ran with something to undo
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
    return search.result()


class Broken(NamedTuple):
    """Where a property was broken: the world before, and the choice that broke it (None: the world is stuck)."""

    world: int
    choice: Choice | None


class Search:
    """One exploration under way. Worlds are numbered in the order in which they were found."""

    def __init__(
        self, bp: Blueprint, faults: int, *, kinds: Iterable[str] = EXPLORED_KINDS, commute: bool = True
    ) -> None:
        self.bp, self.faults, self.kinds = bp, faults, tuple(kinds)
        self.kernel = Kernel(bp, tidy=True, kinds=self.kinds)
        self.judge = Judge(self.kernel)
        start, _ = self.kernel.begin()
        self.reduction = Reduction(bp)
        self.commuting = Commuting(self.kernel) if commute else None
        self.numbers: dict[World, int] = {start: 0}
        self.worlds: list[World | None] = [start]
        self.parents = array("i", [-1])
        self.choices: list[Choice | None] = [None]
        self.cost = array("b", [0])
        self.edges: list[array[int] | None] = [None]
        self.faulty: list[list[tuple[int, Choice]] | None] = [None]
        self.broken: dict[Harm, tuple[int, list[Broken]]] = {}
        self.harmful: dict[tuple[int, int], list[Harm]] = {}
        self.undone: set[int] = set()
        self.level = 0
        self.now: list[int] = [0]
        self.place = 0
        self.later: list[int] = []
        self.expanded = 0
        self.transitions = 0
        for harm in self.judge.at_the_start(start):
            self._break(harm, 0, Broken(0, None))

    # searching

    def advance(self, states: int) -> Progress:
        """Expands at most this many further worlds."""
        until = self.expanded + states
        while self.expanded < until:
            if self.place == len(self.now):
                if not self.later:
                    break
                self.now, self.later, self.place = self.later, [], 0
                self.level += 1
            number = self.now[self.place]
            self.place += 1
            if self.edges[number] is None and self.cost[number] == self.level:
                self._expand(number)
        return self.progress()

    def progress(self) -> Progress:
        waiting = sum(1 for number in (*self.now[self.place :], *self.later) if self.edges[number] is None)
        return Progress(
            states=len(self.parents),
            waiting=waiting,
            level=self.level,
            findings=len(self.broken),
            done=waiting == 0,
        )

    def _expand(self, number: int) -> None:
        world = self.worlds[number]
        assert world is not None
        self.expanded += 1
        choices = self.kernel.choices(world)
        faults = list(self.kernel.faults(world)) if self.level < self.faults else []
        if self.commuting is not None and (len(choices) > 1 or len(world.instances) > 1):
            choices, faults = self._commuted(world, choices, faults)
        self.edges[number] = array("i", [self._follow(number, world, choice, 0) for choice in choices])
        if faults:
            self.faulty[number] = [(self._follow(number, world, choice, 1), choice) for choice in faults]

    def _commuted(
        self, world: World, choices: list[Choice], faults: list[Choice]
    ) -> tuple[list[Choice], list[Choice]]:
        """The choices that are enough, where what shares nothing may happen in any order."""
        assert self.commuting is not None
        left = self.level < self.faults
        first = self.commuting.first(world, choices, faults_left=left)
        if first is not None:
            own = (first.verb, first.instance, first.step)
            return [first], [fault for fault in faults if (fault.verb, fault.instance, fault.step) == own]
        only = self.commuting.only_instance(world, choices, faults_left=left)
        if only is not None:
            return [choice for choice in choices if choice.instance == only], faults
        return choices, faults

    def _follow(self, number: int, world: World, choice: Choice, cost: int) -> int:
        after, events = self.kernel.apply(world, choice)
        self.transitions += 1
        harms = self.judge.harms(world, choice, events, after)
        following = self._number(after, number, choice, cost)
        if harms:
            self._note(number, following, choice, cost, harms)
        if events and choice.undo:
            self.undone.update(self.bp.index[e.step] for e in events if type(e) is UndoCommitted and e.times >= 0)
        return following

    def _number(self, world: World, parent: int, choice: Choice, cost: int) -> int:
        total = self.level + cost
        world = self.reduction.of(world, faults_left=total < self.faults)
        number = self.numbers.get(world)
        if number is None:
            number = self.numbers[world] = len(self.parents)
            self.worlds.append(world)
            self.parents.append(parent)
            self.choices.append(choice)
            self.cost.append(total)
            self.edges.append(None)
            self.faulty.append(None)
            (self.later if cost else self.now).append(number)
        elif total < self.cost[number]:
            self.parents[number], self.choices[number], self.cost[number] = parent, choice, total
            self.now.append(number)
        return number

    def _note(self, number: int, following: int, choice: Choice, cost: int, harms: list[Harm]) -> None:
        for harm in harms:
            self._break(harm, self.level + cost, Broken(number, choice))
        known = self.harmful.setdefault((number, following), [])
        known.extend(harm for harm in harms if harm not in known)

    def _break(self, harm: Harm, faults: int, where: Broken) -> None:
        least, places = self.broken.get(harm, (faults, []))
        if faults < least:
            places = []
        if faults <= least and len(places) < CANDIDATES:
            places.append(where)
        self.broken[harm] = (min(least, faults), places)

    # reading

    def result(self) -> Exploration:
        """What is known so far. Searching may go on afterwards."""
        waiting = self.progress().waiting
        self._find_stuck(exact=not waiting)
        order = self._topological()
        findings = sorted(
            (self._finding(harm, places) for harm, (_, places) in self.broken.items()),
            key=lambda finding: (len(finding.faults), HARMS.index(finding.harm), finding.step),
        )
        return Exploration(
            saga=self.bp.saga,
            coordination=self.bp.coordination,
            faults=self.faults,
            kinds=self.kinds,
            exhaustive=not waiting,
            unexplored=waiting,
            states=len(self.parents),
            transitions=self.transitions,
            executions=self._executions(order),
            findings=tuple(findings),
            matrix=tuple(self._matrix(order)) if self.faults else (),
            undo_coverage={
                step.name: number in self.undone
                for number, step in enumerate(self.bp.steps)
                if self.bp.is_undoable(number)
            },
        )

    def _find_stuck(self, *, exact: bool) -> None:
        """Backward from the accepted ends, over what happens by itself; what is not reached is stuck."""
        fine = bytearray(len(self.parents))
        backward: dict[int, list[int]] = {}
        ends: list[int] = []
        for number, edges in enumerate(self.edges):
            if edges is None or all(each.mind.ended for each in self._world(number).instances):
                ends.append(number)
                continue
            for following in edges:
                backward.setdefault(following, []).append(number)
        for number in ends:
            fine[number] = 1
        while ends:
            for before in backward.get(ends.pop(), ()):
                if not fine[before]:
                    fine[before] = 1
                    ends.append(before)
        self.stuck = [number for number in range(len(fine)) if not fine[number]]
        for number in self.stuck:
            edges = self.edges[number]
            if edges is not None and not edges:
                for instance in self._world(number).instances:
                    if not instance.mind.ended:
                        harm = Harm("stuck", self.bp.steps[hanging_step(self.bp, instance.mind)].name)
                        self._break(harm, self.cost[number], Broken(number, None))
                        known = self.harmful.setdefault((number, number), [])
                        if harm not in known:
                            known.append(harm)

    def _world(self, number: int) -> World:
        world = self.worlds[number]
        assert world is not None
        return world

    def _topological(self) -> list[int]:
        """The worlds so that every edge leads onward (Kahn)."""
        degree = array("i", bytes(4 * len(self.parents)))
        for number in range(len(self.parents)):
            for following in self._following(number):
                degree[following] += 1
        ready = [number for number in range(len(degree)) if degree[number] == 0]
        order: list[int] = []
        while ready:
            number = ready.pop()
            order.append(number)
            for following in self._following(number):
                degree[following] -= 1
                if not degree[following]:
                    ready.append(following)
        return order

    def _following(self, number: int) -> Iterator[int]:
        yield from self.edges[number] or ()
        for following, _ in self.faulty[number] or ():
            yield following

    def _executions(self, order: list[int]) -> int:
        """Paths from the start to where nothing is left to happen, per number of faults used."""
        paths = [[0] * (self.faults + 1) for _ in range(len(self.parents))]
        paths[0][0] = 1
        total = 0
        for number in order:
            here = paths[number]
            edges = self.edges[number]
            if not edges and not self.faulty[number]:
                total += sum(here)
                continue
            for following in edges or ():
                there = paths[following]
                for used, count in enumerate(here):
                    there[used] += count
            faulty = self.faulty[number] or ()
            for following, _ in faulty:
                there = paths[following]
                for used in range(self.faults):
                    there[used + 1] += here[used]
            if not edges:
                total += here[self.faults]
            paths[number] = []
        return total

    def _matrix(self, order: list[int]) -> Iterator[Cell]:
        """Per target and kind, the worst that follows when nothing else goes wrong."""
        rank = {harm: place for place, harm in enumerate(WORST_FIRST)}
        worst = array("b", [len(rank)] * len(self.parents))
        for number in reversed(order):
            least = min((rank[harm.harm] for harm in self.harmful.get((number, number), ())), default=len(rank))
            for following in self.edges[number] or ():
                least = min(least, worst[following])
                for harm in self.harmful.get((number, following), ()):
                    least = min(least, rank[harm.harm])
            worst[number] = least
        cells: dict[tuple[str, bool, str], tuple[int, int, int, Choice]] = {}
        for number in range(len(self.parents)):
            if self.cost[number] == 0:
                for following, choice in self.faulty[number] or ():
                    least = worst[following]
                    for harm in self.harmful.get((number, following), ()):
                        least = min(least, rank[harm.harm])
                    place = self._cell_of(choice)
                    if place not in cells or least < cells[place][0]:
                        cells[place] = (least, number, following, choice)
        for (target, undo, kind), (least, number, following, choice) in cells.items():
            yield self._cell(target, undo, kind, WORST_FIRST[least] if least < len(rank) else "", number, choice)

    def _cell_of(self, choice: Choice) -> tuple[str, bool, str]:
        if choice.verb == "interrupt":
            return "saga", False, choice.subject
        assert choice.strike is not None
        fault = fault_of(self.bp, choice.step, choice.undo, choice.attempt, choice.strike)
        return fault.target, choice.undo, fault.kind

    def _cell(self, target: str, undo: bool, kind: str, worst: str, number: int, choice: Choice) -> Cell:
        path = [*self._path(number), choice]
        step = ""
        world = self._replayed(path)
        if worst:
            step = self._towards(world, worst, path)
        return Cell(target=target, undo=undo, kind=kind, worst=worst, step=step, faults=self._plan(path))

    def _towards(self, world: World, harm: str, path: list[Choice]) -> str:
        """Follows what happens by itself to the first time this harm is done; adds it to the path."""
        waiting: list[tuple[World, list[Choice]]] = [(world, [])]
        last = self._last_harms(path)
        for found in last:
            if found.harm == harm:
                return found.step
        seen = {world}
        for at, way in waiting:
            choices = self.kernel.choices(at)
            if not choices and harm == "stuck":
                path.extend(way)
                mind = next(each.mind for each in at.instances if not each.mind.ended)
                return self.bp.steps[hanging_step(self.bp, mind)].name
            for choice in choices:
                after, events = self.kernel.apply(at, choice)
                for found in self.judge.harms(at, choice, events, after):
                    if found.harm == harm:
                        path.extend((*way, choice))
                        return found.step
                if after not in seen:
                    seen.add(after)
                    waiting.append((after, [*way, choice]))
        return ""

    def _last_harms(self, path: list[Choice]) -> list[Harm]:
        before = self._replayed(path[:-1])
        after, events = self.kernel.apply(before, path[-1])
        return self.judge.harms(before, path[-1], events, after)

    # from a path to a plan

    def _path(self, number: int) -> list[Choice]:
        """The choices that lead from the start to a world."""
        path: list[Choice] = []
        while (choice := self.choices[number]) is not None:
            path.append(choice)
            number = self.parents[number]
        return path[::-1]

    def _replayed(self, path: Iterable[Choice]) -> World:
        world, _ = self.kernel.begin()
        for choice in path:
            world, _ = self.kernel.apply(world, choice)
        return world

    def _plan(self, path: list[Choice]) -> FaultPlan:
        return plan_of(self.kernel, path)

    def _finding(self, harm: Harm, places: list[Broken]) -> Finding:
        """The shortest text among the plans with the fewest faults that a run in time confirms."""
        paths = [[*self._path(where.world), *([where.choice] if where.choice else [])] for where in places]
        told = sorted(((self._plan(path), path) for path in paths), key=lambda each: _telling(each[0]))
        for plan, _ in told:
            if run_of(self.bp, plan).shows(*harm):
                return self._told(harm, plan)
        for plan, path in told:
            for order in orders_of(self.bp, path):
                if run_of(self.bp, plan, order=order).shows(*harm):
                    return self._told(harm, plan, order)
        return self._told(harm, told[0][0], next(iter(orders_of(self.bp, told[0][1])), ()))

    def _told(self, harm: Harm, plan: FaultPlan, order: tuple[Moment, ...] = ()) -> Finding:
        return Finding(
            harm=harm.harm, step=harm.step, coordination=self.bp.coordination, faults=plan, order=order
        )


def _telling(plan: FaultPlan) -> tuple[int, int, tuple[str, ...]]:
    texts = tuple(str(fault) for fault in plan)
    return len(texts), sum(map(len, texts)), texts


def plan_of(kernel: Kernel, path: Iterable[Choice]) -> FaultPlan:
    """The faults along a path, each with the moment at which it struck or landed."""
    bp = kernel.bp
    world, _ = kernel.begin()
    faults: list[Fault] = []
    landing: dict[tuple[int, int, bool, str], int] = {}
    current = {
        number: [
            Moment("before", bp.steps[step].name, False, 1, number + 1)
            for step, leg in enumerate(instance.mind.legs)
            if leg.call == "sent"
        ]
        for number, instance in enumerate(world.instances)
    }
    for choice in path:
        number = choice.instance
        here = current[number][0] if current[number] else Moment("end")
        if choice.verb == "interrupt":
            faults.append(Fault("saga", choice.subject, instance=number + 1, moment=_plain(here)))
        elif choice.strike is not None:
            faults.append(fault_of(bp, choice.step, choice.undo, choice.attempt, choice.strike, number + 1))
            kind = "late" if choice.strike.kind == "reordered" else choice.strike.kind
            if kind in LANDING_KINDS:
                landing[number, choice.step, choice.undo, kind] = len(faults) - 1
        elif choice.verb == "land" or (choice.verb == "perform" and _is_held(world, choice)):
            place = _landing_place(choice, landing)
            if place is not None:
                faults[place] = replace(faults[place], moment=_plain(here))
        before = world
        world, events = kernel.apply(world, choice)
        entered = moments_entered(bp, choice, events, before.instances[number], world.instances[number])
        if entered:
            current[number] = entered
    return tuple(_with_moment(fault) for fault in faults)


def _is_held(world: World, choice: Choice) -> bool:
    return world.instances[choice.instance].mind.legs[choice.step].call == "held"


def _landing_place(
    choice: Choice, landing: Mapping[tuple[int, int, bool, str], int]
) -> int | None:
    if choice.verb == "perform":
        return landing.get((choice.instance, choice.step, choice.undo, "late"))
    copy: Copy = choice.subject
    kind = "duplicate" if copy.kind == "second" else copy.kind
    return landing.get((choice.instance, copy.step, copy.undo, kind))


def _plain(moment: Moment) -> Moment:
    """The moment as it is written in a fault: the first attempt needs no number, the instance is the target's."""
    if moment.edge == "end":
        return Moment("end")
    return replace(moment, attempt=moment.attempt if moment.attempt > 1 else 0, instance=1)


def _with_moment(fault: Fault) -> Fault:
    """A copy that never landed on the path (what it would do came earlier) lands at the end."""
    if fault.kind in LANDING_KINDS and fault.moment is None:
        return replace(fault, moment=Moment("end"))
    return fault


def orders_of(bp: Blueprint, path: Iterable[Choice]) -> Iterator[tuple[Moment, ...]]:
    """Orders that make a run follow a path, the shortest texts first: commits only, then everything."""
    edges = {"perform": "after", "hear": "recorded", "receive": "heard"}
    every = tuple(
        Moment(edges[choice.verb], bp.steps[choice.step].name, choice.undo, choice.attempt if choice.attempt > 1 else 0, choice.instance + 1)
        for choice in path
        if choice.verb in edges
    )
    yield tuple(moment for moment in every if moment.edge == "after")
    yield tuple(moment for moment in every if moment.edge != "heard")
    yield every
