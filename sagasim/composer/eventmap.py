"""The events of a choreography as a map: who publishes, who listens, what nobody hears.

A participant that hears an event starts its step, undoes it, or never begins it. Whether it is bad that
nobody hears an event is the lint's business (core/eventlint.py).
"""

from __future__ import annotations

from typing import Any

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.eventlint import WORDS
from sagasim.core.saga import Coordination, Kind, Saga, Step


def event_map(saga: Saga) -> dict[str, Any]:
    """`published`: every event with those who start, undo or stop their step on it; and what does not meet.

    `unheard` are events without a listener, `unknown` subscriptions without a publisher; one of a first step
    is `from_outside`.
    """
    bp = blueprint(saga, Coordination.CHOREOGRAPHY)
    published = [_event(bp, number, word) for number in range(len(bp.steps)) for word in _words(bp, number)]
    known = {getattr(step.publishes, word) for step in saga.steps for word in WORDS}
    return {
        "published": published,
        "unheard": [_named(it) for it in published if not (it["starts"] or it["undoes"] or it["stops"])],
        "unknown": [each for step in saga.steps for each in _unknown(step, known)],
    }


def _words(bp: Blueprint, number: int) -> list[str]:
    """What this step may come to say. Once the pivot has committed nothing is refused or undone."""
    step = bp.steps[number]
    may_turn_back = not bp.past_pivot[number] and step.kind is not Kind.RETRIABLE
    says = {
        "done": True,
        "refused": may_turn_back,
        "undone": may_turn_back and step.kind is not Kind.PIVOT,
        "skipped": bool(bp.predecessors[number]),
        "undo_failed": may_turn_back and bp.is_undoable(number),
        "aborting": may_turn_back and step.kind is not Kind.PIVOT and bool(bp.successors[number]),
    }
    return [word for word in WORDS if says[word]]


def _event(bp: Blueprint, number: int, word: str) -> dict[str, Any]:
    step = bp.steps[number]
    name: str = getattr(step.publishes, word)
    explicit = {other for other, its in enumerate(bp.steps) if name in (its.compensates_on or ())}
    heard = set(bp.listeners[number, word])
    before = {it for it in bp.predecessors[number] if bp.neighbourly[it]}
    return {
        "event": name,
        "step": step.name,
        "word": word,
        "starts": [bp.steps[it].name for it in bp.successors[number]] if word == "done" else [],
        "undoes": [bp.steps[it].name for it in sorted(heard & (before | explicit))],
        "stops": [bp.steps[it].name for it in sorted(heard - before - explicit)],
    }


def _named(event: dict[str, Any]) -> dict[str, Any]:
    return {key: event[key] for key in ("event", "step", "word")}


def _unknown(step: Step, known: set[str]) -> list[dict[str, Any]]:
    lists = (("starts_on", step.starts_on), ("compensates_on", step.compensates_on))
    return [
        {"event": name, "step": step.name, "by": key, "from_outside": key == "starts_on" and not step.after}
        for key, names in lists
        for name in names or ()
        if name not in known
    ]
