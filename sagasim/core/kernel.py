"""The one executor: a world, the choices that it offers, and what each of them does.

    choices(world)          what can happen next, faults included if they are asked for
    apply(world, choice)    the world afterwards, and the events that happened

A world is small, immutable, and hashable without its history. There is no time in it: a run takes the earliest
thing due (execution.py), an exploration takes every choice (exploration.py). Both coordinations run on it, and it
is the only place where belief (orchestration.py, choreography.py) meets truth (participant.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sagasim.core import choreography, orchestration
from sagasim.core.blueprint import Blueprint, loses_events
from sagasim.core.choreography import Message, Troupe
from sagasim.core.faults import EXPLORED_KINDS, FOR_EVER, Fault, Moment
from sagasim.core.history import (
    CopyLanded,
    EventConsumed,
    FaultStruck,
    HistoryEvent,
    LockFound,
    OutageBegan,
    SagaStarted,
    StepCommitted,
)
from sagasim.core.ledger import BLANK, Copy, Leg, Record, resources_of
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Answered, Call, Strike, perform, receive, strikes_nothing
from sagasim.core.saga import Coordination

KERNEL_VERSION = "1"
"""Part of every cache key: a stored history or verdict of another version is said to be of another version."""

Mind = Coordinator | Troupe


class Instance(NamedTuple):
    """One saga of the world: what is believed, what is true, and what is still under way.

    strikes      per step, the fault that goes on striking the call in flight
    interrupted  the faults on the saga itself that have struck
    """

    mind: Mind
    records: tuple[Record, ...]
    strikes: tuple[Strike, ...]
    copies: tuple[Copy, ...] = ()
    interrupted: tuple[str, ...] = ()


class Mark(NamedTuple):
    """Somebody read or overwrote what another instance may still take back."""

    harm: str
    actor: int
    actor_step: int
    owner: int
    owner_step: int


class World(NamedTuple):
    """All instances of a saga, the services that are down for ever, and who touched what is not settled."""

    instances: tuple[Instance, ...]
    down: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()


class Choice(NamedTuple):
    """One thing that can happen next, in instance number `instance` (from 0).

    verb      perform (a call reaches its participant), hear (its answer is heard), land (a late or second copy),
              receive (an event reaches a listener), interrupt (cancel or deadline)
    strike    perform: the new fault that strikes it, or None
    subject   land: the Copy; receive: the Message; interrupt: "cancelled" or "deadline"
    """

    verb: str
    instance: int
    step: int = -1
    undo: bool = False
    attempt: int = 0
    strike: Strike | None = None
    subject: Any = None


_T = TypeVar("_T")
Applied = tuple[World, list[HistoryEvent]]

NO_ANSWER_YET = ("sent", "held")
FINAL = ("done", "dead", "unpublished", "lost")
"""Answers after which the call is over, whatever the rules say."""
OVER = (*NO_ANSWER_YET, "", *choreography.QUIET)


class Kernel:
    """The executor of one blueprint. It holds tables and caches, never a state.

    tidy    drops copies that can change nothing any more, wherever they would land: explorations only
    kinds   the fault kinds that `faults` offers
    """

    def __init__(self, bp: Blueprint, *, tidy: bool = False, kinds: Iterable[str] = EXPLORED_KINDS) -> None:
        self.bp = bp
        self.tidy = tidy
        self.kinds = frozenset(kinds)
        self.orchestrated = bp.coordination is Coordination.ORCHESTRATION
        self.rules: Any = orchestration if self.orchestrated else choreography
        self._offers: dict[tuple[int, bool, int], tuple[Strike, ...]] = {}
        self._performed: dict[tuple[int, Record, Call, Strike], Answered] = {}
        self._locks = bp.saga.instances > 1 and any(step.safeguards.semantic_lock != "none" for step in bp.steps)
        self._shares = bp.saga.instances > 1
        self._calm = (NO_STRIKE,) * len(bp.steps)
        self.resources: Callable[[tuple[tuple[Record, ...], ...]], tuple[int, ...]] = lru_cache(maxsize=100_000)(
            lambda records: resources_of(records, bp.initial, bp.effects, bp.undo_effects)
        )

    # the beginning

    def begin(self) -> Applied:
        """The world at the start, every instance begun."""
        events: list[HistoryEvent] = [SagaStarted(self.bp.saga.name)]
        mind = self.rules.begin(self.bp, events)
        instance = Instance(mind, (BLANK,) * len(self.bp.steps), self._calm)
        return World((instance,) * self.bp.saga.instances), events

    def values(self, world: World) -> tuple[int, ...]:
        """The value of every resource, in the order of the blueprint."""
        return self.resources(tuple(instance.records for instance in world.instances))

    # what can happen

    def choices(self, world: World) -> list[Choice]:
        """Everything that happens without a further fault. Empty: the saga has ended or is stuck."""
        found: list[Choice] = []
        for number, instance in enumerate(world.instances):
            redelivered = [copy for copy in instance.copies if copy.ready and copy.kind == "redelivered"]
            if redelivered:
                copy = redelivered[0]
                return [Choice("land", number, copy.step, copy.undo, copy.attempt, None, copy)]
            for step, leg in enumerate(instance.mind.legs):
                call = leg.call
                if not call or call in choreography.QUIET:
                    continue
                undo = leg.undoing == "running"
                if call not in NO_ANSWER_YET:
                    found.append(Choice("hear", number, step, undo, leg.attempt))
                elif self._is_enabled(world, number, step):
                    found.append(Choice("perform", number, step, undo, leg.attempt))
            found.extend(
                Choice("land", number, copy.step, copy.undo, copy.attempt, None, copy)
                for copy in instance.copies
                if copy.ready
            )
            if not self.orchestrated:
                found.extend(self._deliveries(number, instance.mind))
        return found or list(self._deadlines(world))

    def faults(self, world: World) -> Iterator[Choice]:
        """Everything that could happen next as a further fault: each choice here counts as one fault."""
        for number, instance in enumerate(world.instances):
            for step, leg in enumerate(instance.mind.legs):
                if leg.call == "sent" and leg.attempt <= 2 and self._is_enabled(world, number, step):
                    yield from self._strikes(world, number, step)
            for kind in ("cancelled", "deadline"):
                if kind in self.kinds and self._may_interrupt(instance, kind):
                    yield Choice("interrupt", number, subject=kind)

    def _strikes(self, world: World, number: int, step: int) -> Iterator[Choice]:
        instance = world.instances[number]
        leg = instance.mind.legs[step]
        undo, attempt = leg.undoing == "running", leg.attempt
        if self.strike_in_force(world, number, step).kind:
            return
        call = Call(undo, attempt)
        record, own = instance.records[step], self.bp.steps[step]
        for strike in self._offered(step, undo, attempt):
            if not strikes_nothing(own, record, call, strike):
                yield Choice("perform", number, step, undo, attempt, strike)

    def _offered(self, step: int, undo: bool, attempt: int) -> tuple[Strike, ...]:
        place = (step, undo, attempt)
        if place not in self._offers:
            self._offers[place] = tuple(
                strike
                for kind in self.kinds
                if self.can_strike(step, undo, kind)
                for strike in _strikes_of(kind, undo, attempt)
            )
            self._offers[place] = tuple(sorted(self._offers[place], key=_length))
        return self._offers[place]

    def can_strike(self, step: int, undo: bool, kind: str) -> bool:
        """Whether this kind of fault exists for this call in this coordination."""
        if kind == "poisoned":
            return not self.orchestrated
        if kind == "coordinator-crash":
            return self.orchestrated
        if kind == "request-lost":
            return self.orchestrated or loses_events(self.bp, step)
        if kind == "refused" and not undo:
            return self.bp.steps[step].may_refuse
        if kind == "key-lost":
            return not self.bp.steps[step].safeguards.natural_key
        return kind not in ("cancelled", "deadline")

    def _may_interrupt(self, instance: Instance, kind: str) -> bool:
        mind, rules = instance.mind, self.bp.rules
        if mind.ended or kind in instance.interrupted:
            return False
        if kind == "deadline" and self.bp.saga.deadline_ms is None:
            return False
        if (rules.on_cancel if kind == "cancelled" else rules.on_deadline) == "ignore":
            return False
        if self.orchestrated:
            return mind.phase == "forward" and not any(mind.legs[pivot].belief == "done" for pivot in self.bp.pivots)
        return bool(self.rules.interrupt(self.bp, mind, kind, []) != mind)

    def _deadlines(self, world: World) -> Iterator[Choice]:
        """Nothing else is due and no end is reached: now the deadline passes by itself."""
        for number, instance in enumerate(world.instances):
            if self._may_interrupt(instance, "deadline"):
                yield Choice("interrupt", number, subject="deadline")

    def _deliveries(self, number: int, mind: Mind) -> Iterator[Choice]:
        assert isinstance(mind, Troupe)
        seen: set[tuple[int, int]] = set()
        for message in mind.bus:
            lane = (message.publisher, message.listener)
            if lane not in seen:
                seen.add(lane)
                yield Choice("receive", number, message.listener, subject=message)

    def _is_enabled(self, world: World, number: int, step: int) -> bool:
        leg = world.instances[number].mind.legs[step]
        if self._locks and not leg.undoing:
            lock = self.lock_on(world, number, step)
            if lock and lock[1] == "wait":
                return False
        if leg.attempt >= self.bp.settled_attempt(step, bool(leg.undoing)):
            return not self._spins(world, number, step)
        return True

    def _spins(self, world: World, number: int, step: int) -> bool:
        """Whether one more attempt would only lead back to this attempt: a retry that cannot work."""
        mind = world.instances[number].mind
        after = self._perform(world, Choice("perform", number, step), [])
        leg = after.instances[number].mind.legs[step]
        if leg.call in OVER:
            return False
        again = self.rules.hear(self.bp, after.instances[number].mind, step, leg.call, [])
        return bool(again.legs[step] == mind.legs[step])

    # what it does

    def apply(self, world: World, choice: Choice) -> Applied:
        """The world after one choice, and what happened. All events are those of `choice.instance`."""
        events: list[HistoryEvent] = []
        match choice.verb:
            case "perform":
                now = self._perform(world, choice, events)
            case "hear":
                now = self._hear(world, choice, events)
            case "land":
                now = self._land(world, choice, events)
            case "receive":
                instance = world.instances[choice.instance]
                mind = self.rules.receive(self.bp, instance.mind, choice.subject, events)
                now = _with(world, choice.instance, instance._replace(mind=mind))
            case _:
                instance = world.instances[choice.instance]
                mind = self.rules.interrupt(self.bp, instance.mind, choice.subject, events)
                interrupted = tuple(sorted((*instance.interrupted, choice.subject)))
                now = _with(world, choice.instance, self._followed(instance, mind, interrupted=interrupted))
        return self._settled(now, choice.instance), events

    def strike_in_force(self, world: World, number: int, step: int) -> Strike:
        """The fault that strikes the open call of a step without being chosen now: it goes on, or is given."""
        instance = world.instances[number]
        going_on = instance.strikes[step]
        if going_on.kind:
            return going_on
        leg, service = instance.mind.legs[step], self.bp.service_of[step]
        undo = leg.undoing == "running"
        if service in world.down and leg.attempt <= self.bp.last_struck(step, undo):
            return Strike("outage", "", FOR_EVER)
        for other in world.instances:
            for its, strike in enumerate(other.strikes):
                if strike.kind == "outage" and self.bp.service_of[its] == service:
                    return Strike("outage", "once")
        given = self.bp.given_at(step, undo, leg.attempt)
        return strike_of(given) if given else NO_STRIKE

    def _perform(self, world: World, choice: Choice, events: list[HistoryEvent]) -> World:
        number, step = choice.instance, choice.step
        instance = world.instances[number]
        leg, record = instance.mind.legs[step], instance.records[step]
        undo = leg.undoing == "running"
        strike = choice.strike or self.strike_in_force(world, number, step)
        call = Call(undo, leg.attempt, "" if undo else self._refusal(world, number, step, events))
        if leg.call == "held":
            strike = NO_STRIKE
        elif strike.kind:
            if not self.can_strike(step, undo, strike.kind) or strikes_nothing(
                self.bp.steps[step], record, call, strike
            ):
                strike = NO_STRIKE
            else:
                events.append(FaultStruck(self._text(step, undo, leg.attempt, strike), *self._place(step, leg)))
        if not self.orchestrated:
            events.append(EventConsumed(*self._place(step, leg)))
        answered = self._answered(step, record, call, strike)
        events.extend(answered.events)
        now = self._struck(world, choice, strike, answered.answer, events)
        instance = now.instances[number]
        if self.tidy and answered.answer in FINAL:  # how often it was tried makes no difference any more
            heard = Leg(leg.belief, answered.answer, 1, False, leg.undoing)
        else:
            attempt = self._attempt_reached(step, call, strike)
            heard = Leg(leg.belief, answered.answer, attempt, leg.doubt, leg.undoing)
        mind = instance.mind._replace(legs=_put(instance.mind.legs, step, heard))
        copies = instance.copies
        if answered.copy:
            ready = answered.copy == "second"
            copies = _with_copy(copies, Copy(step, undo, leg.attempt, answered.copy, ready))
        records = instance.records if answered.record is record else _put(instance.records, step, answered.record)
        now = _with(now, number, instance._replace(mind=mind, records=records, copies=copies))
        if self._shares and answered.record is not record:
            now = self._marked(now, number, step)
        return now

    def _attempt_reached(self, step: int, call: Call, strike: Strike) -> int:
        """Explorations: a fault for-ever that leaves nothing more behind each time is over at the last attempt."""
        if not self.tidy or not strike.kind or strike.times != FOR_EVER:
            return call.attempt
        if strike.kind in ("reply-lost", "error-after", "crash", "coordinator-crash"):
            if not self.bp.steps[step].safeguards.idempotent:
                return call.attempt
        return max(call.attempt, self.bp.attempts(step, call.undo))

    def _place(self, step: int, leg: Any) -> tuple[str, bool, int]:
        return self.bp.steps[step].name, leg.undoing == "running", leg.attempt

    def _answered(self, step: int, record: Record, call: Call, strike: Strike) -> Answered:
        place = (step, record, call, strike)
        answered = self._performed.get(place)
        if answered is None:
            answered = perform(self.bp.steps[step], record, call, strike)
            if self.tidy and answered.copy == "reordered":
                answered = answered._replace(copy="late")  # the same copy under another name
            if strike.kind == "crash" and strike.edge == "before":
                answered = answered._replace(copy="redelivered")
            if not self.orchestrated:
                unharmed = perform(self.bp.steps[step], record, call).answer
                answered = self._as_event(step, answered, strike, unharmed)
            self._performed[place] = answered
        return answered

    def _as_event(self, step: int, answered: Answered, strike: Strike, unharmed: str) -> Answered:
        """What the same fault means where a participant consumes an event and publishes another."""
        kind, edge, _ = strike
        guards = self.bp.steps[step].safeguards
        if kind in ("late", "reordered") or (kind == "crash" and edge == "before"):
            return answered._replace(answer="held", copy="")
        if kind == "outage":
            lost = loses_events(self.bp, step)
            return answered._replace(answer="lost" if lost else "dead" if edge != "once" else "held")
        if kind == "request-lost":
            return answered._replace(answer="lost")
        if kind == "reply-lost" or (kind == "crash" and edge == "after"):
            lost = unharmed == "done" and not guards.outbox
            return answered._replace(answer="unpublished" if lost else unharmed)
        if kind == "error-after" and answered.answer == "error":
            if guards.idempotent and not guards.outbox:
                return answered._replace(answer="unpublished")  # the redelivery is deduplicated, and nothing more
            if guards.idempotent and self.tidy:
                return answered._replace(answer="done")  # redelivered, deduplicated, published again
            return answered._replace(answer="again")
        return answered

    def _struck(
        self, world: World, choice: Choice, strike: Strike, answer: str, events: list[HistoryEvent]
    ) -> World:
        """The world in which this fault goes on striking, as long as its text says."""
        number, step = choice.instance, choice.step
        kind, edge, times = strike
        if not kind:
            return world
        if kind == "outage" and choice.strike is not None:
            service = self.bp.service_of[step]
            events.append(OutageBegan(self.bp.services[service], self.bp.steps[step].name))
            if edge != "once":
                return world._replace(down=tuple(sorted({*world.down, service})))
        elif choice.strike is None and not world.instances[number].strikes[step].kind:
            return world  # given, or another call's outage: it needs no memory
        if self.tidy:  # what is the same fault from here on goes by one name
            kind, edge = SAME_FROM_HERE.get((kind, edge), (kind, edge))
        goes_on = NO_STRIKE if times == 1 else Strike(kind, edge, times - 1 if times else FOR_EVER)
        if kind == "outage":
            goes_on = strike if self.orchestrated else NO_STRIKE
        if answer in FINAL or answer == "held":
            goes_on = NO_STRIKE
        instance = world.instances[number]
        return _with(world, number, instance._replace(strikes=_put(instance.strikes, step, goes_on)))

    def _hear(self, world: World, choice: Choice, events: list[HistoryEvent]) -> World:
        number, step = choice.instance, choice.step
        instance = world.instances[number]
        leg = instance.mind.legs[step]
        mind = self.rules.hear(self.bp, instance.mind, step, leg.call, events)
        return _with(world, number, self._followed(instance, mind))

    def _land(self, world: World, choice: Choice, events: list[HistoryEvent]) -> World:
        number, copy = choice.instance, choice.subject
        instance, step = world.instances[number], copy.step
        record, own = instance.records[step], self.bp.steps[step]
        copies = list(instance.copies)
        copies.remove(copy)
        events.append(CopyLanded(own.name, copy.undo, copy.attempt, copy.kind))
        call = Call(copy.undo, copy.attempt, "" if copy.undo else self._refusal(world, number, step, events))
        now, answer, event = receive(own, record, call)
        events.append(event)
        instance = instance._replace(records=_put(instance.records, step, now), copies=tuple(copies))
        if self.orchestrated:
            assert isinstance(instance.mind, Coordinator)
            mind = orchestration.hear_stray(self.bp, instance.mind, step, copy.undo, answer, events)
            instance = self._followed(instance, mind)
        elif isinstance(event, StepCommitted):
            assert isinstance(instance.mind, Troupe)
            for other in choreography.hear_again(self.bp, instance.mind, step):
                instance = instance._replace(
                    copies=_with_copy(instance.copies, Copy(other, False, 1, "second", True))
                )
        after = _with(world, number, instance)
        return self._marked(after, number, step) if self._shares and now is not record else after

    def _followed(self, instance: Instance, mind: Mind, **changes: Any) -> Instance:
        """The instance after its mind has changed: what became of calls, faults and copies."""
        strikes, copies = list(instance.strikes), list(instance.copies)
        for step, (before, after) in enumerate(zip(instance.mind.legs, mind.legs, strict=True)):
            if before is after:
                continue
            undo = before.undoing == "running"
            same_call = after.call == "sent" and after.undoing == before.undoing and after.attempt > 1
            if before.call == "sent" and self.orchestrated:  # forgotten while it was on its way
                copies.append(Copy(step, undo, before.attempt, "abandoned", True))
            if strikes[step].kind and not (same_call and self._goes_on(step, undo, after.attempt, strikes[step])):
                strikes[step] = NO_STRIKE
            stuck = same_call and after.attempt >= self.bp.settled_attempt(step, undo)
            for place, copy in enumerate(copies):
                if copy.step == step and copy.undo == undo and not copy.ready:
                    waits = copy.kind == "redelivered" or strikes[step].kind
                    if not same_call or stuck or not waits:
                        copies[place] = copy._replace(ready=True)
        copies.sort()
        return Instance(
            mind,
            instance.records,
            self._calm if not any(strike.kind for strike in strikes) else tuple(strikes),
            tuple(copies),
            changes.get("interrupted", instance.interrupted),
        )

    def _goes_on(self, step: int, undo: bool, attempt: int, strike: Strike) -> bool:
        if strike.kind == "outage":
            return attempt <= self.bp.attempts(step, undo)
        return strike.times != FOR_EVER or attempt <= self.bp.last_struck(step, undo)

    def _settled(self, world: World, number: int) -> World:
        """The world without what can make no difference any more."""
        instance = world.instances[number]
        now = instance
        if instance.copies and self.tidy:
            copies = tuple(copy for copy in instance.copies if not self._is_inert(instance, copy))
            if len(copies) != len(instance.copies):
                now = now._replace(copies=copies)
        if now.mind.ended and now.interrupted:
            now = now._replace(interrupted=())
        world = world if now is instance else _with(world, number, now)
        if world.marks and now.mind.ended:
            world = world._replace(marks=tuple(mark for mark in world.marks if self._may_take_back(world, mark)))
        if world.down and self.tidy and all(each.mind.ended for each in world.instances):
            world = world._replace(down=())
        return world

    def _is_inert(self, instance: Instance, copy: Copy) -> bool:
        """Whether this copy changes nothing, now or at any later moment, and nobody makes anything of its answer."""
        record = instance.records[copy.step]
        if self.orchestrated and self.bp.rules.on_stray_reply != "ignore" and not instance.mind.ended:
            return False
        if copy.undo:
            return record.undo_memory
        if not self.orchestrated and not self.bp.steps[copy.step].has_effect:
            return True
        return bool(record.memory) or record.tombstone

    # several instances

    def _refusal(self, world: World, number: int, step: int, events: list[HistoryEvent]) -> str:
        """Why the business would say no right now; empty: it would not."""
        condition = self.bp.refuses_when[step]
        if condition is not None and self.bp.steps[step].may_refuse and condition(self.values(world)):
            return self.bp.steps[step].refuses_when or ""
        if self._locks:
            lock = self.lock_on(world, number, step)
            if lock and lock[1] == "fail":
                events.append(LockFound(self.bp.steps[step].name, self.bp.resources[lock[0]], "fails"))
                return f"{self.bp.resources[lock[0]]} is pending for another saga"
        return ""

    def lock_on(self, world: World, number: int, step: int) -> tuple[int, str] | None:
        """The resource that another instance holds pending and this step would touch, and what follows."""
        for other, instance in enumerate(world.instances):
            if other == number or instance.mind.ended:
                continue
            for owner, record in enumerate(instance.records):
                lock = self.bp.steps[owner].safeguards.semantic_lock
                if lock != "none" and record.times > 0:
                    common = self.bp.written[owner] & self.bp.touched[step]
                    if common:
                        return min(common), lock
        return None

    def _marked(self, world: World, number: int, step: int) -> World:
        """Remembers who touched what another instance has changed and may still take back."""
        bp, marks = self.bp, set(world.marks)
        record = world.instances[number].records[step]
        if record.undone and not record.times:
            marks = {mark for mark in marks if (mark.owner, mark.owner_step) != (number, step)}
        else:
            reads = frozenset(bp.resources.index(name) for name in bp.steps[step].reads)
            for other, instance in enumerate(world.instances):
                if other == number or instance.mind.ended:
                    continue
                for owner, its in enumerate(instance.records):
                    if its.times > 0 and bp.written[owner] & reads:
                        marks.add(Mark("dirty-read", number, step, other, owner))
                    if its.times > 0 and bp.written[owner] & bp.written[step]:
                        marks.add(Mark("lost-update", number, step, other, owner))
        return world._replace(marks=tuple(sorted(marks)))

    def _may_take_back(self, world: World, mark: Mark) -> bool:
        return not world.instances[mark.owner].mind.ended

    # names

    def _text(self, step: int, undo: bool, attempt: int, strike: Strike) -> str:
        return str(fault_of(self.bp, step, undo, attempt, strike))


def fault_of(bp: Blueprint, step: int, undo: bool, attempt: int, strike: Strike, instance: int = 1) -> Fault:
    """The fault that a strike is, as a user would write it (landing moments are added by whoever knows them)."""
    kind, edge, times = strike
    if kind == "outage":
        begins = Moment("before", bp.steps[step].name, undo)
        return Fault(bp.services[bp.service_of[step]], kind, False, 1, instance, begins, 1 if edge == "once" else times)
    moment = Moment(edge) if edge else None
    return Fault(bp.steps[step].name, kind, undo, attempt, instance, moment, times)


def strike_of(fault: Fault) -> Strike:
    """How a fault of a plan strikes."""
    if fault.kind == "outage":
        return Strike("outage", "once" if fault.times != FOR_EVER else "", FOR_EVER)
    edge = fault.moment.edge if fault.kind in ("crash", "coordinator-crash") and fault.moment else ""
    return Strike(fault.kind, edge, fault.times)


SAME_FROM_HERE = {("crash", "after"): ("reply-lost", ""), ("reordered", ""): ("late", "")}
"""Faults that differ in their names alone once they have struck."""

ONCE = ("duplicate", "no-effect", "key-lost", "poisoned")
"""Their call is answered, so that nothing is tried again: for-ever says no more than once."""


def _strikes_of(kind: str, undo: bool, attempt: int) -> Iterator[Strike]:
    if kind == "outage":
        if attempt == 1:
            yield Strike(kind, "once", FOR_EVER)
            yield Strike(kind, "", FOR_EVER)
        return
    edges = ("before", "after") if kind in ("crash", "coordinator-crash") else ("",)
    final = kind in ONCE or (kind == "refused" and not undo)
    for edge in edges:
        yield Strike(kind, edge, 1)
        if not final:
            yield Strike(kind, edge, FOR_EVER)


def _length(strike: Strike) -> tuple[bool, int, str, str]:
    return strike.times == FOR_EVER, len(strike.kind), strike.kind, strike.edge


def _put(row: tuple[_T, ...], place: int, value: _T) -> tuple[_T, ...]:
    return (*row[:place], value, *row[place + 1 :])


def _with(world: World, number: int, instance: Instance) -> World:
    instances = world.instances
    if len(instances) == 1:
        return World((instance,), world.down, world.marks)
    return World(_put(instances, number, instance), world.down, world.marks)


def _with_copy(copies: tuple[Copy, ...], copy: Copy) -> tuple[Copy, ...]:
    """One fault leaves one bundle: copies of the same call are delivered together."""
    for place, other in enumerate(copies):
        if (other.step, other.undo, other.kind) == (copy.step, copy.undo, copy.kind) and not other.ready:
            return _put(copies, place, copy)
    return tuple(sorted((*copies, copy)))
