"""What struck before a property broke, each cause once: `the answer of charge was lost twice`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sagasim.core.evidence import Evidence
from sagasim.core.history import (
    CancelRequested,
    DeadlinePassed,
    FaultStruck,
    StepRefused,
)
from sagasim.core.phrases import call_of, counted, joined, kind_of, moment_in_words

STRUCK: Mapping[str, str] = MappingProxyType(
    {
        "refused": "{call} was refused",
        "error": "{call} failed with an error{times}",
        "error-after": "{call} took effect but reported an error{times}",
        "request-lost": "the request for {call} was lost{times}",
        "reply-lost": "the answer of {call} was lost{times}",
        "late": "the call of {call} was late{times}",
        "duplicate": "{call} was delivered twice",
        "reordered": "the call of {call} was overtaken{times}",
        "crash@before": "{service} crashed{times} before {call} took effect",
        "crash@after": "{service} crashed{times} after {call} had taken effect",
        "coordinator-crash@before": "the coordinator crashed{times} before {call} was sent",
        "coordinator-crash@after": "the coordinator crashed{times} after {call} had taken effect unseen",
        "no-effect": "{call} answered yes and changed nothing",
        "key-lost": "{call} was repeated under a new key",
        "poisoned": "the event for {call} became a dead letter",
    }
)

STRUCK_AS_EVENT: Mapping[str, str] = MappingProxyType(
    {
        "request-lost": "the event for {call} was lost{times}",
        "reply-lost": "the event that {call} had happened was lost{times}",
        "late": "the event for {call} was late{times}",
        "duplicate": "the event for {call} was delivered twice",
        "reordered": "the event for {call} was overtaken{times}",
    }
)
"""What is said otherwise in choreography: there are no commands and no answers."""


def struck_as(fault: str) -> str:
    """The kind of a fault that struck, from its text, as STRUCK has it."""
    kind, edge = kind_of(fault)
    return f"{kind}@{edge}" if f"{kind}@{edge}" in STRUCK else kind


def struck_in_words(kind: str, call: str, service: str, times: str = "", *, orchestrated: bool) -> str:
    """What a fault did to a call: `the answer of charge was lost twice`."""
    words = STRUCK[kind] if orchestrated else STRUCK_AS_EVENT.get(kind, STRUCK[kind])
    return words.format(call=call, service=service, times=times)


def causes(evidence: Evidence) -> str:
    """What went wrong before, each cause once, in the order in which it struck."""
    parts = [_cause(evidence, *key, count) for key, count in _struck(evidence).items()]
    return joined(parts) or "nothing went wrong, and yet"


def _struck(evidence: Evidence) -> dict[tuple[str, str, bool, int], int]:
    """How often each kind of thing went wrong, by kind, step, action or undo, and instance."""
    counts: dict[tuple[str, str, bool, int], int] = {}
    for entry in evidence.past:
        event = entry.event
        match event:
            case FaultStruck(fault, step, undo):
                kind, service = struck_as(fault), evidence.saga.step(step).service
                place = (kind, service, False) if kind == "outage" else (kind, step, undo)
            case StepRefused(step, undo, _, reason) if reason != "refused":
                place = (f"refusal:{reason}", step, undo)
            case CancelRequested():
                place = ("cancelled", "saga", False)
            case DeadlinePassed():
                place = ("deadline", "saga", False)
            case _:
                continue
        counts[*place, entry.instance] = counts.get((*place, entry.instance), 0) + 1
    return counts


def _cause(evidence: Evidence, kind: str, target: str, undo: bool, instance: int, count: int) -> str:
    told = f" in saga {instance}" if evidence.saga.instances > 1 else ""
    if kind in ("cancelled", "deadline"):
        fault = next((it for it in evidence.run.faults if (it.kind, it.instance) == (kind, instance)), None)
        when = f" {moment_in_words(fault.moment, '', past=True)}" if fault and fault.moment else ""
        return (
            f"{'the user cancelled the saga' if kind == 'cancelled' else 'the deadline passed'}{when}{told}"
        )
    if kind == "outage":
        return f"{target} was down{told}"
    call = call_of(target, undo)
    if kind.startswith("refusal:"):
        return f"{call} was refused{told} ({kind.removeprefix('refusal:')})"
    service = evidence.saga.step(target).service
    times = counted(count)
    return struck_in_words(kind, call, service, times, orchestrated=evidence.orchestrated) + told
