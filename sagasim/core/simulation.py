"""One run being made: the earliest thing due is taken, struck as the plan says, and written down.

The kernel says what can happen and what follows, timetable.py when it is due, ordering.py what an order holds back.
What a plan says about moments is done here: when one is entered, the user cancels or the deadline strikes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core.blueprint import Blueprint
from sagasim.core.chronicle import Chronicle
from sagasim.core.faults import SAGA_KINDS, Fault, FaultPlan, Moment
from sagasim.core.harms import stuck
from sagasim.core.history import CommandSent, CoordinatorCrashed, EventPublished, OutageEnded, SagaStuck
from sagasim.core.ledger import IDLE
from sagasim.core.moments import is_at
from sagasim.core.ordering import Order
from sagasim.core.participant import arrives
from sagasim.core.paths import Way, paths_of
from sagasim.core.striking import fault_at, strike_of
from sagasim.core.timetable import CallKey, Timetable, call_key
from sagasim.core.world import Choice, World


class Simulation:
    """A run on its way; `run` brings it to its end.

    taken   the transitions so far: the world before, the choice, and the place of its first line
    struck  the faults of the plan that have struck
    """

    def __init__(self, bp: Blueprint, faults: FaultPlan, seed: int, order: tuple[Moment, ...]) -> None:
        self.bp, self.faults = bp, faults
        self.paths = paths_of(bp)
        self.place = self.paths.start
        self.chronicle = Chronicle(self.paths.messages_at_the_start)
        self.taken: list[tuple[World, Choice, int]] = []
        self.struck: list[Fault] = []
        self._order = Order(bp, order)
        self._timetable = Timetable(bp, faults, seed, is_ordered=self._order.is_given)
        self._causes: dict[Choice, int] = {}
        self._crashed: dict[CallKey, int] = {}
        self._outages: dict[CallKey, str] = {}
        for number in range(bp.saga.instances):
            group = self.chronicle.write(self.paths.begun, number, 0, -1)
            self._schedule(group)
            self._enter(number, self.paths.first[number])
        for harm, told in self.paths.harms_at_the_start:
            self.chronicle.harm(harm, told, 0, 0)

    @property
    def world(self) -> World:
        """Where it stands."""
        return self.place.world

    @property
    def now(self) -> int:
        """The virtual time, in milliseconds."""
        return self._timetable.now

    def run(self) -> None:
        """Until nothing is due any more."""
        while (choice := self._next()) is not None:
            self._take(choice)
        for number, instance in enumerate(self.world.instances):
            if not instance.mind.ended:
                self._stick(number)

    # what comes next

    def _next(self) -> Choice | None:
        due = self._timetable.due
        if not due:
            return None
        if not self._order.is_given:
            return min(due, key=due.__getitem__)
        return min(due, key=lambda choice: (self._order.held_back(choice), due[choice]))

    def _take(self, choice: Choice) -> None:
        number = choice.instance
        self._timetable.take(choice)
        self._order.passes(choice)
        taken = self._with_strike(choice) if self.faults else choice
        way = self.paths.way(self.place, taken)
        self.taken.append((self.world, taken, len(self.chronicle.lines)))
        if way.struck:
            self._note_struck(taken, way)
        group = self._write(way, number, self._causes.get(choice, 0))  # the deadline runs since the start
        self.place = way.to
        for harm, told in way.harms:
            self.chronicle.harm(harm, told, number, self.now)
        if taken.verb == "perform" and arrives(way.strike):
            self._timetable.overtake(taken)
        self._schedule(group)
        self._enter(number, way.entered)

    def _schedule(self, group: tuple[int, int]) -> None:
        for choice in self._timetable.renew(self.world, self.place.choices):
            self._causes[choice] = self._cause(choice, group)

    def _enter(self, number: int, entered: Sequence[Moment]) -> None:
        """An instance comes to these moments: what the plan does to its saga then, and what lands then."""
        self._timetable.enter(number, entered)
        for fault in self.faults:
            if fault.kind in SAGA_KINDS and fault.instance == number + 1 and fault not in self.struck:
                self._interrupt_at(number, fault, entered)

    def _interrupt_at(self, number: int, fault: Fault, entered: Sequence[Moment]) -> None:
        here = fault.moment is None or is_at(fault.moment, entered, "", False, number + 1)
        instance = self.world.instances[number]
        if here and not instance.mind.ended and fault.kind not in instance.interrupted:
            self.struck.append(fault)
            choice = Choice("interrupt", number, subject=fault.kind)
            self._timetable.at_once(choice)
            self._causes[choice] = self.chronicle.latest(self.now)

    # what strikes

    def _with_strike(self, choice: Choice) -> Choice:
        """The call as the plan has it struck."""
        if choice.verb != "perform":
            return choice
        leg = self.world.instances[choice.instance].mind.legs[choice.step]
        in_force = self.paths.kernel.strike_in_force(self.world, choice.instance, choice.step)
        if leg.call == "held" or in_force.kind:
            return choice
        fault = self._planned(choice)
        return choice if fault is None else choice._replace(strike=strike_of(fault))

    def _planned(self, choice: Choice) -> Fault | None:
        """The fault of the plan that begins to strike at this call."""
        step, number = self.bp.steps[choice.step], choice.instance + 1
        return fault_at(step, choice.undo, choice.attempt, self.faults, self.struck, number)

    def _note_struck(self, taken: Choice, way: Way) -> None:
        """Which fault of the plan it was; what it makes happen later; and that it goes on for a while."""
        if taken.strike is not None:
            fault = self._planned(taken)
            if fault is not None and fault not in self.struck:
                self.struck.append(fault)
        call = call_key(taken)
        strike = way.strike
        if way.crashed:
            self._crashed[call] = self.now
        if not self.paths.kernel.orchestrated and (strike.kind == "reply-lost" or strike.edge == "after"):
            self._timetable.resend(call)
        if taken.strike is not None and (strike.kind, strike.edge) == ("outage", "once"):
            self._outages[call] = self.bp.steps[taken.step].service

    # what is written down

    def _write(self, way: Way, number: int, cause: int) -> tuple[int, int]:
        """Adds what has happened; a coordinator's death and an outage's end are told when they were."""
        group = self.chronicle.write(way.told, number, self.now, cause)
        self.chronicle.messages += way.messages
        if self._crashed:
            self._tell_crashes(number, group)
        if self._outages:
            self._tell_ends_of_outages(way.to.world)
        return group

    def _tell_crashes(self, number: int, group: tuple[int, int]) -> None:
        for place in range(*group):
            event = self.chronicle.lines[place].told.event
            if isinstance(event, CoordinatorCrashed):
                call = number, self.bp.index[event.step], event.undo, event.attempt
                self.chronicle.move(place, self._crashed.get(call, self.now))

    def _tell_ends_of_outages(self, world: World) -> None:
        """An outage that is not for ever ends with the call at which it began (choreography: when it is delivered)."""
        for call, service in list(self._outages.items()):
            number, step, undo, _ = call
            instance = world.instances[number]
            leg = instance.mind.legs[step] if not instance.mind.ended else IDLE
            held = leg.call == "held" and (leg.undoing == "running") == undo
            if not held and instance.strikes[step].kind != "outage":
                del self._outages[call]
                ended = OutageEnded(service, self.bp.steps[step].name)
                told = self.paths.line(ended, world, number)
                self.chronicle.write((told,), number, self.now, self.chronicle.latest(self.now))

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
        """Nothing can happen any more, and this instance has not ended."""
        harm = stuck(self.bp, self.world.instances[number].mind)
        told = self.paths.line(SagaStuck(harm.step), self.world, number)
        self.chronicle.write((told,), number, self.now, self.chronicle.latest(self.now))
        self.chronicle.harm(harm, self.paths.harm_told(harm, self.world, number), number, self.now)
