"""The participants among themselves: each reacts to the events of the others. Nobody is in charge.

    start      a step begins when it has heard all that it waits for
    neighbour  it is undone when every step after it is undone, refused, skipped, or has given up its undo
    abort      a step that has not begun never begins; one in flight undoes itself when it ends; one that has
               committed passes the abort on and waits for what is behind it; at a committed pivot it dies
    explicit   `compensates_on` replaces all that for a step that has begun, and so can break it

The functions have the shape of orchestration.py: the troupe as it was, one input, the troupe as it is now.
What lets a step start is handed over with the publication; every other event is a message on the bus,
one per listener, in order between any two participants.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint
from sagasim.core.history import (
    CancelRequested,
    DeadLettered,
    DeadlinePassed,
    EventHeard,
    EventLost,
    EventPublished,
    HistoryEvent,
    OutcomeRecorded,
    RetryScheduled,
    SagaEnded,
    StepSkipped,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.ledger import IDLE, OUTCOMES, Leg
from sagasim.core.saga import Kind

Out = list[HistoryEvent]

CLOSED = ("refused", "skipped", "undone", "given-up", "undo-skipped")
"""A step of which its own participant believes that nothing stands (or that a person looks after it)."""


class Ears(NamedTuple):
    """What a participant has heard about one of its steps.

    heard    the events that it waits for and has received, as bits
    closed   how the steps after it stand: bits of those that are undone, refused, skipped or given up
    aborted  it must not stand: it never begins, or undoes itself when it ends
    passed   it has published `aborting` already
    """

    heard: int = 0
    closed: int = 0
    aborted: bool = False
    passed: bool = False


class Message(NamedTuple):
    """A domain event on its way to one listener."""

    publisher: int
    word: str
    listener: int


class Troupe(NamedTuple):
    """All participants of one saga and what is between them.

    alarm    a dead letter, or a refusal after the pivot, was reported to a person
    failing  the saga will be `failed`: somebody has "given up" without undoing, or it was "abandoned"
    report   the steps that a parked saga names
    """

    phase: str
    legs: tuple[Leg, ...]
    ears: tuple[Ears, ...]
    bus: tuple[Message, ...] = ()
    alarm: bool = False
    failing: str = ""
    report: tuple[int, ...] = ()

    @property
    def ended(self) -> bool:
        return self.phase in OUTCOMES


def begin(bp: Blueprint, out: Out) -> Troupe:
    """A new saga: every step that waits for nothing gets its event."""
    steps = len(bp.steps)
    stage = _Stage(bp, Troupe("running", (IDLE,) * steps, (Ears(),) * steps), out)
    for step in range(steps):
        stage.start_if_ready(step)
    return stage.closed()


def hear(bp: Blueprint, was: Troupe, step: int, answer: str, out: Out) -> Troupe:
    """A participant is through with a call: it publishes what came of it, or waits for the redelivery."""
    stage = _Stage(bp, was, out)
    if was.legs[step].undoing == "running":
        stage.undo_ended(step, answer)
    else:
        stage.action_ended(step, answer)
    stage.settle()
    return stage.closed()


def receive(bp: Blueprint, was: Troupe, message: Message, out: Out) -> Troupe:
    """One event reaches one listener."""
    stage = _Stage(bp, was, out)
    stage.bus.remove(message)
    stage.listen(message)
    stage.settle()
    return stage.closed()


def interrupt(bp: Blueprint, was: Troupe, kind: str, out: Out) -> Troupe:
    """A cancel or the deadline, noticed by the participants of the first steps."""
    rule = bp.rules.on_cancel if kind == "cancelled" else bp.rules.on_deadline
    out.append(CancelRequested(rule) if kind == "cancelled" else DeadlinePassed(rule))
    stage = _Stage(bp, was, out)
    if was.ended or rule == "ignore" or (rule == "abandon" and stage.pivot_is_done()):
        return was
    if rule == "abandon":
        stage.abandon()
    else:
        for step in range(len(bp.steps)):
            if not bp.starts[step]:
                stage.abort(step)
    stage.settle()
    return stage.closed()


def in_order(bus: Iterable[Message]) -> tuple[Message, ...]:
    """The bus, lane by lane; what is in one lane stays in its order."""
    return tuple(sorted(bus, key=lambda message: (message.publisher, message.listener)))


def hear_again(bp: Blueprint, was: Troupe, step: int) -> tuple[int, ...]:
    """`done` was published a second time: the steps that get their event twice and do not deduplicate it."""
    return tuple(
        other
        for other in bp.successors[step]
        if not bp.steps[other].safeguards.idempotent and was.legs[other].belief not in ("idle", "skipped")
    )


def step_that_hangs(bp: Blueprint, troupe: Troupe) -> int:
    """Where a saga that reached no end hangs: the owner of the last event that nobody reacts to."""
    legs = troupe.legs
    steps = range(len(legs))
    for step in steps:
        if legs[step].call and legs[step].call not in QUIET:
            return step
    silent = [step for step in steps if legs[step].call == "unheard" or legs[step].belief == "given-up"]
    if silent:
        return silent[-1]
    for step in reversed(steps):
        if legs[step].belief in ("refused", "undone") and any(
            legs[other].belief == "done" for other in bp.predecessors[step]
        ):
            return step
    for step in reversed(steps):
        if legs[step].belief == "dead" or legs[step].call == "never":
            before = [other for other in bp.predecessors[step] if legs[other].belief == "done"]
            return before[-1] if before else step
    done = [step for step in steps if legs[step].belief == "done"]
    unheard = [step for step in done if not bp.successors[step]]
    closed = [step for step in steps if legs[step].belief in CLOSED and legs[step].belief != "skipped"]
    return (unheard or closed or done or [0])[-1]


class _Stage:
    """One reaction being played: the troupe as a draft that is closed again at the end."""

    __slots__ = ("alarm", "bp", "bus", "ears", "failing", "legs", "out", "phase", "report")

    def __init__(self, bp: Blueprint, was: Troupe, out: Out) -> None:
        self.bp, self.out = bp, out
        self.phase, self.alarm, self.failing, self.report = was.phase, was.alarm, was.failing, was.report
        self.legs, self.ears, self.bus = list(was.legs), list(was.ears), list(was.bus)

    def closed(self) -> Troupe:
        bus = in_order(self.bus)
        return Troupe(
            self.phase, tuple(self.legs), tuple(self.ears), bus, self.alarm, self.failing, self.report
        )

    # what is asked of the draft

    def pivot_is_done(self) -> bool:
        return any(self.legs[pivot].belief == "done" for pivot in self.bp.pivots)

    def has_not_begun(self, step: int) -> bool:
        """Its event may be on its way, but no attempt was made yet."""
        leg = self.legs[step]
        return leg.belief == "idle" or (
            leg.belief == "running" and leg.call in ("sent", "held") and leg.attempt == 1
        )

    def all_behind_closed(self, step: int) -> bool:
        closed = self.ears[step].closed
        return all(closed >> other & 1 for other in self.bp.successors[step])

    def has_no_limits(self, step: int) -> bool:
        """A retriable step, and what comes after a committed pivot, whatever the engine's rule; its own wins."""
        own = self.bp.steps[step]
        return own.on_error is None and (own.kind is Kind.RETRIABLE or self.pivot_is_done())

    # beginning

    def start_if_ready(self, step: int) -> None:
        wanted, ears = (1 << len(self.bp.starts[step])) - 1, self.ears[step]
        if self.failing == "abandoned":  # nothing new begins
            return
        if self.legs[step].belief == "idle" and ears.heard == wanted and not ears.aborted:
            self.legs[step] = Leg("running", "sent", 1)

    def abandon(self) -> None:
        """The saga is given up as it stands, once what runs is over: nothing new begins, nothing is undone."""
        self.failing = "abandoned"
        for step in range(len(self.legs)):
            if self.has_not_begun(step):
                self.legs[step] = IDLE

    def resume(self) -> None:
        """A pivot was running, and has committed: the saga must complete."""
        self.failing = ""
        for step in range(len(self.legs)):
            self.start_if_ready(step)

    def call_again(self, step: int) -> None:
        leg = self.legs[step]
        undo = leg.undoing == "running"
        attempt = min(leg.attempt + 1, self.bp.settled_attempt(step, undo))
        self.legs[step] = Leg(leg.belief, "sent", attempt, False, leg.undoing)
        self.out.append(RetryScheduled(self.bp.steps[step].name, undo, attempt))

    # through with a call

    def action_ended(self, step: int, answer: str) -> None:
        bp, name = self.bp, self.bp.steps[step].name
        match answer:
            case "done":
                self.committed(step)
            case "unpublished":  # committed, and the event that says so is lost
                self.legs[step] = Leg("done", "unheard")
                self.out.append(OutcomeRecorded(name, "done"))
                self.out.append(EventLost(name, "done", bp.steps[step].publishes.done))
            case "lost":  # the event that should have started it never arrived
                self.legs[step] = Leg("idle", "never")
                self.out.append(EventLost(name, "start", ", ".join(bp.starts[step])))
            case "dead":
                alarm = bp.steps[step].safeguards.dead_letter_alarm
                self.alarm = self.alarm or alarm
                self.out.append(DeadLettered(name, False, alarm))
                self.believe(step, "dead")
            case "refused":
                self.refused(step)
            case "again":  # committed, and reported an error: it never publishes `refused`
                self.call_again(step)
            case _ if self.legs[step].attempt < bp.attempts(step, False) or self.has_no_limits(step):
                self.call_again(step)
            case _:
                self.react(step, bp.reaction(step, "error"))

    def committed(self, step: int) -> None:
        self.believe(step, "done")
        if self.ears[step].aborted and not self.bp.stays(step):
            self.undo(step)
            return
        self.publish(step, "done")

    def refused(self, step: int) -> None:
        bp = self.bp
        past = bp.steps[step].kind is Kind.RETRIABLE or self.pivot_is_done()
        if past and not bp.has_own_reaction(step, "refused"):
            self.alarm = True
            self.believe(step, "dead")
            return
        self.react(step, bp.reaction(step, "refused"))

    def react(self, step: int, rule: str) -> None:
        match rule:
            case "compensate":
                self.believe(step, "refused")
                self.publish(step, "refused")
            case "retry":
                self.call_again(step)
            case "continue":
                self.committed(step)
            case _:
                self.failing = "given up"
                self.believe(step, "dead")

    def undo_ended(self, step: int, answer: str) -> None:
        bp, name, leg = self.bp, self.bp.steps[step].name, self.legs[step]
        rule = bp.undo_reaction(step)
        if answer == "done":
            self.believe(step, "undone")
            self.publish(step, "undone")
        elif answer == "unpublished":
            self.legs[step] = Leg("undone", "unheard")
            self.out.append(OutcomeRecorded(name, "undone"))
            self.out.append(EventLost(name, "undone", bp.steps[step].publishes.undone))
        elif answer == "lost":
            self.legs[step] = Leg("done", "never")
            self.out.append(EventLost(name, "undo", ""))
        elif answer == "dead":
            alarm = bp.steps[step].safeguards.dead_letter_alarm
            self.out.append(DeadLettered(name, True, alarm))
            self.give_up(step, alarm)
        elif answer == "again" or leg.attempt < bp.attempts(step, True) or rule == "retry":
            self.call_again(step)
        elif rule == "swallow":
            self.out.append(UndoFailureSwallowed(name))
            self.believe(step, "undone")
            self.publish(step, "undone")
        else:
            if rule == "stop":
                self.failing = "given up"
            self.give_up(step, told=rule == "park")

    def give_up(self, step: int, told: bool) -> None:
        self.out.append(UndoGivenUp(self.bp.steps[step].name))
        self.believe(step, "given-up")
        if told:
            self.alarm = True
            self.publish(step, "undo_failed")

    def believe(self, step: int, belief: str) -> None:
        self.legs[step] = Leg(belief)
        self.out.append(OutcomeRecorded(self.bp.steps[step].name, belief))

    # events

    def publish(self, step: int, word: str) -> None:
        bp = self.bp
        event = getattr(bp.steps[step].publishes, word)
        self.out.append(EventPublished(bp.steps[step].name, word, event))
        for other, bits in enumerate(bp.start_bits):
            if event in bits:
                self.ears[other] = self.ears[other]._replace(heard=self.ears[other].heard | bits[event])
                self.start_if_ready(other)
        for other in bp.listeners[step, word]:
            message = Message(step, word, other)
            if word not in ("done", "aborting") and self.can_never_begin(other, step):
                self.out.append(self.heard_by(message))
                self.skip(other)
            elif self.legs[other].belief not in CLOSED:
                self.bus.append(message)

    def can_never_begin(self, listener: int, publisher: int) -> bool:
        """It waits for a `done` that will never come: what else it hears first changes nothing."""
        if self.legs[listener].belief != "idle" or publisher not in self.bp.predecessors[listener]:
            return False
        bit = self.bp.start_bits[listener][self.bp.steps[publisher].publishes.done]
        others = [step for step in self.bp.predecessors[listener] if step != publisher]
        name = self.bp.steps[publisher].publishes.done
        return not self.ears[listener].heard & bit and all(
            self.bp.steps[other].publishes.done != name for other in others
        )

    def heard_by(self, message: Message) -> EventHeard:
        steps = self.bp.steps
        event = getattr(steps[message.publisher].publishes, message.word)
        return EventHeard(steps[message.listener].name, message.word, event, steps[message.publisher].name)

    def listen(self, message: Message) -> None:
        bp, (publisher, word, listener) = self.bp, message
        self.out.append(self.heard_by(message))
        if self.legs[listener].belief in CLOSED:
            return
        explicit = bp.steps[listener].compensates_on
        if explicit and getattr(bp.steps[publisher].publishes, word) in explicit:
            self.must_not_stand(listener)
        if (
            publisher in bp.successors[listener]
            and bp.neighbourly[listener]
            and word not in ("done", "aborting")
        ):
            self.ears[listener] = self.ears[listener]._replace(
                closed=self.ears[listener].closed | 1 << publisher
            )
            self.neighbour_closed(listener)
        if publisher in bp.predecessors[listener] and word != "done":
            self.abort(listener)

    def must_not_stand(self, step: int) -> None:
        """An event of `compensates_on`: undo at once, or as soon as it is possible."""
        if self.has_not_begun(step):
            self.skip(step)
        elif self.legs[step].belief == "running":
            self.ears[step] = self.ears[step]._replace(aborted=True)
        elif self.legs[step].belief == "done" and not self.legs[step].undoing:
            self.undo(step)
        else:
            self.skip_dead(step)

    def neighbour_closed(self, step: int) -> None:
        leg = self.legs[step]
        if leg.belief == "done" and (self.bp.stays(step) or leg.undoing):
            return
        if leg.belief != "done" or self.all_behind_closed(step):
            self.must_not_stand(step)
        else:
            self.pass_on(step)

    def abort(self, step: int) -> None:
        leg = self.legs[step]
        if leg.belief in CLOSED or leg.undoing or leg.belief == "dead":
            self.skip_dead(step)
        elif self.has_not_begun(step):
            self.skip(step)
        elif not self.bp.neighbourly[step] or (leg.belief == "done" and self.bp.stays(step)):
            return
        elif leg.belief != "done" or self.all_behind_closed(step):
            self.must_not_stand(step)
        else:
            self.pass_on(step)

    def skip_dead(self, step: int) -> None:
        """A dead letter that nobody needs any more: the step has not begun, and never will.

        After a committed pivot it is needed: a person must be told of it.
        """
        if self.legs[step].belief == "dead" and not self.pivot_is_done():
            self.skip(step)

    def pass_on(self, step: int) -> None:
        if not self.ears[step].passed:
            self.ears[step] = self.ears[step]._replace(passed=True)
            self.publish(step, "aborting")

    def skip(self, step: int) -> None:
        self.legs[step] = Leg("skipped")
        self.ears[step] = Ears()
        self.out.append(StepSkipped(self.bp.steps[step].name))
        self.publish(step, "skipped")

    def undo(self, step: int) -> None:
        if self.bp.is_undoable(step):
            self.legs[step] = Leg("done", "sent", 1, False, "running")
        else:
            self.believe(step, "undone")
            self.publish(step, "undone")

    # the end

    def settle(self) -> None:
        """When nothing is under way any more, the saga has an end, or none."""
        if self.phase in OUTCOMES or self.bus or any(leg.call and leg.call not in QUIET for leg in self.legs):
            return
        if self.failing == "abandoned" and self.pivot_is_done():
            self.resume()
            self.settle()
            return
        beliefs = [leg.belief for leg in self.legs]
        if not self.failing and all(belief == "done" for belief in beliefs):
            self.end("completed", ())
            return
        nothing_stands = all(belief in CLOSED or belief == "idle" for belief in beliefs)
        if self.failing:
            self.skip_undos()
            self.end("failed", ())
        elif self.alarm:
            self.end("parked", self.told())
        elif nothing_stands and any(belief in CLOSED for belief in beliefs) and not self.is_lost():
            self.end("compensated", ())

    def is_lost(self) -> bool:
        """The event that lets a step begin was lost, or an undo given up, and nobody was told."""
        return any(leg.call == "never" or leg.belief == "given-up" for leg in self.legs)

    def told(self) -> tuple[int, ...]:
        """Going back: the undos that were given up. Going forward: what cannot go on, and all that stands."""
        given_up = tuple(step for step, leg in enumerate(self.legs) if leg.belief == "given-up")
        standing = tuple(step for step, leg in enumerate(self.legs) if leg.belief in ("dead", "done"))
        return tuple(sorted((*given_up, *standing)))

    def skip_undos(self) -> None:
        if any(leg.belief == "given-up" for leg in self.legs):
            for step, leg in enumerate(self.legs):
                if leg.belief == "done" and self.bp.is_undoable(step):
                    self.out.append(UndoSkipped(self.bp.steps[step].name))
                    self.legs[step] = Leg("undo-skipped")

    def end(self, outcome: str, report: tuple[int, ...]) -> None:
        self.phase, self.report = outcome, report
        self.out.append(SagaEnded(outcome, tuple(self.bp.steps[step].name for step in report)))


QUIET = ("unheard", "never")
"""Calls that are over although nothing will ever come of them: nobody was told, or the event never came."""
