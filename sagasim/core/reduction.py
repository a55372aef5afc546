"""Which worlds are the same for all that can still happen: one representative for each.

Merging worlds must never hide a bug, so each rule says why what it forgets cannot matter. The tests hold
every rule against an explorer that merges nothing. (Dropping copies that can change nothing is in
kernel.py, because it takes away choices; everything here keeps the choices as they are.)

    over      an ended saga with nothing under way: only its effects still count, and only for other instances
    closed    a step that is undone, was refused or never began, nothing under way: as if it had never been; but
              who does not deduplicate events may hear of it again, and then acts by what is recorded
    same      instances of one saga are interchangeable: for the key they are sorted

The rules look at single cells (`cell`), at the cells of one instance together (`together`), and at what
concerns no step (`rest`), so that whoever knows what has changed asks for no more than that (moves.py).
"""

from __future__ import annotations

from sagasim.core.alike import Alike
from sagasim.core.blueprint import Blueprint, loses_events, reachable
from sagasim.core.cells import Cell, Rest, put_together, taken_apart
from sagasim.core.choreography import CLOSED, Ears, Troupe
from sagasim.core.ledger import BLANK, Leg, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.world import Instance, Mark, Mind, World

FORGOTTEN = ("refused", "failed", "undone")
NEVER_BEGAN = Leg("idle")
GIVEN_UP = Leg("given-up")
SKIPPED = Leg("skipped")
UNDONE = Leg("undone")
NOTHING_HEARD = Ears()

