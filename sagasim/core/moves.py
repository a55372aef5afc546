"""The moves of an exploration: what can happen in a world, and what becomes of it, looked up where it is known.

The rules are those of the kernel, the judge and the reduction, and they are asked whenever something is met
for the first time. What they answer is kept where it can depend on nothing else:

    perform, land      of the cell of the step alone, and of what the key of the table names
    hear, receive      of what the instance believes; then cell by cell, of how a belief has changed
    everything else    is not kept: what ends a saga, outages, locks, refusals that ask for resources, cancels

A world is a row of cells per instance (cells.py). The tests hold every move against the kernel without tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sagasim.core import choreography
from sagasim.core.cells import Belief, Cell, Rest, bare, beliefs_of, cell_of, put_together, taken_apart
from sagasim.core.choreography import QUIET, Message, Troupe
from sagasim.core.faults import SAGA_KINDS
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import HistoryEvent, NothingChanged, StepCommitted, UndoCommitted, UndoSkipped
from sagasim.core.kernel import ON_ITS_WAY, Kernel
from sagasim.core.ledger import Copy
from sagasim.core.reduction import GIVEN_UP, Reduction, in_order, is_closed
from sagasim.core.sharing import with_marks
from sagasim.core.striking import STRUCK_ATTEMPTS
from sagasim.core.world import Choice, Instance, Mark, World

CALM, TURNED, PIVOT_STANDS = 1, 2, 4
"""What a move of one step can depend on besides its cell: see alike.py, reduction.py, harms.py."""


class KnownCell:
    """A cell that is there once, with what is known of it alone; lists are by the number of the instance.

    calls      what the open call does next by itself: it is performed, or its answer is heard
    spins      the kernel must be asked whether the call would only lead back to itself
    landings   the copies that may land
    strikes    the calls again, struck by each further fault
    """

    __slots__ = (
        "belief", "calls", "cell", "found", "heard", "landings", "merges", "outage", "received", "same",
        "spins", "strikes",
    )  # fmt: skip

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.belief: Belief = (cell.leg, cell.ears)
        self.outage = cell.strike.kind == "outage"
        self.merges = cell.leg == GIVEN_UP or is_closed(cell.leg)
        self.spins = False
        self.calls: list[Choice | None] = []
        self.landings: list[tuple[Choice, ...]] = []
        self.strikes: list[tuple[Choice, ...]] = []
        self.found: dict[tuple[object, int], Found] = {}
        self.heard: dict[tuple[Belief, int], KnownCell] = {}
        self.received: dict[tuple[Belief, int], KnownCell] = {}
        self.same: dict[int, KnownCell] = {}


class KnownRest:
    """The rest of an instance that is there once; `over` is all of the instance, where it has ended."""

    __slots__ = ("calmed", "deliveries", "flag", "over", "rest")

    def __init__(self, rest: Rest, over: Instance | None, flag: int) -> None:
        self.rest, self.over, self.flag = rest, over, flag
        self.deliveries: list[tuple[Choice, ...]] = []
        self.calmed: KnownRest | None = None


class Row(NamedTuple):
    """One instance, by what is there once; an instance that has ended has no cells of its own."""

    rest: KnownRest
    cells: tuple[KnownCell, ...]


class Rows(NamedTuple):
    """A world, by what is there once."""

    rows: tuple[Row, ...]
    down: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()


RowKey = tuple[object, ...]


class Found(NamedTuple):
    """What has become of a step to which alone something happened.

    changed   an effect came or went
    touched   the same, or there was nothing to do: where others share the record, it is noted
    undone    the step, if its undo ran with something to undo
    """

    cell: KnownCell
    harms: tuple[Harm, ...]
    changed: bool
    touched: bool
    undone: tuple[int, ...]


class Heard(NamedTuple):
    """What an instance believes after it has heard something.

    rest      None: it has ended, and is not known here
    suspects  undos that begin while a step that builds on them is believed done
    """

    rest: KnownRest | None
    beliefs: tuple[tuple[int, Belief], ...] = ()
    harms: tuple[Harm, ...] = ()
    suspects: tuple[tuple[int, int], ...] = ()


HAS_ENDED = Heard(None)


class Mind:
    """What is believed in an instance, there once: what can be heard next, and what can interrupt it."""

    __slots__ = ("heard", "interrupts")

    def __init__(self) -> None:
        self.heard: dict[object, Heard] = {}
        self.interrupts: tuple[str, ...] | None = None


class Followed(NamedTuple):
    """A move that was made: the representative of the world afterwards, and what was seen on the way."""

    rows: Rows
    harms: tuple[Harm, ...]
    undone: tuple[int, ...] = ()


class Ended(NamedTuple):
    """What has become of an instance that has ended."""

    row: Row
    harms: tuple[Harm, ...]
    changed: bool
    undone: tuple[int, ...]


class Spot:
    """A world while it is expanded: in full where somebody must look at all of it.

    `troubled` are the services that are down, or that an outage strikes.
    """

    __slots__ = ("_calmed", "_minds", "_moves", "_world", "rows", "troubled")

    def __init__(self, moves: Moves, rows: Rows) -> None:
        self._moves, self.rows = moves, rows
        self._world: World | None = None
        self._minds: list[Mind | None] = [None] * len(rows.rows)
        self._calmed: dict[int, tuple[Row, ...]] = {}
        self.troubled = moves.troubled(rows)

    @property
    def world(self) -> World:
        if self._world is None:
            self._world = self._moves.world(self.rows)
        return self._world

    def calmed(self, calm: int) -> tuple[Row, ...]:
        """The rows as they are called when no fault is left any more."""
        known = self._calmed.get(calm)
        if known is None:
            known = self._calmed[calm] = tuple([self._moves.calmed(row, calm) for row in self.rows.rows])
        return known

    def mind(self, number: int) -> Mind:
        known = self._minds[number]
        if known is None:
            known = self._minds[number] = self._moves.mind(self.rows.rows[number])
        return known


class Moves:
    """The moves of one kernel."""

    def __init__(self, kernel: Kernel, judge: Judge) -> None:
        self.kernel, self.judge, self.bp = kernel, judge, kernel.bp
        bp = self.bp
        self.reduction = Reduction(bp)
        self._every = range(bp.saga.instances)
        self._alone = bp.saga.instances == 1
        self._cells: tuple[dict[Cell, KnownCell], ...] = tuple({} for _ in bp.steps)
        self._rests: dict[Rest | Instance, KnownRest] = {}
        self._minds: dict[tuple[object, ...], Mind] = {}
        self._numbers: dict[Row, int] = {}
        self._instances: dict[Row, Instance] = {}
        self._ends: dict[tuple[Row, object], Ended] = {}
        self._locks = not self._alone and any(it.safeguards.semantic_lock != "none" for it in bp.steps)
        self._deaf = not kernel.orchestrated or bp.rules.on_stray_reply == "ignore"
        self._outages = "outage" in kernel.kinds
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

    # worlds and rows

    def rows(self, world: World) -> Rows:
        """The rows of a world that is a representative."""
        rows = tuple([self._shared(self._row(instance)) for instance in world.instances])
        return Rows(rows, world.down, world.marks)

    def world(self, rows: Rows) -> World:
        """The world of these rows."""
        return World(tuple([self._instance(row) for row in rows.rows]), rows.down, rows.marks)

    def key(self, rows: Rows) -> RowKey:
        """What the world is called among its equals: instances of one saga are interchangeable."""
        if self._alone:
            row = rows.rows[0]
            return row if not rows.down else (row, rows.down)
        numbers = [self._numbers[row] for row in rows.rows]
        order = sorted(self._every, key=numbers.__getitem__)
        return tuple([numbers[place] for place in order]), rows.down, in_order(rows.marks, order)

    def mind(self, row: Row) -> Mind:
        """What is believed in this row, and what is known of that."""
        key = (row.rest, *[cell.belief for cell in row.cells])
        known = self._minds.get(key)
        if known is None:
            known = self._minds[key] = Mind()
        return known

    def troubled(self, rows: Rows) -> tuple[int, ...]:
        """The services that are down, or that an outage strikes."""
        if not self._outages:
            return rows.down
        struck = [
            self.bp.service_of[step]
            for row in rows.rows
            for step, cell in enumerate(row.cells)
            if cell.outage
        ]
        return (*rows.down, *struck) if struck else rows.down

    def calmed(self, row: Row, calm: int) -> Row:
        """No fault is left any more, or no outage: every cell, and the rest, by its name from here on."""
        rest = row.rest
        if rest.over is not None:
            return row
        if rest.calmed is None:
            rest.calmed = self._known_rest(self.reduction.rest(rest.rest, faults_left=False))
        flag = calm | rest.flag
        cells = tuple([self._same(step, cell, flag) for step, cell in enumerate(row.cells)])
        return self._shared(Row(rest.calmed, cells))

    def _instance(self, row: Row) -> Instance:
        if row.rest.over is not None:
            return row.rest.over
        instance = self._instances.get(row)
        if instance is None:
            instance = put_together(row.rest.rest, [known.cell for known in row.cells])
            if not self._alone:  # then the same row is met again and again
                self._instances[row] = instance
        return instance

    def _row(self, instance: Instance) -> Row:
        if instance.mind.ended:
            return Row(self._known_over(instance), ())
        rest, cells = taken_apart(instance)
        return Row(
            self._known_rest(rest), tuple([self._known(step, cell) for step, cell in enumerate(cells)])
        )

    def _shared(self, row: Row) -> Row:
        """With several instances every row has a number."""
        if not self._alone and row not in self._numbers:
            self._numbers[row] = len(self._numbers)
        return row

    def _with_row(self, rows: Rows, number: int, row: Row) -> Rows:
        if self._alone:
            return Rows((row,), rows.down, rows.marks)
        return Rows((*rows.rows[:number], self._shared(row), *rows.rows[number + 1 :]), rows.down, rows.marks)

    # what is known

    def _known(self, step: int, cell: Cell) -> KnownCell:
        known = self._cells[step].get(cell)
        if known is None:
            known = self._cells[step][cell] = KnownCell(cell)
            self._learn(step, known)
        return known

    def _learn(self, step: int, known: KnownCell) -> None:
        """What this cell lets happen."""
        leg, record = known.cell.leg, known.cell.record
        undo = leg.undoing == "running"
        is_open = bool(leg.call) and leg.call not in QUIET
        verb = "perform" if leg.call in ON_ITS_WAY else "hear"
        known.spins = verb == "perform" and leg.attempt >= self.bp.settled_attempt(step, bool(leg.undoing))
        struck = leg.call == "sent" and leg.attempt <= STRUCK_ATTEMPTS and not known.cell.strike.kind
        strikes = tuple(self.kernel.strikes_on(step, leg, record)) if struck else ()
        for number in self._every:
            known.calls.append(Choice(verb, number, step, undo, leg.attempt) if is_open else None)
            known.strikes.append(
                tuple([Choice("perform", number, step, undo, leg.attempt, strike) for strike in strikes])
            )
            known.landings.append(landings(number, known.cell.copies))

    def _known_rest(self, rest: Rest) -> KnownRest:
        known = self._rests.get(rest)
        if known is None:
            known = self._rests[rest] = KnownRest(rest, None, TURNED if self.reduction.is_turned(rest) else 0)
            if isinstance(rest.mind, Troupe):
                for number in self._every:
                    known.deliveries.append(tuple(self.kernel.deliveries(number, rest.mind)))
        return known

    def _known_over(self, instance: Instance) -> KnownRest:
        known = self._rests.get(instance)
        if known is None:
            known = self._rests[instance] = KnownRest(Rest(instance.mind, ()), instance, 0)
        return known

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
        return Followed(self.rows(self.reduction.of(after, faults_left=left)), harms, self._undone(events))

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
        if not choice.undo:
            return not self._asks[step]
        mine = (choice.instance, step)  # nobody has read, or overwritten, what is undone
        return not any((mark.owner, mark.owner_step) == mine for mark in spot.rows.marks)

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
        if last:
            rows = Rows(spot.calmed(calm), rows.down, rows.marks)
            row = rows.rows[choice.instance]
        cells = (*row.cells[:step], found.cell, *row.cells[step + 1 :])
        if choice.verb == "land" and row.rest.flag:
            cells = self._together(cells, row.rest)
        after = self._with_row(rows, choice.instance, Row(row.rest, cells))
        harms = found.harms
        if found.touched and self._meets[step]:
            marked = with_marks(self.bp, self.world(after), choice.instance, step, undo=choice.undo)
            after = after._replace(marks=marked.marks)
        if found.changed and self.bp.always:
            harms = (*harms, *self.judge.always(self.world(after)))
        return Followed(after, harms, found.undone)

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
            self._known(step, cell),
            tuple(self.judge.of_instance(was, now, events)),
            any(isinstance(event, StepCommitted | UndoCommitted) for event in events),
            any(isinstance(event, StepCommitted | UndoCommitted | NothingChanged) for event in events),
            self._undone(events),
        )

    # what is heard

    def _heard(self, spot: Spot, choice: Choice) -> Heard:
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
            self._known_rest(rest),
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
            cells = [self._same(step, cell, flag) for step, cell in enumerate(cells)]
        follows = choice.verb != "receive"
        for step, belief in heard.beliefs:
            cell = row.cells[step]
            known = (cell.heard if follows else cell.received).get((belief, flag))
            cells[step] = known or self._change(step, cell, belief, flag, follows=follows)
        now = tuple(cells)
        if rest.flag or not self.kernel.orchestrated:
            now = self._together(now, rest)
        after = self._with_row(spot.rows, choice.instance, Row(rest, now))
        return Followed(self._settled(spot, after, left, last), harms)

    def _change(self, step: int, known: KnownCell, belief: Belief, flag: int, *, follows: bool) -> KnownCell:
        was = known.cell
        strike, copies = was.strike, was.copies
        if follows and belief[0] != was.leg:
            strike, copies = self.kernel.followed(step, was.leg, belief[0], strike, copies)
            copies = tuple([it for it in copies if not self.kernel.is_inert(it, was.record, ended=False)])
        cell = Cell(*belief, was.record, strike, copies)
        cell = self.reduction.cell(step, cell, turned=bool(flag & TURNED), calm=bool(flag & CALM))
        now = (known.heard if follows else known.received)[belief, flag] = self._known(step, cell)
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
        rows, harms = self._with_row(spot.rows, number, ended.row), ended.harms
        if rows.marks:
            rows = rows._replace(marks=tuple([mark for mark in rows.marks if mark.owner != number]))
        rows = self._settled(spot, rows, left, last)
        if row.rest.over is None and self.bp.finally_ and not self._alone:
            harms = (*harms, *self.judge.at_the_end(self.world(rows)))
        if ended.changed and self.bp.always:
            harms = (*harms, *self.judge.always(self.world(rows)))
        return Followed(rows, harms, ended.undone)

    def _end(self, was: Instance, choice: Choice) -> Ended:
        after, events = self.kernel.apply(World((was,)), choice._replace(instance=0))
        (now,) = after.instances
        harms = self.judge.of_instance(was, now, events)
        if self._alone and not was.mind.ended:  # what nobody else shares is forgotten in the row
            harms.extend(self.judge.at_the_end(after))
        return Ended(
            self._row(self.reduction.over(now)),
            tuple(harms),
            any(isinstance(event, StepCommitted | UndoCommitted) for event in events),
            self._undone(events),
        )

    # what follows for everything else

    def _together(self, cells: tuple[KnownCell, ...], rest: KnownRest) -> tuple[KnownCell, ...]:
        """The cells by the rules that look at several steps."""
        if not any(cell.merges for cell in cells):
            return cells
        now = [cell.cell for cell in cells]
        if not self.reduction.together(now, turned=bool(rest.flag)):
            return cells
        return tuple([self._known(step, cell) for step, cell in enumerate(now)])

    def _settled(self, spot: Spot, rows: Rows, left: bool, last: bool) -> Rows:
        """The rows when an outage may be over, or the last fault has struck: that concerns all of them."""
        if rows.down:
            rows = rows._replace(down=self._still_down(rows))
        if left or not (last or spot.troubled):
            return rows
        calm = 0 if self.troubled(rows) else CALM
        if not (last or calm):
            return rows
        return rows._replace(rows=tuple([self.calmed(row, calm) for row in rows.rows]))

    def _same(self, step: int, known: KnownCell, flag: int) -> KnownCell:
        same = known.same.get(flag)
        if same is None:
            turned, calm = bool(flag & TURNED), bool(flag & CALM)
            cell = self.reduction.cell(step, known.cell, turned=turned, calm=calm)
            same = known.same[flag] = self._known(step, cell)
        return same

    def _still_down(self, rows: Rows) -> tuple[int, ...]:
        may_call, service_of = self.reduction.may_call, self.bp.service_of
        return tuple(
            [
                service
                for service in rows.down
                if any(
                    may_call(row.rest.rest.mind, cell.cell.leg)
                    for row in rows.rows
                    for step, cell in enumerate(row.cells)
                    if service_of[step] == service
                )
            ]
        )


def landings(number: int, copies: tuple[Copy, ...]) -> tuple[Choice, ...]:
    """The copies that may land at any moment from here on."""
    return tuple(
        [
            Choice("land", number, copy.step, copy.undo, copy.attempt, None, copy)
            for copy in copies
            if copy.ready
        ]
    )
