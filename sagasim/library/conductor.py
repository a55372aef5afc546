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

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sagasim.core import orchestration
from sagasim.core.execution import belief_after, believed, is_at, moments_entered
from sagasim.core.faults import FOR_EVER, LANDING_KINDS, SAGA_KINDS, Fault, FaultPlan, Moment, parse_fault
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
    OutageBegan,
    ReplyReceived,
    SagaHalted,
    SagaStarted,
    StepErred,
    StepRefused,
    StrayReplyReceived,
)
from sagasim.core.kernel import FINAL, Kernel
from sagasim.core.ledger import BLANK, IDLE, Copy
from sagasim.core.lines import entry_of
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Call, Strike, perform, strikes_nothing
from sagasim.core.striking import can_strike, fault_of, strike_of
from sagasim.core.world import Choice, Instance, World, put
from sagasim.library.answers import CannotResume, Outcome, Raised, Returned
from sagasim.library.contexts import Context, Contexts
from sagasim.library.design import Design
from sagasim.library.recording import Line, line_of
from sagasim.library.witness import (
    ANSWERED,
    answer_told,
    heard_as,
    is_answerless,
    is_called,
    remembered,
    witnessed,
)


class Ask(NamedTuple):
    """A call to issue. `number` counts the calls of a run; `copy` is "" or the late or second copy that lands.

    `timeout_ms` is when the caller stops waiting; None: never.
    """

    number: int
    step: int
    undo: bool
    attempt: int
    key: str
    copy: str = ""
    timeout_ms: int | None = None


class Turn(NamedTuple):
    """What one input has led to: lines to record, and then calls to issue."""

    lines: tuple[Line, ...]
    asks: tuple[Ask, ...]


class _Due(NamedTuple):
    """Something that happens at a moment; of those at the same moment the lowest rank is first, then the oldest."""

    at_ms: int
    rank: int
    age: int
    verb: str
    number: int = 0
    subject: Any = None


AT_ONCE, NEXT, THEN = -1, 0, 1
"""Ranks: what a fault plan does at a moment; answers and copies that have arrived; new commands."""