Key = tuple[tuple[Instance, ...], tuple[int, ...], tuple[Mark, ...]]
"""A world as it is called among its equals: with several instances sorted."""


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
        self._stays = tuple(map(bp.stays, every))
        self._loses_events = tuple(loses_events(bp, step) for step in every)
        self._hears_again = tuple(
            bool(bp.predecessors[step]) and not bp.steps[step].safeguards.idempotent for step in every
        )
        self._heard_again_behind = reachable(
            tuple(tuple(other for other in others if self._hears_again[other]) for others in bp.successors)
        )
        self._undone_in_order = rules.order == "reverse" and all(
            set(bp.builders[step]) <= set(bp.descendants[step]) for step in every
        )
        self._values_matter = not self._alone or bool(bp.always)

    def of(self, world: World, *, faults_left: bool = True) -> World:
        """The representative of this world; without a fault left, an earlier cancel does not matter."""
        down = self.still_down(world)
        now = tuple(
            [self.instance(instance, faults_left=faults_left, calm=False) for instance in world.instances]
        )
        if not faults_left and not down and not any(map(has_outage, now)):
            now = tuple([self.instance(instance, faults_left=faults_left, calm=True) for instance in now])
        return World(now, down, world.marks)

    def key(self, world: World) -> Key:
        """What the representative is called among its equals: instances of one saga are interchangeable."""
        if self._alone:
            return world.instances, world.down, ()
        order = sorted(range(len(world.instances)), key=lambda number: repr(world.instances[number]))
        return tuple([world.instances[number] for number in order]), world.down, in_order(world.marks, order)

    def still_down(self, world: World) -> tuple[int, ...]:
        """The services that are down, and that anybody may still call."""
        return tuple(
            service
            for service in world.down
            if any(
                self.may_call(instance.mind, instance.mind.legs[step])
                for step, its in enumerate(self.bp.service_of)
                if its == service
                for instance in world.instances
                if not instance.mind.ended  # its legs may be gone
            )
        )

    def may_call(self, mind: Mind, leg: Leg) -> bool:
        """Whether a step of which this is believed may still be called."""
        if mind.ended:
            return False
        if isinstance(mind, Troupe):
            return leg.belief not in CLOSED
        return bool(mind.phase != "compensating" or not self._forgets or leg.undoing)

    def instance(self, instance: Instance, *, faults_left: bool, calm: bool) -> Instance:
        """The representative of one saga of a world; see alike.py for `calm`."""
        if instance.mind.ended:
            return self.over(instance)
        rest, cells = taken_apart(instance)
        turned = self.is_turned(rest)
        cells = [self.cell(step, cell, turned=turned, calm=calm) for step, cell in enumerate(cells)]
        self.together(cells, turned=turned)
        return put_together(self.rest(rest, faults_left=faults_left), cells)

    # an ended saga

    def over(self, instance: Instance) -> Instance:
        """Nobody decides anything any more; what is still under way needs its own records and the report."""
        mind = instance.mind
        if isinstance(mind, Troupe) and (mind.bus or any(leg.call for leg in mind.legs)):
            return instance
        concerned = {copy.step for copy in instance.copies}
        if isinstance(mind, Troupe):
            # a copy that takes effect publishes once more: who does not deduplicate it is concerned as well
            concerned.update(*(self._heard_again_behind[step] for step in tuple(concerned)))
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

    # what concerns no step

    def is_turned(self, rest: Rest) -> bool:
        """Whether this coordinator only goes back now, and asks no more how far a step had come."""
        return isinstance(rest.mind, Coordinator) and rest.mind.phase == "compensating" and self._forgets

    def rest(self, rest: Rest, *, faults_left: bool) -> Rest:
        """Why a saga turned back does not matter, nor what nothing can interrupt any more."""
        if isinstance(rest.mind, Coordinator) and self.is_turned(rest):
            return Rest(rest.mind._replace(reason="compensate"), ())
        if not faults_left and "cancelled" in rest.interrupted:
            return rest._replace(interrupted=tuple(kind for kind in rest.interrupted if kind != "cancelled"))
        return rest

    # one step

    def cell(self, step: int, cell: Cell, *, turned: bool, calm: bool) -> Cell:
        """The cell by its one name. `turned`: its coordinator only goes back; `calm`: see alike.py."""
        if cell.ears is not None:
            return self._heard(step, cell)
        now = self._alike.of(step, cell, calm=calm)
        while now is not cell:  # what one rule has made of it may be what another one looks for
            cell, now = now, self._alike.of(step, now, calm=calm)
        return self._turned_back(step, now) if turned else now

    def _turned_back(self, step: int, cell: Cell) -> Cell:
        leg = cell.leg
        if leg.undoing:
            if leg.belief == "unknown" and self._undone_in_order and step not in self.bp.pivots:
                return cell._replace(leg=leg._replace(belief="done"))  # until it is undone, nobody asks
            return cell
        if leg.belief in FORGOTTEN and not leg.call:
            leg = NEVER_BEGAN
        blank = leg == NEVER_BEGAN and self._is_blank(step, cell)
        return cell._replace(leg=leg, record=BLANK if blank else cell.record)

    def _heard(self, step: int, cell: Cell) -> Cell:
        """Choreography: of what was heard, only what may still be asked for."""
        ears, record = self._asked_for(step, cell), cell.record
        if is_closed(cell.leg) and not self._hears_again[step] and self._is_blank(step, cell):
            record = BLANK
        if ears is cell.ears and record is cell.record:
            return cell
        return Cell(cell.leg, ears, record, cell.strike, cell.copies)

    def _asked_for(self, step: int, cell: Cell) -> Ears:
        leg, ears = cell.leg, cell.ears
        assert ears is not None
        if leg.belief == "dead" or self.is_deaf(step, leg):
            return NOTHING_HEARD
        if leg.belief != "done":
            return ears
        if self._stays[step]:  # it is undone by nobody, or by the event that says so
            return NOTHING_HEARD
        return Ears(0, ears.closed, False, ears.passed) if ears.heard or ears.aborted else ears

    def is_deaf(self, step: int, leg: Leg) -> bool:
        """Choreography: whether nothing can come any more of what this step's participant hears."""
        return leg.belief in CLOSED or (leg.undoing == "running" and not self._loses_events[step])

    def _is_blank(self, step: int, cell: Cell) -> bool:
        return not cell.record.times and self._inverse[step] and not cell.copies

    # the steps together

    def together(self, cells: list[Cell], *, turned: bool) -> bool:
        """What can be told only of all cells of an instance; changes the list, and says whether it did."""
        if cells[0].ears is not None:
            return self._scattered(cells)
        return turned and not self._values_matter and self._given_up(cells)

    def _given_up(self, cells: list[Cell]) -> bool:
        """The undos that were given up, as one: the report names them all, and nothing can strike them."""
        given_up, known, last = [], False, -1
        for step, cell in enumerate(cells):
            if cell.leg not in (GIVEN_UP, NEVER_BEGAN):
                continue
            free = not cell.copies and step not in self.bp.pivots
            if cell.leg == NEVER_BEGAN and cell.record != BLANK:
                continue  # what stands of it is in no report
            if cell.leg == GIVEN_UP:
                given_up += [step] if free else []
                known = known or not free
            last = step if free else last
        if not given_up or (given_up == [last] and not known and cells[last].record == BLANK):
            return False
        for step in given_up:
            cells[step] = cells[step]._replace(leg=NEVER_BEGAN, record=BLANK)
        if not known:
            cells[last] = cells[last]._replace(leg=GIVEN_UP)
        return True

    def _scattered(self, cells: list[Cell]) -> bool:
        """Choreography: a closed step with nothing standing before it might as well have been skipped."""
        changed = False
        for step, cell in enumerate(cells):
            if is_closed(cell.leg) and cell.leg.belief != "skipped":
                standing = any(cells[other].leg.belief == "done" for other in self.bp.predecessors[step])
                as_skipped = self._neighbourly and not standing and not self._hears_again[step]
                leg = SKIPPED if as_skipped else UNDONE
                if leg != cell.leg:
                    cells[step] = cell._replace(leg=leg)
                    changed = True
        return changed


def has_outage(instance: Instance) -> bool:
    """Whether an outage goes on striking one of its calls."""
    return any(strike.kind == "outage" for strike in instance.strikes)


def in_order(marks: tuple[Mark, ...], order: list[int]) -> tuple[Mark, ...]:
    """The marks when the instances are put in another order."""
    if not marks:
        return ()
    place = {was: now for now, was in enumerate(order)}
    return tuple(sorted(mark._replace(actor=place[mark.actor], owner=place[mark.owner]) for mark in marks))


def is_closed(leg: Leg) -> bool:
    """Whether nothing of the step stands, and nothing of it is under way."""
    return not leg.call and not leg.undoing and leg.belief in ("refused", "undone", "skipped")
