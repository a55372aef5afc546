"""What goes over a bus and who wants it: events, subscriptions, and the letters that nobody could take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sagasim.core.errors import CoreError
from sagasim.core.saga import Retry
from sagasim.library.callables import Callee, callee_of, name_of, slug_of, unique

EXTRAS = ("event_type", "event_id", "idempotency_key", "attempt")
"""What a handler is given if it asks for it by name; the idempotency key is the same at every redelivery."""


@dataclass(frozen=True, slots=True)
class Event:
    """A published event. `publisher` is the handler that published it, or "" from outside; `seq` its entry."""

    type: str
    data: Any
    id: str
    publisher: str
    instance: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler, and the events that it wants: a type, or a pattern such as * or Order*."""

    pattern: str
    callee: Callee
    step: str
    retry: Retry
    owner: str = ""

    def wants(self, event_type: str) -> bool:
        return self.pattern == event_type or fnmatchcase(event_type, self.pattern)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a handler could not take, and what it raised last."""

    event_type: str
    data: Any
    event_id: str
    handler: str
    error: BaseException
    event: Event = field(repr=False)
    subscription: Subscription = field(repr=False)


def subscription_of(
    handler: Callable[..., object], pattern: str, name: str | None, retry: Retry, taken: Iterable[str]
) -> Subscription:
    """What somebody subscribes; its step has a name that is not taken. Raises BadCallable."""
    callee = callee_of(handler, "the handler", EXTRAS)
    step = unique(name or _step_of(handler, pattern), list(taken))
    return Subscription(pattern, callee, step, retry, _owner_of(handler))


def _owner_of(handler: object) -> str:
    """What a handler belongs to: the class of its object; "" where there is none."""
    owner = getattr(handler, "__self__", None)
    return slug_of(type(owner).__name__) if owner is not None and not isinstance(owner, type) else ""


def _step_of(handler: object, event_type: str) -> str:
    """What the history calls a handler: its name, with its class where it is a method; lambdas go by their event."""
    owner = getattr(handler, "__self__", None)
    own = slug_of(name_of(handler)) or f"on-{slug_of(event_type) or 'any'}"
    is_method = owner is not None and not isinstance(owner, type) and hasattr(handler, "__func__")
    return f"{slug_of(type(owner).__name__)}-{own}" if is_method else own


def retry_of(said: int | Mapping[str, Any] | Retry, base: Retry) -> Retry:
    """What a user writes of a retry; what is left open is as in `base`. Raises CoreError."""
    match said:
        case Retry():
            return said
        case int():
            asked: Mapping[str, Any] = {"attempts": said}
        case _:
            asked = said
    try:
        retry = Retry(**{"attempts": base.attempts, "first_ms": base.first_ms, **asked})
    except TypeError as unknown:
        raise CoreError("a retry has attempts, first_ms, factor and max_ms") from unknown
    if retry.attempts < 1:
        raise CoreError(f"{retry.attempts} attempts; a handler gets an event at least once")
    return retry
