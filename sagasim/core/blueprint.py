"""The saga as tables of small numbers, ready to run in one coordination.

Everything that can be known before a run is looked up here once: who follows whom, which rule is in force for
which step, how long a fault for-ever lasts, who listens to which event. Steps, services, resources and events
are indexes from here on down; names come back when something is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sagasim.core.engine import Rules, rules_of
from sagasim.core.expressions import compile_expression, conjuncts, names_in
from sagasim.core.faults import FOR_EVER, Fault, parse_given
from sagasim.core.saga import Coordination, Delivery, Kind, Saga, Step

WORDS = ("done", "refused", "undone", "skipped", "undo_failed", "aborting")
"""What a participant can tell the others in choreography; the names come from `publishes`."""

Judgement = Callable[[Sequence[int]], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """Tables of one saga in one coordination; all tuples are indexed by step unless said otherwise."""

    saga: Saga
    coordination: Coordination
    rules: Rules
    steps: tuple[Step, ...]
    index: Mapping[str, int]

    after: tuple[tuple[int, ...], ...]
    descendants: tuple[tuple[int, ...], ...]
    builders: tuple[tuple[int, ...], ...]  # who builds on the effect of this step
    pivots: tuple[int, ...]
    past_pivot: tuple[bool, ...]  # comes after a pivot, in the order of this coordination

    services: tuple[str, ...]  # indexed by service
    service_of: tuple[int, ...]

    resources: tuple[str, ...]  # indexed by resource
    initial: tuple[int, ...]  # indexed by resource
    effects: tuple[tuple[tuple[int, int], ...], ...]
    undo_effects: tuple[tuple[tuple[int, int], ...], ...]
    touched: tuple[frozenset[int], ...]  # resources that the step reads or writes
    written: tuple[frozenset[int], ...]
    read: tuple[frozenset[int], ...]
    asked: tuple[frozenset[int], ...]  # resources that decide whether the step refuses
    weighed: tuple[frozenset[int], ...]  # the resources of each truth that must hold always
    refuses_when: tuple[Judgement | None, ...]
    always: tuple[tuple[str, Judgement], ...]  # indexed by invariant
    finally_: tuple[tuple[str, Judgement], ...]

    given: Mapping[tuple[int, bool], tuple[Fault, ...]]  # by (step, undo)

    # choreography
    starts: tuple[
        tuple[str, ...], ...
    ]  # the events that a step waits for (all of them); empty: starts at once
    start_bits: tuple[Mapping[str, int], ...]
    predecessors: tuple[tuple[int, ...], ...]  # whose `done` a step waits for
    successors: tuple[tuple[int, ...], ...]
    neighbourly: tuple[bool, ...]  # compensates by the neighbour rule
    listeners: Mapping[tuple[int, str], tuple[int, ...]]  # by (step, word): who gets that event as a message

    def stays(self, step: int) -> bool:
        """After a committed pivot nothing is undone."""
        return self.steps[step].kind is Kind.PIVOT or self.past_pivot[step]

    def is_undoable(self, step: int) -> bool:
        """Whether there is a compensation to call at all."""
        return self.steps[step].compensation is not None and self.steps[step].has_effect

    def attempts(self, step: int, undo: bool) -> int:
        """How many attempts the limits of the file allow."""
        retry = self.steps[step].undo_retry if undo else self.steps[step].retry
        return retry.attempts

    def reaction(self, step: int, answer: str) -> str:
        """The rule for a final answer (refused, error or silence): the step's own, else the engine's."""
        own = self.steps[step]
        match answer:
            case "refused":
                return own.on_refusal or self.rules.on_refusal
            case "error":
                return own.on_error or self.rules.on_error
            case _:
                return own.on_unknown or self.rules.on_unknown

    def has_own_reaction(self, step: int, answer: str) -> bool:
        own = self.steps[step]
        rule = {"refused": own.on_refusal, "error": own.on_error}.get(answer, own.on_unknown)
        return rule is not None

    def undo_reaction(self, step: int) -> str:
        return self.steps[step].on_undo_failure or self.rules.on_undo_failure

    def last_struck(self, step: int, undo: bool) -> int:
        """The last attempt that a fault for-ever strikes: it outlasts every bounded budget by one."""
        return self.attempts(step, undo) + 1

    def settled_attempt(self, step: int, undo: bool) -> int:
        """From this attempt on nothing new can be tried: every fault for-ever has stopped before it."""
        return self.attempts(step, undo) + 2


def blueprint(saga: Saga, coordination: Coordination) -> Blueprint:
    """Everything that can be known before a run. Raises BadSaga, BadExpression or BadFault."""
    rules = rules_of(saga)
    steps = saga.steps
    index = {step.name: number for number, step in enumerate(steps)}
    after = tuple(tuple(index[name] for name in step.after) for step in steps)
    descendants = reachable(_inverse(after))
    pivots = tuple(number for number, step in enumerate(steps) if step.kind is Kind.PIVOT)
    services = tuple(dict.fromkeys(step.service for step in steps))
    resources = saga.resource_names()
    place = {name: number for number, name in enumerate(resources)}
    starts = tuple(_starts_on(saga, step) for step in steps)
    predecessors = _predecessors(saga, starts)
    neighbourly = tuple(step.compensates_on is None for step in steps)
    successors = _inverse(predecessors)
    followers = descendants if coordination is Coordination.ORCHESTRATION else reachable(successors)
    return Blueprint(
        saga=saga,
        coordination=coordination,
        rules=rules,
        steps=steps,
        index=index,
        after=after,
        descendants=descendants,
        builders=_inverse(tuple(tuple(index[name] for name in step.builds_on) for step in steps)),
        pivots=pivots,
        past_pivot=tuple(any(number in followers[pivot] for pivot in pivots) for number in range(len(steps))),
        services=services,
        service_of=tuple(services.index(step.service) for step in steps),
        resources=resources,
        initial=tuple(saga.resources.get(name, 0) for name in resources),
        effects=tuple(_amounts(step.effects, place) for step in steps),
        undo_effects=tuple(_amounts(step.undo_adds, place) for step in steps),
        touched=tuple(
            frozenset(place[name] for name in (*step.effects, *(step.undo_effects or ()), *step.reads))
            for step in steps
        ),
        written=tuple(frozenset(place[name] for name in step.effects) for step in steps),
        read=tuple(frozenset(place[name] for name in step.reads) for step in steps),
        asked=tuple(_places(step.refuses_when, place) for step in steps),
        weighed=tuple(
            frozenset(place[name] for name in names)
            for each in saga.invariants
            if each.when == "always"
            for names in conjuncts(each.expression)
        ),
        refuses_when=tuple(
            compile_expression(step.refuses_when, resources) if step.refuses_when else None for step in steps
        ),
        always=_judgements(saga, "always", resources),
        finally_=_judgements(saga, "finally", resources),
        given=_given(saga, index),
        starts=starts,
        start_bits=tuple({name: 1 << bit for bit, name in enumerate(names)} for names in starts),
        predecessors=predecessors,
        successors=successors,
        neighbourly=neighbourly,
        listeners=_listeners(saga, predecessors, successors),
    )


def _amounts(effects: Mapping[str, int], place: Mapping[str, int]) -> tuple[tuple[int, int], ...]:
    return tuple((place[name], amount) for name, amount in effects.items())


def _places(expression: str | None, place: Mapping[str, int]) -> frozenset[int]:
    return frozenset(place[name] for name in names_in(expression)) if expression else frozenset()


def _judgements(
    saga: Saga, when: Literal["always", "finally"], resources: tuple[str, ...]
) -> tuple[tuple[str, Judgement], ...]:
    return tuple(
        (invariant.name, compile_expression(invariant.expression, resources))
        for invariant in saga.invariants
        if invariant.when == when
    )


def _inverse(table: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(number for number, others in enumerate(table) if step in others) for step in range(len(table))
    )


def reachable(nexts: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """Per step, every step that follows it, near or far, if `nexts` are those that follow at once."""
    found: list[tuple[int, ...]] = []
    for step in range(len(nexts)):
        seen: set[int] = set()
        waiting = list(nexts[step])
        while waiting:
            following = waiting.pop()
            if following not in seen:
                seen.add(following)
                waiting.extend(nexts[following])
        found.append(tuple(sorted(seen)))
    return tuple(found)


def _given(saga: Saga, index: Mapping[str, int]) -> Mapping[tuple[int, bool], tuple[Fault, ...]]:
    table: dict[tuple[int, bool], tuple[Fault, ...]] = {}
    for fault in parse_given(saga):
        if fault.target in index:
            place = (index[fault.target], fault.undo)
            table[place] = (*table.get(place, ()), fault)
            continue
        for number, step in enumerate(saga.steps):  # a service that is down for good
            if step.service == fault.target:
                for undo in (False, True):
                    down = Fault(step.name, "outage", undo, times=FOR_EVER)
                    table[number, undo] = (*table.get((number, undo), ()), down)
    return table


def _starts_on(saga: Saga, step: Step) -> tuple[str, ...]:
    """The events that a step waits for; a first step that waits for what no step publishes starts at once."""
    if step.starts_on is None:
        return tuple(dict.fromkeys(saga.step(name).publishes.done for name in step.after))
    if step.after:
        return tuple(dict.fromkeys(step.starts_on))
    published = {_event(other, word) for other in saga.steps for word in WORDS}
    return tuple(dict.fromkeys(name for name in step.starts_on if name in published))


def _event(step: Step, word: str) -> str:
    name: str = getattr(step.publishes, word)
    return name


def _predecessors(saga: Saga, starts: tuple[tuple[str, ...], ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(number for number, other in enumerate(saga.steps) if other.publishes.done in names)
        for names in starts
    )


def _listeners(
    saga: Saga,
    predecessors: tuple[tuple[int, ...], ...],
    successors: tuple[tuple[int, ...], ...],
) -> Mapping[tuple[int, str], tuple[int, ...]]:
    """Who gets which event as a message. What lets a step start comes with the publication itself."""
    table = {}
    for number, step in enumerate(saga.steps):
        for word in WORDS:
            heard: set[int] = set()
            if word != "done":
                heard.update(successors[number])
            if word not in ("done", "aborting"):
                heard.update(
                    other for other in predecessors[number] if saga.steps[other].compensates_on is None
                )
            event = _event(step, word)
            heard.update(
                other
                for other, its in enumerate(saga.steps)
                if its.compensates_on and event in its.compensates_on
            )
            heard.discard(number)
            table[number, word] = tuple(sorted(heard))
    return table


def loses_events(bp: Blueprint, step: int) -> bool:
    """Whether the broker may lose the events that this step consumes."""
    return any(
        service.name == bp.steps[step].service and service.delivery is Delivery.AT_MOST_ONCE
        for service in bp.saga.services
    )
