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
from sagasim.core.cells import Belief, Cell, Rest, bare, beliefs_of, put_together, taken_apart
from sagasim.core.choreography import QUIET, Message, Troupe
from sagasim.core.faults import SAGA_KINDS
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import HistoryEvent, NothingChanged, StepCommitted, UndoCommitted, UndoSkipped
from sagasim.core.kernel import ON_ITS_WAY, Kernel
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
        "belief", "calls", "cell", "found", "heard", "landings", "merges", "number", "outage", "received",
        "same", "spins", "strikes",
    )  # fmt: skip

    def __init__(self, number: int, cell: Cell) -> None:
        self.number, self.cell = number, cell
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

    __slots__ = ("calmed", "deliveries", "flag", "number", "over", "rest")

    def __init__(self, number: int, rest: Rest, over: Instance | None, flag: int) -> None:
        self.number, self.rest, self.over, self.flag = number, rest, over, flag
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
    undone    an undo ran, with something to undo
    """

    cell: KnownCell
    harms: tuple[Harm, ...]
    changed: bool
    touched: bool
    undone: bool


class Heard(NamedTuple):
    """What an instance believes after it has heard something.

    rest      None: it has ended, and is not known here
    suspects  undos that begin while a step that builds on them is believed done
    """

    rest: KnownRest | None
    beliefs: tuple[tuple[int, Belief], ...] = ()
    harms: tuple[Harm, ...] = ()
    suspects: tuple[tuple[int, int], ...] = ()


class Mind:
    """What is believed in an instance, there once: what can be heard next, and what can interrupt it."""

    __slots__ = ("heard", "interrupts")

    def __init__(self) -> None:
        self.heard: dict[object, Heard] = {}
        self.interrupts: tuple[Choice, ...] | None = None


class Followed(NamedTuple):
    """A move that was made: the representative of the world afterwards, and what was seen on the way."""

    rows: Rows
    harms: tuple[Harm, ...] | list[Harm]
    undone: tuple[int, ...] = ()


class Spot:
    """A world while it is expanded: the same in full where somebody must look at all of it."""

    __slots__ = ("_minds", "_moves", "_world", "outage", "rows")

    def __init__(self, moves: Moves, rows: Rows) -> None:
        self._moves, self.rows = moves, rows
        self._world: World | None = None
        self._minds: list[Mind | None] = [None] * len(rows.rows)
        self.outage = moves.has_outage(rows)

    @property
    def world(self) -> World:
        if self._world is None:
            self._world = self._moves.world(self.rows)
        return self._world

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
        self._cells: tuple[dict[Cell, KnownCell], ...] = tuple({} for _ in bp.steps)
        self._rests: dict[Rest | Instance, KnownRest] = {}
        self._shared: dict[Row, Row] = {}
        self._minds: dict[tuple[object, ...], Mind] = {}
        self._alone = bp.saga.instances == 1
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
        return Rows(tuple([self._row(instance) for instance in world.instances]), world.down, world.marks)

    def world(self, rows: Rows) -> World:
        """The world of these rows."""
        return World(tuple([_instance(row) for row in rows.rows]), rows.down, rows.marks)

    def key(self, rows: Rows) -> RowKey:
        """What the world is called among its equals: instances of one saga are interchangeable."""
        if self._alone:
            row = rows.rows[0]
            return row if not rows.down else (row, rows.down)
        order = sorted(self._every, key=lambda number: _numbers(rows.rows[number]))
        return tuple([rows.rows[number] for number in order]), rows.down, in_order(rows.marks, order)

    def mind(self, row: Row) -> Mind:
        key = (row.rest, *[cell.belief for cell in row.cells])
        known = self._minds.get(key)
        if known is None:
            known = self._minds[key] = Mind()
        return known

    def has_outage(self, rows: Rows) -> bool:
        """Whether an outage goes on striking a call."""
        return self._outages and any(cell.outage for row in rows.rows for cell in row.cells)

    def _row(self, instance: Instance) -> Row:
        if instance.mind.ended:
            return Row(self._known_over(instance), ())
        rest, cells = taken_apart(instance)
        known = [self._known(step, cell) for step, cell in enumerate(cells)]
        return Row(self._known_rest(rest), tuple(known))

    def _known(self, step: int, cell: Cell) -> KnownCell:
        known = self._cells[step].get(cell)
        if known is None:
            known = self._cells[step][cell] = KnownCell(len(self._cells[step]), cell)
            self._learn(step, known)
        return known

    def _learn(self, step: int, known: KnownCell) -> None:
        """What this cell lets happen."""
        leg, record, copies = known.cell.leg, known.cell.record, known.cell.copies
        undo = leg.undoing == "running"
        ready = [copy for copy in copies if copy.ready]
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
            known.landings.append(
                tuple([Choice("land", number, it.step, it.undo, it.attempt, None, it) for it in ready])
            )

    def _known_rest(self, rest: Rest) -> KnownRest:
        known = self._rests.get(rest)
        if known is None:
            flag = TURNED if self.reduction.is_turned(rest) else 0
            known = self._rests[rest] = KnownRest(len(self._rests), rest, None, flag)
            if isinstance(rest.mind, Troupe):
                for number in self._every:
                    known.deliveries.append(tuple(self.kernel.deliveries(number, rest.mind)))
        return known

    def _known_over(self, instance: Instance) -> KnownRest:
        known = self._rests.get(instance)
        if known is None:
            rest = Rest(instance.mind, ())
            known = self._rests[instance] = KnownRest(len(self._rests), rest, instance, 0)
        return known

    # what can happen

    def choices(self, spot: Spot) -> list[Choice]:
        """Everything that happens without a further fault."""
        rows = spot.rows
        if self._locks:
            return self.kernel.choices(spot.world)
        found: list[Choice] = []
        for number, row in enumerate(rows.rows):
            if row.rest.over is not None:
                copies = row.rest.over.copies
                found.extend([Choice("land", number, c.step, c.undo, c.attempt, None, c) for c in copies if c.ready])
                continue
            landings: tuple[Choice, ...] = ()
            for step, cell in enumerate(row.cells):
                call = cell.calls[number]
                if call is not None and not (cell.spins and not self.kernel.is_enabled(spot.world, number, step)):
                    found.append(call)
                if cell.landings[number]:
                    landings += cell.landings[number]
            found.extend(landings)
            if row.rest.deliveries:
                found.extend(row.rest.deliveries[number])
        return found or list(self.kernel.deadlines(spot.world))

    def faults(self, spot: Spot) -> list[Choice]:
        """Everything that could happen next as a further fault."""
        rows = spot.rows
        if self._locks or rows.down or spot.outage:
            return list(self.kernel.faults(spot.world))
        found: list[Choice] = []
        for number, row in enumerate(rows.rows):
            if row.rest.over is not None:
                continue
            for step, cell in enumerate(row.cells):
                strikes = cell.strikes[number]
                if strikes and not (cell.spins and not self.kernel.is_enabled(spot.world, number, step)):
                    found.extend(strikes)
            if self._kinds:
                found.extend(self._interrupts(spot, number, row))
        return found

    def _interrupts(self, spot: Spot, number: int, row: Row) -> Iterator[Choice]:
        mind = spot.mind(number)
        if mind.interrupts is None:
            instance = _instance(row)
            mind.interrupts = tuple(
                [
                    Choice("interrupt", 0, subject=kind)
                    for kind in self._kinds
                    if self.kernel.may_interrupt(instance, kind)
                ]
            )
        return (choice if not number else choice._replace(instance=number) for choice in mind.interrupts)

    # what becomes of it

    def follow(self, spot: Spot, choice: Choice, *, left: bool, last: bool = False) -> Followed:
        """What becomes of a choice. `left`: faults are left afterwards; `last`: this is the last of them."""
        rows, verb = spot.rows, choice.verb
        row = rows.rows[choice.instance]
        if row.rest.over is not None or spot.outage or self._locks:
            return self._asked(spot, choice, left=left)
        calm = 0 if left or rows.down else CALM
        if verb == "perform":
            if self._performs_alone(rows, choice):
                return self._found(rows, row, choice, choice.strike, calm, last)
        elif verb == "land":
            if self._lands_alone(rows, choice):
                return self._found(rows, row, choice, choice.subject, calm, last)
        elif verb in ("hear", "receive"):
            heard = self._heard(spot, row, choice)
            if heard.rest is not None:
                return self._believed(rows, row, choice, heard, heard.rest, left)
        return self._asked(spot, choice, left=left)

    def _asked(self, spot: Spot, choice: Choice, *, left: bool) -> Followed:
        """The kernel, the judge and the reduction, about the whole world."""
        before = spot.world
        after, events = self.kernel.apply(before, choice)
        harms = self.judge.harms(before, choice, events, after)
        undone = tuple(
            [
                self.bp.index[event.step]
                for event in events
                if isinstance(event, UndoCommitted) and event.times >= 0
            ]
        )
        return Followed(self.rows(self.reduction.of(after, faults_left=left)), harms, undone)

    # one step alone

    def _performs_alone(self, rows: Rows, choice: Choice) -> bool:
        step, strike = choice.step, choice.strike
        if strike is not None and strike.kind == "outage":
            return False
        if rows.down and self.bp.service_of[step] in rows.down:
            return False
        return not rows.marks if choice.undo else not self._asks[step]

    def _lands_alone(self, rows: Rows, choice: Choice) -> bool:
        step = choice.step
        if not self._deaf or self._meets[step]:
            return False
        return not rows.marks if choice.undo else not (self._asks[step] or self._cascades[step])

    def _found(
        self, rows: Rows, row: Row, choice: Choice, what: object, calm: int, last: bool
    ) -> Followed:
        step, rest, cells = choice.step, row.rest, row.cells
        flag = calm | rest.flag
        if choice.undo and self.bp.pivots and any(cells[it].cell.record.times > 0 for it in self.bp.pivots):
            flag |= PIVOT_STANDS
        found = cells[step].found.get((what, flag))
        if found is None:
            found = cells[step].found[what, flag] = self._find(row, choice, calm)
        now = [*cells[:step], found.cell, *cells[step + 1 :]]
        if choice.verb == "land":
            self._together(now, rest)
        after = self._with_row(rows, choice.instance, Row(rest, tuple(now)))
        if last:
            after = self._calmed(after, calm)
        harms = found.harms
        if found.touched and self._meets[step]:
            after = after._replace(marks=with_marks(self.bp, self.world(after), choice.instance, step).marks)
        if found.changed and self.bp.always:
            harms = (*harms, *self.judge.always(self.world(after)))
        return Followed(after, harms, (step,) if found.undone else ())

    def _find(self, row: Row, choice: Choice, calm: int) -> Found:
        """The kernel, the judge and the reduction, about this step."""
        step, was = choice.step, _instance(row)
        after, events = self.kernel.apply(World((was,)), choice._replace(instance=0))
        (now,) = after.instances
        cell = taken_apart(now)[1][step]
        cell = self.reduction.cell(step, cell, turned=bool(row.rest.flag), calm=bool(calm))
        return Found(
            self._known(step, cell),
            tuple(self.judge.of_instance(was, now, events)),
            any(isinstance(event, StepCommitted | UndoCommitted) for event in events),
            any(isinstance(event, StepCommitted | UndoCommitted | NothingChanged) for event in events),
            any(isinstance(event, UndoCommitted) and event.times >= 0 for event in events),
        )

    # what is heard

    def _heard(self, spot: Spot, row: Row, choice: Choice) -> Heard:
        mind = spot.mind(choice.instance)
        what = choice.step if choice.verb == "hear" else choice.subject
        heard = mind.heard.get(what)
        if heard is None:
            heard = mind.heard[what] = self._hear(row, choice)
        return heard

    def _hear(self, row: Row, choice: Choice) -> Heard:
        """The rules of the coordination, about what is heard here."""
        events: list[HistoryEvent] = []
        was = _instance(row).mind
        if choice.verb == "hear":
            now = self.kernel.heard(was, choice.step, was.legs[choice.step].call, events)
        else:
            assert isinstance(was, Troupe)
            assert isinstance(choice.subject, Message)
            now = choreography.receive(self.bp, was, choice.subject, events)
        if now.ended:
            return Heard(None)
        rest = self.reduction.rest(Rest(bare(now), row.rest.rest.interrupted), faults_left=True)
        return Heard(
            self._known_rest(rest),
            tuple(
                [
                    (step, belief)
                    for step, (known, belief) in enumerate(zip(row.cells, beliefs_of(now), strict=True))
                    if known.belief != belief
                ]
            ),
            tuple([Harm("skipped-undo", event.step) for event in events if isinstance(event, UndoSkipped)]),
            tuple(self.judge.doubtful_undos(was, now)),
        )

    def _believed(
        self, rows: Rows, row: Row, choice: Choice, heard: Heard, rest: KnownRest, left: bool
    ) -> Followed:
        """The cells of which something else is believed now, and what follows for the others."""
        harms = heard.harms
        for step, builder in heard.suspects:
            if row.cells[builder].cell.record.times > 0:
                harms = (*harms, Harm("wrong-order", self.bp.steps[step].name))
        calm = 0 if left or rows.down else CALM
        flag, cells = calm | rest.flag, list(row.cells)
        if rest.flag != row.rest.flag:
            changed = {step for step, _ in heard.beliefs}
            cells = [
                cell if step in changed else self._same(step, cell, flag) for step, cell in enumerate(cells)
            ]
        follows = choice.verb == "hear"
        for step, belief in heard.beliefs:
            cell = cells[step]
            known = (cell.heard if follows else cell.received).get((belief, flag))
            cells[step] = known or self._change(step, cell, belief, flag, follows=follows)
        self._together(cells, rest)
        after = self._with_row(rows, choice.instance, Row(rest, tuple(cells)))
        if rows.down:
            after = after._replace(down=self._still_down(after))
            if not left and not after.down:
                after = self._calmed(after, CALM)
        return Followed(after, harms)

    def _change(self, step: int, known: KnownCell, belief: Belief, flag: int, *, follows: bool) -> KnownCell:
        was = known.cell
        strike, copies = was.strike, was.copies
        if follows:
            strike, copies = self.kernel.followed(step, was.leg, belief[0], strike, copies)
            copies = tuple([it for it in copies if not self.kernel.is_inert(it, was.record, ended=False)])
        cell = Cell(*belief, was.record, strike, copies)
        now = self._known(
            step, self.reduction.cell(step, cell, turned=bool(flag & TURNED), calm=bool(flag & CALM))
        )
        (known.heard if follows else known.received)[belief, flag] = now
        return now

    # what follows for everything else

    def _together(self, cells: list[KnownCell], rest: KnownRest) -> None:
        """The rules of the reduction that look at several steps; changes the list."""
        if not (rest.flag or not self.kernel.orchestrated) or not any(cell.merges for cell in cells):
            return
        was = [cell.cell for cell in cells]
        now = list(was)
        self.reduction.together(now, turned=bool(rest.flag))
        for step, cell in enumerate(now):
            if cell is not was[step]:
                cells[step] = self._known(step, cell)

    def _calmed(self, rows: Rows, calm: int) -> Rows:
        """No fault is left any more, or no outage: every cell, and the rest, by its name from here on."""
        return Rows(tuple([self._calm_row(row, calm) for row in rows.rows]), rows.down, rows.marks)

    def _calm_row(self, row: Row, calm: int) -> Row:
        rest = row.rest
        if rest.over is not None:
            return row
        if rest.calmed is None:
            rest.calmed = self._known_rest(self.reduction.rest(rest.rest, faults_left=False))
        flag = calm | rest.flag
        cells = tuple([self._same(step, cell, flag) for step, cell in enumerate(row.cells)])
        return Row(rest.calmed, cells)

    def _same(self, step: int, known: KnownCell, flag: int) -> KnownCell:
        same = known.same.get(flag)
        if same is None:
            turned, calm = bool(flag & TURNED), bool(flag & CALM)
            cell = self.reduction.cell(step, known.cell, turned=turned, calm=calm)
            same = known.same[flag] = self._known(step, cell)
        return same

    def _still_down(self, rows: Rows) -> tuple[int, ...]:
        return tuple(
            [
                service
                for service in rows.down
                if any(
                    self.reduction.may_call(row.rest.rest.mind, row.cells[step].cell.leg)
                    for step, its in enumerate(self.bp.service_of)
                    if its == service
                    for row in rows.rows
                    if row.rest.over is None
                )
            ]
        )

    def _with_row(self, rows: Rows, number: int, row: Row) -> Rows:
        if self._alone:
            return Rows((row,), rows.down, rows.marks)
        row = self._shared.setdefault(row, row)
        return Rows((*rows.rows[:number], row, *rows.rows[number + 1 :]), rows.down, rows.marks)


def _instance(row: Row) -> Instance:
    return row.rest.over or put_together(row.rest.rest, [known.cell for known in row.cells])


def _numbers(row: Row) -> tuple[int, ...]:
    return (row.rest.number, *[cell.number for cell in row.cells])
