"""Who comes before whom: questions about the graph of a saga's steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sagasim.core.saga import Kind, Saga, Step


class StepOrder:
    """The order of one saga's steps, looked up once. Names in, names out."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        self.step: Mapping[str, Step] = {step.name: step for step in saga.steps}
        self._next: dict[str, tuple[str, ...]] = {
            name: tuple(other.name for other in saga.steps if name in other.after) for name in saga.step_names
        }
        self._before: dict[str, set[str]] = {}
        for name in self._sorted():
            after = self.step[name].after
            self._before[name] = set(after).union(*(self._before[other] for other in after))
        self._pivots = {step.name for step in saga.steps if step.kind is Kind.PIVOT}

    def _sorted(self) -> Iterator[str]:
        """The steps so that each comes after all that it waits for."""
        left = {step.name: len(set(step.after)) for step in self.saga.steps}
        ready = [name for name, count in left.items() if not count]
        for name in ready:
            yield name
            for other in self._next[name]:
                left[other] -= 1
                if not left[other]:
                    ready.append(other)

    def before(self, step: str) -> set[str]:
        """All that have to be done before it begins."""
        return self._before[step]

    def after(self, step: str) -> list[str]:
        """All that wait for it, near or far, the nearest first as the file has them."""
        return [name for name in self.saga.step_names if step in self._before[name]]

    def beside(self, step: str) -> list[str]:
        """All that may run at the same time."""
        return [
            name
            for name in self.saga.step_names
            if name != step and name not in self._before[step] and step not in self._before[name]
        ]

    def pivots_before(self, step: str) -> list[str]:
        return [name for name in self.step if name in self._pivots and name in self._before[step]]

    def is_past_pivot(self, step: str) -> bool:
        return not self._pivots.isdisjoint(self._before[step])

    def longest_path_ms(self) -> int:
        """How long a run without faults may take: the slowest path, every call as slow as it may be."""
        ends: dict[str, int] = {}
        for name in self._sorted():
            step = self.step[name]
            ends[name] = step.takes_ms[1] + max((ends[other] for other in step.after), default=0)
        return max(ends.values())

    def open_fan_outs(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Where branches begin together (behind a step, or at the start: "") that no step joins again."""
        firsts = tuple(step.name for step in self.saga.steps if not step.after)
        for origin, branches in (("", firsts), *self._next.items()):
            reached = [{branch, *self.after(branch)} for branch in branches]
            if len(branches) > 1 and not set.intersection(*reached):
                yield origin, branches
