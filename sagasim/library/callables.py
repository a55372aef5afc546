"""Real callables: what they are called, what they ask for, and how they are called.

A callable gets one subject (the context of a saga, the data of an event) and, by name, whatever extras it asks for
in its signature. Functions, methods, lambdas, partials, classes with `__call__`, and all of them asynchronous.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from sagasim.core.errors import listed, quoted
from sagasim.library.answers import BadCallable

_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Callee:
    """A callable, and how it wants to be called.

    subject   the name under which it takes the subject; "" by position; None: it takes none
    asks_for  the extras that it asks for by name
    """

    function: Callable[..., object]
    subject: str | None
    asks_for: frozenset[str]
    is_async: bool

    def call(self, subject: object, extras: Mapping[str, object]) -> object:
        """Calls it; an asynchronous one gives an awaitable."""
        asked: dict[str, object] = {name: extras[name] for name in self.asks_for}
        if self.subject is None:
            return self.function(**asked)
        if self.subject == "":
            return self.function(subject, **asked)
        return self.function(**{self.subject: subject}, **asked)


def callee_of(function: object, what: str, extras: Iterable[str]) -> Callee:
    """How to call this. `what` is named in the refusal: "the action". Raises BadCallable."""
    known = tuple(extras)
    if not callable(function):
        raise BadCallable(
            f"{what} is a callable, not {quoted(function)}; give the function itself, without calling it"
        )
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a builtin that does not tell: it is given the subject
        return Callee(function, "", frozenset(), is_async(function))
    asked = frozenset(
        each.name
        for each in parameters
        if each.name in known and each.kind not in (*_VARIABLE, each.POSITIONAL_ONLY)
    )
    others = [each for each in parameters if each.name not in asked and each.kind is not each.VAR_KEYWORD]
    wanted = [each for each in others if each.default is each.empty and each.kind is not each.VAR_POSITIONAL]
    subject = next(iter(wanted or others), None)
    for surplus in wanted[1:]:
        raise BadCallable(
            f"{what} {name_of(function)!r} also wants {surplus.name!r}; it is given one thing, and by name: "
            f"{listed(known)}"
        )
    return Callee(function, _way_in(subject, asked), asked, is_async(function))


def _way_in(subject: inspect.Parameter | None, asked: frozenset[str]) -> str | None:
    if subject is None:
        return None
    by_name = subject.kind is subject.KEYWORD_ONLY or (
        asked and subject.kind is subject.POSITIONAL_OR_KEYWORD
    )
    return subject.name if by_name else ""


def is_async(function: object) -> bool:
    """Whether calling it gives something to await."""
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - asked whether it is asynchronous, not whether it is there
    )


def name_of(function: object) -> str:
    """What people call it: the function's name, or that of its class; "" for a lambda."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", None)
    return "" if name == "<lambda>" else name if isinstance(name, str) else type(function).__name__


def slug_of(name: str) -> str:
    """`process_payment` and `ProcessPayment` are `process-payment`; "" where nothing is left."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^a-z0-9]+", "-", apart.lower()).strip("-")


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first free number: `reserve`, `reserve-2`, `reserve-3`."""
    others = set(taken)
    number, free = 1, name
    while free in others:
        number += 1
        free = f"{name}-{number}"
    return free
