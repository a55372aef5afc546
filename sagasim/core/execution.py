"""A run: the kernel driven by virtual time, which takes the earliest thing due. And what-ifs.

A run is a pure function of (saga, coordination, fault plan, seed, order). A call takes `takes_ms`: a
quarter of it on the way there, a quarter on the way back. What the plan says about moments is done here:
when a moment is entered, the late copy lands, the user cancels. A what-if is the run of a longer plan; up
to the first instant at which the added fault strikes both histories are the same, entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

from sagasim.core import choreography
from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.choreography import Troupe
from sagasim.core.faults import LANDING_KINDS, SAGA_KINDS, Fault, FaultPlan, Moment
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import (
    AnswerRepeated,
    CallTimedOut,
    CommandSent,
    CoordinatorCrashed,
    CoordinatorRecovered,
    Entry,
    EventConsumed,
    EventPublished,
    FaultStruck,
    HarmDone,
    HistoryEvent,
    NothingChanged,
    OutcomeRecorded,
    ReplyReceived,
    RetryScheduled,
    SagaStuck,
    StepCommitted,
    StepErred,
    StepRefused,
    StepSkipped,
    UndoCommitted,
)
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import Copy, Leg
from sagasim.core.saga import Coordination, Saga
from sagasim.core.striking import strike_of
from sagasim.core.world import Choice, Instance, Mind, World

RESTART_MS = 100
"""How long a crashed coordinator takes to be back with its log."""
NEVER = 1 << 60

ARRIVED = (StepCommitted, UndoCommitted, NothingChanged, AnswerRepeated, StepRefused, StepErred)
"""A call reached its participant if one of these happened."""

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
    return run_of(blueprint(saga, coordination), faults, seed=seed, order=order)


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


ORDERED_EDGES: Mapping[str, str] = MappingProxyType(
    {"perform": "after", "hear": "recorded", "receive": "heard", "land": "landed"}
)
"""What an order can name: a commit, a recorded answer, an event that is heard, a copy that has landed."""


def ordered_moment(bp: Blueprint, choice: Choice) -> Moment | None:
    """What an order calls a choice; None: an order cannot name it."""
    if choice.verb == "interrupt":
        return Moment(str(choice.subject), "saga", instance=choice.instance + 1)
    edge = ORDERED_EDGES.get(choice.verb)
    if edge is None:
        return None
    return Moment(edge, bp.steps[choice.step].name, choice.undo, choice.attempt, choice.instance + 1)


def first_moments(bp: Blueprint, world: World, number: int) -> list[Moment]:
    """The moments at which an instance is before anything has happened: the calls that are sent."""
    legs = world.instances[number].mind.legs
    return [
        Moment("before", bp.steps[step].name, False, leg.attempt, number + 1)
        for step, leg in enumerate(legs)
        if leg.call == "sent"
    ]


def moments_entered(
    bp: Blueprint, choice: Choice, events: list[HistoryEvent], was: Instance, now: Instance
) -> list[Moment]:
    """The named moments that a transition enters, in the order of the steps."""
    number = choice.instance + 1
    if choice.verb == "perform":
        if any(isinstance(event, ARRIVED) for event in events):
            return [Moment("after", bp.steps[choice.step].name, choice.undo, choice.attempt, number)]
        return []
    found: list[Moment] = []
    if now.mind is not was.mind:
        if now.mind.ended and not was.mind.ended:
            found.append(Moment("end", instance=number))
        for step, leg in enumerate(now.mind.legs):
            before = was.mind.legs[step]
            if leg is not before and leg.call == "sent" and (leg.attempt, leg.undoing) != (
                before.attempt if before.call else 0, before.undoing,
            ):  # fmt: skip
                found.append(
                    Moment("before", bp.steps[step].name, leg.undoing == "running", leg.attempt, number)
                )
    return found


def is_at(moment: Moment, entered: Iterable[Moment], target: str, undo: bool, instance: int) -> bool:
    """Whether the moment that a fault of `target` names is one of those entered."""
    step, its_undo = (moment.step, moment.undo) if moment.step or moment.edge == "end" else (target, undo)
    return any(
        at.edge == moment.edge
        and at.step == step
        and (at.edge == "end" or at.undo == its_undo)
        and at.instance == instance
        and moment.attempt in (0, at.attempt)
        for at in entered
    )


class _Clock:
    """One run being made."""

    def __init__(self, bp: Blueprint, faults: FaultPlan, seed: int, order: tuple[Moment, ...]) -> None:
        self.bp, self.faults, self.seed, self.order = bp, faults, seed, order
        self.kernel = Kernel(bp)
        self.judge = Judge(self.kernel)
        self.world, events = self.kernel.begin()
        self.now = 0
        self.due: dict[Choice, int] = {}
        self.sent: dict[tuple[int, int, bool, int], int] = {}
        self.causes: dict[Choice, int] = {}
        self.lines: list[tuple[int, HistoryEvent, int, int, str, tuple[tuple[str, int], ...]]] = []
        self.taken: list[tuple[World, Choice, int]] = []
        self.harms: dict[Harm, int] = {}
        self.struck: list[Fault] = []
        self.crashed: dict[tuple[int, int, bool, int], int] = {}
        self.resent: set[tuple[int, int, bool, int]] = set()
        self.waiting = list(order)
        self.current: dict[int, list[Moment]] = {}
        self.values = self.kernel.values(self.world)
        for number in range(len(self.world.instances)):
            group = self._write(number, events, self.world, -1)
            self._schedule(group)
            self._enter(number, first_moments(bp, self.world, number))
        for harm in self.judge.at_the_start(self.world):
            self._harm(0, harm)

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
        return min(self.due, key=lambda choice: (self._held_back(choice), self.due[choice]))

    def _held_back(self, choice: Choice) -> int:
        """How much the order holds a choice back: not at all, as left out, until its turn, until the very last."""
        if choice.verb == "expire" and self.order:
            return 3
        moment = self._ordered(choice)
        if moment is None or not self.waiting:
            return 0
        places = [place for place, wanted in enumerate(self.waiting) if _matches(wanted, moment)]
        if places:
            return 2 if places[0] else 0
        # an order that names what is recorded names the landings too: a copy that it leaves out lands after it
        edge = "recorded" if choice.verb == "land" else moment.edge
        return int(any(wanted.edge == edge for wanted in self.order))

    def _ordered(self, choice: Choice) -> Moment | None:
        return ordered_moment(self.bp, choice)

    def _take(self, choice: Choice) -> None:
        at = self.due.pop(choice)
        self.now = max(self.now, at if at < NEVER else self.now)
        moment = self._ordered(choice)
        if moment and self.waiting and _matches(self.waiting[0], moment):
            self.waiting.pop(0)
        taken = self._with_strike(choice)
        before = self.world
        self.taken.append((before, taken, len(self.lines)))
        self.world, events = self.kernel.apply(before, taken)
        self._note_struck(taken, events)
        self._note_times(taken, events)
        number = choice.instance
        group = self._write(number, events, before, self.causes.get(choice, -1))
        for harm in self.judge.harms(before, taken, events, self.world):
            self._harm(number, harm)
        was, now = before.instances[number], self.world.instances[number]
        entered = moments_entered(self.bp, taken, events, was, now)
        self._schedule(group)
        self._enter(number, entered)

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

    def _note_times(self, taken: Choice, events: list[HistoryEvent]) -> None:
        """When a coordinator died, and which event its outbox will send again: both are told, or come, later."""
        place = (taken.instance, taken.step, taken.undo, taken.attempt)
        struck = any(isinstance(event, FaultStruck) for event in events)
        if not struck or taken.verb != "perform":
            return
        strike = taken.strike or self.kernel.strike_in_force(self.world, taken.instance, taken.step)
        if self.world.instances[taken.instance].mind.legs[taken.step].call == "crashed":
            self.crashed[place] = self.now
        if not self.kernel.orchestrated and (strike.kind == "reply-lost" or strike.edge == "after"):
            self.resent.add(place)

    def _note_struck(self, taken: Choice, events: list[HistoryEvent]) -> None:
        if taken.strike is not None and any(isinstance(event, FaultStruck) for event in events):
            fault = self._planned(taken)
            if fault is not None and fault not in self.struck:
                self.struck.append(fault)

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
            self.causes[choice] = self._latest()

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
        offered = self.kernel.choices(self.world)
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
        if copy.kind in ("late", "reordered") and self._is_open(choice):
            return NEVER  # without a moment it lands when its caller has given up its last attempt
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

    def _write(self, number: int, events: list[HistoryEvent], before: World, cause: int) -> tuple[int, int]:
        """Adds the events as lines; returns their range."""
        first = len(self.lines)
        values = self.kernel.values(self.world)
        changed = tuple(
            (name, now)
            for name, was, now in zip(self.bp.resources, self.values, values, strict=True)
            if was != now
        )
        self.values = values
        beliefs = self._beliefs(number, events, before)
        for place, (event, belief) in enumerate(zip(events, beliefs, strict=True)):
            because = cause if place == 0 else first
            takes_effect = isinstance(event, StepCommitted | UndoCommitted)
            self.lines.append(
                (self._at(event, number), event, number, because, belief, changed if takes_effect else ())
            )
        return first, len(self.lines)

    def _beliefs(self, number: int, events: list[HistoryEvent], before: World) -> list[str]:
        """What is believed of each event's step right after it: a transition is told event by event."""
        legs: tuple[Leg, ...] = before.instances[number].mind.legs
        now: tuple[Leg, ...] = self.world.instances[number].mind.legs
        known = {step: believed(leg) for step, leg in enumerate(legs)}
        told: list[str] = []
        last: dict[int, int] = {}
        for place, event in enumerate(events):
            step = self._step_of(event)
            if step is None:
                told.append("")
                continue
            retried = isinstance(event, RetryScheduled)
            known[step] = believed(now[step]) if retried else belief_after(known[step], event)
            last[step] = place
            told.append(known[step])
        for step, place in last.items():
            if not isinstance(events[place], OutcomeRecorded):
                told[place] = believed(now[step])
        return told

    def _step_of(self, event: HistoryEvent) -> int | None:
        name: str = getattr(event, "step", "")
        return self.bp.index.get(name)

    def _at(self, event: HistoryEvent, number: int) -> int:
        if isinstance(event, CoordinatorCrashed):
            place = (number, self.bp.index[event.step], event.undo, event.attempt)
            return self.crashed.get(place, self.now)
        if not isinstance(event, CommandSent) or event.attempt == 1:
            return self.now
        step = self.bp.steps[self.bp.index[event.step]]
        retry = step.undo_retry if event.undo else step.retry
        return self.now + retry.wait_ms(event.attempt)

    def _belief(self, number: int, event: HistoryEvent) -> str:
        step = self._step_of(event)
        return "" if step is None else believed(self.world.instances[number].mind.legs[step])

    def _cause(self, choice: Choice, group: tuple[int, int]) -> int:
        """The entry that made this possible: the command, the publication, or what happened last."""
        first, last = group
        name = self.bp.steps[choice.step].name if choice.step >= 0 else ""
        for place in range(last - 1, first - 1, -1):
            event = self.lines[place][1]
            if isinstance(event, CommandSent) and choice.verb == "perform" and event.step == name:
                return place
        if choice.verb in ("perform", "receive"):
            for place in range(last - 1, first - 1, -1):
                if isinstance(self.lines[place][1], EventPublished):
                    return place
        return self._latest()

    def _latest(self) -> int:
        """The last line that is not in the future: the command of a retry is written before it is sent."""
        return max((place for place, line in enumerate(self.lines) if line[0] <= self.now), default=-1)

    def _harm(self, number: int, harm: Harm) -> None:
        if harm not in self.harms:
            self.harms[harm] = len(self.lines)
            done = HarmDone(*harm)
            self.lines.append((self.now, done, number, self._latest(), self._belief(number, done), ()))

    def _stick(self, number: int) -> None:
        mind = self.world.instances[number].mind
        name = self.bp.steps[hanging_step(self.bp, mind)].name
        stuck = SagaStuck(name)
        self.lines.append((self.now, stuck, number, self._latest(), self._belief(number, stuck), ()))
        self._harm(number, Harm("stuck", name))

    def _entries(self, places: list[int], seqs: Mapping[int, int]) -> Iterator[Entry]:
        """The lines in the order of time; how often an effect is there is known only in this order."""
        truths: dict[tuple[int, int], int] = {}
        for place in places:
            at, event, number, because, belief, changed = self.lines[place]
            step = self._step_of(event)
            truth = None
            if step is not None:
                if isinstance(event, StepCommitted | UndoCommitted):
                    truths[number, step] = event.times
                truth = truths.get((number, step), 0)
            yield Entry(seqs[place], at, event, number + 1, seqs.get(because, 0), belief, truth, changed)

    def passages(self) -> tuple[Passage, ...]:
        """What was taken, with the numbers that its lines have in the order of time."""
        seqs = {place: seq for seq, place in enumerate(self._in_time(), start=1)}
        ends = [*[first for _, _, first in self.taken], len(self.lines)][1:]
        return tuple(
            Passage(before, choice, tuple(seqs[place] for place in range(first, end)))
            for (before, choice, first), end in zip(self.taken, ends, strict=True)
        )

    def _in_time(self) -> list[int]:
        return sorted(range(len(self.lines)), key=lambda place: self.lines[place][0])  # stable

    def _finished(self) -> Run:
        places = self._in_time()
        seqs = {place: seq for seq, place in enumerate(places, start=1)}
        history = tuple(self._entries(places, seqs))
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
            resources=dict(zip(self.bp.resources, self.kernel.values(self.world), strict=True)),
            harms=tuple((harm, seqs[place]) for harm, place in self.harms.items()),
            duration_ms=history[-1].at_ms if history else 0,
            messages=sum(isinstance(e.event, CommandSent | ReplyReceived | EventPublished) for e in history),
            history=history,
        )


