"""When each thing of a run is due, in virtual time.

A call takes `takes_ms`: a quarter of it on the way there, a quarter on the way back. What is bound to a moment of the
run has no time until that moment is entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import LANDING_KINDS, Fault, FaultPlan, Moment
from sagasim.core.ledger import Copy, Leg
from sagasim.core.moments import is_at
from sagasim.core.striking import fault_behind
from sagasim.core.world import Choice, World

CallKey = tuple[int, int, bool, int]
"""A call, by its instance (from 0), step, whether it is the undo, and attempt."""

RESTART_MS = 100
"""How long a crashed coordinator takes to be back with its log."""
NEVER = 1 << 60


def call_key(choice: Choice) -> CallKey:
    """The call that a choice is about."""
    return choice.instance, choice.step, choice.undo, choice.attempt


class Timetable:
    """What is due in one run, and when. `now` is the time of the last thing that was taken.

    is_ordered  the run keeps an order: then the deadline passes when nothing else is due
    """

    def __init__(self, bp: Blueprint, faults: FaultPlan, seed: int, *, is_ordered: bool) -> None:
        self.bp, self.faults, self.seed = bp, faults, seed
        self.now = 0
        self.due: dict[Choice, int] = {}
        deadline_ms = bp.saga.deadline_ms
        self._deadline = NEVER if is_ordered and deadline_ms is not None else deadline_ms
        self._here: dict[int, Sequence[Moment]] = {}  # per instance, the moments at which it is
        self._sent: dict[CallKey, int] = {}
        self._resent: set[CallKey] = set()

    def take(self, choice: Choice) -> None:
        """This happens, and time goes on to it."""
        at = self.due.pop(choice)
        self.now = max(self.now, at if at < NEVER else self.now)

    def renew(self, world: World, offered: Sequence[Choice]) -> list[Choice]:
        """Gives everything that is possible now its time, and forgets what no longer is; returns what got one."""
        keep = {*offered, *self._deadlines(world)}
        for choice in [known for known in self.due if known not in keep and known.verb != "interrupt"]:
            del self.due[choice]
        renewed = []
        for choice in offered:
            if choice not in self.due or (choice.verb == "land" and self.due[choice] == NEVER):
                leg: Leg = world.instances[choice.instance].mind.legs[choice.step]
                self.due[choice] = self._due_at(choice, leg)
                renewed.append(choice)
        return renewed

    def at_once(self, choice: Choice) -> None:
        """It happens before anything else that is due now."""
        self.due[choice] = self.now - 1

    def enter(self, number: int, entered: Sequence[Moment]) -> None:
        """An instance comes to these moments, or stays at those where it is: what waits for them lands."""
        if entered:
            self._here[number] = entered
        for choice, at in self.due.items():
            if (
                choice.verb == "land"
                and at == NEVER
                and choice.instance == number
                and self._lands_here(choice)
            ):
                self.at_once(choice)

    def overtake(self, arrived: Choice) -> None:
        """A later call of the same step has arrived: what it has overtaken lands directly after it."""
        for choice, at in self.due.items():
            if choice.verb != "land" or at != NEVER:
                continue
            copy = choice.subject
            assert isinstance(copy, Copy)
            its = (choice.instance, copy.step) == (arrived.instance, arrived.step)
            if its and copy.kind == "reordered" and not self._has_moment(choice, copy):
                self.due[choice] = self.now

    def resend(self, call: CallKey) -> None:
        """The outbox sends the event of this call again, later."""
        self._resent.add(call)

    def _deadlines(self, world: World) -> list[Choice]:
        """The deadlines that run; each is due since the start."""
        if self._deadline is None:
            return []
        running = [
            Choice("expire", number, subject="deadline")
            for number, instance in enumerate(world.instances)
            if not instance.mind.ended and "deadline" not in instance.interrupted
        ]
        for choice in running:
            self.due.setdefault(choice, self._deadline)
        return running

    def _due_at(self, choice: Choice, leg: Leg) -> int:
        step, call = self.bp.steps[choice.step], call_key(choice)
        takes = self._takes(choice)
        match choice.verb:
            case "perform" if leg.call == "held":
                return self._held_until(choice, step.timeout_ms)
            case "perform":
                retry = step.undo_retry if choice.undo else step.retry
                self._sent[call] = self.now + (retry.wait_ms(choice.attempt) if choice.attempt > 1 else 0)
                return self._sent[call] + takes - takes // 4
            case "hear" if leg.call == "silence":
                return max(self.now, self._sent.get(call, self.now) + step.timeout_ms)
            case "hear" if call in self._resent:
                return self.now + takes // 4 + RESTART_MS
            case "hear" if leg.call == "crashed":
                return self.now + RESTART_MS
            case "hear":
                return self.now + takes // 4
            case "receive":
                return self.now + step.takes_ms[0] // 4
            case _:
                return self._landing_at(choice, leg)

    def _takes(self, choice: Choice) -> int:
        least, most = self.bp.steps[choice.step].takes_ms
        if least == most:
            return least
        name = (
            f"{self.seed}/{self.bp.steps[choice.step].name}/{choice.undo}/{choice.attempt}/{choice.instance}"
        )
        return least + crc32(name.encode()) % (most - least + 1)

    # what waits for a moment

    def _held_until(self, choice: Choice, timeout_ms: int) -> int:
        step = self.bp.steps[choice.step].name
        for fault in self.faults:
            late = fault.kind in LANDING_KINDS and (fault.target, fault.undo) == (step, choice.undo)
            if late and fault.moment is not None and fault.instance == choice.instance + 1:
                return self.now if self._is_at_moment_of(fault, choice) else NEVER
        return self.now + timeout_ms

    def _landing_at(self, choice: Choice, leg: Leg) -> int:
        copy = choice.subject
        assert isinstance(copy, Copy)
        if copy.kind == "abandoned":
            takes = self._takes(choice)
            sent = self._sent.get((choice.instance, copy.step, copy.undo, copy.attempt), self.now)
            return max(self.now, sent + takes - takes // 4)
        if self._has_moment(choice, copy):
            return NEVER
        is_open = bool(leg.call) and (leg.undoing == "running") == choice.undo
        if copy.kind == "reordered" or (copy.kind == "late" and is_open):
            return NEVER  # without a moment: when it is overtaken, or when its caller has given up its last attempt
        return self.now + (self.bp.steps[copy.step].takes_ms[0] // 4 if copy.kind == "second" else 0)

    def _has_moment(self, choice: Choice, copy: Copy) -> bool:
        fault = self._fault_of(choice, copy)
        return fault is not None and fault.moment is not None and fault.kind in LANDING_KINDS

    def _lands_here(self, choice: Choice) -> bool:
        copy = choice.subject
        assert isinstance(copy, Copy)
        fault = self._fault_of(choice, copy)
        if fault is None or fault.moment is None or fault.kind not in LANDING_KINDS:
            return False
        return self._is_at_moment_of(fault, choice)

    def _is_at_moment_of(self, fault: Fault, choice: Choice) -> bool:
        assert fault.moment is not None
        here = self._here.get(choice.instance, ())
        return is_at(fault.moment, here, fault.target, fault.undo, choice.instance + 1)

    def _fault_of(self, choice: Choice, copy: Copy) -> Fault | None:
        name, given = self.bp.steps[copy.step].name, self.bp.given.get((copy.step, copy.undo), ())
        return fault_behind(copy, name, self.faults, choice.instance + 1) or fault_behind(copy, name, given)
