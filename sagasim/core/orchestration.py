"""The coordinator: begin, hear, decide. It knows only what its log holds, and never the truth.

    forward        steps whose `after` is done are called, in parallel where the graph allows
    halting        a failure, a cancel or the deadline: nothing new begins, running calls are waited for
    compensating   the undos that are due, in the engine's order
    completed, compensated, parked, failed      the end

Every function takes the coordinator as it was and one input, and returns the coordinator as it is now; what
happened is appended to `out`. A leg whose call turns to "sent" is a command to issue (kernel.py and the
library do that, each in its own time); a call that was sent and is forgotten here stays under way without
an audience.
"""

from __future__ import annotations

from typing import NamedTuple

from sagasim.core.blueprint import Blueprint
from sagasim.core.history import (
    CallAbandoned,
    CallTimedOut,
    CancelRequested,
    CommandSent,
    CompensationStarted,
    CoordinatorCrashed,
    CoordinatorRecovered,
    DeadlinePassed,
    HistoryEvent,
    OutcomeRecorded,
    ReplyReceived,
    RetryScheduled,
    SagaEnded,
    SagaHalted,
    SagaResumed,
    StrayReplyReceived,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.ledger import IDLE, OUTCOMES, Leg
from sagasim.core.saga import Kind

Out = list[HistoryEvent]


class Coordinator(NamedTuple):
    """The coordinator's log, as a state.

    reason    why it halts: compensate, abandon, park (a failure) or cancel, cancel-abandon (from outside;
              "-failed" behind it: meanwhile a running call has failed)
    started   steps in the order of their first call, kept only where the engine undoes in that order
    report    what a parked saga tells a person: the steps that the report names
    """

    phase: str
    legs: tuple[Leg, ...]
    reason: str = ""
    started: tuple[int, ...] = ()
    report: tuple[int, ...] = ()

    @property
    def ended(self) -> bool:
        return self.phase in OUTCOMES


def begin(bp: Blueprint, out: Out) -> Coordinator:
    """A new saga: every step that waits for nothing is called."""
    desk = _Desk(bp, Coordinator("forward", (IDLE,) * len(bp.steps)), out)
    desk.go_forward()
    return desk.closed()


def hear(bp: Blueprint, was: Coordinator, step: int, answer: str, out: Out) -> Coordinator:
    """The answer to a step's open call: done, refused, error, silence (time is up), crashed (recovery)."""
    desk = _Desk(bp, was, out)
    leg = was.legs[step]
    undo = leg.undoing == "running"
    name = bp.steps[step].name
    match answer:
        case "silence":
            out.append(CallTimedOut(name, undo, leg.attempt))
        case "crashed":
            out.append(CoordinatorCrashed(name, undo, leg.attempt))
        case _:
            out.append(ReplyReceived(name, undo, leg.attempt, answer))
    if answer == "crashed":
        desk.recover(step)
    elif undo:
        desk.undo_answered(step, answer)
    else:
        desk.action_answered(step, answer)
    desk.go_on()
    return desk.closed()


def interrupt(bp: Blueprint, was: Coordinator, kind: str, out: Out) -> Coordinator:
    """The user cancels, or the deadline passes; after the pivot, or while undoing, it changes nothing."""
    rule = bp.rules.on_cancel if kind == "cancelled" else bp.rules.on_deadline
    out.append(CancelRequested(rule) if kind == "cancelled" else DeadlinePassed(rule))
    desk = _Desk(bp, was, out)
    if was.phase != "forward" or rule == "ignore" or desk.pivot_is_done():
        return was
    desk.halt(-1, "cancel" if rule == "compensate" else "cancel-abandon")
    desk.go_on()
    return desk.closed()


def hear_stray(bp: Blueprint, was: Coordinator, step: int, undo: bool, answer: str, out: Out) -> Coordinator:
    """An answer that no open call waits for: from a late copy, or a doubled one."""
    rule, name = bp.rules.on_stray_reply, bp.steps[step].name
    desk = _Desk(bp, was, out)
    if was.ended or answer != "done" or rule == "ignore":
        out.append(StrayReplyReceived(name, undo, answer, "ignored"))
        return was
    if rule == "advance":
        current = desk.current_call(step, undo)
        out.append(StrayReplyReceived(name, undo, answer, f"taken for {bp.steps[current].name}"))
        _answer_as_done(desk, current)
    else:
        if undo or was.phase == "forward":
            out.append(StrayReplyReceived(name, undo, answer, "ignored"))
            return was
        out.append(StrayReplyReceived(name, undo, answer, "taken as success"))
        desk.resurrect(step)
    desk.go_on()
    return desk.closed()


def _answer_as_done(desk: _Desk, step: int) -> None:
    if desk.legs[step].undoing == "running":
        desk.undo_answered(step, "done")
    else:
        desk.action_answered(step, "done")


class _Desk:
    """One decision being made: the coordinator as a draft that is closed again at the end."""

    __slots__ = ("bp", "legs", "out", "phase", "reason", "report", "started")

    def __init__(self, bp: Blueprint, was: Coordinator, out: Out) -> None:
        self.bp, self.out = bp, out
        self.phase, self.reason = was.phase, was.reason
        self.legs, self.started, self.report = list(was.legs), was.started, was.report

    def closed(self) -> Coordinator:
        return Coordinator(self.phase, tuple(self.legs), self.reason, self.started, self.report)

    # what is asked of the draft

    def pivot_is_done(self) -> bool:
        return any(self.legs[pivot].belief == "done" for pivot in self.bp.pivots)

    def is_running(self, step: int) -> bool:
        leg = self.legs[step]
        return leg.belief == "running" or leg.undoing == "running"

    def running(self) -> list[int]:
        return [step for step in range(len(self.legs)) if self.is_running(step)]

    def current_call(self, step: int, undo: bool) -> int:
        """The open call that a stray answer is taken for: its own if it is open, else the first.

        There is one: a saga that waits for nothing has ended.
        """
        running = self.running()
        own = step in running and (self.legs[step].undoing == "running") == undo
        return step if own else running[0]

    def has_no_limits(self, step: int, answer: str) -> bool:
        """After a committed pivot, for a retriable step, at a pivot to resolve, and by the rule `retry`."""
        bp = self.bp
        if bp.reaction(step, answer) == "retry" and not (
            self.is_pivot(step) and not bp.has_own_reaction(step, answer)
        ):
            return True
        if bp.has_own_reaction(step, answer):
            return False
        if self.is_pivot(step):
            return bp.rules.pivot_unknown == "resolve" or self.reason.startswith("cancel")
        return bp.steps[step].kind is Kind.RETRIABLE or self.pivot_is_done()

    def is_pivot(self, step: int) -> bool:
        return self.bp.steps[step].kind is Kind.PIVOT

    # calls

    def call(self, step: int, undo: bool) -> None:
        leg = self.legs[step]
        if undo:
            self.legs[step] = Leg(leg.belief, "sent", 1, False, "running")
        else:
            self.legs[step] = Leg("running", "sent", 1)
            if self.bp.rules.order == "reverse-start":
                self.started += (step,)
        self.send(step, undo, 1)

    def call_again(self, step: int, doubt: bool) -> None:
        """The same call once more, with the same key; attempts count on until nothing new can be tried."""
        leg = self.legs[step]
        undo = leg.undoing == "running"
        attempt = min(leg.attempt + 1, self.bp.settled_attempt(step, undo))
        self.legs[step] = Leg(leg.belief, "sent", attempt, leg.doubt or doubt, leg.undoing)
        self.out.append(RetryScheduled(self.bp.steps[step].name, undo, attempt))
        self.send(step, undo, attempt)

    def send(self, step: int, undo: bool, attempt: int) -> None:
        verb = "undo" if undo else "do"
        name = self.bp.steps[step].name
        self.out.append(CommandSent(name, undo, attempt, f"{verb}:{name}"))

    def believe(self, step: int, belief: str) -> None:
        self.legs[step] = Leg(belief)
        self.out.append(OutcomeRecorded(self.bp.steps[step].name, belief))

    # answers

    def action_answered(self, step: int, answer: str) -> None:
        if answer == "done":
            self.believe(step, "done")
            return
        if self.may_try_again(step, answer):
            doubt = answer == "silence" or (answer == "error" and self.errors_leave_doubt(step))
            self.call_again(step, doubt)
            return
        self.believe(step, self.belief_after(step, answer))
        self.react(step, answer)

    def may_try_again(self, step: int, answer: str) -> bool:
        retry = self.bp.steps[step].retry
        if answer == "refused":  # a definite no is asked again only where a rule says so
            return self.bp.reaction(step, answer) == "retry" and not self.parks(step, answer)
        upon = "error" if answer == "error" else "unknown"
        within = upon in retry.upon and self.legs[step].attempt < retry.attempts
        return within or self.has_no_limits(step, answer)

    def errors_leave_doubt(self, step: int) -> bool:
        return self.bp.rules.errors_are == "unknown" or self.is_pivot(step)

    def belief_after(self, step: int, answer: str) -> str:
        """What the attempts together say of a step that did not answer `done`."""
        doubt = self.legs[step].doubt and self.bp.rules.belief == "join"
        if answer == "refused":
            keeps_refusals = self.bp.steps[step].safeguards.sticky_refusal
            return "unknown" if doubt and not keeps_refusals else "refused"
        if answer == "silence" or doubt or self.errors_leave_doubt(step):
            return "unknown"
        return "failed"

    def react(self, step: int, answer: str) -> None:
        """What follows from a last answer that was not `done`."""
        bp = self.bp
        if bp.has_own_reaction(step, answer):
            self.follow(step, bp.reaction(step, answer))
        elif self.parks(step, answer):
            self.halt(step, "park")
        elif answer != "refused" and self.is_pivot(step):
            self.follow(step, bp.rules.pivot_unknown)
        else:
            self.follow(step, bp.reaction(step, answer))

    def parks(self, step: int, answer: str) -> bool:
        """A refusal that comes when nothing may be undone any more is for a person."""
        past = self.pivot_is_done() or self.bp.steps[step].kind is Kind.RETRIABLE
        return answer == "refused" and past and not self.bp.has_own_reaction(step, answer)

    def follow(self, step: int, reaction: str) -> None:
        if reaction != "continue":
            self.halt(step, reaction)

    def undo_answered(self, step: int, answer: str) -> None:
        bp, leg = self.bp, self.legs[step]
        if answer == "done":
            self.believe(step, "undone")
            return
        rule = bp.undo_reaction(step)
        if leg.attempt < bp.attempts(step, True) or rule == "retry":
            self.call_again(step, doubt=False)
            return
        name = bp.steps[step].name
        if rule == "swallow":
            self.out.append(UndoFailureSwallowed(name))
            self.believe(step, "undone")
            return
        self.out.append(UndoGivenUp(name))
        self.believe(step, "given-up")
        if rule == "stop":
            self.reason = "stop"
            for other, its in enumerate(self.legs):
                if its.undoing == "due":
                    self.out.append(UndoSkipped(bp.steps[other].name))
                    self.believe(other, "undo-skipped")

    def recover(self, step: int) -> None:
        """The coordinator is back and reads its log; without an intent log it does not know the call."""
        bp, leg = self.bp, self.legs[step]
        undo = leg.undoing == "running"
        logged = bp.steps[step].safeguards.intent_log
        decision = self.recovery(step, undo, logged)
        self.out.append(CoordinatorRecovered(bp.steps[step].name, undo, decision))
        match decision:
            case "wait":
                self.undo_answered(step, "silence") if undo else self.action_answered(step, "silence")
            case "compensate":
                self.believe(step, "unknown" if logged else "idle")
                self.halt(step, "compensate")
            case "continue":
                self.believe(step, "unknown")
            case _ if logged or undo or self.phase == "forward":
                self.call_again(step, doubt=logged and not undo)
            case _:  # never made, for all the log says, and nothing new begins
                self.believe(step, "idle")

    def recovery(self, step: int, undo: bool, logged: bool) -> str:
        rule = self.bp.rules.on_recover
        if rule == "wait":
            return "wait" if logged else "resend"
        if rule == "resend" or undo:
            return "resend"
        if logged and self.is_pivot(step):
            unknown = self.bp.rules.pivot_unknown
            return "resend" if unknown == "resolve" else unknown
        others = (
            pivot for pivot in self.bp.pivots if pivot != step
        )  # a call that was not logged was never made
        may_have_committed = any(
            self.legs[pivot].belief in ("running", "done", "unknown") for pivot in others
        )
        return "resend" if may_have_committed else "compensate"

    # turning back

    def halt(self, step: int, reason: str) -> None:
        """Nothing new begins. Running calls are waited for, unless siblings are abandoned."""
        name = self.bp.steps[step].name if step >= 0 else ""
        if self.phase == "halting" and self.reason in ("cancel", "cancel-abandon"):
            self.reason += "-failed"  # while running calls were waited for
        if self.phase != "forward":
            return
        self.phase, self.reason = "halting", reason
        self.out.append(SagaHalted(name, reason))
        if step >= 0 and self.bp.rules.on_sibling_failure == "abandon":
            for other in self.running():
                if not self.is_pivot(other):
                    self.abandon(other)

    def abandon(self, step: int) -> None:
        leg = self.legs[step]
        undo = leg.undoing == "running"
        self.out.append(CallAbandoned(self.bp.steps[step].name, undo, leg.attempt))
        if undo:
            self.legs[step] = Leg(leg.belief)
        else:
            self.believe(step, "unknown")

    def go_on(self) -> None:
        """Whatever the answer has made possible."""
        if self.phase == "forward":
            self.go_forward()
        elif self.phase == "halting" and not self.running():
            self.turn()
        if self.phase == "compensating":
            self.go_back()

    def go_forward(self) -> None:
        open_ = ("idle", "running")
        for step, leg in enumerate(self.legs):
            if leg.belief == "idle" and all(
                self.legs[other].belief not in open_ for other in self.bp.after[step]
            ):
                self.call(step, undo=False)
        if all(leg.belief not in open_ for leg in self.legs):
            self.end("completed", ())

    def turn(self) -> None:
        """All running calls are over: the saga turns back, stops, or finds that it must go on."""
        pivot_done = self.pivot_is_done()
        match self.reason:
            case "cancel" | "cancel-abandon" if pivot_done:
                self.resume()
            case "cancel" | "cancel-failed" | "compensate" if not pivot_done or self.by_own_rule():
                self.turn_back()
            case "abandon":
                self.end("failed", ())
            case "cancel-abandon" | "cancel-abandon-failed" if not pivot_done:
                self.end("failed", ())
            case _:
                self.end("parked", tuple(step for step, leg in enumerate(self.legs) if leg.belief != "idle"))

    def by_own_rule(self) -> bool:
        """Whether a step's own rule asks for compensation although the pivot has committed: its rule wins."""
        answers = {"refused": "refused", "failed": "error", "unknown": "silence"}
        return any(
            leg.belief in answers
            and (self.bp.has_own_reaction(step, answers[leg.belief]) or self.is_pivot(step))
            and self.reason == "compensate"
            for step, leg in enumerate(self.legs)
        )

    def resume(self) -> None:
        self.phase, self.reason = "forward", ""
        self.out.append(SagaResumed("", "the pivot has committed"))
        self.go_forward()

    def resurrect(self, step: int) -> None:
        for other, leg in enumerate(self.legs):
            if leg.undoing == "running":
                self.abandon(other)
            elif leg.undoing == "due":
                self.legs[other] = Leg(leg.belief)
        self.phase, self.reason = "forward", ""
        self.out.append(SagaResumed(self.bp.steps[step].name, "a late success was believed"))
        self.believe(step, "done")

    def turn_back(self) -> None:
        self.phase = "compensating"
        due = [
            step for step in range(len(self.legs)) if self.bp.is_undoable(step) and self.is_compensated(step)
        ]
        for step in due:
            self.legs[step] = Leg(self.legs[step].belief, undoing="due")
        self.out.append(CompensationStarted(tuple(self.bp.steps[step].name for step in due)))

    def is_compensated(self, step: int) -> bool:
        """Whether the engine's rule `compensates` names a step of which this is believed."""
        belief, rule = self.legs[step].belief, self.bp.rules.compensates
        match rule:
            case "completed":
                return belief == "done"
            case "unknown":
                return belief in ("done", "unknown")
            case "attempted":
                return belief in ("done", "unknown", "refused", "failed")
            case "all":
                return belief != "undone"
            case _:
                return belief in ("done", "unknown") and self.bp.steps[step].name in rule

    def go_back(self) -> None:
        for step in self.next_undos():
            self.call(step, undo=True)
        if not any(leg.undoing for leg in self.legs):
            given_up = tuple(step for step, leg in enumerate(self.legs) if leg.belief == "given-up")
            if self.reason == "stop":
                self.end("failed", ())
            elif given_up:
                self.end("parked", given_up)
            else:
                self.end("compensated", ())

    def next_undos(self) -> list[int]:
        due = [step for step, leg in enumerate(self.legs) if leg.undoing == "due"]
        match self.bp.rules.order:
            case "parallel":
                return due
            case "reverse-start":
                if not due or any(leg.undoing == "running" for leg in self.legs):
                    return []
                return [
                    max(
                        due, key=lambda step: (self.started.index(step) if step in self.started else -1, step)
                    )
                ]
            case _:
                return [
                    step
                    for step in due
                    if not any(self.legs[later].undoing for later in self.bp.descendants[step])
                ]

    def end(self, outcome: str, report: tuple[int, ...]) -> None:
        self.phase, self.reason, self.report = outcome, "", report
        self.started = ()
        self.out.append(SagaEnded(outcome, tuple(self.bp.steps[step].name for step in report)))
