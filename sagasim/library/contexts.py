"""The context of a run: what the actions have returned so far, and what a compensation gets to see.

The user's own dict is the context: a step may change it in place or return what to merge into it. A compensation sees
it with what its own action returned on top, so that two steps with the same callable do not undo each other's work,
and an answer that got lost on its way to the coordinator does not leave its compensation without an id.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from sagasim.library.answers import Outcome, Returned
from sagasim.library.turns import Ask

Context = MutableMapping[str, Any]
_NOTHING = object()


class Contexts:
    """The context, and what each action has returned (by step)."""

    def __init__(self, context: Context, actions: tuple[str, ...]) -> None:
        self.shared = context
        self.results: dict[int, object] = {}
        self._actions = actions
        self._views: dict[int, Context] = {}  # by the number of the call, what a compensation sees

    def given(self, ask: Ask) -> tuple[Context, dict[str, object]]:
        """What the callable of this call gets: its context, and the extras that it may ask for."""
        extras = {"idempotency_key": ask.key, "attempt": ask.attempt, "result": self.results.get(ask.step)}
        if not ask.undo:
            return self.shared, extras
        self._views[ask.number] = self._for_undo(ask.step)
        return self._views[ask.number], extras

    def keep(self, ask: Ask, outcome: Outcome) -> None:
        """A callable came back: what it returned, or changed in its view."""
        if ask.undo:
            self._absorb(self._views.pop(ask.number), ask.step)
        elif isinstance(outcome, Returned) and (outcome.value is not None or ask.step not in self.results):
            self.results[ask.step] = outcome.value

    def told(self, step: int) -> dict[str, object]:
        """What a resumed run needs to know: the context, and what the action of this step has returned."""
        result = {"result": self.results[step]} if step in self.results else {}
        return {"context": dict(self.shared), **result}

    def take_up(self, step: int, told: Mapping[str, Any]) -> None:
        """Knows again what `told` has said."""
        if "context" in told:
            self.shared.clear()
            self.shared.update(told["context"])
        if "result" in told:
            self.results[step] = told["result"]

    def merge(self, step: int) -> None:
        """The action is known to be done: its result becomes part of the context."""
        self.shared.update(self._merged(step))

    def _merged(self, step: int) -> dict[str, Any]:
        """A dict as it is, nothing for None, and any other value under the name of the action."""
        match self.results.get(step):
            case None:
                return {}
            case Mapping() as result:
                return dict(result)
            case value:
                return {self._actions[step]: value}

    def _for_undo(self, step: int) -> Context:
        """The context as this compensation sees it: the shared one, or a view where its own result differs."""
        own = self._merged(step)
        if all(self.shared.get(key, _NOTHING) is value for key, value in own.items()):
            return self.shared
        return {**self.shared, **own}

    def _absorb(self, seen: Context, step: int) -> None:
        """What a compensation has changed in its view is changed in the context."""
        if seen is self.shared:
            return
        own = self._merged(step)
        for key, value in seen.items():
            if value is not own.get(key, self.shared.get(key, _NOTHING)):
                self.shared[key] = value