class Conductor:
    """The run being made. `entries` is its history so far."""

    def __init__(
        self, design: Design, plan: FaultPlan, run: str, context: Context, *, keeps_lines: bool = True
    ) -> None:
        self.design, self.bp, self.plan, self.run_id = design, design.bp, plan, run
        self.contexts = Contexts(context, tuple(step.action for step in self.bp.steps))
        self.kernel = Kernel(self.bp)
        steps = len(self.bp.steps)
        mind = Coordinator("forward", (IDLE,) * steps)
        self.instance = Instance(mind, (BLANK,) * steps, (NO_STRIKE,) * steps)
        self.down: tuple[int, ...] = ()
        self.entries: list[Entry] = []
        self.struck: list[Fault] = []
        self.error: Raised | str = ""
        self._keeps_lines = keeps_lines
        self._replaying = False
        self._start = self._now = 0
        self._lines: list[Line] = []
        self._asks: list[Ask] = []
        self._agenda: list[_Due] = []
        self._age = self._number = 0
        self._calls: dict[int, Ask] = {}  # every call of the run that is not over, by number
        self._current: dict[int, int] = {}  # per step, the call whose answer is waited for
        self._running: set[int] = set()  # the calls that were issued and did not come back
        self._commanded: dict[int, int] = {}  # per call, the entry that says that it was sent
        self._sent: dict[int, int] = {}
        self._performed: set[int] = set()
        self._strikes: dict[int, Strike] = {}
        self._views: dict[int, Context] = {}
        self._in_doubt: set[int] = set()  # steps whose effect may be there although nobody has seen it
        self._failures: dict[int, Raised | str] = {}
        self._moments: list[Moment] = []
        self._beliefs: dict[str, str] = {}
        self._landing: int = 0
        self._to_land = 0  # how many messages of the landing copy did not land yet
        self._landed: list[HistoryEvent] = []
        self._given_up: set[int] = set()  # calls that ran into their timeout and are still running
        self._expected: list[HistoryEvent] = []  # while lines are read again: what must come next
        self._seen: list[HistoryEvent] = []  # and what has come already

    # what is asked of it

    @property
    def mind(self) -> Coordinator:
        assert isinstance(self.instance.mind, Coordinator)
        return self.instance.mind

    @property
    def is_over(self) -> bool:
        """The saga has ended and nothing of its fault plan is left. Callables that timed out may still be running."""
        return self.mind.ended and not self.instance.copies and not self._landing

    @property
    def is_idle(self) -> bool:
        """Nobody is at work whose answer is waited for."""
        return not self._landing and not any(number in self._running for number in self._current.values())

    def next_ms(self) -> int | None:
        """When something is due next; None: only an answer can bring the run forward."""
        if self._landing:
            return None
        while self._agenda and self._is_stale(self._agenda[0]):
            heapq.heappop(self._agenda)
        if not self._agenda and self.instance.copies and self.is_idle:
            self._land_leftovers()
        return self._agenda[0].at_ms if self._agenda else None

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
            self._take(heapq.heappop(self._agenda))
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
        if not self.mind.ended and "cancelled" not in self.instance.interrupted:
            self._interrupt("cancelled")
        return self._turn()

    def resume(self, lines: Sequence[Line], now_ms: int) -> Turn:
        """Takes up a run where its lines end; what was sent and not answered is sent again (rule `on_recover`)."""
        self._replaying = True
        for line in lines:
            entry = entry_of(line)
            self._now = entry.at_ms
            self.entries.append(entry)
            self._replay(entry, line["data"])
        unwritten, self._replaying, self._landing = self._expected, False, 0
        self._start = now_ms - self._now
        self._now = now_ms
        self._agenda = [due._replace(at_ms=due.at_ms + self._start) for due in self._agenda]
        self._sent = {number: at + self._start for number, at in self._sent.items()}
        self._write(unwritten, len(self.entries))
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
        return {step.name: believed(leg) for step, leg in zip(self.bp.steps, self.mind.legs, strict=True)}

    # beginning and taking up again

    def _open(self) -> None:
        out: list[HistoryEvent] = [SagaStarted(self.run_id)]
        mind = orchestration.begin(self.bp, out)
        if self.bp.saga.deadline_ms is not None:
            self._put(self._start + self.bp.saga.deadline_ms, THEN, "interrupt", subject="deadline")
        start = {"context": dict(self.contexts.shared), "faults": [str(fault) for fault in self.plan]}
        self._follow(mind, out, because=0, more={0: start})

    def _replay(self, entry: Entry, data: Mapping[str, Any]) -> None:
        event = entry.event
        step = self.bp.index.get(getattr(event, "step", ""), -1)
        if isinstance(event, CommandSent):
            number = self._current.get(step, 0)
            self._commanded[number], self._sent[number] = entry.seq, self._now
        if self._expected:
            if self._expected.pop(0) != event:
                raise CannotResume(
                    f"entry {entry.seq} is {entry.kind}, where this saga would go on differently; "
                    "resume with the steps and rules that it was started with"
                )
            return
        self._seen.append(event)
        self._replay_input(event, step, data)

    def _replay_input(self, event: HistoryEvent, step: int, data: Mapping[str, Any]) -> None:
        number = self._current.get(step, 0)
        match event:
            case SagaStarted():
                self._open()
            case FaultStruck():
                self._replay_fault(event, number)
            case CopyLanded():
                self._landing = -1
                self._forget_copy(step, event.undo, event.copy)
            case ReplyReceived():
                self._hear(number, event.answer)
            case CallTimedOut():
                self._hear(number, "silence")
            case CoordinatorCrashed():
                self._hear(number, "crashed")
            case StrayReplyReceived():
                self._landing, self._seen = 0, [event]
                self._hear_stray(step, event.undo, event.answer, [])
            case CancelRequested() | DeadlinePassed():
                self._interrupt("cancelled" if isinstance(event, CancelRequested) else "deadline")
            case _ if isinstance(event, ANSWERED):
                self._replay_answer(event, step, number, data)
            case _:  # the command of a retry, sent when its wait was over; or an earlier recovery
                self._seen.clear()

    def _replay_fault(self, event: FaultStruck, number: int) -> None:
        strike = strike_of(parse_fault(event.fault, self.bp.saga))
        self._strikes[number] = strike
        if is_answerless(strike):
            self._perform_unheard(self._calls[number], strike)

    def _replay_answer(self, event: HistoryEvent, step: int, number: int, data: Mapping[str, Any]) -> None:
        if "context" in data:
            self.contexts.shared.clear()
            self.contexts.shared.update(data["context"])
        if "result" in data:
            self.contexts.results[step] = data["result"]
        if self._landing:
            self._remember(step, event, "")
            return
        strike = self._strikes.get(number, NO_STRIKE)
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

    def _put(self, at_ms: int, rank: int, verb: str, number: int = 0, subject: Any = None) -> None:
        self._age += 1
        heapq.heappush(self._agenda, _Due(at_ms, rank, self._age, verb, number, subject))

    def _is_stale(self, due: _Due) -> bool:
        match due.verb:
            case "send":
                return (
                    self._current.get(self._calls[due.number].step) != due.number
                    or due.number in self._performed
                )
            case "hear":
                return self._current.get(self._calls[due.number].step) != due.number
            case "land":
                return due.subject not in self.instance.copies
            case _:
                return self.mind.ended or due.subject in self.instance.interrupted

    def _take(self, due: _Due) -> None:
        match due.verb:
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
        self._put(self._now + wait_ms, THEN, "send", ask.number)

    def _send(self, ask: Ask) -> None:
        own = self.bp.steps[ask.step]
        if ask.number not in self._commanded:  # a retry: its command is sent only now
            verb = "undo" if ask.undo else "do"
            command = CommandSent(own.name, ask.undo, ask.attempt, f"{verb}:{own.name}")
            self._commanded[ask.number] = self._write((command,), len(self.entries))
        self._sent[ask.number] = self._now
        strike = self._strike_on(ask)
        if not is_called(strike):
            self._perform_unheard(ask, strike)
            return
        self._strikes[ask.number] = strike
        lost = strike.kind == "key-lost"
        self._issue(ask._replace(key=f"{ask.key}:{ask.attempt}") if lost else ask)
        if ask.timeout_ms is not None:
            self._put(self._now + ask.timeout_ms, NEXT, "hear", ask.number, "silence")

    def _issue(self, ask: Ask) -> None:
        self._running.add(ask.number)
        self._asks.append(ask)

    def _strike_on(self, ask: Ask) -> Strike:
        """The fault that strikes this call, if there is one that can."""
        strike = self._in_force(ask.step)
        fault = None if strike.kind else self._planned(ask)
        if fault is not None:
            strike = strike_of(fault)
        own, record = self.bp.steps[ask.step], self.instance.records[ask.step]
        if not strike.kind or not can_strike(self.bp, ask.step, ask.undo, strike.kind):
            return NO_STRIKE
        if strikes_nothing(own, record, Call(ask.undo, ask.attempt), strike):
            return NO_STRIKE
        if fault is not None:
            self.struck.append(fault)
        return strike

    def _in_force(self, step: int) -> Strike:
        return self.kernel.strike_in_force(World((self.instance,), self.down), 0, step)

    def _planned(self, ask: Ask) -> Fault | None:
        own = self.bp.steps[ask.step]
        for fault in self.plan:
            if fault.kind == "outage":
                begins = fault.moment is None or (fault.moment.step, fault.moment.undo) == (
                    own.name,
                    ask.undo,
                )
                if fault.target == own.service and fault not in self.struck and begins and ask.attempt == 1:
                    return fault
            elif (fault.target, fault.undo) == (own.name, ask.undo) and fault.attempt == ask.attempt:
                return fault
        return None

    # what came of a call

    def _perform_unheard(self, ask: Ask, strike: Strike) -> None:
        """A fault strikes before the callable: what the participant would say, without calling it."""
        call = Call(ask.undo, ask.attempt)
        result = perform(self.bp.steps[ask.step], self.instance.records[ask.step], call, strike)
        self._perform(ask, strike, result.answer, result.answer, result.copy, result.events)

    def _came_back(self, ask: Ask, outcome: Outcome) -> None:
        strike = self._strikes.get(ask.number, NO_STRIKE)
        answer, events = self._witnessed(ask, outcome, strike.kind)
        copy = "second" if strike.kind == "duplicate" else ""
        raised = outcome if isinstance(outcome, Raised) else None
        self._perform(ask, strike, answer, heard_as(answer, strike), copy, events, raised)

    def _witnessed(self, ask: Ask, outcome: Outcome, kind: str) -> tuple[str, tuple[HistoryEvent, ...]]:
        own, record = self.bp.steps[ask.step], self.instance.records[ask.step]
        call = Call(ask.undo, ask.attempt)
        return witnessed(own, record, call, outcome, kind=kind, in_doubt=ask.step in self._in_doubt)

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
            self._remember(step, event, strike.kind)
        self._note_doubt(ask, strike, answer)
        self._failures[ask.step] = raised or self._failure(ask, strike, events)
        said: list[HistoryEvent] = list(events)
        if strike.kind:
            text = str(fault_of(self.bp, step, ask.undo, ask.attempt, strike))
            said.insert(0, FaultStruck(text, own.name, ask.undo, ask.attempt))
        said.extend(self._go_on(ask, strike, heard))
        if copy:
            self._add_copy(Copy(step, ask.undo, ask.attempt, copy, copy == "second"))
        self._performed.add(ask.number)
        first = self._write(said, self._commanded.get(ask.number, 0), self._told(said, step))
        self._commanded[ask.number] = first or self._commanded.get(ask.number, 0)
        waits_ms = (ask.timeout_ms or 0) if heard == "silence" and strike.kind else 0
        at_ms = max(self._now, self._sent.get(ask.number, self._now) + waits_ms)
        self._put(at_ms if waits_ms else self._now, NEXT, "hear", ask.number, heard)
        arrived = [Moment("after", own.name, ask.undo, ask.attempt)] if events else []
        self._enter(arrived)

    def _failure(self, ask: Ask, strike: Strike, events: tuple[HistoryEvent, ...]) -> str:
        """What a user is told if the saga fails because of this call."""
        if strike.kind:
            fault = fault_of(self.bp, ask.step, ask.undo, ask.attempt, strike)
            return f"{self.bp.steps[ask.step].name} was struck by the fault {fault}"
        return next((event.reason for event in events if isinstance(event, StepErred | StepRefused)), "")

    def _note_doubt(self, ask: Ask, strike: Strike, answer: str) -> None:
        if ask.undo:
            return
        if answer == "done":
            self._in_doubt.discard(ask.step)
        elif answer in ("error", "silence") and not strike.kind:
            self._in_doubt.add(ask.step)

    def _add_copy(self, copy: Copy) -> None:
        """One fault leaves one bundle: the copies of one call land together, each where it has no key."""
        copies = list(self.instance.copies)
        for other in self.instance.copies:
            if (other.step, other.undo, other.kind, other.ready) == (copy.step, copy.undo, copy.kind, False):
                copies.remove(other)
                more = not self.bp.steps[copy.step].safeguards.idempotent
                copy = copy._replace(times=other.times + more)
        self.instance = self.instance._replace(copies=tuple(sorted((*copies, copy))))

    def _go_on(self, ask: Ask, strike: Strike, heard: str) -> list[HistoryEvent]:
        """Lets a fault go on striking the retries of its call, as long as its text says."""
        kind, edge, times = strike
        step = ask.step
        if not kind:
            return []
        is_new = not self._in_force(step).kind
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

    def _remember(self, step: int, event: HistoryEvent, kind: str) -> None:
        record = remembered(self.bp.steps[step], self.instance.records[step], event, kind)
        records = put(self.instance.records, step, record)
        self.instance = self.instance._replace(records=records)

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
                self._in_doubt.add(ask.step)
        del self._current[ask.step]
        out: list[HistoryEvent] = []
        mind = orchestration.hear(self.bp, self.mind, ask.step, answer, out)
        self._follow(mind, out, because=self._commanded.get(number, 0))

    def _hear_stray(
        self, step: int, undo: bool, answer: str, out: list[HistoryEvent], more: Any = None
    ) -> None:
        mind = orchestration.hear_stray(self.bp, self.mind, step, undo, answer, out)
        self._follow(mind, out, because=0, more=more)

    def _interrupt(self, kind: str) -> None:
        out: list[HistoryEvent] = []
        mind = orchestration.interrupt(self.bp, self.mind, kind, out)
        interrupted = tuple(sorted({*self.instance.interrupted, kind}))
        self.instance = self.instance._replace(interrupted=interrupted)
        self._follow(mind, out, because=0)

    def _follow(self, mind: Coordinator, out: list[HistoryEvent], because: int, more: Any = None) -> None:
        """The coordinator stands where `mind` says: what became of calls, faults and copies, and what comes next."""
        was = self.instance
        self.instance = self._followed(mind)
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
        for event in out:
            if isinstance(event, CommandSent):
                self._order(event)
                if event.attempt == 1:
                    self._commanded[self._number] = first + told.index(event)
        self._enter(moments_entered(self.bp, Choice("hear", 0), [], was, self.instance))

    def _followed(self, mind: Coordinator) -> Instance:
        strikes, copies = list(self.instance.strikes), list(self.instance.copies)
        for step, (before, after) in enumerate(zip(self.mind.legs, mind.legs, strict=True)):
            if before is after:
                continue
            undo = before.undoing == "running"
            same_call = after.call == "sent" and after.undoing == before.undoing and after.attempt > 1
            if not (same_call and self._strikes_on(step, undo, after.attempt, strikes[step])):
                strikes[step] = NO_STRIKE
            settled = same_call and after.attempt >= self.bp.settled_attempt(step, undo)
            for place, copy in enumerate(copies):
                if (copy.step, copy.undo, copy.ready) == (step, undo, False):
                    waits = same_call and not settled and strikes[step].kind
                    copies[place] = copy._replace(ready=not waits)
        return self.instance._replace(mind=mind, strikes=tuple(strikes), copies=tuple(sorted(copies)))

    def _strikes_on(self, step: int, undo: bool, attempt: int, strike: Strike) -> bool:
        if strike.kind == "outage":
            return attempt <= self.bp.attempts(step, undo)
        return strike.times != FOR_EVER or attempt <= self.bp.last_struck(step, undo)

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
            if fault.kind in SAGA_KINDS and here and fault not in self.struck and not self.mind.ended:
                self.struck.append(fault)
                self._put(self._now, AT_ONCE, "interrupt", subject=fault.kind)
        scheduled = [due.subject for due in self._agenda if due.verb == "land"]
        for copy in self.instance.copies:
            if copy.ready and copy not in scheduled:
                self._schedule_landing(copy)

    def _schedule_landing(self, copy: Copy) -> None:
        """At the moment that the plan says; without one, when its caller has given up its last attempt."""
        fault = self._fault_of(copy)
        if fault is not None and fault.moment is not None and fault.kind in LANDING_KINDS:
            if is_at(fault.moment, self._moments, fault.target, fault.undo, 1):
                self._put(self._now, AT_ONCE, "land", subject=copy)
        elif copy.kind == "second" or not self._is_open(copy):
            self._put(self._now, NEXT, "land", subject=copy)

    def _is_open(self, copy: Copy) -> bool:
        """Whether the caller of this copy is still trying."""
        leg = self.mind.legs[copy.step]
        return bool(leg.call) and (leg.undoing == "running") == copy.undo

    def _fault_of(self, copy: Copy) -> Fault | None:
        kinds = {"second": ("duplicate",), "late": ("late", "crash")}.get(copy.kind, (copy.kind,))
        place = (self.bp.steps[copy.step].name, copy.undo)
        return next(
            (
                fault
                for fault in self.plan
                if (fault.target, fault.undo) == place and fault.kind in kinds and fault.strikes(copy.attempt)
            ),
            None,
        )

    def _land_leftovers(self) -> None:
        """A moment that never came: what waits for it lands when nothing else is left to happen."""
        ready = [copy for copy in self.instance.copies if copy.ready]
        if ready:
            self._put(self._now, NEXT, "land", subject=ready[0])

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
        answer, events = self._witnessed(ask, outcome, "")
        for event in events:
            self._remember(ask.step, event, "")
        said = [CopyLanded(self.bp.steps[ask.step].name, ask.undo, ask.attempt, copy), *self._landed, *events]
        self._landed = []
        self._forget_copy(ask.step, ask.undo, copy)
        self._hear_stray(ask.step, ask.undo, answer, said, self._told(said, ask.step))

    def _land_again(self, ask: Ask, outcome: Outcome) -> None:
        """Several messages land together, and this was not the last of them."""
        for event in self._witnessed(ask, outcome, "")[1]:
            self._remember(ask.step, event, "")
            self._landed.append(event)
        self._to_land -= 1
        self._issue(ask)

    def _forget_copy(self, step: int, undo: bool, kind: str) -> None:
        copies = list(self.instance.copies)
        for copy in copies:
            if (copy.step, copy.undo, copy.kind, copy.ready) == (step, undo, kind, True):
                copies.remove(copy)
                break
        self.instance = self.instance._replace(copies=tuple(copies))

    # history

    def _told(self, said: Sequence[HistoryEvent], step: int) -> dict[int, dict[str, object]]:
        """What a resumed run needs to know of an answer, by the place of its event."""
        for place, event in enumerate(said):
            if isinstance(event, ANSWERED) and self._keeps_lines:
                result = {"result": self.contexts.results[step]} if step in self.contexts.results else {}
                return {place: {"context": dict(self.contexts.shared), **result}}
        return {}

    def _write(
        self,
        events: Sequence[HistoryEvent],
        because: int,
        more: Mapping[int, Mapping[str, object]] | None = None,
    ) -> int:
        """Adds the events to the history; returns the number of the first."""
        first = len(self.entries) + 1
        if self._replaying:  # they are in the lines, before or behind this one
            for event in events:
                if self._seen and self._seen[0] == event:
                    self._seen.pop(0)
                else:
                    self._expected.append(event)
            return first
        for place, event in enumerate(events):
            cause = because if place == 0 else first
            at_ms = self._now - self._start
            entry = Entry(len(self.entries) + 1, at_ms, event, 1, cause, self._belief_at(events, place))
            self.entries.append(entry)
            if self._keeps_lines:
                self._lines.append(line_of(entry, self.run_id, (more or {}).get(place, {})))
        return first

    def _belief_at(self, events: Sequence[HistoryEvent], place: int) -> str:
        """What is believed right after this event; after the last one of its step it is what the leg says."""
        name = getattr(events[place], "step", "")
        step = self.bp.index.get(name)
        if step is None:
            return ""
        if all(getattr(later, "step", "") != name for later in events[place + 1 :]):
            self._beliefs[name] = believed(self.mind.legs[step])
        else:
            self._beliefs[name] = belief_after(self._beliefs.get(name, "idle"), events[place])
        return self._beliefs[name]

    def _pass_to(self, now_ms: int) -> None:
        self._now = max(self._now, now_ms)

    def _turn(self) -> Turn:
        turn = Turn(tuple(self._lines), tuple(self._asks))
        self._lines, self._asks = [], []
        return turn


def _no_answer(step: str, timeout_ms: int | None) -> str:
    within = "" if timeout_ms is None else f" within {timeout_ms} ms"
    return f"{step} gave no answer{within}; whether it happened, nobody knows"
