"""Faults and moments in words, and the small words that every sentence is made of.

narration.py tells events with them, postmortem.py tells findings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sagasim.core.faults import FOR_EVER, LANDING_KINDS, Fault, Moment
from sagasim.core.saga import Saga

KINDS_IN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "refused": "{call} is refused",
        "error": "{call} fails with an error before any effect",
        "error-after": "{call} takes effect and reports an error",
        "request-lost": "the request for {call} is lost",
        "reply-lost": "the answer of {call} is lost",
        "late": "the call of {call} is late",
        "duplicate": "{call} is delivered twice",
        "reordered": "the call of {call} is overtaken",
        "crash@before": "{service} crashes before {call} takes effect",
        "crash@after": "{service} crashes after {call} took effect",
        "coordinator-crash@before": "the coordinator crashes before {call} is sent",
        "coordinator-crash@after": "the coordinator crashes after {call} took effect and before it knows",
        "no-effect": "{call} answers yes and changes nothing",
        "key-lost": "{call} is repeated under a new key",
        "poisoned": "the event for {call} becomes a dead letter",
    }
)
"""What a kind of fault does to a call, in the present tense."""


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def counted(number: int) -> str:
    """How often: nothing is said of once."""
    return {1: "", 2: " twice"}.get(number, f" {number} times")


def number_of(things: int, word: str, none: str = "0") -> str:
    """`1 fault`, `2,000 faults`, and `0 faults` or `no faults`."""
    return f"{f'{things:,}' if things else none} {word}{'' if things == 1 else 's'}"


def are(number: int) -> str:
    """The verb of so many things."""
    return "is" if number == 1 else "are"


def amounts(effects: Mapping[str, int], times: int, stays: str, lacks: str) -> str:
    """`100 payments.captured stay and 1 inventory.available is missing`; empty where no resource changes."""
    parts = []
    for name, amount in effects.items():
        total = amount * times
        verb = stays if total > 0 else lacks
        if total:
            parts.append(f"{abs(total)} {name} {verb if abs(total) == 1 else _plural(verb)}")
    return joined(parts)


def _plural(verb: str) -> str:
    known = {"stays": "stay", "is": "are", "appears": "appear", "disappears": "disappear"}
    first, space, rest = verb.partition(" ")
    return f"{known.get(first, first)}{space}{rest}"


def call_of(step: str, undo: bool) -> str:
    return f"the undo of {step}" if undo else step


def kind_in_words(kind: str, call: str, edge: str, service: str) -> str:
    """`edge` is before or after for crashes, and empty for all the others."""
    place = f"{kind}@{edge}" if f"{kind}@{edge}" in KINDS_IN_WORDS else kind
    return KINDS_IN_WORDS[place].format(call=call, service=service)


def kind_of(fault: str) -> tuple[str, str]:
    """The kind of a fault that struck, from its text, and for a crash whether before or after the effect."""
    kind, _, moment = fault.partition(":")[2].partition("*")[0].partition("@")
    return kind, moment


def fault_in_words(fault: Fault, saga: Saga) -> str:
    """A fault of a plan: `the answer of charge is lost, every time`."""
    attempt = f", at attempt {fault.attempt}" if fault.attempt > 1 else ""
    instance = f", in saga {fault.instance}" if fault.instance > 1 else ""
    return f"{_what(fault, saga)}{_times(fault)}{attempt}{instance}"


def _what(fault: Fault, saga: Saga) -> str:
    moment = fault.moment
    if fault.kind in ("cancelled", "deadline"):
        when = f" {moment_in_words(moment, '')}" if moment else ""
        return f"{'the user cancels the saga' if fault.kind == 'cancelled' else 'the deadline passes'}{when}"
    if fault.kind == "outage":
        begins = f" from {call_of(moment.step, moment.undo)} on" if moment and moment.step else ""
        return f"{fault.target} is down{begins}"
    call = call_of(fault.target, fault.undo)
    landing = ""
    if fault.kind in LANDING_KINDS and moment is not None:
        second = "the second copy" if fault.kind == "duplicate" else "it"
        landing = f", and {second} lands {moment_in_words(moment, call)}"
    edge = moment.edge if moment else ""
    return kind_in_words(fault.kind, call, edge, saga.step(fault.target).service) + landing


def _times(fault: Fault) -> str:
    if fault.times == FOR_EVER:
        return ", for ever" if fault.kind == "outage" else ", every time"
    return f", {fault.times} times" if fault.times > 1 else ""


def moment_in_words(moment: Moment, target: str, *, past: bool = False) -> str:
    """When something happens, or happened; `target` is meant where the moment names no step."""
    call = call_of(moment.step, moment.undo) if moment.step else target
    match moment.edge:
        case "end":
            return f"after the saga {'had' if past else 'has'} ended"
        case "before":
            return f"while {call} {'was' if past else 'is'} on its way"
        case _:
            return f"right after {call} {'had' if past else 'has'} taken effect"
