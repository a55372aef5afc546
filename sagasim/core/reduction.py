"""Which worlds are the same for all that can still happen: one representative for each.

Merging worlds must never hide a bug, so each rule says why what it forgets cannot matter. The tests hold
every rule against an explorer that merges nothing. (Dropping copies that can change nothing is in
kernel.py, because it takes away choices; everything here keeps the choices as they are.)

    over      an ended saga with nothing under way: only its effects still count, and only for other instances
    closed    a step that is undone, was refused or never began, nothing under way: as if it had never been
    same      instances of one saga are interchangeable: for the key they are sorted
"""

from __future__ import annotations

from sagasim.core.alike import Alike
from sagasim.core.blueprint import Blueprint
from sagasim.core.choreography import CLOSED, Ears, Troupe
from sagasim.core.ledger import BLANK, Leg, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Strike
from sagasim.core.world import Instance, Mark, Mind, World

FORGOTTEN = ("refused", "failed", "undone")
NEVER_BEGAN = Leg("idle")
GIVEN_UP = Leg("given-up")
SKIPPED = Leg("skipped")
NOTHING_HEARD = Ears()

Key = tuple[int, ...] | tuple[tuple[int, ...], tuple[int, ...], tuple[Mark, ...]]
"""A world by the numbers of its instances; with several instances sorted."""

MOST_ASKED = 100_000
"""So many answers are kept before they are forgotten, so that memory stays with the states."""


