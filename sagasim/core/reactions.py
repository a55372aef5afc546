"""What a participant does about what it hears, looked up by the little that this can depend on (choreography).

A reaction looks at all that is believed and heard of its own step. Of the others it asks only whether they
stand, are closed, or wait (`KnownCell.seen`), and of one that has not begun, everything: it may never begin now.
What is on the bus it only adds to. The end of a saga looks at everything, and is not known here.
"""

from __future__ import annotations

from typing import NamedTuple

from sagasim.core import choreography
from sagasim.core.cells import Belief, Rest, beliefs_of
from sagasim.core.choreography import QUIET, Message, Troupe
from sagasim.core.harms import Judge
from sagasim.core.kernel import Kernel
from sagasim.core.rows import Heard, KnownRest, Register, Row, Spot
from sagasim.core.world import Choice

NEVER_HEARD = Message(-1, "", -1)
"""On the bus while a reaction is tried: a saga with an event under way does not end."""


class Reaction(NamedTuple):
    """What is believed after a reaction, what it publishes, and what of it concerns no single step."""

    beliefs: tuple[tuple[int, Belief], ...]
    published: tuple[Message, ...]
    alarm: bool
    failing: str
    suspects: tuple[tuple[int, int], ...]


class Reactions:
    """The reactions of one troupe."""

    def __init__(self, kernel: Kernel, judge: Judge, register: Register) -> None:
        self.kernel, self.judge, self.register = kernel, judge, register
        self._known: dict[tuple[object, ...], Reaction | None] = {}
        self._rests: dict[tuple[KnownRest, Message | None, Reaction], KnownRest] = {}

    def heard(self, spot: Spot, choice: Choice) -> Heard | None:
        """What the instance believes after it has heard something. None: all of it must be looked at."""
        row = spot.rows.rows[choice.instance]
        mind = row.rest.rest.mind
        assert isinstance(mind, Troupe)
        message = choice.subject if isinstance(choice.subject, Message) else None
        key = (
            choice.step, message, mind.alarm, mind.failing, row.cells[choice.step].belief_number,
            *[cell.seen for cell in row.cells],
        )  # fmt: skip
        if key in self._known:
            reaction = self._known[key]
        else:
            reaction = self._known[key] = self._tried(spot, choice, message)
        if reaction is None:
            return None
        rest = self._rest_after(row.rest, message, reaction)
        if not (rest.deliveries[0] or _goes_on(row, reaction)):
            return None
        return Heard(rest, reaction.beliefs, (), reaction.suspects)

    def _tried(self, spot: Spot, choice: Choice, message: Message | None) -> Reaction | None:
        """The rules themselves. None: a step that has begun has heard of it too, and only half of that is seen."""
        row, was = spot.rows.rows[choice.instance], spot.world.instances[choice.instance].mind
        assert isinstance(was, Troupe)
        if message is None:
            before = was._replace(bus=(NEVER_HEARD,))
            now = self.kernel.heard(before, choice.step, was.legs[choice.step].call, [])
        else:
            now = choreography.receive(self.kernel.bp, was._replace(bus=(NEVER_HEARD, message)), message, [])
        assert isinstance(now, Troupe)
        changed = tuple(
            (step, belief)
            for step, (known, belief) in enumerate(zip(row.cells, beliefs_of(now), strict=True))
            if known.belief != belief
        )
        if any(step != choice.step and was.legs[step].belief != "idle" for step, _ in changed):
            return None
        suspects = tuple(self.judge.doubtful_undos(was, now))
        return Reaction(changed, now.bus[1:], now.alarm, now.failing, suspects)

    def _rest_after(self, rest: KnownRest, message: Message | None, reaction: Reaction) -> KnownRest:
        key = (rest, message, reaction)
        known = self._rests.get(key)
        if known is None:
            mind = rest.rest.mind
            assert isinstance(mind, Troupe)
            bus = list(mind.bus)
            if message is not None:
                bus.remove(message)
            now = mind._replace(
                bus=choreography.in_order([*bus, *reaction.published]),
                alarm=reaction.alarm,
                failing=reaction.failing,
            )
            after = self.register.reduction.rest(Rest(now, rest.rest.interrupted), faults_left=True)
            known = self._rests[key] = self.register.known_rest(after)
        return known


def _goes_on(row: Row, reaction: Reaction) -> bool:
    """Whether a call is under way after the reaction."""
    beliefs = dict(reaction.beliefs)
    return any(
        leg.call and leg.call not in QUIET
        for leg, _ in [beliefs.get(step, cell.belief) for step, cell in enumerate(row.cells)]
    )
