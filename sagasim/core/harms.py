"""What must hold of every run, each property named as a sentence; a broken one is a harm.

The judge sees one transition at a time: the world before, the events, the world after. So a harm is found the
first time it happens, in a run and in an exploration alike. `stuck` is not a transition but the absence of
one: simulation.py and graph.py find it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from sagasim.core import choreography
from sagasim.core.blueprint import Blueprint
from sagasim.core.choreography import Troupe
from sagasim.core.history import HistoryEvent, StepCommitted, UndoCommitted, UndoSkipped
from sagasim.core.kernel import Kernel
from sagasim.core.world import Choice, Instance, Mind, World

PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "leak": "a saga that has ended without success leaves no effect behind",
        "missing-effect": "a completed saga has all its effects",
        "double-effect": "no effect is there twice, at any moment",
        "phantom-undo": "nothing is undone twice, or undone though it never was",
        "undone-after-pivot": "after the pivot has committed nothing is undone",
        "wrong-order": "no undo begins while a step that builds on its effect is in place",
        "skipped-undo": "when one undo fails, all the others are attempted",
        "false-outcome": "what the saga reports is true",
        "effect-after-end": "no effect is applied or undone after the saga has ended",
        "stuck": "when faults stop, every saga reaches an end",
        "dirty-read": "nobody reads what another saga takes back later",
        "lost-update": "nobody overwrites what another saga takes back later",
        "invariant": "the user's own properties hold",
    }
)
HARMS: tuple[str, ...] = tuple(PROPERTIES)
WORST_FIRST: tuple[str, ...] = (
    "double-effect", "missing-effect", "undone-after-pivot", "phantom-undo", "leak", "effect-after-end",
    "false-outcome", "stuck", "invariant", "lost-update", "dirty-read", "wrong-order", "skipped-undo",
)  # fmt: skip
"""Which harm a matrix cell shows where several can follow."""


class Harm(NamedTuple):
    """A broken property. `step` is a step's name, "saga", or the name of an invariant."""

    harm: str
    step: str


