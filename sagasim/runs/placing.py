"""Which faults can be placed where: what the stage offers on a step's phases, on services, on the saga."""

from __future__ import annotations

from typing import Any

from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import CALL_KINDS
from sagasim.core.saga import Coordination
from sagasim.core.striking import ONCE, can_strike

KIND_SENTENCES = {
    "refused": "The business says no. Nothing changes, and the caller knows it.",
    "error": "A technical error before the effect, and it is reported. The caller cannot tell where.",
    "error-after": "The effect is there, and an error is reported.",
    "request-lost": "The message never arrives. Nobody knows.",
    "reply-lost": "The effect is there, and the answer is lost. Nobody knows.",
    "late": "The caller stops waiting, and the message lands afterwards.",
    "duplicate": "The message is delivered twice.",
    "reordered": "The message is overtaken by a younger one.",
    "crash": "The participant dies and restarts, before or after the effect.",
    "coordinator-crash": "The coordinator dies and recovers from its log.",
    "no-effect": "The answer is yes, and nothing was done.",
    "key-lost": "A retry carries a new idempotency key, or the old one was forgotten.",
    "poisoned": "No redelivery succeeds, and the event becomes a dead letter.",
    "outage": "The service answers nobody for a while, or for ever.",
    "cancelled": "The user cancels the saga.",
    "deadline": "The deadline of the saga passes.",
}
"""One sentence per kind, for those who choose one (model.md, section 3)."""

PHASES = {
    "refused": "before", "error": "before", "error-after": "reply", "request-lost": "before",
    "reply-lost": "reply", "late": "before", "duplicate": "before", "reordered": "before", "crash": "effect",
    "coordinator-crash": "reply", "no-effect": "effect", "key-lost": "before", "poisoned": "before",
}  # fmt: skip
"""Where on a step each kind is placed: before the effect, at it, or at the reply."""


MOMENTS = {
    **{kind: [""] for kind in CALL_KINDS},
    "crash": ["before", "after"],
    "coordinator-crash": ["after", "before"],
    "late": ["", "{step}.undo.after", "end"],
    "duplicate": ["", "{step}.undo.after", "end"],
    "reordered": ["", "{step}.undo.after", "end"],
    "outage": ["", "{step}.before", "{step}.undo.before"],
    "cancelled": ["{step}.before", "{step}.after", "{step}.undo.before", "{step}.undo.after"],
    "deadline": ["{step}.before", "{step}.after", "{step}.undo.before", "{step}.undo.after"],
}
"""The moments worth offering per kind; the text takes any other one as well."""


def kinds(blueprints: dict[Coordination, Blueprint]) -> dict[str, Any]:
    """What can be placed where. Said once per kind, since a saga of 200 steps has thousands of places.

    `strikes` has per coordination and step the kinds that strike its action (`do`) and its `undo`. A fault is
    `step[.undo]:kind[@moment]`; `moments` has what can stand behind the @ ("" for nothing), with {step} for
    the step's name.
    """
    has_deadline = any(bp.saga.deadline_ms is not None for bp in blueprints.values())
    return {
        "sentences": KIND_SENTENCES,
        "phases": PHASES,
        "moments": MOMENTS,
        "for_ever": [kind for kind in (*CALL_KINDS, "outage") if kind not in ONCE],
        "strikes": {str(each): _strikes(bp) for each, bp in blueprints.items()},
        "saga": ["cancelled", "deadline"] if has_deadline else ["cancelled"],
    }


def _strikes(bp: Blueprint) -> dict[str, dict[str, list[str]]]:
    return {
        step.name: {
            "do": [kind for kind in CALL_KINDS if can_strike(bp, number, False, kind)],
            "undo": [
                kind for kind in CALL_KINDS if bp.is_undoable(number) and can_strike(bp, number, True, kind)
            ],
        }
        for number, step in enumerate(bp.steps)
    }
