"""Belief and truth: what the saga thinks of each step, and what is really there.

`Leg` is the belief, kept by a coordinator or by the step's own participant; `Record` is the truth, kept by
the participant. Every saga bug is a difference between the two that nobody repairs. Both are small tuples
of plain words and numbers, because an exploration copies and hashes millions of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTCOMES = ("completed", "compensated", "parked", "failed")
"""How a saga ends. A saga that reaches none of these is `stuck`."""


class Leg(NamedTuple):
    """What is believed of one step.

    belief   idle, running, done, refused, failed, unknown, undone, given-up, undo-skipped;
             in choreography also skipped and dead
    call     the call in flight: "" (none), "sent" (on its way), "held" (choreography: its event is late), or
             the answer that is on its way back: done, refused, error, silence, crashed; in choreography also
             again, dead, unpublished, lost; and, when it is over, "unheard" (nobody was told), "never"
    attempt  the number of the call in flight, from 1
    doubt    an earlier attempt is unknown, and none later settled it
    undoing  "" (no), "due" (will be undone), "running" (the call in flight is the undo)
    """

    belief: str = "idle"
    call: str = ""
    attempt: int = 0
    doubt: bool = False
    undoing: str = ""


class Record(NamedTuple):
    """What is true of one step, as its participant keeps it.

    `applied` and `undone` count effects. `memory` is the first answer to the action, kept where the step is
    idempotent (done) or keeps its refusals (refused); `undo_memory` the same for the undo. A tombstone
    remembers that an undo was here.
    """

    applied: int = 0
    undone: int = 0
    memory: str = ""
    undo_memory: bool = False
    tombstone: bool = False

    @property
    def times(self) -> int:
        """How often the effect is there: 1 is right for a done step, 0 for an undone one."""
        return self.applied - self.undone


class Copy(NamedTuple):
    """A message that is still under way although its caller has moved on, or a second one.

    `kind` is late, reordered, second or abandoned. A copy that is not `ready` waits for its caller's timeout.
    `times` is how many messages land together: one fault may hold up several attempts.
    """

    step: int
    undo: bool
    attempt: int
    kind: str
    ready: bool
    times: int = 1


IDLE = Leg()
BLANK = Record()


def resources_of(
    records: Iterable[Sequence[Record]],
    initial: Sequence[int],
    effects: Sequence[tuple[tuple[int, int], ...]],
    undo_effects: Sequence[tuple[tuple[int, int], ...]],
) -> tuple[int, ...]:
    """The value of every named resource, over all instances.

    records: per instance, per step; effects: per step, pairs of (resource index, amount).
    """
    values = list(initial)
    for instance in records:
        for step, record in enumerate(instance):
            if record.applied:
                for resource, amount in effects[step]:
                    values[resource] += amount * record.applied
            if record.undone:
                for resource, amount in undo_effects[step]:
                    values[resource] += amount * record.undone
    return tuple(values)
