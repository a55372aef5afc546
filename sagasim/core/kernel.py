"""The one executor: a world, the choices that it offers, and what each of them does.

    choices(world)          what can happen next, faults included if they are asked for
    apply(world, choice)    the world afterwards, and the events that happened

A world is small, immutable, and hashable without its history. There is no time in it: a run takes the
earliest thing due (execution.py), an exploration takes every choice (exploration.py). Both coordinations
run on it, and it is the only place where belief (orchestration.py, choreography.py) meets truth
(participant.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from sagasim.core import choreography, orchestration
from sagasim.core.blueprint import Blueprint
from sagasim.core.choreography import QUIET, Message, Troupe
from sagasim.core.faults import EXPLORED_KINDS, FOR_EVER, LANDING_KINDS, SAGA_KINDS
from sagasim.core.history import (
    CopyLanded,
    EventConsumed,
    FaultStruck,
    HistoryEvent,
    LockFound,
    NothingChanged,
    OutageBegan,
    SagaStarted,
    StepCommitted,
    UndoCommitted,
)
from sagasim.core.ledger import BLANK, Copy, Leg, Record, resources_of
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Answered, Call, Strike, perform, receive, strikes_nothing
from sagasim.core.saga import Coordination
from sagasim.core.sharing import lock_on, with_marks, without_settled
from sagasim.core.striking import (
    SAME_FROM_HERE,
    STRUCK_ATTEMPTS,
    as_event,
    can_strike,
    fault_of,
    strike_of,
    strikes_offered,
)
from sagasim.core.world import Choice, Instance, Mind, World, put, with_instance, with_legs

Applied = tuple[World, list[HistoryEvent]]
Out = list[HistoryEvent]

ON_ITS_WAY = ("sent", "held")
LEAVE_AN_EFFECT = ("reply-lost", "error-after", "crash", "coordinator-crash", "late", "reordered")
NOT_CONSUMED = ("held", "lost")
STRIKES_AFTER = ("reply-lost", "error-after", "duplicate")
FINAL = ("done", "dead", "unpublished", "lost")
"""Answers after which the call is over, whatever the rules say."""


class Kernel:
    """The executor of one blueprint. It holds tables and caches, never a state.

    tidy    for explorations: drops copies that can change nothing any more, wherever they would land, and
            takes a fault for-ever that leaves nothing behind each time in one stride
    kinds   the fault kinds that `faults` offers
    """

    def __init__(self, bp: Blueprint, *, tidy: bool = False, kinds: Iterable[str] = EXPLORED_KINDS) -> None:
        self.bp = bp
        self.tidy = tidy
        self.kinds = frozenset(kinds)
        self.orchestrated = bp.coordination is Coordination.ORCHESTRATION
        self._offers: dict[tuple[int, bool, int], tuple[Strike, ...]] = {}
        self._texts: dict[tuple[int, bool, int, Strike], str] = {}
        self._letters: dict[tuple[int, bool, int, Strike], int] = {}
        self._performed: dict[tuple[int, Record, Call, Strike], Answered] = {}
        self._shares = bp.saga.instances > 1
        self._locks = self._shares and any(step.safeguards.semantic_lock != "none" for step in bp.steps)
        self._given = {
            place: tuple(fault for fault in faults if can_strike(bp, *place, fault.kind))
            for place, faults in bp.given.items()
        }
        self._calm = (NO_STRIKE,) * len(bp.steps)
        self.resources: Callable[[tuple[tuple[Record, ...], ...]], tuple[int, ...]] = lru_cache(
            maxsize=100_000
        )(lambda records: resources_of(records, bp.initial, bp.effects, bp.undo_effects))

    # the beginning

    def begin(self) -> Applied:
        """The world at the start, every instance begun."""
        events: Out = [SagaStarted(self.bp.saga.name)]
        mind: Mind = (
            orchestration.begin(self.bp, events) if self.orchestrated else choreography.begin(self.bp, events)
        )
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
            for step, leg in enumerate(instance.mind.legs):
                call = leg.call
                if not call or call in QUIET:
                    continue
                undo = leg.undoing == "running"
                if call not in ON_ITS_WAY:
                    found.append(Choice("hear", number, step, undo, leg.attempt))
                elif self.is_enabled(world, number, step):
                    found.append(Choice("perform", number, step, undo, leg.attempt))
            found.extend(
                Choice("land", number, copy.step, copy.undo, copy.attempt, None, copy)
                for copy in instance.copies
                if copy.ready and (copy.undo or not self._waits(world, number, copy.step))
            )
            if isinstance(instance.mind, Troupe):
                found.extend(self.deliveries(number, instance.mind))
        return found or list(self.deadlines(world))

    def faults(self, world: World) -> Iterator[Choice]:
        """Everything that could happen next as a further fault: each choice here counts as one fault."""
        for number, instance in enumerate(world.instances):
            for step, leg in enumerate(instance.mind.legs):
                if (
                    leg.call == "sent"
                    and leg.attempt <= STRUCK_ATTEMPTS
                    and self.is_enabled(world, number, step)
                ):
                    yield from self._strikes(world, number, step)
            for kind in SAGA_KINDS:
                if kind in self.kinds and self.may_interrupt(instance, kind):
                    yield Choice("interrupt", number, subject=kind)

    def _strikes(self, world: World, number: int, step: int) -> Iterator[Choice]:
        instance = world.instances[number]
        leg = instance.mind.legs[step]
        if not self.strike_in_force(world, number, step).kind:
            for strike in self.strikes_on(step, leg, instance.records[step]):
                yield Choice("perform", number, step, leg.undoing == "running", leg.attempt, strike)

    def strikes_on(self, step: int, leg: Leg, record: Record) -> Iterator[Strike]:
        """The faults that can strike this call; none where the design gives it one."""
        undo = leg.undoing == "running"
        call = Call(undo, leg.attempt)
        if not self._given_strike(step, record, call).kind:
            for strike in self.offered(step, undo, leg.attempt):
                if not strikes_nothing(self.bp.steps[step], record, call, strike):
                    yield strike

    def offered(self, step: int, undo: bool, attempt: int) -> tuple[Strike, ...]:
        place = (step, undo, attempt)
        if place not in self._offers:
            self._offers[place] = strikes_offered(self.bp, step, undo, attempt, self.kinds)
        return self._offers[place]

    def may_interrupt(self, instance: Instance, kind: str) -> bool:
        mind, rules = instance.mind, self.bp.rules
        if mind.ended or kind in instance.interrupted:
            return False
        if kind == "deadline" and self.bp.saga.deadline_ms is None:
            return False
        if (rules.on_cancel if kind == "cancelled" else rules.on_deadline) == "ignore":
            return False
        if self.orchestrated:
            return mind.phase == "forward" and not any(
                mind.legs[pivot].belief == "done" for pivot in self.bp.pivots
            )
        return self.interrupted(mind, kind, []) != mind

    def deadlines(self, world: World) -> Iterator[Choice]:
        """Nothing else is due and no end is reached: now the deadline passes by itself."""
        for number, instance in enumerate(world.instances):
            if self.may_interrupt(instance, "deadline"):
                yield Choice("expire", number, subject="deadline")

    def deliveries(self, number: int, mind: Troupe) -> Iterator[Choice]:
        """The events that may be heard next: in order between any two participants."""
        seen: set[tuple[int, int]] = set()
        for message in mind.bus:
            lane = (message.publisher, message.listener)
            if lane not in seen:
                seen.add(lane)
                yield Choice("receive", number, message.listener, subject=message)

    def is_enabled(self, world: World, number: int, step: int) -> bool:
        leg = world.instances[number].mind.legs[step]
        if not leg.undoing and self._waits(world, number, step):
            return False
        if leg.attempt >= self.bp.settled_attempt(step, bool(leg.undoing)):
            return not self._spins(world, number, step)
        return True

    def _waits(self, world: World, number: int, step: int) -> bool:
        """Whether the step waits for a record that another saga holds pending."""
        lock = lock_on(self.bp, world, number, step) if self._locks else None
        return lock is not None and lock.does == "wait"

    def _spins(self, world: World, number: int, step: int) -> bool:
        """Whether one more attempt would only lead back to this attempt: a retry that cannot work."""
        mind = world.instances[number].mind
        after = self._perform(world, Choice("perform", number, step), [])
        leg = after.instances[number].mind.legs[step]
        if not leg.call or leg.call in ON_ITS_WAY or leg.call in QUIET:
            return False
        again = self.heard(after.instances[number].mind, step, leg.call, [])
        return again.legs[step] == mind.legs[step]

    def heard(self, mind: Mind, step: int, answer: str, events: Out) -> Mind:
        if isinstance(mind, Coordinator):
            return orchestration.hear(self.bp, mind, step, answer, events)
        return choreography.hear(self.bp, mind, step, answer, events)

    def interrupted(self, mind: Mind, kind: str, events: Out) -> Mind:
        if isinstance(mind, Coordinator):
            return orchestration.interrupt(self.bp, mind, kind, events)
        return choreography.interrupt(self.bp, mind, kind, events)

    # what it does

    def apply(self, world: World, choice: Choice) -> Applied:
        """The world after one choice, and what happened. All events are those of `choice.instance`."""
        events: Out = []
        match choice.verb:
            case "perform":
                now = self._perform(world, choice, events)
            case "hear":
                now = self._hear(world, choice, events)
            case "land":
                now = self._land(world, choice, events)
            case "receive":
                now = self._receive(world, choice, events)
            case _:
                now = self._interrupt(world, choice, events)
        return self._settled(now, choice.instance), events

    def _receive(self, world: World, choice: Choice, events: Out) -> World:
        instance, message = world.instances[choice.instance], choice.subject
        assert isinstance(instance.mind, Troupe)
        assert isinstance(message, Message)
        mind = choreography.receive(self.bp, instance.mind, message, events)
        return with_instance(world, choice.instance, instance._replace(mind=mind))

    def _interrupt(self, world: World, choice: Choice, events: Out) -> World:
        instance, kind = world.instances[choice.instance], choice.subject
        assert isinstance(kind, str)
        mind = self.interrupted(instance.mind, kind, events)
        followed = self._followed(instance, mind)
        struck = tuple(sorted((*instance.interrupted, kind)))
        return with_instance(world, choice.instance, followed._replace(interrupted=struck))

    def strike_in_force(self, world: World, number: int, step: int) -> Strike:
        """The fault that strikes the open call without being chosen now: it goes on, or is given."""
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
        return self._given_strike(step, instance.records[step], Call(undo, leg.attempt))

    def _given_strike(self, step: int, record: Record, call: Call) -> Strike:
        """The fault that the design gives this call, if it can strike it here."""
        for fault in self._given.get((step, call.undo), ()):
            strike = strike_of(fault)
            if fault.strikes(call.attempt) and not strikes_nothing(self.bp.steps[step], record, call, strike):
                return strike
        return NO_STRIKE

    def _perform(self, world: World, choice: Choice, events: Out) -> World:
        number, step = choice.instance, choice.step
        instance = world.instances[number]
        leg, record = instance.mind.legs[step], instance.records[step]
        undo = leg.undoing == "running"
        strike = choice.strike or self.strike_in_force(world, number, step)
        call = Call(undo, leg.attempt, "" if undo else self._refusal(world, number, step, events))
        if leg.call == "held" or (strike.kind and not self._can_strike_now(step, record, call, strike)):
            strike = NO_STRIKE
        answered = self._answered(step, record, call, strike)
        self._tell(step, leg, strike, answered, events)
        now = self._struck(world, choice, strike, answered.answer, events)
        instance = now.instances[number]
        if self.tidy and answered.answer in FINAL:  # how often it was tried makes no difference any more
            heard = Leg(leg.belief, answered.answer, 1, False, leg.undoing)
        else:
            attempt = self._attempt_reached(step, call, strike)
            heard = Leg(leg.belief, answered.answer, attempt, leg.doubt, leg.undoing)
        mind = with_legs(instance.mind, put(instance.mind.legs, step, heard))
        copies = instance.copies
        if answered.copy:
            ready = answered.copy == "second"
            copies = self._with_copy(copies, Copy(step, undo, leg.attempt, answered.copy, ready))
        records = (
            instance.records if answered.record is record else put(instance.records, step, answered.record)
        )
        after = Instance(mind, records, instance.strikes, copies, instance.interrupted)
        return self._with_marks(with_instance(now, number, after), number, step, answered.events)

    def _can_strike_now(self, step: int, record: Record, call: Call, strike: Strike) -> bool:
        if not can_strike(self.bp, step, call.undo, strike.kind):
            return False
        return not strikes_nothing(self.bp.steps[step], record, call, strike)

    def _tell(self, step: int, leg: Leg, strike: Strike, answered: Answered, events: Out) -> None:
        """What happened, in the order in which it did: some faults strike before the effect, some after it."""
        place = self._place(step, leg)
        if not self.orchestrated and answered.answer not in NOT_CONSUMED:
            events.append(EventConsumed(*place))
        struck = FaultStruck(self._told(step, place[1], place[2], strike), *place) if strike.kind else None
        late = strike.kind in STRIKES_AFTER or strike.edge == "after"
        if struck is not None and not late:
            events.append(struck)
        events.extend(answered.events)
        if struck is not None and late:
            events.append(struck)

    def _attempt_reached(self, step: int, call: Call, strike: Strike) -> int:
        """Explorations: a fault for-ever that leaves nothing behind each time takes one stride."""
        if not self.tidy or not strike.kind or strike.times != FOR_EVER:
            return call.attempt
        if strike.kind in LEAVE_AN_EFFECT and not self.bp.steps[step].safeguards.idempotent:
            return call.attempt
        return max(call.attempt, self.bp.attempts(step, call.undo))

    def letters(self, choice: Choice) -> int:
        """About how long the fault of a choice is in writing: of a landing, the moment is known only later."""
        if choice.strike is None:
            return len(f"saga:{choice.subject}@.before") + max(len(step.name) for step in self.bp.steps)
        place = (choice.step, choice.undo, choice.attempt, choice.strike)
        letters = self._letters.get(place)
        if letters is None:
            letters = len(self._told(*place))
            if choice.strike.kind in LANDING_KINDS:
                letters += len("@.after") + min(len(step.name) for step in self.bp.steps)
            self._letters[place] = letters
        return letters

    def _told(self, step: int, undo: bool, attempt: int, strike: Strike) -> str:
        place = (step, undo, attempt, strike)
        if place not in self._texts:
            self._texts[place] = str(fault_of(self.bp, step, undo, attempt, strike))
        return self._texts[place]

    def _place(self, step: int, leg: Leg) -> tuple[str, bool, int]:
        return self.bp.steps[step].name, leg.undoing == "running", leg.attempt

    def _answered(self, step: int, record: Record, call: Call, strike: Strike) -> Answered:
        place = (step, record, call, strike)
        answered = self._performed.get(place)
        if answered is None:
            answered = perform(self.bp.steps[step], record, call, strike)
            if self.tidy and answered.copy == "reordered":
                answered = answered._replace(copy="late")  # the same copy under another name
            if not self.orchestrated:
                unharmed = perform(self.bp.steps[step], record, call).answer
                answered = as_event(self.bp, step, answered, strike, unharmed)
                if record.times > 0 and not call.undo and answered.answer in ("refused", "error"):
                    # who has committed never publishes `refused`
                    answered = answered._replace(answer="done" if answered.answer == "refused" else "again")
                if self.tidy and answered.answer == "again" and self._deduplicates(step, call.undo):
                    answered = answered._replace(answer="done")  # redelivered, deduplicated, published again
            self._performed[place] = answered
        return answered

    def _deduplicates(self, step: int, undo: bool) -> bool:
        """Whether a second delivery is known again for certain."""
        guards, given = self.bp.steps[step].safeguards, self._given.get((step, undo), ())
        loses_keys = "key-lost" in self.kinds or any(fault.kind == "key-lost" for fault in given)
        return guards.idempotent and (guards.natural_key or not loses_keys)

    def _struck(self, world: World, choice: Choice, strike: Strike, answer: str, events: Out) -> World:
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
        if answer in FINAL or answer == "held":
            goes_on = NO_STRIKE
        instance = world.instances[number]
        if goes_on == instance.strikes[step]:
            return world
        return with_instance(world, number, instance._replace(strikes=put(instance.strikes, step, goes_on)))

    def _hear(self, world: World, choice: Choice, events: Out) -> World:
        number, step = choice.instance, choice.step
        instance = world.instances[number]
        leg = instance.mind.legs[step]
        mind = self.heard(instance.mind, step, leg.call, events)
        return with_instance(world, number, self._followed(instance, mind))

    def _land(self, world: World, choice: Choice, events: Out) -> World:
        number, copy = choice.instance, choice.subject
        assert isinstance(copy, Copy)
        instance, step = world.instances[number], copy.step
        record, own = instance.records[step], self.bp.steps[step]
        copies = list(instance.copies)
        copies.remove(copy)
        events.append(CopyLanded(own.name, copy.undo, copy.attempt, copy.kind))
        call = Call(copy.undo, copy.attempt, "" if copy.undo else self._refusal(world, number, step, events))
        now, answer = record, ""
        for _ in range(copy.times):
            now, answer, event = receive(own, now, call)
            events.append(event)
        instance = instance._replace(records=put(instance.records, step, now), copies=tuple(copies))
        if isinstance(instance.mind, Coordinator):
            mind = orchestration.hear_stray(self.bp, instance.mind, step, copy.undo, answer, events)
            instance = self._followed(instance, mind)
        elif any(isinstance(event, StepCommitted) for event in events):
            for other in choreography.hear_again(self.bp, instance.mind, step):
                second = Copy(other, False, 1, "second", True)
                instance = instance._replace(copies=self._with_copy(instance.copies, second))
        return self._with_marks(with_instance(world, number, instance), number, step, events)

    def _with_marks(self, world: World, number: int, step: int, events: Iterable[HistoryEvent]) -> World:
        """The world with what others depend on now. All these events are of one call, or of its copies."""
        if self._shares:
            for event in events:
                if isinstance(event, StepCommitted | UndoCommitted | NothingChanged):
                    undo = isinstance(event, UndoCommitted) or (
                        isinstance(event, NothingChanged) and event.undo
                    )
                    return with_marks(self.bp, world, number, step, undo=undo)
        return world

    def _followed(self, instance: Instance, mind: Mind) -> Instance:
        """The instance after its mind has changed: what became of calls, faults and copies."""
        strikes, copies = instance.strikes, instance.copies
        for step, (before, after) in enumerate(zip(instance.mind.legs, mind.legs, strict=True)):
            if before is after:
                continue
            its = tuple(copy for copy in instance.copies if copy.step == step)
            strike, now = self.followed(step, before, after, strikes[step], its)
            if strike is not strikes[step]:
                strikes = put(strikes, step, strike)
            if now != its:
                copies = tuple(sorted((*(copy for copy in copies if copy.step != step), *now)))
        return Instance(mind, instance.records, strikes, copies, instance.interrupted)

    def followed(
        self, step: int, before: Leg, after: Leg, strike: Strike, copies: tuple[Copy, ...]
    ) -> tuple[Strike, tuple[Copy, ...]]:
        """Now that something else is believed of a step: the fault that goes on, and the copies of its calls."""
        undo = before.undoing == "running"
        same_call = after.call == "sent" and after.undoing == before.undoing and after.attempt > 1
        if before.call == "sent" and self.orchestrated:  # forgotten while it was on its way
            copies = (*copies, Copy(step, undo, before.attempt, "abandoned", True))
        if strike.kind and not (same_call and self._goes_on(step, undo, after.attempt, strike)):
            strike = NO_STRIKE
        stuck = same_call and after.attempt >= self.bp.settled_attempt(step, undo)
        if not same_call or stuck or not strike.kind:
            copies = tuple(
                copy if copy.ready or copy.undo != undo else copy._replace(ready=True) for copy in copies
            )
        return strike, tuple(sorted(copies))

    def _goes_on(self, step: int, undo: bool, attempt: int, strike: Strike) -> bool:
        if strike.kind == "outage":
            return attempt <= self.bp.attempts(step, undo)
        return strike.times != FOR_EVER or attempt <= self.bp.last_struck(step, undo)

    def _settled(self, world: World, number: int) -> World:
        """The world without what can make no difference any more."""
        instance = world.instances[number]
        now = instance
        if instance.copies and self.tidy:
            copies = tuple(
                copy
                for copy in instance.copies
                if not self.is_inert(copy, instance.records[copy.step], ended=instance.mind.ended)
            )
            if len(copies) != len(instance.copies):
                now = now._replace(copies=copies)
        if now.mind.ended and now.interrupted:
            now = now._replace(interrupted=())
        world = world if now is instance else with_instance(world, number, now)
        if world.marks and now.mind.ended:
            world = without_settled(world)
        if world.down and self.tidy and all(each.mind.ended for each in world.instances):
            world = world._replace(down=())
        return world

    def is_inert(self, copy: Copy, record: Record, *, ended: bool) -> bool:
        """Whether this copy changes nothing whenever it lands, and its answer makes no difference."""
        if self.orchestrated and self.bp.rules.on_stray_reply != "ignore" and not ended:
            return False
        if copy.undo:
            return record.undo_memory
        if not self.orchestrated and not self.bp.steps[copy.step].has_effect:
            return True
        return bool(record.memory) or record.tombstone

    def _refusal(self, world: World, number: int, step: int, events: Out) -> str:
        """Why the business would say no right now; empty: it would not."""
        condition, own = self.bp.refuses_when[step], self.bp.steps[step]
        if condition is not None and own.may_refuse and condition(self.values(world)):
            return own.refuses_when or ""
        lock = lock_on(self.bp, world, number, step) if self._locks else None
        if lock is None or lock.does != "fail":
            return ""
        resource = self.bp.resources[lock.resource]
        events.append(LockFound(own.name, resource, "fails"))
        return f"{resource} is pending for another saga"

    def _with_copy(self, copies: tuple[Copy, ...], copy: Copy) -> tuple[Copy, ...]:
        """One fault leaves one bundle: copies of one call land together, each of them where it has no key."""
        for place, other in enumerate(copies):
            if (other.step, other.undo, other.kind) == (copy.step, copy.undo, copy.kind) and not other.ready:
                more = not self.bp.steps[copy.step].safeguards.idempotent
                return put(copies, place, copy._replace(times=other.times + more))
        return tuple(sorted((*copies, copy)))
