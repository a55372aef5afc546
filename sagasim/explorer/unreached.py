"""Why a cell of the matrix is empty: the sentence that a grey cell says.

Either the fault cannot strike there at all, which the saga alone decides; or it could, and no exploration of
so many faults came by.
"""

from __future__ import annotations

from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import CALL_KINDS
from sagasim.core.striking import can_strike


def why_it_cannot(bp: Blueprint, target: str, kind: str) -> str:
    """Why this kind of fault does not exist for this target; empty where it does."""
    if kind == "deadline":
        return "" if bp.saga.deadline_ms is not None else "The saga has no deadline."
    name, undo = step_of(target)
    if kind not in CALL_KINDS or name not in bp.index:
        return ""
    number = bp.index[name]
    if undo and not bp.is_undoable(number):
        return f"{name} has nothing to undo."
    return "" if can_strike(bp, number, undo, kind) else _reason(bp, number, kind)


def _reason(bp: Blueprint, number: int, kind: str) -> str:
    name, service = bp.steps[number].name, bp.steps[number].service
    match kind:
        case "poisoned":
            return "A coordinator sends commands: there is no event that could become a dead letter."
        case "coordinator-crash":
            return "In choreography there is no coordinator that could crash."
        case "request-lost":
            return f"The broker delivers to {service} at least once: it loses no event."
        case "refused":
            return f"{name} cannot be refused (may_refuse: false)."
        case "key-lost":
            return f"The key of {name} comes from the business: it cannot be lost."
        case _:
            return f"{kind} does not strike {name} here."


def why_it_was_not_reached(bp: Blueprint, target: str, *, faults: int, exhaustive: bool) -> str:
    """Why a fault that could strike there never came to it."""
    if not exhaustive:
        return "Not reached before the exploration stopped: what follows is not known."
    name, undo = step_of(target)
    if undo:
        more = (
            "Together they do no worse than that one alone."
            if faults > 1
            else "Explore two faults to see what follows then."
        )
        return (
            f"No single fault leads to the undo of {name} and strikes it: it takes another one before. {more}"
        )
    if name in bp.index:
        return f"No run with one fault comes to this fault at {name}."
    return f"No run with one fault comes to {target}."


def step_of(target: str) -> tuple[str, bool]:
    """The step of a cell's target, and whether its undo is meant."""
    return target.removesuffix(".undo"), target.endswith(".undo")