class Judge:
    """Judges the transitions of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.bp: Blueprint = kernel.bp
        self._effects = tuple(number for number, step in enumerate(self.bp.steps) if step.has_effect)

    def harms(self, before: World, choice: Choice, events: list[HistoryEvent], after: World) -> list[Harm]:
        """The harms that this transition does, each once."""
        was, now = before.instances[choice.instance], after.instances[choice.instance]
        found = self.of_instance(was, now, events)
        if before.marks:
            found.extend(self._taken_back(events, before, choice.instance))
        if now.mind.ended and not was.mind.ended:
            found.extend(self.at_the_end(after))
        if self.bp.always and any(isinstance(event, StepCommitted | UndoCommitted) for event in events):
            found.extend(self.always(after))
        return found if len(found) < 2 else list(dict.fromkeys(found))

    def of_instance(self, was: Instance, now: Instance, events: list[HistoryEvent]) -> list[Harm]:
        """The harms that can be seen in one saga alone."""
        found: list[Harm] = []
        for event in events:
            if isinstance(event, StepCommitted):
                found.extend(self._committed(event, was))
            elif isinstance(event, UndoCommitted):
                found.extend(self._undone(event, was))
            elif isinstance(event, UndoSkipped):
                found.append(Harm("skipped-undo", event.step))
        if was.mind is not now.mind:
            for step, builder in self.doubtful_undos(was.mind, now.mind):
                if now.records[builder].times > 0:
                    found.append(Harm("wrong-order", self.bp.steps[step].name))
            if now.mind.ended and not was.mind.ended:
                found.extend(self._ended(now))
        return found

    def at_the_start(self, world: World) -> list[Harm]:
        """An invariant that does not even hold before anything has happened."""
        return list(self.always(world))

    def _committed(self, event: StepCommitted, was: Instance) -> Iterator[Harm]:
        if event.times > 1:
            yield Harm("double-effect", event.step)
        if self._is_after_end(was, event.step):
            yield Harm("effect-after-end", event.step)

    def _undone(self, event: UndoCommitted, was: Instance) -> Iterator[Harm]:
        if event.times < 0:
            yield Harm("phantom-undo", event.step)
        elif any(was.records[pivot].times > 0 for pivot in self.bp.pivots):
            yield Harm("undone-after-pivot", event.step)
        if self._is_after_end(was, event.step):
            yield Harm("effect-after-end", event.step)

    def _taken_back(self, events: list[HistoryEvent], before: World, number: int) -> Iterator[Harm]:
        """Somebody had read, or overwritten, what is undone now."""
        for event in events:
            if isinstance(event, UndoCommitted) and event.times == 0:
                step = self.bp.index[event.step]
                for mark in before.marks:
                    if (mark.owner, mark.owner_step) == (number, step):
                        yield Harm(mark.harm, self.bp.steps[mark.actor_step].name)

    def _is_after_end(self, was: Instance, step: str) -> bool:
        return was.mind.ended and self.bp.index[step] not in was.mind.report

    def doubtful_undos(self, was: Mind, now: Mind) -> Iterator[tuple[int, int]]:
        """The undos that begin, each with every step that builds on it and is believed done."""
        legs = now.legs
        for step, leg in enumerate(legs):
            if leg.undoing == "running" and leg.attempt == 1 and was.legs[step].undoing != "running":
                for builder in self.bp.builders[step]:
                    if legs[builder].belief == "done":
                        yield step, builder

    def _ended(self, now: Instance) -> Iterator[Harm]:
        outcome = now.mind.phase
        standing = [step for step in self._effects if now.records[step].times > 0]
        if outcome == "completed":
            for step in self._effects:
                if now.records[step].times < 1:
                    yield Harm("missing-effect", self.bp.steps[step].name)
        elif outcome == "failed" and self._is_done_in_truth(now):
            yield Harm("false-outcome", "saga")
        else:
            for step in standing:
                if outcome != "parked" or step not in now.mind.report:
                    yield Harm("leak", self.bp.steps[step].name)

    def _is_done_in_truth(self, now: Instance) -> bool:
        """It reports failure although the pivot has committed, or all but the last call took effect."""
        if any(now.records[pivot].times > 0 for pivot in self.bp.pivots):
            return True
        missing = [step for step in self._effects if now.records[step].times < 1]
        if any(leg.belief in ("given-up", "undo-skipped", "undone") for leg in now.mind.legs):
            return False
        begun = [step for step, leg in enumerate(now.mind.legs) if leg.belief not in ("idle", "skipped")]
        last = [step for step in begun if not any(later in begun for later in self.bp.descendants[step])]
        return bool(set(self._effects) - set(last)) and set(missing) <= set(last[-1:])

    def at_the_end(self, after: World) -> Iterator[Harm]:
        """The invariants that must hold once every saga has ended."""
        if all(instance.mind.ended and instance.mind.phase != "parked" for instance in after.instances):
            for name, holds in self.bp.finally_:
                if not holds(self.kernel.values(after)):
                    yield Harm("invariant", name)

    def always(self, world: World) -> Iterator[Harm]:
        """The invariants that do not hold now; an undo that was given up silences them."""
        given_up = any(leg.belief == "given-up" for each in world.instances for leg in each.mind.legs)
        if not given_up:
            for name, holds in self.bp.always:
                if not holds(self.kernel.values(world)):
                    yield Harm("invariant", name)


def stuck(bp: Blueprint, mind: Mind) -> Harm:
    """The harm of a saga that never ends, at the step at which it hangs: whose call or event is missing."""
    if isinstance(mind, Troupe):
        step = choreography.step_that_hangs(bp, mind)
    else:
        step = next((step for step, leg in enumerate(mind.legs) if leg.call), 0)
    return Harm("stuck", bp.steps[step].name)
