"""Who explores what, and where: a lane of workers for each weight (lanes.py), one for verdicts while somebody edits.

Everybody's first findings come out of the quick lane; worker.py foresees how heavy the rest is, and names the lane
in which it goes on. So a small one never waits for a heavy one, however many of those there are, and nobody waits
for the gallery, which is explored when nothing else is. Verdicts for editors are many short calls (verdicts.py)
(docs/decisions/0009, 0018).

An `Engine` is five executors. Processes beside the server are one; a client of a distributed engine that is a
`concurrent.futures.Executor` and whose workers reach the database takes their place unchanged: what is submitted is
a function of this package and the id of a row.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from sagasim.explorer import metrics, states
from sagasim.explorer.models import OPEN, Exploration, Lane, State
from sagasim.explorer.worker import ENDED, NOT_WANTED, explore
from sagasim.explorer.workers import WorkerDied, Workers

log = logging.getLogger(__name__)

NICENESS = {"live": 5, Lane.QUICK: 5, Lane.MIDDLE: 8, Lane.LONG: 11, Lane.IDLE: 15}
"""How nice the workers are: pages, sockets and runs that somebody watches come before all of them. None is nicer than
that: who never gets a processor while it writes would keep the database from all others."""
MOST_QUICK = 2
"""First findings for so many at once, where there are so many processors."""
KEPT_S = 60.0
"""What is rarely wanted is sent home when nobody has wanted it for so long; the quick ones stay awake."""
BEAT_S = 4.0
"""How often this server says that it is alive, while something is under way."""

WORKER_KILLED = "The worker that explored was killed, or had too little memory. It can be started again."
SERVER_ENDED = "The server was stopped before the exploration was done. It can be started again."
SERVER_DIED = (
    "The server that looked after it ended before the exploration was done. It can be started again."
)
BROKEN = "Something went wrong that is not the saga's fault; the server's log says what."


@dataclass(frozen=True, slots=True)
class Engine:
    """What does the work. `live` answers editors, and must keep what is asked in a row in one process."""

    quick: Executor
    middle: Executor
    long: Executor
    idle: Executor
    live: Executor

    @property
    def every(self) -> tuple[Executor, ...]:
        return self.quick, self.middle, self.long, self.idle, self.live

    def lane(self, lane: str) -> Executor:
        by_lane = {Lane.MIDDLE: self.middle, Lane.LONG: self.long, Lane.IDLE: self.idle}
        return by_lane.get(Lane(lane), self.quick)

    def close(self) -> None:
        for each in {id(it): it for it in self.every}.values():
            each.shutdown(wait=True, cancel_futures=True)


def beside_the_server() -> Engine:
    """Processes on this machine: one per lane, and as many as the machine has room for in the long one."""
    database = str(connection.settings_dict["NAME"])

    def workers(name: str, count: int = 1, kept_s: float | None = KEPT_S) -> Workers:
        return Workers(str(name), count, database, niceness=NICENESS[name], kept_s=kept_s)

    return Engine(
        quick=workers(Lane.QUICK, min(MOST_QUICK, os.cpu_count() or 1), kept_s=None),
        middle=workers(Lane.MIDDLE),
        long=workers(Lane.LONG, settings.WORKERS),
        idle=workers(Lane.IDLE),
        live=workers("live", kept_s=None),
    )


class AtOnce(Executor):
    """Does what is submitted in the same breath: for tests, and where there can be no other process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # the future's to tell
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


def at_once() -> Engine:
    here = AtOnce()
    return Engine(quick=here, middle=here, long=here, idle=here, live=here)


