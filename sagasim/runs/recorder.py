"""What records a saga of yours while it runs, so that it can be watched here line by line.

    recorder = DatabaseRecorder(lambda: orders.saga)           in a process that reaches sagasim's database
    recorder = ApiRecorder(lambda: orders.saga, "http://127.0.0.1:8000", token=...)            in any other
    orders = SagaOrchestrator("order", record=recorder).add_step(...)

Both keep what is believed and what was done, and nothing of what your callables were given or returned. When
`append` returns, the lines are stored. One recorder serves many runs and threads; each name in the lines'
`run` is a run of its own, and one that goes on after a restart goes on where its lines end.

While a run goes on, the recorder says every `BEAT_S` that it is there, however long the saga waits: a run of
which nothing is heard is shown as cut off (recording.py), and goes on when its recorder is heard again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

from sagasim.core.codec import saga_to_data
from sagasim.core.lines import entry_of, line_of
from sagasim.core.saga import Coordination, Saga

Line = Mapping[str, Any]
TIMEOUT_S = 30
BEAT_S = 5.0

log = logging.getLogger(__name__)


class CannotRecord(Exception):
    """What records has refused the lines; its sentence says why."""


class _Recorder:
    """Sorts lines by run, and begins a run with its first line. Where they go is for who inherits to say."""

    def __init__(
        self, saga: Saga | Callable[[], Saga], coordination: Coordination | str = Coordination.ORCHESTRATION
    ) -> None:
        self._saga, self.coordination = saga, Coordination(coordination)
        self.runs: dict[str, UUID] = {}
        self._going_on: set[UUID] = set()
        self._lock = Lock()
        self._closed = Event()
        self._beating: Thread | None = None

    @property
    def saga(self) -> Saga:
        """Asked for at the first line of a run: by then all steps have been added."""
        return self._saga() if callable(self._saga) else self._saga

    def append(self, lines: Sequence[Line]) -> None:
        told: dict[UUID, list[Line]] = {}
        for name, some in _by_run(lines).items():
            with self._lock:
                if name not in self.runs or some[0]["seq"] == 1:
                    self.runs[name] = self._run_for(name, some[0])
            told.setdefault(self.runs[name], []).extend(some)
        self._told(self._send(told), told)

    def close(self) -> None:
        """Nothing more will come. Runs that have not ended are shown as cut off."""
        self._closed.set()
        for run in self.runs.values():
            self._close(run)

    def beat(self) -> None:
        """Says that this recorder is there; done by itself, every BEAT_S."""
        with self._lock:
            told: dict[UUID, list[Line]] = {run: [] for run in self._going_on}
        if told:
            self._told(self._send(told), told)

    def _told(self, going_on: set[UUID], told: Iterable[UUID]) -> None:
        with self._lock:
            self._going_on = self._going_on - set(told) | going_on
            if self._beating is None and self._going_on and not self._closed.is_set():
                self._beating = Thread(target=self._beat_until_closed, name="recorder-beat", daemon=True)
                self._beating.start()

    def _beat_until_closed(self) -> None:
        while not self._closed.wait(BEAT_S):
            try:
                self.beat()
            except Exception:  # the next beat may reach it; nothing that must be kept was lost
                if self._closed.is_set():
                    return
                log.warning("could not say that runs are still recorded", exc_info=True)

    def _run_for(self, name: str, first: Line) -> UUID:
        faults = first["data"].get("faults", [])
        return self._begin(name, [str(fault) for fault in faults], is_new=first["seq"] == 1)

    def _begin(self, name: str, faults: list[str], *, is_new: bool) -> UUID:
        raise NotImplementedError

    def _send(self, lines: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
        """Stores the lines; tells which of these runs go on."""
        raise NotImplementedError

    def _close(self, run: UUID) -> None:
        raise NotImplementedError


class DatabaseRecorder(_Recorder):
    """Stores the lines in sagasim's own database, from its process or from another one on this machine."""

    def __init__(
        self, saga: Saga | Callable[[], Saga], coordination: Coordination | str = Coordination.ORCHESTRATION
    ) -> None:
        super().__init__(saga, coordination)
        # Django must not wait for its database in a thread that runs an event loop, and the saga may well.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._writer.submit(_set_up_django).result()

    def append(self, lines: Sequence[Line]) -> None:
        self._writer.submit(super().append, lines).result()

    def beat(self) -> None:
        self._writer.submit(super().beat).result()

    def close(self) -> None:
        self._writer.submit(super().close).result()
        self._writer.submit(_disconnect).result()
        self._writer.shutdown()

    def _begin(self, name: str, faults: list[str], *, is_new: bool) -> UUID:
        from sagasim.composer.services import keep_saga
        from sagasim.runs.recording import begin_recording, recorded_as

        known = None if is_new else recorded_as(name)
        if known is not None:
            return known
        version = keep_saga(self.saga, by=None)
        return begin_recording(version, self.coordination, name=name, faults=faults).pk

    def _send(self, lines: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
        from sagasim.runs.recording import record

        return record({run: [entry_of(line) for line in some] for run, some in lines.items()})

    def _close(self, run: UUID) -> None:
        from sagasim.runs.recording import cut_off

        cut_off(run)


class ApiRecorder(_Recorder):
    """Sends the lines to a sagasim that may be elsewhere. In server mode it needs a token."""

    def __init__(
        self,
        saga: Saga | Callable[[], Saga],
        site: str,
        *,
        token: str = "",
        coordination: Coordination | str = Coordination.ORCHESTRATION,
    ) -> None:
        if not site.startswith(("http://", "https://")):
            raise CannotRecord(
                f"{site!r} is no address of a sagasim; it would be such as http://127.0.0.1:8000."
            )
        super().__init__(saga, coordination)
        self._site, self._token = site.rstrip("/"), token

    def _begin(self, name: str, faults: list[str], *, is_new: bool) -> UUID:
        asked = {
            "saga": saga_to_data(self.saga),
            "coordination": str(self.coordination),
            "recorded_as": name,
            "faults": faults,
            "is_new": is_new,
        }
        return UUID(self._post("/api/recordings", asked)["id"])

    def _send(self, lines: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
        return {run for run, some in lines.items() if self._send_one(run, some)}

    def _send_one(self, run: UUID, lines: Sequence[Line]) -> bool:
        # Only what a line of ours says, nothing of the saga's own.
        told = [line_of(entry_of(line)) for line in lines]
        return bool(self._post(f"/api/recordings/{run}/lines", {"lines": told})["status"] == "running")

    def _close(self, run: UUID) -> None:
        self._post(f"/api/recordings/{run}/close", {})

    def _post(self, path: str, body: object) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = Request(self._site + path, json.dumps(body).encode(), headers)  # noqa: S310  # http or https: checked above
        try:
            with urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
                told: dict[str, Any] = json.load(response)
                return told
        except HTTPError as error:
            raise CannotRecord(_sentence_of(error)) from error


def _by_run(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(str(line.get("run", "")), []).append(line)
    return found


def _sentence_of(error: HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"sagasim answered {error.code} {error.reason}."


def _set_up_django() -> None:
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")
        django.setup()


def _disconnect() -> None:
    from django.db import connections

    connections.close_all()
