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


class CoreError(ValueError):
    """What the core refuses; its text is one sentence for the user."""


class BadSaga(CoreError):
    """The saga does not say something that can run. `path` is where, such as `steps[2].after`."""

    def __init__(self, sentence: str, *, path: str = "", line: int | None = None) -> None:
        where = f"{path}: " if path else ""
        super().__init__(f"{where}{sentence}")
        self.sentence, self.path, self.line = sentence, path, line


class BadExpression(CoreError):
    """An expression says something that is not arithmetic, a comparison or logic over resources."""


class BadFault(CoreError):
    """The text of a fault, or what it names, is not known."""


class UnknownStep(BadFault):
    """A fault names a step, service or saga that is not there."""

    def __init__(self, target: str, known: Iterable[str]) -> None:
        self.target, self.known = target, tuple(known)
        super().__init__(f"no step or service {target!r}; there are {listed(self.known)}")


class UnknownKind(BadFault):
    """A fault of a kind that does not exist, or that does not strike such a target."""

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        self.kind, self.known = kind, tuple(known)
        super().__init__(f"no fault kind {kind!r} here; the kinds are {listed(self.known, 20)}")