def believed(leg: Leg) -> str:
    """The belief in one word, as the pages show it: a call in doubt reads `unknown`.

    An answer that is lost casts no doubt yet: only when the time is up does anybody know that it is missing.
    """
    if leg.undoing == "running":
        return "undoing"
    if leg.belief == "running" and leg.doubt:
        return "unknown"
    return leg.belief


def belief_after(belief: str, event: HistoryEvent) -> str:
    """What is believed of a step right after an event that is not the last one of its transition."""
    match event:
        case OutcomeRecorded():
            return event.belief
        case CommandSent(undo=True) | EventConsumed(undo=True):
            return "undoing"
        case CommandSent() | EventConsumed():
            return belief if belief == "unknown" else "running"
        case CallTimedOut(undo=False) | CoordinatorRecovered(undo=False):
            return "unknown"
        case StepSkipped():
            return "skipped"
        case _:
            return belief


def hanging_step(bp: Blueprint, mind: Mind) -> int:
    """The step at which a stuck saga hangs: whose call is retried; in choreography see choreography.py."""
    if isinstance(mind, Troupe):
        return choreography.step_that_hangs(bp, mind)
    calls = [step for step, leg in enumerate(mind.legs) if leg.call]
    return calls[0] if calls else 0


def _matches(wanted: Moment, moment: Moment) -> bool:
    return (
        (wanted.edge, wanted.step, wanted.undo, wanted.instance)
        == (moment.edge, moment.step, moment.undo, moment.instance)
        and wanted.attempt in (0, moment.attempt)
    )  # fmt: skip
