"""What an exploration has met, each thing once: cells, rests, rows, and what is known of them.

Two with the same content are the same object. So a world is a row of objects per instance, compared and hashed
by identity; what has been found out about a cell alone is kept with the cell. How it is found out is moves.py.
"""

from __future__ import annotations

from typing import NamedTuple

from sagasim.core.cells import Belief, Cell, Rest, put_together, taken_apart
from sagasim.core.choreography import CLOSED, QUIET, Message, Troupe
from sagasim.core.harms import Harm
from sagasim.core.kernel import ON_ITS_WAY, Kernel
from sagasim.core.ledger import Copy
from sagasim.core.reduction import GIVEN_UP, Reduction, in_order, is_closed
from sagasim.core.striking import STRUCK_ATTEMPTS
from sagasim.core.world import Choice, Instance, Mark, World

CALM, TURNED, PIVOT_STANDS = 1, 2, 4
"""What a move of one step can depend on besides its cell: see alike.py, reduction.py, harms.py."""


class KnownCell:
    """A cell that is there once, with what is known of it alone; lists are by the number of the instance.

    belief_number, seen   what is believed of the step, and what others ask of it, as a number: reactions.py
    calm       nothing has gone wrong that anybody could still hear of
    deaf       whatever its participant hears from now on, nothing comes of it
    calls      what the open call does next by itself: it is performed, or its answer is heard
    spins      the kernel must be asked whether the call would only lead back to itself
    listens_idly  it has no call under way: what it hears now, it could have heard at any other time
    landings   the copies that may land
    strikes    the calls again, struck by each further fault
    """

    __slots__ = (
        "belief", "belief_number", "calls", "calm", "cell", "deaf", "found", "heard", "landings", "listens_idly",
        "merges", "outage", "received", "same", "seen", "spins", "strikes",
    )  # fmt: skip

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.belief: Belief = (cell.leg, cell.ears)
        self.belief_number = self.seen = 0
        self.deaf = False
        self.outage = cell.strike.kind == "outage"
        self.calm = _is_calm(cell)
        self.listens_idly = _listens_idly(cell)
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


class Spot:
    """A world while it is expanded: in full where somebody must look at all of it.

    `troubled` are the services that are down, or that an outage strikes. `led_to` are the worlds that moves of one
    step led to, by what became of its cell.
    """

    __slots__ = ("_calmed", "_minds", "_register", "_world", "led_to", "rows", "troubled")

    def __init__(self, register: Register, rows: Rows) -> None:
        self._register, self.rows = register, rows
        self._world: World | None = None
        self._minds: list[Mind | None] = [None] * len(rows.rows)
        self._calmed: dict[int, tuple[Row, ...]] = {}
        self.led_to: dict[tuple[object, ...], Rows] = {}
        self.troubled = register.troubled(rows)

    @property
    def world(self) -> World:
        if self._world is None:
            self._world = self._register.world(self.rows)
        return self._world

    def calmed(self, calm: int) -> tuple[Row, ...]:
        """The rows as they are called when no fault is left any more."""
        known = self._calmed.get(calm)
        if known is None:
            known = self._calmed[calm] = tuple([self._register.calmed(row, calm) for row in self.rows.rows])
        return known

    def mind(self, number: int) -> Mind:
        known = self._minds[number]
        if known is None:
            known = self._minds[number] = self._register.mind(self.rows.rows[number])
        return known


