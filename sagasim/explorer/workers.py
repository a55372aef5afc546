"""Processes that work beside the server: an `Executor` like any other, but for what dies.

Each worker is a process of its own at a lower priority, started when first needed and kept warm. One that is
killed takes nobody with it: its own future fails with `WorkerDied`, whatever waits goes on with a new one.
Workers end with the server, however that ends.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

MOST_KEPT_MB = 512
"""A process that has grown further is replaced when it has answered: Python keeps what it once had."""
_spawning = multiprocessing.get_context("spawn")  # a fork would copy the server's locks and sockets


class WorkerDied(Exception):
    """The process ended in the middle of what it did: killed, as a rule, or out of memory."""

    def __init__(self) -> None:
        super().__init__("The process that explored was ended from outside")


@dataclass(slots=True)
class _Task:
    future: Future[Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]


class Workers(Executor):
    """So many processes, which take what is submitted in its order.

    With `kept_s`, one that has had nothing to do for so long is sent home.
    """

    def __init__(
        self,
        name: str,
        count: int,
        database: str | None = None,
        *,
        niceness: int = 0,
        most_kept_mb: int = MOST_KEPT_MB,
        kept_s: float | None = None,
    ) -> None:
        self.name, self.count, self.kept_s = name, count, kept_s
        self._told = (database, niceness, most_kept_mb)
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._processes: set[BaseProcess] = set()
        self._wanted = 0
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("these workers have been sent home")
            self._tasks.put(_Task(future, fn, args, kwargs))
            self._wanted += 1
            if len(self._threads) < min(self._wanted, self.count):  # who is awake and free begins sooner
                thread = threading.Thread(
                    target=self._serve, name=f"{self.name}-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
        return future

    def warm(self) -> Future[int]:
        """Starts a process, so that nobody waits for it later; tells its id."""
        return self.submit(os.getpid)

    @property
    def has_begun(self) -> bool:
        return bool(self._threads)

    @property
    def waiting(self) -> int:
        return self._tasks.qsize()

    @property
    def pids(self) -> list[int]:
        with self._lock:
            return [process.pid for process in self._processes if process.pid is not None]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """`cancel_futures` ends what is being done, too: the processes are killed."""
        with self._lock:
            self._closed = True
            threads, processes = list(self._threads), list(self._processes)
        if cancel_futures:
            while not self._tasks.empty():
                task = self._tasks.get()
                if task is not None:
                    task.future.cancel()
            for process in processes:
                process.kill()
        for _ in threads:
            self._tasks.put(None)
        if wait:
            for thread in threads:
                thread.join()

    def _serve(self) -> None:
        """One process, kept as long as it lives; replaced when it does not."""
        process: BaseProcess | None = None
        channel: Connection | None = None
        while True:
            try:
                task = self._tasks.get(timeout=None if process is None else self.kept_s)
            except Empty:
                self._bury(process, channel)
                process = channel = None
                continue
            if task is None:
                break
            future = task.future
            tell: Callable[[Any], None] = future.set_exception
            answer: Any = None
            if not future.set_running_or_notify_cancel():
                self._one_less()
                continue
            try:
                if process is None or channel is None or not process.is_alive():
                    self._bury(process, channel)
                    process, channel = self._hire()
                channel.send((task.function, task.arguments, task.named))
                is_done, answer, stays = channel.recv()
            except (EOFError, OSError):
                self._bury(process, channel)
                process = channel = None
                answer = WorkerDied()
            except Exception as error:  # noqa: BLE001  # whatever pickle says of what was submitted
                answer = error
            else:
                if is_done:
                    tell = future.set_result
                if not stays:
                    self._bury(process, channel)
                    process = channel = None
            self._one_less()
            tell(answer)
        self._bury(process, channel)

    def _one_less(self) -> None:
        with self._lock:
            self._wanted -= 1

    def _hire(self) -> tuple[BaseProcess, Connection]:
        ours, theirs = _spawning.Pipe()
        process = _spawning.Process(target=_work, args=(theirs, *self._told), name=self.name, daemon=True)
        process.start()
        theirs.close()
        with self._lock:
            self._processes.add(process)
            if self._closed:
                process.kill()
        log.info("worker started", extra={"lane": self.name, "pid": process.pid})
        return process, ours

    def _bury(self, process: BaseProcess | None, channel: Connection | None) -> None:
        if channel is not None:
            channel.close()
        if process is not None:
            process.join(1)
            if process.is_alive():
                process.kill()
                process.join()
            with self._lock:
                self._processes.discard(process)
            if process.exitcode != 0 and not self._closed:
                log.warning("worker ended", extra={"lane": self.name, "exitcode": process.exitcode})
            process.close()


# ---------------------------------------------------------------- in the worker


def _work(channel: Connection, database: str | None, niceness: int, most_kept_mb: int) -> None:
    """Does what it is sent, one thing after the other, until the server is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    if hasattr(os, "nice"):
        os.nice(niceness)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    _set_up(database)
    while True:
        try:
            function, arguments, named = channel.recv()
        except EOFError:
            return
        gc.disable()  # an exploration makes much to look through and no cycles
        try:
            answer = (True, function(*arguments, **named))
        except Exception as error:
            log.exception("a worker failed")
            answer = (False, error)
        finally:
            gc.enable()
        stays = _size_mb() <= most_kept_mb
        try:
            channel.send((*answer, stays))
        except OSError:
            return
        except Exception as error:  # noqa: BLE001  # whatever pickle says of the answer
            channel.send((False, RuntimeError(repr(error)), stays))
        if not stays:
            return


def _size_mb() -> float:
    """How much memory this process holds; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _end_with_the_server() -> None:
    """A server that is killed takes its pipes with it, and with them goes this process."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def _set_up(database: str | None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")
    import django

    django.setup()
    if database is not None:
        from django.db import connection

        connection.settings_dict["NAME"] = database
    import sagasim.explorer.verdicts
    import sagasim.explorer.worker  # noqa: F401  # so that the first one who asks does not wait for them

    gc.freeze()
