"""What stands between the coordinator and the callables of one run: faults that strike, copies under way.

The tables and the question which fault is in force are the kernel's. What the kernel knows of effects is true; what
stands in the records here was witnessed (witness.py).
"""

from __future__ import annotations

from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import FOR_EVER, Fault, FaultPlan
from sagasim.core.history import HistoryEvent, OutageBegan, OutageEnded
from sagasim.core.kernel import FINAL, Kernel
from sagasim.core.ledger import BLANK, IDLE, Copy
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Call, Strike, strikes_nothing
from sagasim.core.striking import can_strike, fault_at, fault_behind, strike_of
from sagasim.core.world import Instance, World, put
from sagasim.library.answers import Outcome
from sagasim.library.turns import Ask
from sagasim.library.witness import remembered, witnessed


class Scene:
    """The state of one run, as the kernel would hold it.

    struck    the faults of the plan that found something to strike
    in_doubt  steps whose effect may be there although nobody has seen it
    """

    def __init__(self, bp: Blueprint, plan: FaultPlan) -> None:
        self.bp, self.plan = bp, plan
        self.kernel = Kernel(bp)
        steps = len(bp.steps)
        mind = Coordinator("forward", (IDLE,) * steps)
        self.instance = Instance(mind, (BLANK,) * steps, (NO_STRIKE,) * steps)
        self.down: tuple[int, ...] = ()
        self.struck: list[Fault] = []
        self.in_doubt: set[int] = set()

    @property
    def mind(self) -> Coordinator:
        """What is believed."""
        assert isinstance(self.instance.mind, Coordinator)
        return self.instance.mind

    def strike_on(self, ask: Ask) -> Strike:
        """The fault that strikes this call, if there is one that can."""
        own, record = self.bp.steps[ask.step], self.instance.records[ask.step]
        strike, fault = self.in_force(ask.step), None
        if not strike.kind:
            fault = fault_at(own, ask.undo, ask.attempt, self.plan, self.struck)
        if fault is not None:
            strike = strike_of(fault)
        if not strike.kind or not can_strike(self.bp, ask.step, ask.undo, strike.kind):
            return NO_STRIKE
        if strikes_nothing(own, record, Call(ask.undo, ask.attempt), strike):
            return NO_STRIKE
        if fault is not None:
            self.struck.append(fault)
        return strike

    def in_force(self, step: int) -> Strike:
        """The fault that goes on striking the open call of a step."""
        return self.kernel.strike_in_force(World((self.instance,), self.down), 0, step)

    def go_on(self, ask: Ask, strike: Strike, heard: str) -> list[HistoryEvent]:
        """Lets a fault go on striking the retries of its call, as long as its text says."""
        kind, edge, times = strike
        step = ask.step
        if not kind:
            return []
        is_new = not self.in_force(step).kind
        began: list[HistoryEvent] = []
        if kind == "outage" and is_new:
            service = self.bp.service_of[step]
            began.append(OutageBegan(self.bp.services[service], self.bp.steps[step].name))
            if edge != "once":
                self.down = tuple(sorted({*self.down, service}))
                return began
        elif not is_new and not self.instance.strikes[step].kind:
            return began  # another call's outage
        goes_on = NO_STRIKE if times == 1 else Strike(kind, edge, times - 1 if times else FOR_EVER)
        if kind == "outage":
            goes_on = strike
        self._strike_next(step, NO_STRIKE if heard in FINAL else goes_on)
        return began

    def _strike_next(self, step: int, strike: Strike) -> None:
        strikes = put(self.instance.strikes, step, strike)
        self.instance = self.instance._replace(strikes=strikes)

    def witness(self, ask: Ask, outcome: Outcome, kind: str) -> tuple[str, tuple[HistoryEvent, ...]]:
        """The answer of a callable, and what can be said of it."""
        own, record = self.bp.steps[ask.step], self.instance.records[ask.step]
        call = Call(ask.undo, ask.attempt)
        return witnessed(own, record, call, outcome, kind=kind, in_doubt=ask.step in self.in_doubt)

    def note_doubt(self, ask: Ask, strike: Strike, answer: str) -> None:
        """After an error or a silence of its own an action may have had its effect."""
        if ask.undo:
            return
        if answer == "done":
            self.in_doubt.discard(ask.step)
        elif answer in ("error", "silence") and not strike.kind:
            self.in_doubt.add(ask.step)

    def remember(self, step: int, event: HistoryEvent, kind: str) -> None:
        """What was witnessed of a call that `kind` has struck."""
        record = remembered(self.bp.steps[step], self.instance.records[step], event, kind)
        records = put(self.instance.records, step, record)
        self.instance = self.instance._replace(records=records)

    def add_copy(self, copy: Copy) -> None:
        """One fault leaves one bundle: the copies of one call land together, each where it has no key."""
        copies = list(self.instance.copies)
        for other in self.instance.copies:
            if (other.step, other.undo, other.kind, other.ready) == (copy.step, copy.undo, copy.kind, False):
                copies.remove(other)
                more = not self.bp.steps[copy.step].safeguards.idempotent
                copy = copy._replace(times=other.times + more)
        self.instance = self.instance._replace(copies=tuple(sorted((*copies, copy))))

    def forget_copy(self, step: int, undo: bool, kind: str) -> None:
        """A copy has landed."""
        copies = list(self.instance.copies)
        for copy in copies:
            if (copy.step, copy.undo, copy.kind, copy.ready) == (step, undo, kind, True):
                copies.remove(copy)
                break
        self.instance = self.instance._replace(copies=tuple(copies))

    def follow(self, mind: Coordinator) -> None:
        """The coordinator stands where `mind` says: what becomes of the faults that go on, and of the copies."""
        strikes, copies = list(self.instance.strikes), list(self.instance.copies)
        for step, (before, after) in enumerate(zip(self.mind.legs, mind.legs, strict=True)):
            if before is after:
                continue
            undo = before.undoing == "running"
            same_call = after.call == "sent" and after.undoing == before.undoing and after.attempt > 1
            if not (same_call and self._outlasts(step, undo, after.attempt, strikes[step])):
                strikes[step] = NO_STRIKE
            settled = same_call and after.attempt >= self.bp.settled_attempt(step, undo)
            for place, copy in enumerate(copies):
                if (copy.step, copy.undo, copy.ready) == (step, undo, False):
                    waits = same_call and not settled and strikes[step].kind
                    copies[place] = copy._replace(ready=not waits)
        self.instance = self.instance._replace(
            mind=mind, strikes=tuple(strikes), copies=tuple(sorted(copies))
        )

    def outages_ended(self, was: Instance) -> list[OutageEnded]:
        """The outages that struck a call then, and strike it no more: the call at which they began is through."""
        return [
            OutageEnded(step.service, step.name)
            for step, before, now in zip(self.bp.steps, was.strikes, self.instance.strikes, strict=True)
            if before.kind == "outage" != now.kind
        ]

    def _outlasts(self, step: int, undo: bool, attempt: int, strike: Strike) -> bool:
        if strike.kind == "outage":
            return attempt <= self.bp.attempts(step, undo)
        return strike.times != FOR_EVER or attempt <= self.bp.last_struck(step, undo)

    def is_open(self, copy: Copy) -> bool:
        """Whether the caller of this copy is still trying."""
        leg = self.mind.legs[copy.step]
        return bool(leg.call) and (leg.undoing == "running") == copy.undo

    def fault_of_copy(self, copy: Copy) -> Fault | None:
        """The fault of the plan that has left this copy under way."""
        return fault_behind(copy, self.bp.steps[copy.step].name, self.plan)

    def interrupt(self, kind: str) -> None:
        """A cancel or the deadline has struck."""
        interrupted = tuple(sorted({*self.instance.interrupted, kind}))
        self.instance = self.instance._replace(interrupted=interrupted)
