"""Time, as a parameter: the wall clock, a clock for tests, and the one place where the library waits.

An inbox holds what has come in, each with the moment at which it came, so that whether an answer was in time
does not depend on when somebody looked.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Condition, Lock
from typing import Generic, Protocol, TypeVar

_T = TypeVar("_T")


class Clock(Protocol):
    """Milliseconds that only grow, and a way to wait for a bell or a moment."""

    def now_ms(self) -> int: ...

    def wait(self, bell: Condition, until_ms: int | None, *, idle: bool) -> None:
        """Returns when the bell rings or the moment has come, or earlier. `idle`: nobody is at work meanwhile."""


class WallClock:
    """The clock of the machine."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def wait(self, bell: Condition, until_ms: int | None, *, idle: bool) -> None:  # noqa: ARG002 - see Clock
        bell.wait(None if until_ms is None else max(0, until_ms - self.now_ms()) / 1000)


class JumpingClock:
    """A clock for tests: while nobody is at work it jumps over every wait; `advance` lets time pass.

    So retries and lost answers cost no time. Where a callable is running, time stands still until it returns,
    or until the callable itself (or the test) advances the clock.
    """

    def __init__(self) -> None:
        self._now = 0
        self._lock = Lock()
        self._bells: set[Condition] = set()

    def now_ms(self) -> int:
        return self._now

    def advance(self, ms: int) -> None:
        with self._lock:
            self._now += ms
            waiting = tuple(self._bells)
        for bell in waiting:
            with bell:
                bell.notify_all()

    def wait(self, bell: Condition, until_ms: int | None, *, idle: bool) -> None:
        if idle and until_ms is not None:
            with self._lock:
                self._now = max(self._now, until_ms)
            return
        with self._lock:
            self._bells.add(bell)
            if until_ms is not None and self._now >= until_ms:
                return
        bell.wait()
        with self._lock:
            self._bells.discard(bell)


class Inbox(Generic[_T]):
    """What came in and was not looked at yet, in the order in which it came. Any thread may put."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._bell = Condition()
        self._items: deque[tuple[int, _T]] = deque()

    def put(self, item: _T) -> None:
        with self._bell:
            self._items.append((self.clock.now_ms(), item))
            self._bell.notify_all()

    def take(self, until_ms: int | None, *, idle: bool = False) -> _T | None:
        """The next item that came before `until_ms`, waited for; None when that moment has come."""
        with self._bell:
            while True:
                if self._items and (until_ms is None or self._items[0][0] < until_ms):
                    return self._items.popleft()[1]
                if until_ms is not None and self.clock.now_ms() >= until_ms:
                    return None
                self.clock.wait(self._bell, until_ms, idle=idle)

    def poll(self) -> _T | None:
        """The next item, if one is there."""
        with self._bell:
            return self._items.popleft()[1] if self._items else None
