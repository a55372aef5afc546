"""The context of a run: what the actions have returned so far, and what a compensation gets to see.

The user's own dict is the context: a step may change it in place or return what to merge into it. A compensation sees
it with what its own action returned on top, so that two steps with the same callable do not undo each other's work,
and an answer that got lost on its way to the coordinator does not leave its compensation without an id.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

Context = MutableMapping[str, Any]
_NOTHING = object()


class Contexts:
    """The context, and what each action has returned (by step)."""

    def __init__(self, context: Context, actions: tuple[str, ...]) -> None:
        self.shared = context
        self.results: dict[int, object] = {}
        self._actions = actions

    def merge(self, step: int) -> None:
        """The action is known to be done: its result becomes part of the context."""
        self.shared.update(self._told(step))

    def _told(self, step: int) -> dict[str, Any]:
        """A dict as it is, nothing for None, and any other value under the name of the action."""
        match self.results.get(step):
            case None:
                return {}
            case Mapping() as result:
                return dict(result)
            case value:
                return {self._actions[step]: value}

    def for_undo(self, step: int) -> Context:
        """The context as this compensation sees it: the shared one, or a view where its own result differs."""
        own = self._told(step)
        if all(self.shared.get(key, _NOTHING) is value for key, value in own.items()):
            return self.shared
        return {**self.shared, **own}

    def absorb(self, seen: Context, step: int) -> None:
        """What a compensation has changed in its view is changed in the context."""
        if seen is self.shared:
            return
        own = self._told(step)
        for key, value in seen.items():
            if value is not own.get(key, self.shared.get(key, _NOTHING)):
                self.shared[key] = value
