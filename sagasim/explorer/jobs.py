"""Who explores what, and when: two lanes of workers, and one for verdicts while somebody edits.

Every exploration begins in the quick lane, where it has a first turn of `GLANCE_S`, and where that is too
little, behind whoever waits by then, a second one of `QUICK_S`; what needs more goes on in the long lane. So a
small one never waits for a heavy one, however many of those there are, and everybody's first findings come
soon. Verdicts for editors are many short calls (verdicts.py) and have a lane of their own
(docs/decisions/0009).

An `Engine` is three executors. Processes beside the server are one; a client of a distributed engine that
is a `concurrent.futures.Executor` and whose workers reach the database takes their place unchanged: what is
submitted is a function of this package and the id of a row.
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
from sagasim.explorer.worker import GOES_ON, explore
from sagasim.explorer.workers import WorkerDied, Workers

log = logging.getLogger(__name__)

GLANCE_S, QUICK_S = 0.5, 4.0
"""Of a processor; on a busy machine the clock may show more."""
TURNS = ((Lane.QUICK, GLANCE_S), (Lane.QUICK, QUICK_S), (Lane.LONG, None))
LAST_TURN = len(TURNS) - 1
SOON, SOME_TIME = 5, 10
"""How nice the workers are: pages, sockets and runs that somebody watches come before both."""
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
    long: Executor
    live: Executor

    def close(self) -> None:
        for each in {id(it): it for it in (self.quick, self.long, self.live)}.values():
            each.shutdown(wait=True, cancel_futures=True)


def beside_the_server() -> Engine:
    """Processes on this machine: one per lane, and as many as the machine has room for in the long one."""
    database = str(connection.settings_dict["NAME"])
    return Engine(
        quick=Workers("quick", 1, database, niceness=SOON),
        long=Workers("long", settings.WORKERS, database, niceness=SOME_TIME),
        live=Workers("live", 1, database, niceness=SOON),
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
    return Engine(quick=here, long=here, live=here)


class Jobs:
    """The explorations that this server looks after."""

    def __init__(self) -> None:
        self.keeper = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"
        self._engine: Engine | None = None
        self._mine: dict[UUID, Future[str]] = {}
        self._turns: dict[UUID, int] = {}
        self._ends: SimpleQueue[UUID] = SimpleQueue()
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
        lanes = [] if engine is None else [engine.quick, engine.long, engine.live]
        return [(lane.name, len(lane.pids)) for lane in lanes if isinstance(lane, Workers) and lane.pids]

    def submit(self, pk: UUID, turn: int = 0) -> None:
        """The row is there, and says who looks after it: us."""
        lane, budget = TURNS[turn]
        next_lane = TURNS[turn + 1][0].value if turn + 1 < len(TURNS) else None
        with self._lock:
            executor = self.engine.quick if lane == Lane.QUICK else self.engine.long
            future = self._mine[pk] = executor.submit(explore, str(pk), budget, next_lane)
            self._turns[pk] = turn
        if future.done():
            self._follow_up(pk)
        else:
            self._employ_clerk()
            future.add_done_callback(lambda _: self._ends.put(pk))

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
                ended: UUID | None = self._ends.get(timeout=BEAT_S)
            except Empty:
                ended = None
            try:
                if ended is not None:
                    self._follow_up(ended)
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

    def _follow_up(self, pk: UUID) -> None:
        with self._lock:
            future, turn = self._mine.pop(pk, None), self._turns.pop(pk, 0)
        if future is None:
            return  # given up meanwhile
        try:
            if future.result() == GOES_ON:
                self.submit(pk, turn + 1)
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
