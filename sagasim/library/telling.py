"""A bus as its recorder is told of it: the handlers as a saga, and each saga that runs over the bus as a run.

The history of a bus counts through all that happens on it. A recorder keeps runs: so each saga is told with numbers and
times of its own, from 1 and from 0 on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sagasim.core.codec import saga_from_data
from sagasim.core.history import Entry
from sagasim.core.saga import Saga
from sagasim.library.callables import slug_of
from sagasim.library.subscriptions import Subscription


@dataclass(slots=True)
class Telling:
    """One saga on a bus: its run, how many deliveries of it are open, its last entry, which of its handlers gave up."""

    run: str
    open: int = 0
    last: int = 0
    dead: dict[str, None] = field(default_factory=dict)
    start_ms: int = 0
    numbers: dict[int, int] = field(default_factory=dict)

    def redelivers(self, step: str) -> None:
        self.open += 1
        self.dead.pop(step, None)

    def entry(self, entry: Entry) -> Entry:
        """The entry as one of this run."""
        if not self.numbers:
            self.start_ms = entry.at_ms
        number = self.numbers[entry.seq] = len(self.numbers) + 1
        return entry._replace(
            seq=number,
            at_ms=entry.at_ms - self.start_ms,
            instance=1,
            because=self.numbers.get(entry.because, 0),
        )


def saga_of(name: str, subscriptions: Iterable[Subscription]) -> Saga:
    """A saga whose steps are handlers; no step waits for another, for nobody knows who will publish what."""
    steps = [
        {
            "name": it.step,
            "service": it.owner or it.step,
            "kind": "retriable",
            "after": [],
            "retry": {"attempts": it.retry.attempts, "first_ms": it.retry.first_ms},
        }
        for it in subscriptions
    ]
    return saga_from_data({"sagasim": 1, "name": slug_of(name) or "bus", "title": name, "steps": steps})
