"""The coordinator: begin, hear, decide. It knows only what its log holds, and never the truth.

    forward        steps whose `after` is done are called, in parallel where the graph allows
    halting        a failure, a cancel or the deadline: nothing new begins, running calls are waited for
    compensating   the undos that are due, in the engine's order
    completed, compensated, parked, failed      the end

Every function takes the coordinator as it was and one input, and returns the coordinator as it is now; what
happened is appended to `out`. What an answer means is answering.py's business, what is done next phases.py's.
A leg whose call turns to "sent" is a command to issue (kernel.py and the library do that, each in its own
time); a call that was sent and is forgotten here stays under way without an audience.
"""

from __future__ import annotations

from typing import NamedTuple

from sagasim.core.answering import answered, recover
from sagasim.core.blueprint import Blueprint
from sagasim.core.desk import Desk
from sagasim.core.history import (
    CallTimedOut,
    CancelRequested,
    CoordinatorCrashed,
    DeadlinePassed,
    HistoryEvent,
    ReplyReceived,
    StrayReplyReceived,
)
from sagasim.core.ledger import IDLE, OUTCOMES, Leg
from sagasim.core.phases import go_forward, go_on, halt, resurrect

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
    desk = _desk(bp, Coordinator("forward", (IDLE,) * len(bp.steps)), out)
    go_forward(desk)
    return _closed(desk)


def hear(bp: Blueprint, was: Coordinator, step: int, answer: str, out: Out) -> Coordinator:
    """The answer to a step's open call: done, refused, error, silence (time is up), crashed (recovery)."""
    desk = _desk(bp, was, out)
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
        recover(desk, step)
    else:
        answered(desk, step, answer)
    go_on(desk)
    return _closed(desk)


def interrupt(bp: Blueprint, was: Coordinator, kind: str, out: Out) -> Coordinator:
    """The user cancels, or the deadline passes; after the pivot, or while undoing, it changes nothing."""
    rule = bp.rules.on_cancel if kind == "cancelled" else bp.rules.on_deadline
    out.append(CancelRequested(rule) if kind == "cancelled" else DeadlinePassed(rule))
    desk = _desk(bp, was, out)
    if was.phase != "forward" or rule == "ignore" or desk.pivot_is_done():
        return was
    halt(desk, -1, "cancel" if rule == "compensate" else "cancel-abandon")
    go_on(desk)
    return _closed(desk)


def hear_stray(bp: Blueprint, was: Coordinator, step: int, undo: bool, answer: str, out: Out) -> Coordinator:
    """An answer that no open call waits for: from a late copy, or a doubled one."""
    rule, name = bp.rules.on_stray_reply, bp.steps[step].name
    desk = _desk(bp, was, out)
    if was.ended or answer != "done" or rule == "ignore":
        out.append(StrayReplyReceived(name, undo, answer, "ignored"))
        return was
    if rule == "advance":
        current = _current_call(desk, step, undo)
        out.append(StrayReplyReceived(name, undo, answer, f"taken for {bp.steps[current].name}"))
        answered(desk, current, "done")
    else:
        if undo or was.phase == "forward":
            out.append(StrayReplyReceived(name, undo, answer, "ignored"))
            return was
        out.append(StrayReplyReceived(name, undo, answer, "taken as success"))
        resurrect(desk, step)
    go_on(desk)
    return _closed(desk)


def _current_call(desk: Desk, step: int, undo: bool) -> int:
    """The open call that a stray answer is taken for: its own if it is open, else the first.

    There is one: a saga that waits for nothing has ended.
    """
    running = desk.running()
    own = step in running and (desk.legs[step].undoing == "running") == undo
    return step if own else running[0]


def _desk(bp: Blueprint, was: Coordinator, out: Out) -> Desk:
    """Where the coordinator stands, to be decided on."""
    return Desk(bp, out, was.phase, was.legs, was.reason, was.started, was.report)


def _closed(desk: Desk) -> Coordinator:
    """What was decided."""
    return Coordinator(desk.phase, tuple(desk.legs), desk.reason, desk.started, desk.report)
