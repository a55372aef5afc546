"""Steps that share nothing commute: where two things can happen in either order, one order is enough.

A partial-order reduction (persistent sets; Godefroid 1996) for an exploration whose graph has no cycles, so
that nothing can be put off for ever. In a world where one choice is independent of everything else that can
happen before it, now or later, only that choice is followed, with every fault that can strike it.
Independent means: it neither enables nor disables the other, both orders end in the same world, and no
property is judged differently.

    sharing     steps conflict over a resource (written by one, touched by the other), over a truth of an
                `always` invariant that both change, and over a service that may be down
    unordered   only steps that can be under way at the same time can conflict
    hearing     what the coordinator hears commutes if it starts nothing new and ends nothing
    landing     a late or second copy conflicts with the call it copies, and with every end

The tests hold every verdict with this reduction against the same without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core.blueprint import reachable
from sagasim.core.choreography import Troupe
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import Leg
from sagasim.core.orchestration import Coordinator
from sagasim.core.rows import Row, Rows, Spot
from sagasim.core.saga import Kind
from sagasim.core.world import Choice

OPEN = ("idle", "running")
LATE_KINDS = frozenset({"late", "reordered", "crash"})


class Commuting:
    """Which choice may go first alone, for the worlds of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        bp = self.bp = kernel.bp
        rules = bp.rules
        locks = any(step.safeguards.semantic_lock != "none" for step in bp.steps) and bp.saga.instances > 1
        followers = bp.descendants if kernel.orchestrated else reachable(bp.successors)
        built_inside = all(set(bp.builders[step]) <= set(followers[step]) for step in range(len(bp.steps)))
        self.applies = not locks and rules.on_stray_reply == "ignore" and built_inside
        self.applies = self.applies and (kernel.orchestrated or all(bp.neighbourly))
        self._abandons = rules.on_sibling_failure == "abandon"
        # Who gives up stops the undos that are due; where all begin at once, none is.
        self._stops = rules.order != "parallel" and any(
            bp.undo_reaction(step) == "stop" for step in range(len(bp.steps))
        )
        self._outages = "outage" in kernel.kinds
        self._natural = any(bp.given.values()) or any(bp.refuses_when)
        self._beside = _beside(followers)
        self._alone = tuple(not self._conflicts(step, self._beside[step]) for step in range(len(bp.steps)))
        every = tuple(range(len(bp.steps)))
        self._others = tuple(tuple(other for other in every if other != step) for step in every)
        self._hasty = tuple(self._may_end_at_once(step) for step in every)
        self._undone_alone = (
            tuple(
                not self._conflicts(step, tuple(other for other in every if other != step)) for step in every
            )
            if rules.order == "parallel" and kernel.orchestrated
            else self._alone
        )
        self._not_shared = tuple(not self._conflicts(step, every) for step in every)  # by other instances

    def enough(
        self, spot: Spot, choices: list[Choice], faults: list[Choice], *, left: bool
    ) -> tuple[list[Choice], list[Choice]]:
        """The choices and faults that are enough, where what shares nothing may happen in any order."""
        first = self.first(spot.rows, choices, faults_left=left)
        if first:
            (verb, number, step), *_ = ((each.verb, each.instance, each.step) for each in first)
            struck = [
                fault
                for fault in faults
                if (fault.verb, fault.instance, fault.step) == ("perform", number, step) and verb == "perform"
            ]
            return first, struck
        only = self.only_instance(spot.rows, choices, faults_left=left)
        if only is not None:
            return [choice for choice in choices if choice.instance == only], faults
        return choices, faults

    def first(self, rows: Rows, choices: Sequence[Choice], *, faults_left: bool) -> list[Choice]:
        """What may go first alone: one choice, or all that concern one step. None: all must be followed."""
        if not self.applies or not choices:
            return []
        if len(rows.rows) == 1:
            if len(choices) == 1 and not faults_left:
                return []
            (row,) = rows.rows
            chosen = self._first_of(row, choices, faults_left)
            return [chosen] if chosen is not None else self._of_one_step(row, choices, faults_left)
        for number, row in enumerate(rows.rows):
            own = [choice for choice in choices if choice.instance == number]
            chosen = self._first_of(row, own, faults_left) if own else None
            if chosen is not None and self._keeps_to_itself(rows, chosen, faults_left):
                return [chosen]
        return []

    def only_instance(self, rows: Rows, choices: Sequence[Choice], *, faults_left: bool) -> int | None:
        """The instance all of whose choices are independent of the other instances'; None: there is none."""
        if not self.applies or len(rows.rows) == 1 or faults_left or rows.marks:
            return None
        for number in range(len(rows.rows)):
            own = [choice for choice in choices if choice.instance == number]
            if own and all(self._keeps_to_itself(rows, choice, faults_left=False) for choice in own):
                return number
        return None

    def _keeps_to_itself(self, rows: Rows, choice: Choice, faults_left: bool) -> bool:
        if self.bp.finally_ or has_copies(rows.rows[choice.instance]):
            return False
        if choice.verb in ("hear", "receive"):
            return not has_outage(rows.rows[choice.instance])
        if choice.verb != "perform" or not self._not_shared[choice.step]:
            return False
        return not self._outages or not (faults_left or any(map(has_outage, rows.rows)))

    def _first_of(self, row: Row, choices: Sequence[Choice], faults_left: bool) -> Choice | None:
        mind = row.rest.rest.mind
        if row.rest.over is not None:
            return None
        if isinstance(mind, Coordinator):
            return self._orchestrated(row, mind.phase, choices, faults_left)
        return self._choreographed(row, mind, choices, faults_left)

    # orchestration

    def _orchestrated(
        self, row: Row, phase: str, choices: Sequence[Choice], faults_left: bool
    ) -> Choice | None:
        if self._abandons and phase != "compensating":
            return None  # who fails first decides what becomes of the others
        for choice in choices:
            if choice.verb == "perform" and self._performs_alone(row, choice, faults_left):
                return choice
        if has_outage(row):
            return None
        legs = [known.cell.leg for known in row.cells]
        for choice in choices:
            quiet = choice.verb == "hear" and self._is_heard_quietly(phase, legs, choice.step)
            if quiet and (not has_copies(row) or self._ends_nothing(phase, legs, choice.step)):
                return choice
        return None

    def _of_one_step(self, row: Row, choices: Sequence[Choice], faults_left: bool) -> list[Choice]:
        """A call and the copies of its own step that may land before or after it: what else runs shares nothing."""
        mind = row.rest.rest.mind
        if not isinstance(mind, Coordinator) or row.rest.over is not None or not has_copies(row):
            return []
        if (self._abandons and mind.phase != "compensating") or has_outage(row):
            return []
        legs = [known.cell.leg for known in row.cells]
        for choice in choices:
            if choice.verb == "perform":
                alone = self._performs_alone(row, choice, faults_left, beside_its_copies=True)
            else:
                alone = (
                    choice.verb == "hear"
                    and mind.phase == "compensating"
                    and not self._stops
                    and self._undone_alone[choice.step]
                    and self._ends_nothing(mind.phase, legs, choice.step)
                )
            if alone:
                return [each for each in choices if each.step == choice.step]
        return []

    def _ends_nothing(self, phase: str, legs: Sequence[Leg], step: int) -> bool:
        """Whether the saga goes on whatever is heard of this step: others are still under way."""
        others = (leg for other, leg in enumerate(legs) if other != step)
        return any(leg.undoing or (leg.belief == "running" and phase != "compensating") for leg in others)

    def _performs_alone(
        self, row: Row, choice: Choice, faults_left: bool, *, beside_its_copies: bool = False
    ) -> bool:
        step, cells = choice.step, row.cells
        if cells[step].cell.copies and not beside_its_copies:
            return False
        if choice.undo and any(cells[pivot].cell.copies for pivot in self.bp.pivots):
            return False
        if not (self._undone_alone if choice.undo else self._alone)[step]:
            return False
        if not self._outages:
            return True
        service = self.bp.service_of[step]
        shared = any(self.bp.service_of[other] == service for other in self._beside[step])
        if choice.undo and self._undone_alone is not self._alone:
            shared = self.bp.service_of.count(service) > 1
        return not shared or not (faults_left or has_outage(row))

    def _is_heard_quietly(self, phase: str, legs: Sequence[Leg], step: int) -> bool:
        """Whether hearing this starts nothing, ends nothing, and is the same whatever is heard first."""
        if phase == "compensating":
            return not self._stops
        pivots = self.bp.pivots
        if any(legs[pivot].belief == "running" for pivot in pivots):
            return False
        leg = legs[step]
        if self._is_tried_again(leg, step):
            return True
        if any(self._hasty[other] and legs[other].belief in OPEN for other in self._others[step]):
            return False
        if phase == "halting":
            return True
        if leg.call == "done":
            return self._starts_nothing(legs, step)
        logged = self.bp.steps[step].safeguards.intent_log  # else it matters whether the saga has halted
        return leg.call == "crashed" and logged and self.bp.rules.on_recover == "resend"

    def _may_end_at_once(self, step: int) -> bool:
        """Whether giving up on this call may end the saga with the call's late copy just let loose.

        Then it matters who is heard last: a copy can land before the end only if somebody is still waited for.
        """
        bp = self.bp
        if bp.steps[step].kind is Kind.RETRIABLE and not bp.has_own_reaction(step, "silence"):
            return False  # it never gives up
        if not self.kernel.kinds & LATE_KINDS and not self._natural:
            return False
        pivot = step in bp.pivots and not bp.has_own_reaction(step, "silence")
        reaction = bp.rules.pivot_unknown if pivot else bp.reaction(step, "silence")
        if reaction != "compensate":
            return reaction in ("abandon", "continue")
        compensates = bp.rules.compensates
        is_undone = (
            bp.steps[step].name in compensates
            if isinstance(compensates, tuple)
            else compensates != "completed"
        )
        return not (is_undone and bp.is_undoable(step))

    def _starts_nothing(self, legs: Sequence[Leg], step: int) -> bool:
        waiting = [other for other, after in enumerate(self.bp.after) if step in after]
        others_open = any(leg.belief in OPEN for other, leg in enumerate(legs) if other != step)
        return others_open and all(
            any(before != step and legs[before].belief in OPEN for before in self.bp.after[other])
            for other in waiting
        )

    def _is_tried_again(self, leg: Leg, step: int) -> bool:
        retry = self.bp.steps[step].retry
        upon = {"error": "error", "silence": "unknown"}.get(leg.call)
        return upon in retry.upon and leg.attempt < retry.attempts

    # choreography

    def _choreographed(
        self, row: Row, mind: Troupe, choices: Sequence[Choice], faults_left: bool
    ) -> Choice | None:
        cells = row.cells
        if has_copies(row) or has_outage(row):
            return None
        for choice in choices:
            if choice.verb == "receive" and cells[choice.step].listens_idly:
                return choice
        if not any(cells[pivot].cell.leg.belief == "running" for pivot in self.bp.pivots):
            for choice in choices:
                if choice.undo and choice.verb == "hear":
                    return choice
                if (
                    choice.undo
                    and choice.verb == "perform"
                    and self._performs_alone(row, choice, faults_left)
                ):
                    return choice
        if not faults_left and self._is_calm(row, mind):
            for choice in choices:
                if choice.verb == "hear" or self._performs_alone(row, choice, faults_left=False):
                    return choice
        return None

    def _is_calm(self, row: Row, mind: Troupe) -> bool:
        """Nothing has gone wrong that anybody could still hear of; without a fault, nothing will."""
        return not self._natural and not mind.bus and all(known.calm for known in row.cells)

    # what is shared

    def _conflicts(self, step: int, others: Sequence[int]) -> bool:
        return any(self._conflict(step, other) for other in others)

    def _conflict(self, one: int, other: int) -> bool:
        mine, theirs = self._changes(one), self._changes(other)
        return bool(mine & self._looks_at(other)) or bool(theirs & self._looks_at(one))

    def _changes(self, step: int) -> frozenset[int]:
        bp = self.bp
        return frozenset(resource for resource, _ in (*bp.effects[step], *bp.undo_effects[step]))

    def _looks_at(self, step: int) -> frozenset[int]:
        """What the step touches, and everything that an invariant weighs against it."""
        bp = self.bp
        mine = self._changes(step)
        weighed = [names for names in bp.weighed if names & mine]
        return mine.union(bp.touched[step], bp.asked[step], *weighed)


def has_copies(row: Row) -> bool:
    """Whether anything of this instance is under way although nobody waits for it."""
    over = row.rest.over
    return bool(over.copies) if over is not None else any(known.cell.copies for known in row.cells)


def has_outage(row: Row) -> bool:
    """Whether an outage goes on striking one of its calls."""
    return any(known.outage for known in row.cells)


def _beside(followers: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """Per step, the steps that come neither before nor after it."""
    every = range(len(followers))
    return tuple(
        tuple(o for o in every if o != step and o not in followers[step] and step not in followers[o])
        for step in every
    )
