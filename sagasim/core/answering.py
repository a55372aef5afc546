"""What an answer to an open call means: another attempt, a belief, and what the rules make of that belief."""

from __future__ import annotations

from sagasim.core.desk import Desk
from sagasim.core.history import CoordinatorRecovered, UndoFailureSwallowed, UndoGivenUp, UndoSkipped
from sagasim.core.phases import halt
from sagasim.core.saga import Kind


def answered(desk: Desk, step: int, answer: str) -> None:
    """The answer to the open call of a step, its action or its undo: done, refused, error or silence."""
    if desk.legs[step].undoing == "running":
        _undo_answered(desk, step, answer)
    else:
        _action_answered(desk, step, answer)


def _action_answered(desk: Desk, step: int, answer: str) -> None:
    if answer == "done":
        desk.believe(step, "done")
        return
    if _may_try_again(desk, step, answer):
        doubt = answer == "silence" or (answer == "error" and _errors_leave_doubt(desk, step))
        desk.call_again(step, doubt)
        return
    desk.believe(step, _belief_after(desk, step, answer))
    _react(desk, step, answer)


def _may_try_again(desk: Desk, step: int, answer: str) -> bool:
    retry = desk.bp.steps[step].retry
    if answer == "refused":  # a definite no is asked again only where a rule says so
        return desk.bp.reaction(step, answer) == "retry" and not _parks(desk, step, answer)
    upon = "error" if answer == "error" else "unknown"
    within = upon in retry.upon and desk.legs[step].attempt < retry.attempts
    return within or _has_no_limits(desk, step, answer)


def _has_no_limits(desk: Desk, step: int, answer: str) -> bool:
    """After a committed pivot, for a retriable step, at a pivot to resolve, and by the rule `retry`."""
    bp = desk.bp
    if bp.reaction(step, answer) == "retry" and not (
        desk.is_pivot(step) and not bp.has_own_reaction(step, answer)
    ):
        return True
    if bp.has_own_reaction(step, answer):
        return False
    if desk.is_pivot(step):
        return bp.rules.pivot_unknown == "resolve" or desk.reason.startswith("cancel")
    return bp.steps[step].kind is Kind.RETRIABLE or desk.pivot_is_done()


def _errors_leave_doubt(desk: Desk, step: int) -> bool:
    return desk.bp.rules.errors_are == "unknown" or desk.is_pivot(step)


def _belief_after(desk: Desk, step: int, answer: str) -> str:
    """What the attempts together say of a step that did not answer `done`."""
    doubt = desk.legs[step].doubt and desk.bp.rules.belief == "join"
    if answer == "refused":
        keeps_refusals = desk.bp.steps[step].safeguards.sticky_refusal
        return "unknown" if doubt and not keeps_refusals else "refused"
    if answer == "silence" or doubt or _errors_leave_doubt(desk, step):
        return "unknown"
    return "failed"


def _react(desk: Desk, step: int, answer: str) -> None:
    """What follows from a last answer that was not `done`."""
    bp = desk.bp
    if bp.has_own_reaction(step, answer):
        _follow(desk, step, bp.reaction(step, answer))
    elif _parks(desk, step, answer):
        halt(desk, step, "park")
    elif answer != "refused" and desk.is_pivot(step):
        _follow(desk, step, bp.rules.pivot_unknown)
    else:
        _follow(desk, step, bp.reaction(step, answer))


def _parks(desk: Desk, step: int, answer: str) -> bool:
    """A refusal that comes when nothing may be undone any more is for a person."""
    past = desk.pivot_is_done() or desk.bp.steps[step].kind is Kind.RETRIABLE
    return answer == "refused" and past and not desk.bp.has_own_reaction(step, answer)


def _follow(desk: Desk, step: int, reaction: str) -> None:
    if reaction != "continue":
        halt(desk, step, reaction)


def _undo_answered(desk: Desk, step: int, answer: str) -> None:
    bp, leg = desk.bp, desk.legs[step]
    if answer == "done":
        desk.believe(step, "undone")
        return
    rule = bp.undo_reaction(step)
    if leg.attempt < bp.attempts(step, True) or rule == "retry":
        desk.call_again(step, doubt=False)
        return
    name = bp.steps[step].name
    if rule == "swallow":
        desk.out.append(UndoFailureSwallowed(name))
        desk.believe(step, "undone")
        return
    desk.out.append(UndoGivenUp(name))
    desk.believe(step, "given-up")
    if rule == "stop":
        desk.reason = "stop"
        for other, its in enumerate(desk.legs):
            if its.undoing == "due":
                desk.out.append(UndoSkipped(bp.steps[other].name))
                desk.believe(other, "undo-skipped")


def recover(desk: Desk, step: int) -> None:
    """The coordinator is back and reads its log; without an intent log it does not know the call."""
    bp, leg = desk.bp, desk.legs[step]
    undo = leg.undoing == "running"
    logged = bp.steps[step].safeguards.intent_log
    decision = _recovery(desk, step, undo, logged)
    desk.out.append(CoordinatorRecovered(bp.steps[step].name, undo, decision))
    match decision:
        case "wait":
            answered(desk, step, "silence")
        case "compensate":
            desk.believe(step, "unknown" if logged else "idle")
            halt(desk, step, "compensate")
        case "continue":
            desk.believe(step, "unknown")
        case _ if logged or undo or desk.phase == "forward":
            desk.call_again(step, doubt=logged and not undo)
        case _:  # never made, for all the log says, and nothing new begins
            desk.believe(step, "idle")


def _recovery(desk: Desk, step: int, undo: bool, logged: bool) -> str:
    rule = desk.bp.rules.on_recover
    if rule == "wait":
        return "wait" if logged else "resend"
    if rule == "resend" or undo:
        return "resend"
    if logged and desk.is_pivot(step):
        unknown = desk.bp.rules.pivot_unknown
        return "resend" if unknown == "resolve" else unknown
    others = (pivot for pivot in desk.bp.pivots if pivot != step)  # a call that was not logged was never made
    may_have_committed = any(desk.legs[pivot].belief in ("running", "done", "unknown") for pivot in others)
    return "resend" if may_have_committed else "compensate"
