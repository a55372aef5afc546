"""The moves of an exploration: what can happen in a world, and what becomes of it, looked up where it is known.

The rules are those of the kernel, the judge and the reduction, and they are asked whenever something is met
for the first time. What they answer is kept where it can depend on nothing else:

    perform, land      of the cell of the step alone, and of what the key of the table names
    hear, receive      of what the instance believes; then cell by cell, of how a belief has changed
    everything else    is not kept: what ends a saga, outages, locks, refusals that ask for resources, cancels

A world is a row of cells per instance (rows.py). The tests hold every move against the kernel without tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sagasim.core import choreography
from sagasim.core.cells import Belief, Cell, Rest, bare, beliefs_of, cell_of
from sagasim.core.choreography import Message, Troupe
from sagasim.core.faults import SAGA_KINDS
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import HistoryEvent, NothingChanged, StepCommitted, UndoCommitted, UndoSkipped
from sagasim.core.kernel import Kernel
from sagasim.core.reactions import Reactions
from sagasim.core.rows import (
    CALM,
    HAS_ENDED,
    PIVOT_STANDS,
    TURNED,
    Found,
    Heard,
    KnownCell,
    KnownRest,
    Register,
    Row,
    Rows,
    Spot,
    landings,
)
from sagasim.core.sharing import with_marks
from sagasim.core.world import Choice, Instance, World


class Followed(NamedTuple):
    """A move that was made: the representative of the world afterwards, and what was seen on the way."""

    rows: Rows
    harms: tuple[Harm, ...]
    undone: tuple[int, ...] = ()


class Become(NamedTuple):
    """What has become of an instance when all of it had to be looked at; `down` is what is down then."""

    row: Row
    harms: tuple[Harm, ...]
    changed: bool
    touched: bool
    undone: tuple[int, ...]
    down: tuple[int, ...] = ()


class Moves:
    """The moves of one kernel."""

    def __init__(self, kernel: Kernel, judge: Judge) -> None:
        self.kernel, self.judge, self.bp = kernel, judge, kernel.bp
        bp = self.bp
        self.register = Register(kernel)
        self.reduction = self.register.reduction
        self._alone = self.register.alone
        self._reactions = None if kernel.orchestrated else Reactions(kernel, judge, self.register)
        self._ends: dict[tuple[Row, object], Become] = {}
        self._troubles: dict[tuple[object, ...], Become] = {}
        self._locks = not self._alone and any(it.safeguards.semantic_lock != "none" for it in bp.steps)
        self._deaf = not kernel.orchestrated or bp.rules.on_stray_reply == "ignore"
        self._kinds = tuple(kind for kind in SAGA_KINDS if kind in kernel.kinds)
        self._asks = tuple(
            condition is not None and step.may_refuse
            for condition, step in zip(bp.refuses_when, bp.steps, strict=True)
        )
        self._cascades = tuple(
            not kernel.orchestrated and any(not bp.steps[other].safeguards.idempotent for other in others)
            for others in bp.successors
        )
        self._meets = tuple(
            not self._alone and any(written & (bp.read[step] | bp.written[step]) for written in bp.written)
            for step in range(len(bp.steps))
        )

    # what can happen

    def choices(self, spot: Spot) -> list[Choice]:
        """Everything that happens without a further fault."""
        if self._locks:
            return self.kernel.choices(spot.world)
        found: list[Choice] = []
        for number, row in enumerate(spot.rows.rows):
            if row.rest.over is not None:
                found.extend(landings(number, row.rest.over.copies))
                continue
            landing: tuple[Choice, ...] = ()
            for step, cell in enumerate(row.cells):
                call = cell.calls[number]
                if call is not None and (not cell.spins or self.kernel.is_enabled(spot.world, number, step)):
                    found.append(call)
                if cell.landings[number]:
                    landing += cell.landings[number]
            found.extend(landing)
            if row.rest.deliveries:
                found.extend(row.rest.deliveries[number])
        return found or list(self.kernel.deadlines(spot.world))

    def faults(self, spot: Spot) -> list[Choice]:
        """Everything that could happen next as a further fault."""
        if self._locks:
            return list(self.kernel.faults(spot.world))
        found: list[Choice] = []
        for number, row in enumerate(spot.rows.rows):
            for step, cell in enumerate(row.cells):
                strikes = cell.strikes[number]
                if not strikes or (spot.troubled and self.bp.service_of[step] in spot.troubled):
                    continue
                if not cell.spins or self.kernel.is_enabled(spot.world, number, step):
                    found.extend(strikes)
            if self._kinds and row.rest.over is None:
                found.extend(self._interrupts(spot, number))
        return found

    def _interrupts(self, spot: Spot, number: int) -> Iterator[Choice]:
        mind = spot.mind(number)
        if mind.interrupts is None:
            instance = spot.world.instances[number]
            mind.interrupts = tuple(
                [kind for kind in self._kinds if self.kernel.may_interrupt(instance, kind)]
            )
        return (Choice("interrupt", number, subject=kind) for kind in mind.interrupts)

    # what becomes of it

    def follow(self, spot: Spot, choice: Choice, *, left: bool, last: bool = False) -> Followed:
        """What becomes of a choice. `left`: faults are left afterwards; `last`: this is the last of them."""
        verb = choice.verb
        if self._locks:
            return self._asked(spot, choice, left)
        if verb == "perform":
            if self._performs_alone(spot, choice):
                return self._found(spot, choice, choice.strike, left, last)
            if not (self._alone or self._asks[choice.step] or self._takes_back(spot, choice)):
                return self._troubled(spot, choice, left, last)
        elif verb == "land":
            if self._lands_alone(choice):
                if spot.rows.rows[choice.instance].rest.over is None:
                    return self._found(spot, choice, choice.subject, left, last)
                return self._ended(spot, choice, left, last)
        else:
            heard = self._heard(spot, choice)
            if heard.rest is not None:
                return self._believed(spot, choice, heard, heard.rest, left, last)
            return self._ended(spot, choice, left, last)
        return self._asked(spot, choice, left)

    def _asked(self, spot: Spot, choice: Choice, left: bool) -> Followed:
        """The kernel, the judge and the reduction, about the whole world."""
        before = spot.world
        after, events = self.kernel.apply(before, choice)
        harms = tuple(self.judge.harms(before, choice, events, after))
        return Followed(
            self.register.rows(self.reduction.of(after, faults_left=left)), harms, self._undone(events)
        )

    def _undone(self, events: list[HistoryEvent]) -> tuple[int, ...]:
        """The steps whose undo ran with something to undo."""
        index = self.bp.index
        return tuple([index[it.step] for it in events if isinstance(it, UndoCommitted) and it.times >= 0])

    # one step alone

    def _performs_alone(self, spot: Spot, choice: Choice) -> bool:
        step, strike = choice.step, choice.strike
        if strike is not None and strike.kind == "outage":
            return False
        if spot.troubled and self.bp.service_of[step] in spot.troubled:
            return False
        return (choice.undo or not self._asks[step]) and not self._takes_back(spot, choice)

    def _takes_back(self, spot: Spot, choice: Choice) -> bool:
        """Whether somebody has read, or overwritten, what is undone here."""
        mine = (choice.instance, choice.step)
        return choice.undo and any((mark.owner, mark.owner_step) == mine for mark in spot.rows.marks)

    def _lands_alone(self, choice: Choice) -> bool:
        step = choice.step
        if not self._deaf or self._meets[step]:
            return False
        return choice.undo or not (self._asks[step] or self._cascades[step])

    def _found(self, spot: Spot, choice: Choice, what: object, left: bool, last: bool) -> Followed:
        step, rows, calm = choice.step, spot.rows, 0 if left or spot.troubled else CALM
        row = rows.rows[choice.instance]
        cell, flag = row.cells[step], calm | row.rest.flag
        if choice.undo and self.bp.pivots and self._pivot_stands(row):
            flag |= PIVOT_STANDS
        found = cell.found.get((what, flag))
        if found is None:
            found = cell.found[what, flag] = self._find(spot, choice, flag)
        place = (choice.instance, choice.verb, found.cell, found.touched, last)
        after = spot.led_to.get(place)
        if after is None:  # else another fault has made the same of this step
            after = spot.led_to[place] = self._with_cell(spot, choice, found, calm, last)
        harms = found.harms
        if found.changed and self.bp.always:
            harms = (*harms, *self.judge.always(self.register.world(after)))
        return Followed(after, harms, found.undone)

    def _with_cell(self, spot: Spot, choice: Choice, found: Found, calm: int, last: bool) -> Rows:
        """The world with this cell; what others share is noted."""
        step, rows = choice.step, spot.rows
        if last:
            rows = Rows(spot.calmed(calm), rows.down, rows.marks)
        row = rows.rows[choice.instance]
        cells = (*row.cells[:step], found.cell, *row.cells[step + 1 :])
        if choice.verb == "land" and row.rest.flag:
            cells = self.register.together(cells, row.rest)
        after = self.register.with_row(rows, choice.instance, Row(row.rest, cells))
        if found.touched and self._meets[step]:
            marked = with_marks(self.bp, self.register.world(after), choice.instance, step, undo=choice.undo)
            after = after._replace(marks=marked.marks)
        return after

    def _pivot_stands(self, row: Row) -> bool:
        return any(row.cells[pivot].cell.record.times > 0 for pivot in self.bp.pivots)

    def _find(self, spot: Spot, choice: Choice, flag: int) -> Found:
        """The kernel, the judge and the reduction, about this step."""
        step, was = choice.step, spot.world.instances[choice.instance]
        after, events = self.kernel.apply(World((was,)), choice._replace(instance=0))
        (now,) = after.instances
        cell = self.reduction.cell(
            step, cell_of(now, step), turned=bool(flag & TURNED), calm=bool(flag & CALM)
        )
        return Found(
            self.register.known(step, cell),
            tuple(self.judge.of_instance(was, now, events)),
            any(isinstance(event, StepCommitted | UndoCommitted) for event in events),
            any(isinstance(event, StepCommitted | UndoCommitted | NothingChanged) for event in events),
            self._undone(events),
        )

    # what is heard

    def _heard(self, spot: Spot, choice: Choice) -> Heard:
        if self._reactions and choice.verb in ("hear", "receive"):
            known = self._reactions.heard(spot, choice)
            if known is not None:
                return known
        mind = spot.mind(choice.instance)
        what = choice.step if choice.verb == "hear" else choice.subject
        heard = mind.heard.get(what)
        if heard is None:
            heard = mind.heard[what] = self._hear(spot, choice)
        return heard

    def _hear(self, spot: Spot, choice: Choice) -> Heard:
        """The rules of the coordination, about what is heard here, or interrupts."""
        events: list[HistoryEvent] = []
        instance, row = spot.world.instances[choice.instance], spot.rows.rows[choice.instance]
        was, interrupted, subject = instance.mind, instance.interrupted, choice.subject
        if choice.verb == "hear":
            now = self.kernel.heard(was, choice.step, was.legs[choice.step].call, events)
        elif isinstance(subject, Message) and isinstance(was, Troupe):
            now = choreography.receive(self.bp, was, subject, events)
        else:
            now = self.kernel.interrupted(was, str(subject), events)
            interrupted = tuple(sorted((*interrupted, str(subject))))
        if now.ended:
            return HAS_ENDED
        rest = self.reduction.rest(Rest(bare(now), interrupted), faults_left=True)
        others = enumerate(zip(row.cells, beliefs_of(now), strict=True))
        return Heard(
            self.register.known_rest(rest),
            tuple([(step, belief) for step, (known, belief) in others if known.belief != belief]),
            tuple([Harm("skipped-undo", event.step) for event in events if isinstance(event, UndoSkipped)]),
            tuple(self.judge.doubtful_undos(was, now)),
        )

    def _believed(
        self, spot: Spot, choice: Choice, heard: Heard, rest: KnownRest, left: bool, last: bool
    ) -> Followed:
        """The cells of which something else is believed now, and what follows for the others."""
        row, harms = spot.rows.rows[choice.instance], heard.harms
        for step, builder in heard.suspects:
            if row.cells[builder].cell.record.times > 0:
                harms = (*harms, Harm("wrong-order", self.bp.steps[step].name))
        flag, cells = rest.flag if left or last or spot.troubled else rest.flag | CALM, list(row.cells)
        if rest.flag != row.rest.flag:
            cells = [self.register.same(step, cell, flag) for step, cell in enumerate(cells)]
        follows = choice.verb != "receive"
        for step, belief in heard.beliefs:
            cell = row.cells[step]
            known = (cell.heard if follows else cell.received).get((belief, flag))
            cells[step] = known or self._change(step, cell, belief, flag, follows=follows)
        now = tuple(cells)
        if rest.flag or not self.kernel.orchestrated:
            now = self.register.together(now, rest)
        after = self.register.with_row(spot.rows, choice.instance, Row(rest, now))
        return Followed(self._settled(spot, after, left, last), harms)

    def _change(self, step: int, known: KnownCell, belief: Belief, flag: int, *, follows: bool) -> KnownCell:
        was = known.cell
        strike, copies = was.strike, was.copies
        if follows and belief[0] != was.leg:
            strike, copies = self.kernel.followed(step, was.leg, belief[0], strike, copies)
            copies = tuple([it for it in copies if not self.kernel.is_inert(it, was.record, ended=False)])
        cell = Cell(*belief, was.record, strike, copies)
        cell = self.reduction.cell(step, cell, turned=bool(flag & TURNED), calm=bool(flag & CALM))
        now = (known.heard if follows else known.received)[belief, flag] = self.register.known(step, cell)
        return now

    # the end of an instance

    def _ended(self, spot: Spot, choice: Choice, left: bool, last: bool) -> Followed:
        """What ends an instance, or happens after its end. What was marked as taken back by it never will be."""
        number, row = choice.instance, spot.rows.rows[choice.instance]
        what = (choice.verb, choice.step, choice.subject)
        ended = self._ends.get((row, what))
        if ended is None:
            ended = self._end(spot.world.instances[number], choice)
            if not self._alone:
                self._ends[row, what] = ended
        rows, harms = self.register.with_row(spot.rows, number, ended.row), ended.harms
        if rows.marks:
            rows = rows._replace(marks=tuple([mark for mark in rows.marks if mark.owner != number]))
        rows = self._settled(spot, rows, left, last)
        if row.rest.over is None and self.bp.finally_ and not self._alone:
            harms = (*harms, *self.judge.at_the_end(self.register.world(rows)))
        if ended.changed and self.bp.always:
            harms = (*harms, *self.judge.always(self.register.world(rows)))
        return Followed(rows, harms, ended.undone)

    def _end(self, was: Instance, choice: Choice) -> Become:
        after, events = self.kernel.apply(World((was,)), choice._replace(instance=0))
        (now,) = after.instances
        harms = self.judge.of_instance(was, now, events)
        if self._alone and not was.mind.ended:  # what nobody else shares is forgotten in the row
            harms.extend(self.judge.at_the_end(after))
        return self._become(self.register.row(self.reduction.over(now)), harms, events, ())

    def _become(
        self, row: Row, harms: list[Harm], events: list[HistoryEvent], down: tuple[int, ...]
    ) -> Become:
        return Become(
            row,
            tuple(harms),
            any(isinstance(event, StepCommitted | UndoCommitted) for event in events),
            any(isinstance(event, StepCommitted | UndoCommitted | NothingChanged) for event in events),
            self._undone(events),
            down,
        )

    # an outage, with several instances

    def _troubled(self, spot: Spot, choice: Choice, left: bool, last: bool) -> Followed:
        """A call while an outage strikes, or begins: it depends on its own instance and on what is in trouble."""
        number, rows, step = choice.instance, spot.rows, choice.step
        key = (rows.rows[number], step, choice.strike, rows.down, spot.troubled)
        become = self._troubles.get(key)
        if become is None:
            become = self._troubles[key] = self._strike(spot, choice)
        after = self.register.with_row(rows, number, become.row)._replace(down=become.down)
        if become.touched and self._meets[step]:
            marked = with_marks(self.bp, self.register.world(after), number, step, undo=choice.undo)
            after = after._replace(marks=marked.marks)
        harms = become.harms
        if become.changed and self.bp.always:
            harms = (*harms, *self.judge.always(self.register.world(after)))
        return Followed(self._settled(spot, after, left, last), harms, become.undone)

    def _strike(self, spot: Spot, choice: Choice) -> Become:
        before, number = spot.world, choice.instance
        after, events = self.kernel.apply(before, choice)
        was, now = before.instances[number], after.instances[number]
        row = self.register.row(self.reduction.instance(now, faults_left=True, calm=False))
        return self._become(row, self.judge.of_instance(was, now, events), events, after.down)

    # what follows for everything else

    def _settled(self, spot: Spot, rows: Rows, left: bool, last: bool) -> Rows:
        """The rows when an outage may be over, or the last fault has struck: that concerns all of them."""
        if rows.down:
            rows = rows._replace(down=self.register.still_down(rows))
        if left or not (last or spot.troubled):
            return rows
        calm = 0 if self.register.troubled(rows) else CALM
        if not (last or calm):
            return rows
        return rows._replace(rows=tuple([self.register.calmed(row, calm) for row in rows.rows]))
