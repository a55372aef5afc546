"""The phases of an orchestrated saga, and what the coordinator does next in each.

Forward it calls what is ready; halting it waits for running calls; compensating it calls the undos that are due; and
then it finds the end.
"""

from __future__ import annotations

from sagasim.core.desk import Desk
from sagasim.core.history import CompensationStarted, SagaHalted, SagaResumed
from sagasim.core.ledger import Leg


def halt(desk: Desk, step: int, reason: str) -> None:
    """Nothing new begins. Running calls are waited for, unless siblings are abandoned."""
    name = desk.bp.steps[step].name if step >= 0 else ""
    if desk.phase == "halting" and desk.reason in ("cancel", "cancel-abandon"):
        desk.reason += "-failed"  # while running calls were waited for
    if desk.phase != "forward":
        return
    desk.phase, desk.reason = "halting", reason
    desk.out.append(SagaHalted(name, reason))
    if step >= 0 and desk.bp.rules.on_sibling_failure == "abandon":
        for other in desk.running():
            if not desk.is_pivot(other):
                desk.abandon(other)


def go_on(desk: Desk) -> None:
    """Whatever the answer has made possible."""
    if desk.phase == "forward":
        go_forward(desk)
    elif desk.phase == "halting" and not desk.running():
        _turn(desk)
    if desk.phase == "compensating":
        _go_back(desk)


def go_forward(desk: Desk) -> None:
    open_ = ("idle", "running")
    for step, leg in enumerate(desk.legs):
        if leg.belief == "idle" and all(
            desk.legs[other].belief not in open_ for other in desk.bp.after[step]
        ):
            desk.call(step, undo=False)
    if all(leg.belief not in open_ for leg in desk.legs):
        desk.end("completed", ())


def _turn(desk: Desk) -> None:
    """All running calls are over: the saga turns back, stops, or finds that it must go on."""
    pivot_done = desk.pivot_is_done()
    match desk.reason:
        case "cancel" | "cancel-abandon" if pivot_done:
            _resume(desk)
        case "cancel" | "cancel-failed" | "compensate" if not pivot_done or _by_own_rule(desk):
            _turn_back(desk)
        case "abandon":
            desk.end("failed", ())
        case "cancel-abandon" | "cancel-abandon-failed" if not pivot_done:
            desk.end("failed", ())
        case _:
            desk.end("parked", tuple(step for step, leg in enumerate(desk.legs) if leg.belief != "idle"))


def _by_own_rule(desk: Desk) -> bool:
    """Whether a step's own rule asks for compensation although the pivot has committed: its rule wins."""
    answers = {"refused": "refused", "failed": "error", "unknown": "silence"}
    return any(
        leg.belief in answers
        and (desk.bp.has_own_reaction(step, answers[leg.belief]) or desk.is_pivot(step))
        and desk.reason == "compensate"
        for step, leg in enumerate(desk.legs)
    )


def _resume(desk: Desk) -> None:
    desk.phase, desk.reason = "forward", ""
    desk.out.append(SagaResumed("", "the pivot has committed"))
    go_forward(desk)


def resurrect(desk: Desk, step: int) -> None:
    for other, leg in enumerate(desk.legs):
        if leg.undoing == "running":
            desk.abandon(other)
        elif leg.undoing == "due":
            desk.legs[other] = Leg(leg.belief)
    desk.phase, desk.reason = "forward", ""
    desk.out.append(SagaResumed(desk.bp.steps[step].name, "a late success was believed"))
    desk.believe(step, "done")


def _turn_back(desk: Desk) -> None:
    desk.phase = "compensating"
    due = [
        step for step in range(len(desk.legs)) if desk.bp.is_undoable(step) and _is_compensated(desk, step)
    ]
    for step in due:
        desk.legs[step] = Leg(desk.legs[step].belief, undoing="due")
    desk.out.append(CompensationStarted(tuple(desk.bp.steps[step].name for step in due)))


def _is_compensated(desk: Desk, step: int) -> bool:
    """Whether the engine's rule `compensates` names a step of which this is believed."""
    belief, rule = desk.legs[step].belief, desk.bp.rules.compensates
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
            return belief in ("done", "unknown") and desk.bp.steps[step].name in rule


def _go_back(desk: Desk) -> None:
    for step in _next_undos(desk):
        desk.call(step, undo=True)
    if not any(leg.undoing for leg in desk.legs):
        given_up = tuple(step for step, leg in enumerate(desk.legs) if leg.belief == "given-up")
        if desk.reason == "stop":
            desk.end("failed", ())
        elif given_up:
            desk.end("parked", given_up)
        else:
            desk.end("compensated", ())


def _next_undos(desk: Desk) -> list[int]:
    due = [step for step, leg in enumerate(desk.legs) if leg.undoing == "due"]
    match desk.bp.rules.order:
        case "parallel":
            return due
        case "reverse-start":
            if not due or any(leg.undoing == "running" for leg in desk.legs):
                return []
            return [
                max(due, key=lambda step: (desk.started.index(step) if step in desk.started else -1, step))
            ]
        case _:
            return [
                step
                for step in due
                if not any(desk.legs[later].undoing for later in desk.bp.descendants[step])
            ]