class Jobs:
    """The explorations that this server looks after."""

    def __init__(self) -> None:
        self.keeper = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"
        self._engine: Engine | None = None
        self._mine: dict[UUID, Future[str]] = {}
        self._ends: SimpleQueue[tuple[UUID, Future[str]]] = SimpleQueue()
        self._lock = threading.RLock()
        self._clerk: threading.Thread | None = None
        self.closing = threading.Event()

    @property
    def engine(self) -> Engine:
        """Started when it is first needed."""
        with self._lock:
            if self._engine is None:
                self._engine = beside_the_server()
                self.closing.clear()
                atexit.register(self.close)  # whatever serves us, and however it was asked to end
            return self._engine

    @contextmanager
    def using(self, engine: Engine) -> Iterator[None]:
        """Another engine for a while."""
        with self._lock:
            before, self._engine = self._engine, engine
        try:
            yield
        finally:
            with self._lock:
                self._engine = before

    def warm(self) -> None:
        """Somebody is about to explore: the first processes start now."""
        for each in (self.engine.quick, self.engine.live):
            if isinstance(each, Workers) and not each.has_begun:
                each.warm()

    @property
    def under_way(self) -> int:
        return len(self._mine)

    @property
    def waiting(self) -> int:
        with self._lock:
            return sum(not future.running() and not future.done() for future in self._mine.values())

    @property
    def workers(self) -> list[tuple[str, int]]:
        """Per lane, how many processes are awake."""
        engine = self._engine
        lanes = () if engine is None else engine.every
        return [(lane.name, len(lane.pids)) for lane in lanes if isinstance(lane, Workers) and lane.pids]

    def submit(self, pk: UUID, lane: str = Lane.QUICK) -> None:
        """The row is there, and says who looks after it: us."""
        with self._lock:
            future = self._mine[pk] = self.engine.lane(lane).submit(explore, str(pk), str(lane))
        if future.done():
            self._follow_up(pk, future)
        else:
            self._employ_clerk()
            future.add_done_callback(lambda ended: self._ends.put((pk, ended)))

    def call_forward(self, pk: UUID) -> bool:
        """Somebody wants it: what was explored because nobody wanted anything waits or goes on in the quick lane."""
        if not states.call_forward(pk):
            return False
        with self._lock:
            future = self._mine.get(pk)
            if future is not None and future.cancel():  # else its worker reads it at its next breath
                self.submit(pk)
        return True

    def stop(self, pk: UUID) -> None:
        states.ask_to_stop(pk)
        with self._lock:
            future = self._mine.get(pk)
        if future is not None:
            future.cancel()  # it does where nobody has begun

    def close(self) -> None:
        """The server ends: what is under way is given up, and its workers with it."""
        self.closing.set()
        with self._lock:
            engine, self._engine = self._engine, None
            mine, self._mine = list(self._mine), {}
        for pk in mine:
            states.give_up(pk, State.LOST, SERVER_ENDED)
        if engine is not None:
            engine.close()

    # the clerk: the one thread that writes down what has become of them, and says that we are alive

    def _employ_clerk(self) -> None:
        with self._lock:
            if self._clerk is None:
                self._clerk = threading.Thread(target=self._keep_books, name="explorations", daemon=True)
                self._clerk.start()

    def _keep_books(self) -> None:
        beat = monotonic()
        while True:
            try:
                ended: tuple[UUID, Future[str]] | None = self._ends.get(timeout=BEAT_S)
            except Empty:
                ended = None
            try:
                if ended is not None:
                    self._follow_up(*ended)
                if monotonic() - beat >= BEAT_S:
                    states.keep(set(self._mine))
                    if monotonic() - beat < 2 * BEAT_S:  # else we slept, and so did those who seem dead
                        sweep()
                    beat = monotonic()
            except DatabaseError:
                log.exception("cannot write down what has become of the explorations")
            with self._lock:
                if not self._mine and self._ends.empty():
                    self._clerk = None
                    connection.close()
                    return

    def _follow_up(self, pk: UUID, future: Future[str]) -> None:
        with self._lock:
            if self._mine.get(pk) is not future:
                return  # given up meanwhile, or called forward
            del self._mine[pk]
        try:
            answer = future.result()
            if answer not in (ENDED, NOT_WANTED):
                self.submit(pk, answer)
                return
        except CancelledError:
            pass
        except WorkerDied:
            states.give_up(pk, State.LOST, WORKER_KILLED)
        except Exception:
            log.exception("an exploration failed", extra={"exploration": str(pk)})
            states.give_up(pk, State.FAILED, BROKEN)
        _measure(pk)


def sweep() -> int:
    """Gives up what dead servers have left behind; tells how much that was."""
    now = timezone.now()
    left = Exploration.objects.filter(state__in=OPEN).exclude(keeper=jobs.keeper)
    lost = [
        pk
        for pk, keeper, until in left.values_list("pk", "keeper", "kept_until")
        if _is_dead(keeper) or until is None or until < now
    ]
    return sum(states.give_up(pk, State.LOST, SERVER_DIED) for pk in lost)


def _is_dead(keeper: str) -> bool:
    """Whether it is sure that there is no such process any more. Of other machines nothing is sure."""
    host, _, rest = keeper.rpartition("/")[0].rpartition("/")
    if host != socket.gethostname() or not rest.isdecimal():
        return False
    if int(rest) == os.getpid():
        return True  # we have its number now
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _measure(pk: UUID) -> None:
    told = Exploration.objects.filter(pk=pk).values_list("state", "seconds", "asked_at", "ended_at").first()
    if told is None:
        return
    state, seconds, asked_at, ended_at = told
    metrics.explorations.add(state)
    if state == State.DONE:
        metrics.exploring.observe(seconds)
    log.info("explored", extra={"exploration": str(pk), "state": state, "seconds": seconds})
    if ended_at is not None:
        metrics.answering.observe((ended_at - asked_at).total_seconds())


jobs = Jobs()
"""Those of this process."""

metrics.KNOWN += [
    metrics.Gauge("sagasim_explorations_open", "Explorations under way or waiting.", lambda: jobs.under_way),
    metrics.Gauge(
        "sagasim_explorations_waiting", "Explorations that wait for a worker.", lambda: jobs.waiting
    ),
    metrics.Gauge("sagasim_workers", "Worker processes.", lambda: sum(count for _, count in jobs.workers)),
]
