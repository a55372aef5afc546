"""A run: the kernel driven by virtual time, which takes the earliest thing due. And what-ifs.

A run is a pure function of (saga, coordination, fault plan, seed, order). A call takes `takes_ms`: a
quarter of it on the way there, a quarter on the way back. What the plan says about moments is done here:
when a moment is entered, the late copy lands, the user cancels. A what-if is the run of a longer plan; up
to the first instant at which the added fault strikes both histories are the same, entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from sagasim.core import choreography
from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.choreography import Troupe
from sagasim.core.chronicle import Chronicle
from sagasim.core.faults import LANDING_KINDS, SAGA_KINDS, Fault, FaultPlan, Moment
from sagasim.core.harms import Harm
from sagasim.core.history import (
    CommandSent,
    CoordinatorCrashed,
    Entry,
    EventPublished,
    OutageEnded,
    SagaStuck,
)
from sagasim.core.ledger import IDLE, Copy, Leg
from sagasim.core.moments import is_at, matches, ordered_moment
from sagasim.core.paths import Way, paths_of
from sagasim.core.saga import Coordination, Saga
from sagasim.core.striking import strike_of
from sagasim.core.world import Choice, Mind, World

Call = tuple[int, int, bool, int]
"""A call, by its instance (from 0), step, whether it is the undo, and attempt."""

RESTART_MS = 100
"""How long a crashed coordinator takes to be back with its log."""
NEVER = 1 << 60
NEVER_ARRIVES = frozenset(
    {
        ("late", ""),
        ("reordered", ""),
        ("request-lost", ""),
        ("crash", "before"),
        ("coordinator-crash", "before"),
        ("outage", ""),
        ("outage", "once"),
    }
)
"""Strikes with which a call overtakes nothing."""

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
    return _Clock(bp, faults, seed, order).run()


def passages_of(
    bp: Blueprint, faults: FaultPlan = (), *, seed: int = 0, order: tuple[Moment, ...] = ()
) -> tuple[Run, tuple[Passage, ...], World]:
    """The run, the transitions that it is made of, and the world in which it ends."""
    clock = _Clock(bp, faults, seed, order)
    done = clock.run()
    return done, clock.passages(), clock.world


def shared_prefix(one: Run, other: Run) -> int:
    """The number of the last entry up to which two histories are the same."""
    shared = 0
    for mine, theirs in zip(one.history, other.history, strict=False):
        if mine != theirs:
            break
        shared = mine.seq
    return shared


class _Clock:
    """One run being made."""

    def __init__(self, bp: Blueprint, faults: FaultPlan, seed: int, order: tuple[Moment, ...]) -> None:
        self.bp, self.faults, self.seed, self.order = bp, faults, seed, order
        self.paths = paths_of(bp)
        self.kernel = self.paths.kernel
        self.place = self.paths.start
        self.now = 0
        self.due: dict[Choice, int] = {}
        self.sent: dict[Call, int] = {}
        self.causes: dict[Choice, int] = {}
        self.chronicle = Chronicle(self.paths.messages_at_the_start)
        self.taken: list[tuple[World, Choice, int]] = []
        self.struck: list[Fault] = []
        self.crashed: dict[Call, int] = {}
        self.resent: set[Call] = set()
        self.outages: dict[Call, str] = {}
        self.waiting = list(order)
        self.current: dict[int, list[Moment]] = {}
        for number in range(bp.saga.instances):
            group = self.chronicle.write(self.paths.begun, number, 0, -1)
            self._schedule(group)
            self._enter(number, self.paths.first[number])
        for harm, told in self.paths.harms_at_the_start:
            self.chronicle.harm(harm, told, 0, 0)

    @property
    def world(self) -> World:
        return self.place.world

    def run(self) -> Run:
        while (choice := self._next()) is not None:
            self._take(choice)
        for number, instance in enumerate(self.world.instances):
            if not instance.mind.ended:
                self._stick(number)
        return self._finished()

    # what comes next

    def _next(self) -> Choice | None:
        if not self.due:
            return None
        if not self.order:
            return min(self.due, key=self.due.__getitem__)
        return min(self.due, key=lambda choice: (self._held_back(choice), self.due[choice]))

    def _held_back(self, choice: Choice) -> int:
        """How much the order holds a choice back: not at all, as left out, until its turn, until the very last."""
        if choice.verb == "expire" and self.order:
            return 3
        moment = ordered_moment(self.bp, choice)
        if moment is None or not self.waiting:
            return 0
        places = [place for place, wanted in enumerate(self.waiting) if matches(wanted, moment)]
        if places:
            return 2 if places[0] else 0
        # an order that names what is recorded names the landings too: a copy that it leaves out lands after it
        edge = "recorded" if choice.verb == "land" else moment.edge
        return int(any(wanted.edge == edge for wanted in self.order))

    def _take(self, choice: Choice) -> None:
        at, number = self.due.pop(choice), choice.instance
        self.now = max(self.now, at if at < NEVER else self.now)
        if self.waiting:
            moment = ordered_moment(self.bp, choice)
            if moment and matches(self.waiting[0], moment):
                self.waiting.pop(0)
        taken = self._with_strike(choice) if self.faults else choice
        way = self.paths.way(self.place, taken)
        self.taken.append((self.world, taken, len(self.chronicle.lines)))
        if way.struck:
            self._note_struck(taken, way)
        group = self._write(way, number, self.causes.get(choice, -1))
        self.place = way.to
        for harm, told in way.harms:
            self.chronicle.harm(harm, told, number, self.now)
        if taken.verb == "perform" and (way.strike.kind, way.strike.edge) not in NEVER_ARRIVES:
            self._overtake(taken)
        self._schedule(group)
        self._enter(number, way.entered)

    def _write(self, way: Way, number: int, cause: int) -> tuple[int, int]:
        """Adds what has happened; a coordinator's death and an outage's end are told when they were."""
        group = self.chronicle.write(way.told, number, self.now, cause)
        self.chronicle.messages += way.messages
        if self.crashed:
            self._tell_crashes(number, group)
        if self.outages:
            self._tell_ends_of_outages(way.to.world)
        return group

    def _tell_crashes(self, number: int, group: tuple[int, int]) -> None:
        for place in range(*group):
            event = self.chronicle.lines[place].told.event
            if isinstance(event, CoordinatorCrashed):
                call = number, self.bp.index[event.step], event.undo, event.attempt
                self.chronicle.move(place, self.crashed.get(call, self.now))

    def _tell_ends_of_outages(self, world: World) -> None:
        """An outage that is not for ever ends with the call at which it began (choreography: when it is delivered)."""
        for call, service in list(self.outages.items()):
            number, step, undo, _ = call
            instance = world.instances[number]
            leg = instance.mind.legs[step] if not instance.mind.ended else IDLE
            held = leg.call == "held" and (leg.undoing == "running") == undo
            if not held and instance.strikes[step].kind != "outage":
                del self.outages[call]
                ended = OutageEnded(service, self.bp.steps[step].name)
                told = self.paths.line(ended, world, number)
                self.chronicle.write((told,), number, self.now, self.chronicle.latest(self.now))

    def _with_strike(self, choice: Choice) -> Choice:
        """The call as the plan has it struck."""
        if choice.verb != "perform":
            return choice
        leg = self.world.instances[choice.instance].mind.legs[choice.step]
        if leg.call == "held" or self.kernel.strike_in_force(self.world, choice.instance, choice.step).kind:
            return choice
        fault = self._planned(choice)
        return choice if fault is None else choice._replace(strike=strike_of(fault))

    def _planned(self, choice: Choice) -> Fault | None:
        step = self.bp.steps[choice.step]
        for fault in self.faults:
            if fault.instance != choice.instance + 1:
                continue
            if fault.kind == "outage":
                at = fault.moment
                begins = at is None or (at.step, at.undo) == (step.name, choice.undo)
                mine = fault.target == step.service and fault not in self.struck
                if mine and begins and choice.attempt == 1:
                    return fault
            elif (fault.target, fault.undo) == (step.name, choice.undo) and fault.attempt == choice.attempt:
                return fault
        return None

    def _note_struck(self, taken: Choice, way: Way) -> None:
        """Which fault of the plan it was; what it makes happen later; and that it goes on for a while."""
        if taken.strike is not None:
            fault = self._planned(taken)
            if fault is not None and fault not in self.struck:
                self.struck.append(fault)
        call = (taken.instance, taken.step, taken.undo, taken.attempt)
        strike = way.strike
        if way.crashed:
            self.crashed[call] = self.now
        if not self.kernel.orchestrated and (strike.kind == "reply-lost" or strike.edge == "after"):
            self.resent.add(call)  # the outbox sends the event again, later
        if taken.strike is not None and (strike.kind, strike.edge) == ("outage", "once"):
            self.outages[call] = self.bp.steps[taken.step].service

    # moments

    def _enter(self, number: int, entered: list[Moment]) -> None:
        if entered:
            self.current[number] = entered
        for fault in self.faults:
            if fault.kind in SAGA_KINDS and fault.instance == number + 1:
                self._interrupt_at(number, fault, entered)
        for choice, at in self.due.items():
            if (
                choice.verb == "land"
                and at == NEVER
                and choice.instance == number
                and self._lands_here(choice)
            ):
                self.due[choice] = self.now - 1  # at once, before anything else that is due now

    def _overtake(self, arrived: Choice) -> None:
        """A later call of the same step has arrived: what it has overtaken lands directly after it."""
        for choice, at in self.due.items():
            if choice.verb != "land" or at != NEVER:
                continue
            copy = choice.subject
            assert isinstance(copy, Copy)
            if copy.kind == "reordered" and (choice.instance, copy.step) == (arrived.instance, arrived.step):
                fault = self._fault_of(choice)
                if fault is None or fault.moment is None:
                    self.due[choice] = self.now

    def _is_open(self, choice: Choice) -> bool:
        """Whether the caller of this copy is still trying."""
        leg = self.world.instances[choice.instance].mind.legs[choice.step]
        return bool(leg.call) and (leg.undoing == "running") == choice.undo

    def _lands_here(self, choice: Choice) -> bool:
        fault = self._fault_of(choice)
        if fault is None or fault.moment is None or fault.kind not in LANDING_KINDS:
            return False
        here = self.current.get(choice.instance, ())
        return is_at(fault.moment, here, fault.target, fault.undo, choice.instance + 1)

    def _interrupt_at(self, number: int, fault: Fault, entered: list[Moment]) -> None:
        here = fault.moment is None or is_at(fault.moment, entered, "", False, number + 1)
        instance = self.world.instances[number]
        if (
            here
            and fault not in self.struck
            and not instance.mind.ended
            and fault.kind not in instance.interrupted
        ):
            self.struck.append(fault)
            choice = Choice("interrupt", number, subject=fault.kind)
            self.due[choice] = self.now - 1
            self.causes[choice] = self.chronicle.latest(self.now)

    def _fault_of(self, choice: Choice) -> Fault | None:
        copy = choice.subject
        assert isinstance(copy, Copy)
        name = self.bp.steps[copy.step].name
        kinds = {"second": ("duplicate",), "late": ("late", "crash")}.get(copy.kind, (copy.kind,))
        for fault in self.faults:
            mine = (fault.target, fault.undo) == (name, copy.undo) and fault.kind in kinds
            if mine and fault.strikes(copy.attempt) and fault.instance == choice.instance + 1:
                return fault
        for fault in self.bp.given.get((copy.step, copy.undo), ()):
            if fault.kind in kinds and fault.strikes(copy.attempt):
                return fault
        return None

    # time

    def _schedule(self, group: tuple[int, int]) -> None:
        """Gives everything that has become possible its time, and forgets what no longer is."""
        offered = self.place.choices
        keep = set(offered)
        deadline = self.bp.saga.deadline_ms
        if deadline is not None:
            for each, instance in enumerate(self.world.instances):
                choice = Choice("expire", each, subject="deadline")
                if not instance.mind.ended and "deadline" not in instance.interrupted:
                    keep.add(choice)
                    # an order is the time of this run: then the deadline passes when nothing else is due
                    self.due.setdefault(choice, NEVER if self.order else deadline)
                    self.causes.setdefault(choice, 0)
        for choice in [known for known in self.due if known not in keep and known.verb != "interrupt"]:
            del self.due[choice]
        for choice in offered:
            if choice not in self.due or (choice.verb == "land" and self.due[choice] == NEVER):
                self.due[choice] = self._due_at(choice)
                self.causes[choice] = self._cause(choice, group)

    def _due_at(self, choice: Choice) -> int:
        if choice.verb == "expire":
            return NEVER if self.order else max(self.now, self.bp.saga.deadline_ms or 0)
        step = self.bp.steps[choice.step]
        takes = self._takes(choice)
        leg: Leg = self.world.instances[choice.instance].mind.legs[choice.step]
        place = (choice.instance, choice.step, choice.undo, choice.attempt)
        match choice.verb:
            case "perform" if leg.call == "held":
                return self._held_until(choice, step.timeout_ms)
            case "perform":
                retry = step.undo_retry if choice.undo else step.retry
                self.sent[place] = self.now + (retry.wait_ms(choice.attempt) if choice.attempt > 1 else 0)
                return self.sent[place] + takes - takes // 4
            case "hear" if leg.call == "silence":
                return max(self.now, self.sent.get(place, self.now) + step.timeout_ms)
            case "hear" if place in self.resent:
                return self.now + takes // 4 + RESTART_MS  # the outbox sends it again, later
            case "hear" if leg.call == "crashed":
                return self.now + RESTART_MS
            case "hear":
                return self.now + takes // 4
            case "receive":
                return self.now + step.takes_ms[0] // 4
            case _:
                return self._landing_at(choice)

    def _held_until(self, choice: Choice, timeout_ms: int) -> int:
        step = self.bp.steps[choice.step].name
        for fault in self.faults:
            late = fault.kind in LANDING_KINDS and (fault.target, fault.undo) == (step, choice.undo)
            if late and fault.moment is not None and fault.instance == choice.instance + 1:
                here = is_at(
                    fault.moment, self.current.get(choice.instance, ()), step, choice.undo, fault.instance
                )
                return self.now if here else NEVER
        return self.now + timeout_ms

    def _landing_at(self, choice: Choice) -> int:
        copy = choice.subject
        assert isinstance(copy, Copy)
        if copy.kind == "abandoned":
            takes = self._takes(choice)
            sent = self.sent.get((choice.instance, copy.step, copy.undo, copy.attempt), self.now)
            return max(self.now, sent + takes - takes // 4)
        fault = self._fault_of(choice)
        if fault is not None and fault.moment is not None and fault.kind in LANDING_KINDS:
            return NEVER
        if copy.kind == "reordered" or (copy.kind == "late" and self._is_open(choice)):
            return NEVER  # without a moment: when it is overtaken, or when its caller has given up its last attempt
        return self.now + (self.bp.steps[copy.step].takes_ms[0] // 4 if copy.kind == "second" else 0)

    def _takes(self, choice: Choice) -> int:
        least, most = self.bp.steps[choice.step].takes_ms
        if least == most:
            return least
        name = (
            f"{self.seed}/{self.bp.steps[choice.step].name}/{choice.undo}/{choice.attempt}/{choice.instance}"
        )
        return least + crc32(name.encode()) % (most - least + 1)

    # history

    def _cause(self, choice: Choice, group: tuple[int, int]) -> int:
        """The entry that made this possible: the command, the publication, or what happened last."""
        first, last = group
        name = self.bp.steps[choice.step].name if choice.step >= 0 else ""
        for place in range(last - 1, first - 1, -1):
            event = self.chronicle.lines[place].told.event
            if isinstance(event, CommandSent) and choice.verb == "perform" and event.step == name:
                return place
        if choice.verb in ("perform", "receive"):
            for place in range(last - 1, first - 1, -1):
                if isinstance(self.chronicle.lines[place].told.event, EventPublished):
                    return place
        return self.chronicle.latest(self.now)

    def _stick(self, number: int) -> None:
        name = self.bp.steps[hanging_step(self.bp, self.world.instances[number].mind)].name
        told = self.paths.line(SagaStuck(name), self.world, number)
        self.chronicle.write((told,), number, self.now, self.chronicle.latest(self.now))
        harm = Harm("stuck", name)
        self.chronicle.harm(harm, self.paths.harm_told(harm, self.world, number), number, self.now)

    def passages(self) -> tuple[Passage, ...]:
        """What was taken, with the numbers that its lines have in the order of time."""
        seqs = self.chronicle.seqs()
        ends = [*[first for _, _, first in self.taken], len(seqs)][1:]
        return tuple(
            Passage(before, choice, tuple(seqs[place] for place in range(first, end)))
            for (before, choice, first), end in zip(self.taken, ends, strict=True)
        )

    def _finished(self) -> Run:
        history = self.chronicle.entries()
        seqs = self.chronicle.seqs()
        instances = self.world.instances
        outcomes = tuple(each.mind.phase if each.mind.ended else "stuck" for each in instances)
        parked = [self.bp.steps[step].name for each in instances for step in each.mind.report]
        return Run(
            saga=self.bp.saga,
            coordination=self.bp.coordination,
            seed=self.seed,
            faults=self.faults,
            order=self.order,
            struck=tuple(fault for fault in self.faults if fault in self.struck),
            outcome=min(outcomes, key=SERIOUS_FIRST.index),
            outcomes=outcomes,
            parked=tuple(dict.fromkeys(parked)),
            ledger={
                step.name: sum(each.records[number].times for each in instances)
                for number, step in enumerate(self.bp.steps)
            },
            resources=dict(zip(self.bp.resources, self.place.values, strict=True)),
            harms=tuple((harm, seqs[place]) for harm, place in self.chronicle.harms.items()),
            duration_ms=history[-1].at_ms if history else 0,
            messages=self.chronicle.messages,
            history=history,
        )


def hanging_step(bp: Blueprint, mind: Mind) -> int:
    """The step at which a stuck saga hangs: whose call is retried; in choreography see choreography.py."""
    if isinstance(mind, Troupe):
        return choreography.step_that_hangs(bp, mind)
    calls = [step for step, leg in enumerate(mind.legs) if leg.call]
    return calls[0] if calls else 0