class Register:
    """All that was met in the worlds of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.bp, self.reduction = kernel, kernel.bp, Reduction(kernel.bp)
        self.alone = self.bp.saga.instances == 1
        self._every = range(self.bp.saga.instances)
        self._cells: tuple[dict[Cell, KnownCell], ...] = tuple({} for _ in self.bp.steps)
        self._rests: dict[Rest | Instance, KnownRest] = {}
        self._minds: dict[tuple[object, ...], Mind] = {}
        self._shared: dict[Row, Row] = {}
        self._numbers: dict[int, int] = {}  # of a shared row, by its id
        self._instances: dict[Row, Instance] = {}
        self._outages = "outage" in kernel.kinds
        self._beliefs: dict[object, int] = {}
        self._quieted: dict[tuple[KnownRest, int], tuple[KnownRest, tuple[Message, ...]]] = {}

    # worlds and rows

    def rows(self, world: World) -> Rows:
        """The rows of a world that is a representative."""
        rows = tuple([self.shared(self.row(instance)) for instance in world.instances])
        return Rows(rows, world.down, world.marks)

    def world(self, rows: Rows) -> World:
        """The world of these rows."""
        return World(tuple([self.instance(row) for row in rows.rows]), rows.down, rows.marks)

    def key(self, rows: Rows) -> RowKey:
        """What the world is called among its equals: instances of one saga are interchangeable."""
        if self.alone:
            row = rows.rows[0]
            return row if not rows.down else (row, rows.down)
        numbers = [self._numbers[id(row)] for row in rows.rows]
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
            rest.calmed = self.known_rest(self.reduction.rest(rest.rest, faults_left=False))
        flag = calm | rest.flag
        cells = tuple([self.same(step, cell, flag) for step, cell in enumerate(row.cells)])
        return self.shared(Row(rest.calmed, cells))

    def instance(self, row: Row) -> Instance:
        if row.rest.over is not None:
            return row.rest.over
        instance = self._instances.get(row)
        if instance is None:
            instance = put_together(row.rest.rest, [known.cell for known in row.cells])
            if not self.alone:  # then the same row is met again and again
                self._instances[row] = instance
        return instance

    def row(self, instance: Instance) -> Row:
        if instance.mind.ended:
            return Row(self.known_over(instance), ())
        rest, cells = taken_apart(instance)
        return Row(self.known_rest(rest), tuple([self.known(step, cell) for step, cell in enumerate(cells)]))

    def shared(self, row: Row) -> Row:
        """With several instances every row is there once, and has a number."""
        if self.alone:
            return row
        shared = self._shared.setdefault(row, row)
        if shared is row:
            self._numbers.setdefault(id(row), len(self._numbers))
        return shared

    def with_row(self, rows: Rows, number: int, row: Row) -> Rows:
        if self.alone:
            return Rows((row,), rows.down, rows.marks)
        return Rows((*rows.rows[:number], self.shared(row), *rows.rows[number + 1 :]), rows.down, rows.marks)

    # what is known

    def known(self, step: int, cell: Cell) -> KnownCell:
        known = self._cells[step].get(cell)
        if known is None:
            known = self._cells[step][cell] = KnownCell(cell)
            self._learn(step, known)
        return known

    def _learn(self, step: int, known: KnownCell) -> None:
        """What this cell lets happen."""
        leg, record = known.cell.leg, known.cell.record
        known.belief_number = self._numbered(known.belief)
        ears = known.cell.ears
        known.deaf = ears is not None and self.reduction.is_deaf(step, leg)
        known.seen = (
            known.belief_number
            if leg.belief == "idle" or ears is None
            else self._numbered((leg.belief, ears.heard))
        )
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

    def _numbered(self, belief: object) -> int:
        return self._beliefs.setdefault(belief, len(self._beliefs))

    def known_rest(self, rest: Rest) -> KnownRest:
        known = self._rests.get(rest)
        if known is None:
            known = self._rests[rest] = KnownRest(rest, None, TURNED if self.reduction.is_turned(rest) else 0)
            if isinstance(rest.mind, Troupe):
                for number in self._every:
                    known.deliveries.append(tuple(self.kernel.deliveries(number, rest.mind)))
        return known

    def known_over(self, instance: Instance) -> KnownRest:
        known = self._rests.get(instance)
        if known is None:
            known = self._rests[instance] = KnownRest(Rest(instance.mind, ()), instance, 0)
        return known

    # what follows for other cells

    def together(self, cells: tuple[KnownCell, ...], rest: KnownRest) -> tuple[KnownCell, ...]:
        """The cells by the rules that look at several steps."""
        if not any(cell.merges for cell in cells):
            return cells
        now = [cell.cell for cell in cells]
        if not self.reduction.together(now, turned=bool(rest.flag)):
            return cells
        return tuple([self.known(step, cell) for step, cell in enumerate(now)])

    def same(self, step: int, known: KnownCell, flag: int) -> KnownCell:
        same = known.same.get(flag)
        if same is None:
            turned, calm = bool(flag & TURNED), bool(flag & CALM)
            cell = self.reduction.cell(step, known.cell, turned=turned, calm=calm)
            same = known.same[flag] = self.known(step, cell)
        return same

    def quieted(self, rows: Rows) -> tuple[Rows, tuple[Choice, ...]]:
        """The world once every event has been heard of which nothing comes, and these events.

        Whoever ends the saga waits until all is heard; so something else must still be under way.
        """
        heard: tuple[Choice, ...] = ()
        for number, row in enumerate(rows.rows):
            if not row.rest.deliveries or not row.rest.deliveries[0]:
                continue
            deaf = sum([1 << step for step, cell in enumerate(row.cells) if cell.deaf])
            rest, messages = self._without_deaf(row.rest, deaf) if deaf else (row.rest, ())
            if messages and (rest.deliveries[0] or any(cell.calls[0] for cell in row.cells)):
                rows = self.with_row(rows, number, Row(rest, row.cells))
                heard += tuple([Choice("receive", number, each.listener, subject=each) for each in messages])
        return rows, heard

    def _without_deaf(self, rest: KnownRest, deaf: int) -> tuple[KnownRest, tuple[Message, ...]]:
        known = self._quieted.get((rest, deaf))
        if known is None:
            mind = rest.rest.mind
            assert isinstance(mind, Troupe)
            bus = tuple([message for message in mind.bus if not deaf >> message.listener & 1])
            gone = tuple([message for message in mind.bus if deaf >> message.listener & 1])
            after = rest.rest._replace(mind=mind._replace(bus=bus))
            known = self._quieted[rest, deaf] = (self.known_rest(after), gone)
        return known

    def still_down(self, rows: Rows) -> tuple[int, ...]:
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


def _listens_idly(cell: Cell) -> bool:
    leg, ears = cell.leg, cell.ears
    if leg.undoing or (leg.belief == "running" and ears is not None and ears.aborted):
        return True
    return not leg.call and (leg.belief == "done" or leg.belief in CLOSED)


def _is_calm(cell: Cell) -> bool:
    leg, ears = cell.leg, cell.ears
    return (
        ears is not None
        and not (ears.aborted or ears.closed or ears.passed)
        and not cell.strike.kind
        and leg.belief in ("idle", "running", "done")
        and not leg.undoing
        and leg.call in ("", "sent", "held", "done", "again", "error")
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