class Reduction:
    """The representatives of one saga's worlds."""

    def __init__(self, bp: Blueprint) -> None:
        self.bp = bp
        self._alike = Alike(bp)
        rules = bp.rules
        reactions = {bp.undo_reaction(step) for step in range(len(bp.steps))}
        # A coordinator that resurrects, or that stops, still asks how far a step had come.
        self._forgets = rules.on_stray_reply != "resurrect" and "stop" not in reactions
        self._neighbourly = all(bp.neighbourly)  # else a stuck saga may be named after a step that was undone
        self._alone = bp.saga.instances == 1
        self._inverse = tuple(step.undo_effects is None for step in bp.steps)
        every = range(len(bp.steps))
        self._undone_in_order = rules.order == "reverse" and all(
            set(bp.builders[step]) <= set(bp.descendants[step]) for step in every
        )
        self._no_strikes = (NO_STRIKE,) * len(bp.steps)
        self._asked: dict[tuple[Instance, bool, bool], Instance] = {}
        self._records: dict[tuple[Record, ...], tuple[Record, ...]] = {}
        self._strikes: dict[tuple[Strike, ...], tuple[Strike, ...]] = {}
        self._numbers: dict[Instance, int] = {}
        self._instances: list[Instance] = []
        self._by_identity: dict[int, int] = {}
        self._values_matter = not self._alone or bool(bp.always)

    def of(self, world: World, *, faults_left: bool = True) -> World:
        """The representative of this world; without a fault left, an earlier cancel does not matter."""
        instances = world.instances
        calm = not faults_left and not world.down and not any(map(self._has_outage, instances))
        now = tuple([self._known(instance, calm, faults_left) for instance in instances])
        down = world.down
        if down:
            down = tuple(service for service in down if self._is_called(service, now))
        return World(now, down, world.marks)

    def key(self, world: World) -> Key:
        """What the representative is called among its equals: instances of one saga are interchangeable."""
        numbers = tuple([self._number(instance) for instance in world.instances])
        if self._alone:
            return (numbers[0], *world.down)
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        marks = world.marks
        if marks:
            place = {was: now for now, was in enumerate(order)}
            marks = tuple(
                sorted(mark._replace(actor=place[mark.actor], owner=place[mark.owner]) for mark in marks)
            )
        return tuple(sorted(numbers)), world.down, marks

    def _has_outage(self, instance: Instance) -> bool:
        strikes = instance.strikes
        return strikes != self._no_strikes and any(strike.kind == "outage" for strike in strikes)

    def _known(self, instance: Instance, calm: bool, faults_left: bool) -> Instance:
        """The representative of an instance, looked up where it was asked for before."""
        asked = (instance, calm, faults_left)
        known = self._asked.get(asked)
        if known is None:
            known = self._instance(instance, calm=calm)
            if not faults_left:
                known = self._without_cancel(known)
            known = self._instances[self._number(self._shared(known))]
            if len(self._asked) >= MOST_ASKED:
                self._asked.clear()
            self._asked[asked] = known
        return known

    def _shared(self, instance: Instance) -> Instance:
        """The same, made of rows that other instances are made of too: beliefs differ more than truths."""
        records = self._records.setdefault(instance.records, instance.records)
        strikes = self._strikes.setdefault(instance.strikes, instance.strikes)
        return instance._replace(records=records, strikes=strikes)

    def _number(self, instance: Instance) -> int:
        """Every representative once, and by its number: large tuples are compared and hashed no more."""
        number = self._by_identity.get(id(instance))
        if number is None:
            number = self._numbers.setdefault(instance, len(self._instances))
            if number == len(self._instances):
                self._instances.append(instance)
                self._by_identity[id(instance)] = number
        return number

    def _is_called(self, service: int, instances: tuple[Instance, ...]) -> bool:
        """Whether anybody may still call this service."""
        return any(
            self._may_call(instance.mind, step)
            for step, its in enumerate(self.bp.service_of)
            if its == service
            for instance in instances
        )

    def _may_call(self, mind: Mind, step: int) -> bool:
        if mind.ended:
            return False
        if isinstance(mind, Troupe):
            return mind.legs[step].belief not in CLOSED
        return bool(mind.phase != "compensating" or not self._forgets or mind.legs[step].undoing)

    def _without_cancel(self, instance: Instance) -> Instance:
        if "cancelled" not in instance.interrupted:
            return instance
        return instance._replace(
            interrupted=tuple(kind for kind in instance.interrupted if kind != "cancelled")
        )

    def _instance(self, instance: Instance, *, calm: bool) -> Instance:
        mind = instance.mind
        if mind.ended:
            return self._over(instance)
        if isinstance(mind, Coordinator):
            instance = self._alike.of(instance, mind, calm=calm)
            assert isinstance(instance.mind, Coordinator)
            mind = instance.mind
            if mind.phase != "compensating" or not self._forgets:
                return instance
            if instance.interrupted:  # nothing can interrupt it now
                instance = instance._replace(interrupted=())
            return self._turned_back(instance, mind)
        return self._scattered(instance, mind)

    def _over(self, instance: Instance) -> Instance:
        """Nobody decides anything any more; what is still under way needs its own records and the report."""
        mind = instance.mind
        if isinstance(mind, Troupe) and (mind.bus or any(leg.call for leg in mind.legs)):
            return instance
        concerned = {copy.step for copy in instance.copies}
        report = tuple(step for step in mind.report if step in concerned)
        given_up = any(leg.belief == "given-up" for leg in mind.legs)  # silences `always`
        told = Leg("given-up" if given_up and self._values_matter else "idle")
        judged = (
            set(self.bp.pivots) if any(copy.undo for copy in instance.copies) else set()
        )  # undone after it?
        records = tuple(
            self._kept(record, step in concerned, self._values_matter or step in judged)
            for step, record in enumerate(instance.records)
        )
        if isinstance(mind, Troupe):
            legs = mind.legs if concerned else (told,)
            return Instance(mind._replace(legs=legs, ears=(), report=report), records, (), instance.copies)
        return Instance(mind._replace(legs=(told,), report=report), records, (), instance.copies)

    def _kept(self, record: Record, concerned: bool, counts: bool) -> Record:
        if concerned:
            return record
        return Record(record.applied, record.undone) if counts else BLANK

    def _turned_back(self, instance: Instance, mind: Coordinator) -> Instance:
        concerned = {copy.step for copy in instance.copies}
        legs, records = list(mind.legs), list(instance.records)
        for step, leg in enumerate(legs):
            if leg.undoing:
                if leg.belief == "unknown" and self._undone_in_order and step not in self.bp.pivots:
                    legs[step] = leg._replace(belief="done")  # it will be undone; until then nobody asks
                continue
            if leg.belief in FORGOTTEN and not leg.call:
                legs[step] = NEVER_BEGAN
            if legs[step] == NEVER_BEGAN and self._is_blank(step, records[step], concerned):
                records[step] = BLANK
        if GIVEN_UP in legs and not self._values_matter:
            self._put_together(legs, records, concerned)
        forgotten = Coordinator(mind.phase, tuple(legs), "compensate", mind.started, mind.report)
        return Instance(forgotten, tuple(records), instance.strikes, instance.copies, instance.interrupted)

    def _put_together(self, legs: list[Leg], records: list[Record], concerned: set[int]) -> None:
        """The undos that were given up, as one: the report names them all, and nothing can strike them."""
        free = [step for step in range(len(legs)) if step not in concerned and step not in self.bp.pivots]
        given_up = [step for step in free if legs[step] == GIVEN_UP]
        for step in given_up:
            legs[step], records[step] = NEVER_BEGAN, BLANK
        if given_up and GIVEN_UP not in legs:
            legs[max(step for step in free if legs[step] == NEVER_BEGAN)] = GIVEN_UP

    def _is_blank(self, step: int, record: Record, concerned: set[int]) -> bool:
        return not record.times and self._inverse[step] and step not in concerned

    def _scattered(self, instance: Instance, mind: Troupe) -> Instance:
        """Choreography: a closed step with nothing standing before it might as well have been skipped."""
        concerned = {copy.step for copy in instance.copies}
        legs, ears, records = list(mind.legs), list(mind.ears), list(instance.records)
        for step, leg in enumerate(legs):
            if leg.call or leg.undoing or leg.belief not in ("refused", "undone", "skipped"):
                continue
            ears[step] = NOTHING_HEARD
            if self._is_blank(step, records[step], concerned):
                records[step] = BLANK
            standing = any(legs[other].belief == "done" for other in self.bp.predecessors[step])
            if leg.belief != "skipped":
                legs[step] = SKIPPED if self._neighbourly and not standing else Leg("undone")
        return instance._replace(
            mind=mind._replace(legs=tuple(legs), ears=tuple(ears)), records=tuple(records)
        )
