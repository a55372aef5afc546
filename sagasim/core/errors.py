"""Everything the core can refuse.

An error carries what it knows and says what would have been right, in one sentence that can be shown
to a user as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable


def listed(names: Iterable[str], most: int = 12) -> str:
    """`a, b, c`, and how many more there are where the list would not end."""
    known = list(names)
    shown = ", ".join(known[:most]) or "none"
    return shown if len(known) <= most else f"{shown} and {len(known) - most} more"


def quoted(value: object, most: int = 60) -> str:
    """What somebody wrote, short enough for a sentence and without anything that a terminal would obey."""
    if isinstance(value, int) and value.bit_length() > 200:  # Python refuses to print the very long ones
        return "a very large number"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= most else f"{text[:most]}..."


def below(path: str, key: str) -> str:
    """The path of a key: `steps[2].retry` and `attempts` are `steps[2].retry.attempts`."""
    shown = key if key.isprintable() and len(key) <= 100 else quoted(key)
    return f"{path}.{shown}" if path else shown


class CoreError(ValueError):
    """What the core refuses; its text is one sentence for the user."""


class BadSaga(CoreError):
    """The saga does not say something that can run.

    `path` is where, such as `steps[2].after`; `line` (from 1) and `source` (a file's name) are given where
    a text was read.
    """

    def __init__(self, sentence: str, *, path: str = "", line: int | None = None, source: str = "") -> None:
        places = (source, f"line {line}" if line else "", path)
        where = ", ".join(place for place in places if place)
        super().__init__(f"{where}: {sentence}" if where else sentence)
        self.sentence, self.path, self.line, self.source = sentence, path, line, source


class BadExpression(CoreError):
    """An expression says something that is not arithmetic, a comparison or logic over resources."""


class BadFault(CoreError):
    """The text of a fault, or what it names, is not known."""


class UnknownStep(BadFault):
    """A fault names a step, service or saga that is not there."""

    def __init__(self, target: str, known: Iterable[str]) -> None:
        self.target, self.known = target, tuple(known)
        super().__init__(f"no step or service {quoted(target)}; there are {listed(self.known)}")

    def __reduce__(self) -> tuple[type[UnknownStep], tuple[str, tuple[str, ...]]]:
        """An exception that cannot be pickled would break the pool of the worker that raises it."""
        return type(self), (self.target, self.known)


class UnknownKind(BadFault):
    """A fault of a kind that does not exist, or that does not strike such a target."""

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        self.kind, self.known = kind, tuple(known)
        super().__init__(f"no fault kind {quoted(kind)} here; the kinds are {listed(self.known, 20)}")

    def __reduce__(self) -> tuple[type[UnknownKind], tuple[str, tuple[str, ...]]]:
        return type(self), (self.kind, self.known)
