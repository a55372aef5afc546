"""One run of a saga with real callables, as a state: an input, what happened, and what to call next.

    input   begin, answered (a callable came back), take (a moment has come), cancel
    turn    the lines that happened, to be recorded first; then the callables to call

The rules are those of orchestration.py; which fault strikes is asked of the kernel, as in the simulator. So here is
only what the simulator's clock does there: when a command is sent, when silence is noticed, where the moments of a
fault plan are. It calls nothing, waits for nothing, and reads no clock.

A run can be taken up again from its lines: those that tell an input are given to the rules once more, and all the
others follow from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sagasim.core import orchestration
from sagasim.core.beliefs import believed
from sagasim.core.faults import LANDING_KINDS, SAGA_KINDS, FaultPlan, Moment
from sagasim.core.history import (
    CallTimedOut,
    CancelRequested,
    CommandSent,
    CoordinatorCrashed,
    CoordinatorRecovered,
    CopyLanded,
    DeadlinePassed,
    Entry,
    FaultStruck,
    HistoryEvent,
    ReplyReceived,
    SagaHalted,
    SagaStarted,
    StepErred,
    StepRefused,
    StrayReplyReceived,
)
from sagasim.core.ledger import Copy
from sagasim.core.lines import entry_of
from sagasim.core.moments import ARRIVED, is_at, moments_entered
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Call, Strike, perform
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice
from sagasim.library.agenda import AT_ONCE, NEXT, THEN, Agenda, Due
from sagasim.library.answers import Outcome, Raised, Returned
from sagasim.library.contexts import Context, Contexts
from sagasim.library.design import Design
from sagasim.library.journal import Journal, More
from sagasim.library.recording import Line
from sagasim.library.scene import Scene
from sagasim.library.turns import Ask, Turn
from sagasim.library.witness import answer_told, heard_as, is_answerless, is_called, strikes_behind


class Conductor:
    """The run being made."""

    def __init__(
        self, design: Design, plan: FaultPlan, run: str, context: Context, *, keeps_lines: bool = True
    ) -> None:
        self.design, self.bp, self.plan, self.run_id = design, design.bp, plan, run
        self.contexts = Contexts(context, tuple(step.action for step in self.bp.steps))
        self.scene = Scene(self.bp, plan)
        self.journal = Journal(run, keeps_lines=keeps_lines)
        self.error: Raised | str = ""
        self._start = self._now = 0
        self._asks: list[Ask] = []
        self._agenda = Agenda()
        self._number = 0
        self._calls: dict[int, Ask] = {}  # every call of the run that is not over, by number
        self._current: dict[int, int] = {}  # per step, the call whose answer is waited for
        self._running: set[int] = set()  # the calls that were issued and did not come back
        self._commanded: dict[int, int] = {}  # per call, the entry that says that it was sent
        self._sent: dict[int, int] = {}
        self._performed: set[int] = set()
        self._strikes: dict[int, Strike] = {}
        self._views: dict[int, Context] = {}
        self._failures: dict[int, Raised | str] = {}
        self._moments: list[Moment] = []
        self._abandoned: set[int] = set()  # calls that are on their way, and nobody waits for them any more
        self._landing: int = 0
        self._to_land = 0  # how many messages of the landing copy did not land yet
        self._landed: list[HistoryEvent] = []
        self._given_up: set[int] = set()  # calls that ran into their timeout and are still running

    # what is asked of it

    @property
    def is_over(self) -> bool:
        """The saga has ended and nothing of its fault plan is left. Callables that timed out may still be running."""
        under_way = self.scene.instance.copies or self._abandoned or self._landing
        return self.scene.mind.ended and not under_way

    @property
    def is_idle(self) -> bool:
        """Nobody is at work whose answer is waited for."""
        return not self._landing and not any(number in self._running for number in self._current.values())

    def next_ms(self) -> int | None:
        """When something is due next; None: only an answer can bring the run forward."""
        if self._landing:
            return None
        while (due := self._agenda.first()) is not None and self._is_stale(due):
            self._agenda.pop()
        if due is None and self.scene.instance.copies and self.is_idle:
            self._land_leftovers()
            due = self._agenda.first()
        return None if due is None else due.at_ms

    # inputs

    def begin(self, now_ms: int) -> Turn:
        """The saga starts."""
        self._start = self._now = now_ms
        self._open()
        return self._turn()

    def take(self, now_ms: int) -> Turn:
        """The next thing that is due happens, if its moment has come."""
        self._pass_to(now_ms)
        due = self.next_ms()
        if due is not None and due <= now_ms:
            self._take(self._agenda.pop())
        return self._turn()

    def answered(self, ask: Ask, outcome: Outcome, now_ms: int) -> Turn:
        """A callable came back."""
        self._pass_to(now_ms)
        self._running.discard(ask.number)
        self._keep_result(ask, outcome)
        if ask.number == self._landing and self._to_land > 1:
            self._land_again(ask, outcome)
        elif ask.number == self._landing:
            self._landing = 0
            self._land(ask, ask.copy, outcome)
        elif self._current.get(ask.step) != ask.number:
            self._land(ask, "late" if ask.number in self._given_up else "abandoned", outcome)
        else:
            self._came_back(ask, outcome)
        return self._turn()

    def cancel(self, now_ms: int) -> Turn:
        """The user cancels. Once it has ended, or a second time, that changes nothing."""
        self._pass_to(now_ms)
        if not self.scene.mind.ended and "cancelled" not in self.scene.instance.interrupted:
            self._interrupt("cancelled")
        return self._turn()

    def resume(self, lines: Sequence[Line], now_ms: int) -> Turn:
        """Takes up a run where its lines end; what was sent and not answered is sent again (rule `on_recover`)."""
        self.journal.is_replaying = True
        for line in lines:
            entry = entry_of(line)
            self._now = entry.at_ms
            self._replay(entry, line["data"])
        self._landing = 0
        self._start, self._now = now_ms - self._now, now_ms
        self._agenda.shift(self._start)
        self._sent = {number: at + self._start for number, at in self._sent.items()}
        self._write(self.journal.end_replay(), len(self.journal.entries))
        self._recover()
        return self._turn()

    def given(self, ask: Ask) -> tuple[Context, dict[str, object]]:
        """What the callable of this call gets: its context, and the extras that it may ask for."""
        extras = {
            "idempotency_key": ask.key,
            "attempt": ask.attempt,
            "result": self.contexts.results.get(ask.step),
        }
        if not ask.undo:
            return self.contexts.shared, extras
        self._views[ask.number] = self.contexts.for_undo(ask.step)
        return self._views[ask.number], extras

    def belief(self) -> dict[str, str]:
        """What is believed of each step."""
        return {
            step.name: believed(leg) for step, leg in zip(self.bp.steps, self.scene.mind.legs, strict=True)
        }

    # beginning and taking up again

    def _open(self) -> None:
        out: list[HistoryEvent] = [SagaStarted(self.run_id)]
        mind = orchestration.begin(self.bp, out)
        if self.bp.saga.deadline_ms is not None:
            self._agenda.put(self._start + self.bp.saga.deadline_ms, THEN, "interrupt", subject="deadline")
        start = {"context": dict(self.contexts.shared), "faults": [str(fault) for fault in self.plan]}
        self._follow(mind, out, because=0, more={0: start})

    def _replay(self, entry: Entry, data: Mapping[str, Any]) -> None:
        event = entry.event
        step = self.bp.index.get(getattr(event, "step", ""), -1)
        if isinstance(event, CommandSent):
            number = self._current.get(step, 0)
            self._commanded[number], self._sent[number] = entry.seq, self._now
        if self.journal.read(entry):
            self._replay_input(event, step, data)

    def _replay_input(self, event: HistoryEvent, step: int, data: Mapping[str, Any]) -> None:
        number = self._current.get(step, 0)
        match event:
            case SagaStarted():
                self._open()
            case FaultStruck():
                self._replay_fault(number)
            case CopyLanded():
                self._landing = -1
                self.scene.forget_copy(step, event.undo, event.copy)
                self._abandoned = {it for it in self._abandoned if self._calls[it][1:3] != (step, event.undo)}
            case ReplyReceived():
                self._hear(number, event.answer)
            case CallTimedOut():
                self._hear(number, "silence")
            case CoordinatorCrashed():
                self._hear(number, "crashed")
            case StrayReplyReceived():
                self._landing = 0
                self.journal.let_pass(event)
                self._hear_stray(step, event.undo, event.answer, [])
            case CancelRequested() | DeadlinePassed():
                self._interrupt("cancelled" if isinstance(event, CancelRequested) else "deadline")
            case _ if isinstance(event, ARRIVED):
                self._replay_answer(event, step, number, data)
            case _:  # the command of a retry, sent when its wait was over; or an earlier recovery
                self.journal.let_pass()

    def _replay_fault(self, number: int) -> None:
        """A fault that strikes before the effect; one behind it follows from the answer."""
        strike = self._strikes[number] = self.scene.strike_on(self._calls[number])
        if is_answerless(strike):
            self._perform_unheard(self._calls[number], strike)

    def _replay_answer(self, event: HistoryEvent, step: int, number: int, data: Mapping[str, Any]) -> None:
        if "context" in data:
            self.contexts.shared.clear()
            self.contexts.shared.update(data["context"])
        if "result" in data:
            self.contexts.results[step] = data["result"]
        if self._landing:
            self.scene.remember(step, event, "")
            return
        strike = self._strikes.get(number) or self.scene.strike_on(self._calls[number])
        answer = answer_told(event)
        copy = "second" if strike.kind == "duplicate" else ""
        self._perform(self._calls[number], strike, answer, heard_as(answer, strike), copy, (event,))

    def _recover(self) -> None:
        for step, number in sorted(self._current.items()):
            if number not in self._commanded or number in self._performed:
                continue
            if self.bp.rules.on_recover != "resend":
                self._hear(number, "crashed")
                continue
            ask = self._calls[number]
            self._write((CoordinatorRecovered(self.bp.steps[step].name, ask.undo, "resend"),), 0)

    # what is due

    def _is_stale(self, due: Due) -> bool:
        match due.verb:
            case "send" if due.number in self._abandoned:
                return False
            case "send":
                is_current = self._current.get(self._calls[due.number].step) == due.number
                return not is_current or due.number in self._performed
            case "hear":
                return self._current.get(self._calls[due.number].step) != due.number
            case "land":
                return due.subject not in self.scene.instance.copies
            case _:
                return self.scene.mind.ended or due.subject in self.scene.instance.interrupted

    def _take(self, due: Due) -> None:
        match due.verb:
            case "send" if due.number in self._abandoned:
                self._send_abandoned(self._calls[due.number])
            case "send":
                self._send(self._calls[due.number])
            case "hear":
                self._hear(due.number, due.subject)
            case "land":
                self._begin_landing(due.subject)
            case _:
                self._interrupt(due.subject)

    # calls

    def _order(self, command: CommandSent) -> None:
        """A command was decided on: it is sent at once, or after the wait before its retry."""
        step = self.bp.index[command.step]
        own = self.bp.steps[step]
        retry = own.undo_retry if command.undo else own.retry
        wait_ms = retry.wait_ms(command.attempt) if command.attempt > 1 else 0
        self._number += 1
        key = f"{self.run_id}:{command.key}"
        timeout_ms = self.design.parts[step].timeout_ms
        ask = Ask(self._number, step, command.undo, command.attempt, key, "", timeout_ms)
        self._calls[ask.number], self._current[step] = ask, ask.number
        self._agenda.put(self._now + wait_ms, THEN, "send", ask.number)

    def _send(self, ask: Ask) -> None:
        own = self.bp.steps[ask.step]
        if ask.number not in self._commanded:  # a retry: its command is sent only now
            verb = "undo" if ask.undo else "do"
            command = CommandSent(own.name, ask.undo, ask.attempt, f"{verb}:{own.name}")
            self._commanded[ask.number] = self._write((command,), len(self.journal.entries))
        self._sent[ask.number] = self._now
        strike = self.scene.strike_on(ask)
        if not is_called(strike):
            self._perform_unheard(ask, strike)
            return
        self._strikes[ask.number] = strike
        lost = strike.kind == "key-lost"
        self._issue(ask._replace(key=f"{ask.key}:{ask.attempt}") if lost else ask)
        if ask.timeout_ms is not None:
            self._agenda.put(self._now + ask.timeout_ms, NEXT, "hear", ask.number, "silence")

    def _send_abandoned(self, ask: Ask) -> None:
        """The command was sent before it was forgotten: it arrives all the same."""
        self._abandoned.discard(ask.number)
        self._landing, self._to_land, self._landed = ask.number, 1, []
        self._issue(ask._replace(copy="abandoned", timeout_ms=None))

    def _issue(self, ask: Ask) -> None:
        self._running.add(ask.number)
        self._asks.append(ask)

    # what came of a call

    def _perform_unheard(self, ask: Ask, strike: Strike) -> None:
        """A fault strikes before the callable: what the participant would say, without calling it."""
        call = Call(ask.undo, ask.attempt)
        result = perform(self.bp.steps[ask.step], self.scene.instance.records[ask.step], call, strike)
        self._perform(ask, strike, result.answer, result.answer, result.copy, result.events)

    def _came_back(self, ask: Ask, outcome: Outcome) -> None:
        strike = self._strikes.get(ask.number, NO_STRIKE)
        answer, events = self.scene.witness(ask, outcome, strike.kind)
        copy = "second" if strike.kind == "duplicate" else ""
        raised = outcome if isinstance(outcome, Raised) else None
        self._perform(ask, strike, answer, heard_as(answer, strike), copy, events, raised)

    def _perform(
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
        step, own = ask.step, self.bp.steps[ask.step]
        for event in events:
            self.scene.remember(step, event, strike.kind)
        self.scene.note_doubt(ask, strike, answer)
        self._failures[ask.step] = raised or self._failure(ask, strike, events)
        said: list[HistoryEvent] = list(events)
        if strike.kind:
            text = str(fault_of(self.bp, step, ask.undo, ask.attempt, strike))
            struck = FaultStruck(text, own.name, ask.undo, ask.attempt)
            said.insert(len(said) if strikes_behind(strike) else 0, struck)
        said.extend(self.scene.go_on(ask, strike, heard))
        if copy:
            self.scene.add_copy(Copy(step, ask.undo, ask.attempt, copy, copy == "second"))
        self._performed.add(ask.number)
        first = self._write(said, self._commanded.get(ask.number, 0), self._told(said, step))
        self._commanded[ask.number] = first or self._commanded.get(ask.number, 0)
        waits_ms = (ask.timeout_ms or 0) if heard == "silence" and strike.kind else 0
        at_ms = max(self._now, self._sent.get(ask.number, self._now) + waits_ms)
        self._agenda.put(at_ms if waits_ms else self._now, NEXT, "hear", ask.number, heard)
        arrived = [Moment("after", own.name, ask.undo, ask.attempt)] if events else []
        self._enter(arrived)

    def _failure(self, ask: Ask, strike: Strike, events: tuple[HistoryEvent, ...]) -> str:
        """What a user is told if the saga fails because of this call."""
        if strike.kind:
            fault = fault_of(self.bp, ask.step, ask.undo, ask.attempt, strike)
            return f"{self.bp.steps[ask.step].name} was struck by the fault {fault}"
        return next((event.reason for event in events if isinstance(event, StepErred | StepRefused)), "")

    def _keep_result(self, ask: Ask, outcome: Outcome) -> None:
        if ask.undo:
            self.contexts.absorb(self._views.pop(ask.number), ask.step)
        elif isinstance(outcome, Returned) and (
            outcome.value is not None or ask.step not in self.contexts.results
        ):
            self.contexts.results[ask.step] = outcome.value

    # what the coordinator hears

    def _hear(self, number: int, answer: str) -> None:
        ask = self._calls[number]
        if answer == "silence" and number not in self._performed:
            self._given_up.add(number)
            self._failures[ask.step] = _no_answer(self.bp.steps[ask.step].name, ask.timeout_ms)
            if not ask.undo:
                self.scene.in_doubt.add(ask.step)
        del self._current[ask.step]
        out: list[HistoryEvent] = []
        mind = orchestration.hear(self.bp, self.scene.mind, ask.step, answer, out)
        self._follow(mind, out, because=self._commanded.get(number, 0))

    def _hear_stray(
        self, step: int, undo: bool, answer: str, out: list[HistoryEvent], more: Any = None
    ) -> None:
        mind = orchestration.hear_stray(self.bp, self.scene.mind, step, undo, answer, out)
        self._follow(mind, out, because=0, more=more)

    def _interrupt(self, kind: str) -> None:
        out: list[HistoryEvent] = []
        mind = orchestration.interrupt(self.bp, self.scene.mind, kind, out)
        self.scene.interrupt(kind)
        self._follow(mind, out, because=0)

    def _follow(self, mind: Coordinator, out: list[HistoryEvent], because: int, more: Any = None) -> None:
        """The coordinator stands where `mind` says: what became of calls, faults and copies, and what comes next."""
        was, waited_for = self.scene.instance, dict(self._current)
        self.scene.follow(mind)
        for step, (before, after) in enumerate(zip(was.mind.legs, mind.legs, strict=True)):
            if after.belief == "done" and before.belief != "done":
                self.contexts.merge(step)
            if not after.call:
                self._current.pop(step, None)
        for event in out:
            if isinstance(event, SagaHalted):
                self.error = self._why(event, out)
        retries = [it for it in out if isinstance(it, CommandSent) and it.attempt > 1]
        told = [it for it in out if it not in retries]
        first = self._write(told, because, more)
        if ended := self.scene.outages_ended(was):
            self._write(ended, first)
        for event in out:
            if isinstance(event, CommandSent):
                self._order(event)
                if event.attempt == 1:
                    self._commanded[self._number] = first + told.index(event)
        for step, number in waited_for.items():
            arrives = number in self._commanded and number not in self._running | self._performed
            if self._current.get(step) != number and arrives:
                self._abandoned.add(number)
        self._enter(moments_entered(self.bp, Choice("hear", 0), [], was, self.scene.instance))

    def _why(self, halted: SagaHalted, out: list[HistoryEvent]) -> Raised | str:
        """What a user is told of why the saga did not go on."""
        if halted.step:
            return self._failures.get(self.bp.index[halted.step], halted.reason)
        if any(isinstance(event, DeadlinePassed) for event in out):
            return f"the deadline of {self.bp.saga.deadline_ms} ms has passed"
        return "the saga was cancelled"

    # moments, and copies that land at them

    def _enter(self, entered: list[Moment]) -> None:
        self._moments = entered or self._moments
        for fault in self.plan:
            here = fault.moment is None or is_at(fault.moment, entered, "", False, 1)
            if (
                fault.kind in SAGA_KINDS
                and here
                and fault not in self.scene.struck
                and not self.scene.mind.ended
            ):
                self.scene.struck.append(fault)
                self._agenda.put(self._now, AT_ONCE, "interrupt", subject=fault.kind)
        scheduled = self._agenda.subjects("land")
        for copy in self.scene.instance.copies:
            if copy.ready and copy not in scheduled:
                self._schedule_landing(copy)

    def _schedule_landing(self, copy: Copy) -> None:
        """At the moment that the plan says; without one, when its caller has given up its last attempt."""
        fault = self.scene.fault_of_copy(copy)
        if fault is not None and fault.moment is not None and fault.kind in LANDING_KINDS:
            if is_at(fault.moment, self._moments, fault.target, fault.undo, 1):
                self._agenda.put(self._now, AT_ONCE, "land", subject=copy)
        elif copy.kind == "second" or not self.scene.is_open(copy):
            self._agenda.put(self._now, NEXT, "land", subject=copy)

    def _land_leftovers(self) -> None:
        """A moment that never came: what waits for it lands when nothing else is left to happen."""
        ready = [copy for copy in self.scene.instance.copies if copy.ready]
        if ready:
            self._agenda.put(self._now, NEXT, "land", subject=ready[0])

    def _begin_landing(self, copy: Copy) -> None:
        self._number += 1
        self._landing = self._number
        verb = "undo" if copy.undo else "do"
        key = f"{self.run_id}:{verb}:{self.bp.steps[copy.step].name}"
        ask = Ask(self._number, copy.step, copy.undo, copy.attempt, key, copy.kind)
        self._calls[ask.number], self._to_land, self._landed = ask, copy.times, []
        self._issue(ask)

    def _land(self, ask: Ask, copy: str, outcome: Outcome) -> None:
        """An answer that no open call waits for: from a copy, or from a callable that was given up."""
        answer, events = self.scene.witness(ask, outcome, "")
        for event in events:
            self.scene.remember(ask.step, event, "")
        said = [CopyLanded(self.bp.steps[ask.step].name, ask.undo, ask.attempt, copy), *self._landed, *events]
        self._landed = []
        if ask.copy:
            self.scene.forget_copy(ask.step, ask.undo, copy)
        self._hear_stray(ask.step, ask.undo, answer, said, self._told(said, ask.step))

    def _land_again(self, ask: Ask, outcome: Outcome) -> None:
        """Several messages land together, and this was not the last of them."""
        for event in self.scene.witness(ask, outcome, "")[1]:
            self.scene.remember(ask.step, event, "")
            self._landed.append(event)
        self._to_land -= 1
        self._issue(ask)

    # history

    def _told(self, said: Sequence[HistoryEvent], step: int) -> dict[int, dict[str, object]]:
        """What a resumed run needs to know of an answer, by the place of its event."""
        for place, event in enumerate(said):
            if isinstance(event, ARRIVED) and self.journal.keeps_lines:
                result = {"result": self.contexts.results[step]} if step in self.contexts.results else {}
                return {place: {"context": dict(self.contexts.shared), **result}}
        return {}

    def _write(self, events: Sequence[HistoryEvent], because: int, more: More | None = None) -> int:
        return self.journal.write(events, self._now - self._start, because, self.belief(), more)

    def _pass_to(self, now_ms: int) -> None:
        self._now = max(self._now, now_ms)

    def _turn(self) -> Turn:
        asks, self._asks = tuple(self._asks), []
        return Turn(self.journal.take_lines(), asks)


def _no_answer(step: str, timeout_ms: int | None) -> str:
    within = "" if timeout_ms is None else f" within {timeout_ms} ms"
    return f"{step} gave no answer{within}; whether it happened, nobody knows"
