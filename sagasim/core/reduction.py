"""Which worlds are the same for all that can still happen: one representative for each.

Merging worlds must never hide a bug, so each rule says why what it forgets cannot matter. The tests hold
every rule against an explorer that merges nothing. (Dropping copies that can change nothing is in
kernel.py, because it takes away choices; everything here keeps the choices as they are.)

    over      an ended saga with nothing under way: only its effects still count, and only for other instances
    closed    a step that is undone, was refused or never began, nothing under way: as if it had never been
    same      instances of one saga are interchangeable: for the key they are sorted
"""

from __future__ import annotations

from sagasim.core.blueprint import Blueprint
from sagasim.core.choreography import Ears, Troupe
from sagasim.core.ledger import BLANK, Leg, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.world import Instance, World

FORGOTTEN = ("refused", "failed", "undone")
NEVER_BEGAN = Leg("idle")
SKIPPED = Leg("skipped")
NOTHING_HEARD = Ears()


class Reduction:
    """The representatives of one saga's worlds."""

    def __init__(self, bp: Blueprint) -> None:
        self.bp = bp
        rules = bp.rules
        reactions = {bp.undo_reaction(step) for step in range(len(bp.steps))}
        # A coordinator that resurrects, or that stops, still asks how far a step had come.
        self._forgets = rules.on_stray_reply != "resurrect" and "stop" not in reactions
        self._neighbourly = all(bp.neighbourly)  # else a stuck saga may be named after a step that was undone
        self._alone = bp.saga.instances == 1
        self._inverse = tuple(step.undo_effects is None for step in bp.steps)
        self._values_matter = not self._alone or bool(bp.always)

    def of(self, world: World, *, faults_left: bool = True) -> World:
        """The representative of this world; without a fault left, an earlier cancel does not matter."""
        instances = tuple(self._instance(instance) for instance in world.instances)
        if not faults_left:
            instances = tuple(self._without_cancel(instance) for instance in instances)
        if self._alone and instances[0] is world.instances[0]:
            return world
        return World(instances, world.down, world.marks)

    def key(self, world: World) -> World:
        """What the world is called among its equals: instances of one saga are interchangeable."""
        return world if self._alone else self._sorted(world)

    def _without_cancel(self, instance: Instance) -> Instance:
        if "cancelled" not in instance.interrupted:
            return instance
        return instance._replace(
            interrupted=tuple(kind for kind in instance.interrupted if kind != "cancelled")
        )

    def _instance(self, instance: Instance) -> Instance:
        mind = instance.mind
        if mind.ended:
            return self._over(instance)
        if isinstance(mind, Coordinator):
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
        records = tuple(self._kept(record, step in concerned) for step, record in enumerate(instance.records))
        if isinstance(mind, Troupe):
            legs = mind.legs if concerned else (told,)
            return Instance(mind._replace(legs=legs, ears=(), report=report), records, (), instance.copies)
        return Instance(mind._replace(legs=(told,), report=report), records, (), instance.copies)

    def _kept(self, record: Record, concerned: bool) -> Record:
        if concerned:
            return record
        if self._values_matter:
            return Record(record.applied, record.undone)
        return BLANK

    def _turned_back(self, instance: Instance, mind: Coordinator) -> Instance:
        concerned = {copy.step for copy in instance.copies}
        legs, records = list(mind.legs), list(instance.records)
        changed = False
        for step, leg in enumerate(legs):
            if leg.belief in FORGOTTEN and not leg.undoing and not leg.call:
                legs[step] = NEVER_BEGAN
                changed = True
            if legs[step] == NEVER_BEGAN and self._is_blank(step, records[step], concerned):
                changed = changed or records[step] is not BLANK
                records[step] = BLANK
        if not changed:
            return instance
        return instance._replace(mind=mind._replace(legs=tuple(legs)), records=tuple(records))

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

    def _sorted(self, world: World) -> World:
        order = sorted(range(len(world.instances)), key=lambda number: repr(world.instances[number]))
        if order == list(range(len(order))):
            return world
        place = {was: now for now, was in enumerate(order)}
        marks = (mark._replace(actor=place[mark.actor], owner=place[mark.owner]) for mark in world.marks)
        return World(tuple(world.instances[number] for number in order), world.down, tuple(sorted(marks)))
