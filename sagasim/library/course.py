"""The course of one run of real callables: what follows when a call is sent, comes back, is heard, or lands.

The rules are those of orchestration.py; which fault strikes is asked of the kernel, as in the simulator. So here is
only what the simulator's clock does there: when a command is sent, when silence is noticed, where the moments of a
fault plan are. It calls nothing, waits for nothing, and reads no clock: conductor.py hands it the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core import orchestration
from sagasim.core.beliefs import believed
from sagasim.core.faults import SAGA_KINDS, FaultPlan, Moment
from sagasim.core.history import CommandSent, CopyLanded, FaultStruck, HistoryEvent, SagaHalted, SagaStarted
from sagasim.core.ledger import Copy
from sagasim.core.moments import ARRIVED, is_at, moments_entered
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Call, Strike, arrives, perform
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice
from sagasim.library.agenda import AT_ONCE, NEXT, THEN, Agenda
from sagasim.library.answers import Outcome, Raised
from sagasim.library.calls import Calls
from sagasim.library.contexts import Context, Contexts
from sagasim.library.design import Design
from sagasim.library.journal import Journal, More
from sagasim.library.landings import Landings
from sagasim.library.reasons import Reasons
from sagasim.library.scene import Scene
from sagasim.library.turns import Ask
from sagasim.library.witness import heard_as, is_called, strikes_behind


class Course:
    """Where a run stands. `start_ms` is when it began, `now_ms` when the last thing happened."""

    def __init__(
        self, design: Design, plan: FaultPlan, run: str, context: Context, *, keeps_lines: bool
    ) -> None:
        self.design, self.bp, self.plan, self.run_id = design, design.bp, plan, run
        self.contexts = Contexts(context, tuple(step.action for step in self.bp.steps))
        self.scene = Scene(self.bp, plan)
        self.journal = Journal(run, keeps_lines=keeps_lines)
        self.agenda = Agenda()
        self.calls = Calls()
        self.landings = Landings(self.scene, self.agenda)
        self.reasons = Reasons(self.bp)
        self.start_ms = self.now_ms = 0
        self._moments: list[Moment] = []

    def belief(self) -> dict[str, str]:
        """What is believed of each step."""
        return {
            step.name: believed(leg) for step, leg in zip(self.bp.steps, self.scene.mind.legs, strict=True)
        }

    def open(self) -> None:
        """The saga starts."""
        out: list[HistoryEvent] = [SagaStarted(self.run_id)]
        mind = orchestration.begin(self.bp, out)
        if self.bp.saga.deadline_ms is not None:
            self.agenda.put(self.start_ms + self.bp.saga.deadline_ms, THEN, "interrupt", subject="deadline")
        start = {"context": dict(self.contexts.shared), "faults": [str(fault) for fault in self.plan]}
        self._follow(mind, out, because=0, more={0: start})

    # calls

    def _order(self, command: CommandSent) -> None:
        """A command was decided on: it is sent at once, or after the wait before its retry."""
        step = self.bp.index[command.step]
        own = self.bp.steps[step]
        retry = own.undo_retry if command.undo else own.retry
        wait_ms = retry.wait_ms(command.attempt) if command.attempt > 1 else 0
        ask = self.calls.add(
            step,
            command.undo,
            command.attempt,
            f"{self.run_id}:{command.key}",
            timeout_ms=self.design.parts[step].timeout_ms,
        )
        self.calls.current[step] = ask.number
        self.agenda.put(self.now_ms + wait_ms, THEN, "send", ask.number)

    def send(self, ask: Ask) -> None:
        """The command reaches its callable, unless a fault strikes it on its way."""
        own, calls = self.bp.steps[ask.step], self.calls
        if ask.number not in calls.commanded:  # a retry: its command is sent only now
            command = CommandSent(own.name, ask.undo, ask.attempt, self._key(ask.step, ask.undo))
            calls.commanded[ask.number] = self.write((command,), len(self.journal.entries))
        calls.sent_ms[ask.number] = self.now_ms
        strike = self.scene.strike_on(ask)
        if not is_called(strike):
            self.perform_unheard(ask, strike)
            return
        calls.strikes[ask.number] = strike
        lost = strike.kind == "key-lost"
        calls.issue(ask._replace(key=f"{ask.key}:{ask.attempt}") if lost else ask)
        if ask.timeout_ms is not None:
            self.agenda.put(self.now_ms + ask.timeout_ms, NEXT, "hear", ask.number, "silence")

    def send_abandoned(self, ask: Ask) -> None:
        """The command was sent before it was forgotten: it arrives all the same."""
        self.calls.abandoned.discard(ask.number)
        self.landings.begin(ask)
        self.calls.issue(ask._replace(copy="abandoned", timeout_ms=None))

    def _key(self, step: int, undo: bool) -> str:
        return f"{'undo' if undo else 'do'}:{self.bp.steps[step].name}"

    # what came of a call

    def perform_unheard(self, ask: Ask, strike: Strike) -> None:
        """A fault strikes before the callable: what the participant would say, without calling it."""
        call = Call(ask.undo, ask.attempt)
        result = perform(self.bp.steps[ask.step], self.scene.instance.records[ask.step], call, strike)
        self.perform(ask, strike, result.answer, result.answer, result.copy, result.events)

    def came_back(self, ask: Ask, outcome: Outcome) -> None:
        """The callable of a call that is waited for has spoken."""
        strike = self.calls.strikes.get(ask.number, NO_STRIKE)
        answer, events = self.scene.witness(ask, outcome, strike.kind)
        copy = "second" if strike.kind == "duplicate" else ""
        raised = outcome if isinstance(outcome, Raised) else None
        self.perform(ask, strike, answer, heard_as(answer, strike), copy, events, raised)

    def perform(
        self,
        ask: Ask,
        strike: Strike,
        answer: str,
        heard: str,
        copy: str,
        events: tuple[HistoryEvent, ...],
        raised: Raised | None = None,
    ) -> None:
        """The call is over at the participant: what happened there, and when the coordinator will hear of it."""
        for event in events:
            self.scene.remember(ask.step, event, strike.kind)
        self.scene.note_doubt(ask, strike, answer)
        self.reasons.performed(ask, strike, events, raised)
        said = [*self._with_fault(ask, strike, events), *self.scene.go_on(ask, strike, heard)]
        if copy:
            self.scene.add_copy(Copy(ask.step, ask.undo, ask.attempt, copy, copy == "second"))
        self._write_performed(ask, said)
        self._expect(ask, strike, heard)
        own = self.bp.steps[ask.step]
        self._enter([Moment("after", own.name, ask.undo, ask.attempt)] if events else [])
        if arrives(strike):
            self.landings.overtake(ask.step, self.now_ms)

    def _with_fault(self, ask: Ask, strike: Strike, events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
        """What happened at the participant, and the fault that struck before it or behind it."""
        if not strike.kind:
            return list(events)
        text = str(fault_of(self.bp, ask.step, ask.undo, ask.attempt, strike))
        struck = FaultStruck(text, self.bp.steps[ask.step].name, ask.undo, ask.attempt)
        return [*events, struck] if strikes_behind(strike) else [struck, *events]

    def _write_performed(self, ask: Ask, said: Sequence[HistoryEvent]) -> None:
        calls = self.calls
        calls.performed.add(ask.number)
        because = calls.commanded.get(ask.number, 0)
        calls.commanded[ask.number] = self.write(said, because, self._told(said, ask.step)) or because

    def _expect(self, ask: Ask, strike: Strike, heard: str) -> None:
        """The answer is heard now; silence that a fault has made, when the caller stops waiting."""
        at_ms = self.now_ms
        if heard == "silence" and strike.kind and ask.timeout_ms:
            at_ms = max(at_ms, self.calls.sent_ms.get(ask.number, at_ms) + ask.timeout_ms)
        self.agenda.put(at_ms, NEXT, "hear", ask.number, heard)

    # what the coordinator hears

    def hear(self, number: int, answer: str) -> None:
        """The answer of the call that is waited for, or that there is none."""
        ask = self.calls.by_number[number]
        if answer == "silence" and number not in self.calls.performed:
            self.calls.given_up.add(number)
            self.reasons.unanswered(ask)
            if not ask.undo:
                self.scene.in_doubt.add(ask.step)
        del self.calls.current[ask.step]
        out: list[HistoryEvent] = []
        mind = orchestration.hear(self.bp, self.scene.mind, ask.step, answer, out)
        self._follow(mind, out, because=self.calls.commanded.get(number, 0))

    def hear_stray(
        self, step: int, undo: bool, answer: str, out: list[HistoryEvent], more: More | None = None
    ) -> None:
        """An answer that no open call waits for."""
        mind = orchestration.hear_stray(self.bp, self.scene.mind, step, undo, answer, out)
        self._follow(mind, out, because=0, more=more)

    def interrupt(self, kind: str) -> None:
        """The user cancels, or the deadline passes."""
        out: list[HistoryEvent] = []
        mind = orchestration.interrupt(self.bp, self.scene.mind, kind, out)
        self.scene.interrupt(kind)
        self._follow(mind, out, because=0)

    def _follow(
        self, mind: Coordinator, out: list[HistoryEvent], because: int, more: More | None = None
    ) -> None:
        """The coordinator stands where `mind` says: what became of calls, faults and copies, and what comes next."""
        was, waited_for = self.scene.instance, dict(self.calls.current)
        self.scene.follow(mind)
        for step, (before, after) in enumerate(zip(was.mind.legs, mind.legs, strict=True)):
            if after.belief == "done" and before.belief != "done":
                self.contexts.merge(step)
            if not after.call:
                self.calls.current.pop(step, None)
        for event in out:
            if isinstance(event, SagaHalted):
                self.reasons.halted(event, out)
        retries = [it for it in out if isinstance(it, CommandSent) and it.attempt > 1]
        told = [it for it in out if it not in retries]
        first = self.write(told, because, more)
        if ended := self.scene.outages_ended(was):
            self.write(ended, first)
        for event in out:
            if isinstance(event, CommandSent):
                self._order(event)
                if event.attempt == 1:
                    self.calls.commanded[self.calls.last] = first + told.index(event)
        self.calls.abandon(waited_for)
        self._enter(moments_entered(self.bp, Choice("hear", 0), [], was, self.scene.instance))

    # moments, and copies that land at them

    def _enter(self, entered: list[Moment]) -> None:
        """The run comes to these moments: what the plan does to the saga then, and which copies land then."""
        self._moments = entered or self._moments
        for fault in self.plan:
            here = fault.moment is None or is_at(fault.moment, entered, "", False, 1)
            is_new = fault.kind in SAGA_KINDS and fault not in self.scene.struck
            if here and is_new and not self.scene.mind.ended:
                self.scene.struck.append(fault)
                self.agenda.put(self.now_ms, AT_ONCE, "interrupt", subject=fault.kind)
        self.landings.schedule(self.now_ms, self._moments)

    def begin_landing(self, copy: Copy) -> None:
        """A copy reaches its callable."""
        key = f"{self.run_id}:{self._key(copy.step, copy.undo)}"
        ask = self.calls.add(copy.step, copy.undo, copy.attempt, key, copy=copy.kind)
        self.landings.begin(ask, copy.times)
        self.calls.issue(ask)

    def land(self, ask: Ask, copy: str, outcome: Outcome) -> None:
        """An answer that no open call waits for: from a copy, or from a callable that was given up."""
        answer, events = self.scene.witness(ask, outcome, "")
        for event in events:
            self.scene.remember(ask.step, event, "")
        landed = CopyLanded(self.bp.steps[ask.step].name, ask.undo, ask.attempt, copy)
        said = [landed, *self.landings.take_noted(), *events]
        if ask.copy:
            self.scene.forget_copy(ask.step, ask.undo, copy)
        self.hear_stray(ask.step, ask.undo, answer, said, self._told(said, ask.step))

    def land_again(self, ask: Ask, outcome: Outcome) -> None:
        """Several messages land together, and this was not the last of them."""
        events = self.scene.witness(ask, outcome, "")[1]
        for event in events:
            self.scene.remember(ask.step, event, "")
        self.landings.note(events)
        self.calls.issue(ask)

    # history

    def _told(self, said: Sequence[HistoryEvent], step: int) -> More:
        """What a resumed run needs to know of an answer, by the place of its event."""
        for place, event in enumerate(said):
            if isinstance(event, ARRIVED) and self.journal.keeps_lines:
                return {place: self.contexts.told(step)}
        return {}

    def write(self, events: Sequence[HistoryEvent], because: int, more: More | None = None) -> int:
        """Adds what has happened to the history; returns the number of the first entry."""
        return self.journal.write(events, self.now_ms - self.start_ms, because, self.belief(), more)
