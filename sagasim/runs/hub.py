"""Who watches which run in this process, and the last frames of each: encoded once, shared by all.

The hub owns nothing that could be lost. It looks into the log (feed.py) when it is told that a run changed,
and every `PERIOD_S` while somebody watches something that may change, since another process may write too,
and never more often: however fast lines come, a viewer gets and acknowledges few frames. What is new becomes
frames, made ready for the wire once, and each viewer is handed them there and then; one that cannot take them is
woken, and sends when it may. A viewer that is behind the kept frames reads the log.

Everything here runs in the event loop, but for `look`, which any thread may call, and for the reads,
which have threads of their own: one slow query must not hold every socket.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from django.db import connection
from django.utils import timezone

from sagasim.runs import feed, metrics
from sagasim.runs.feed import Frame, Head
from sagasim.runs.models import NEWEST_FIRST, Run
from sagasim.runs.wire import on_the_wire

log = logging.getLogger(__name__)
T = TypeVar("T")

PERIOD_S = 0.05
KEPT_BYTES = 256 * 1024
"""How many encoded bytes a room keeps; who is further behind reads the log."""
HANDED_BYTES = 48 * 1024
"""How much a viewer is handed at once: while it waits, that is all that is kept for it."""
RECENT = 20
"""How many of the newest runs the lists are told about."""

readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="feed")


async def read(what: Callable[..., T], *arguments: Any) -> T:
    """Calls what reads the database, in a thread that does nothing else."""

    def reading() -> T:
        # The connection stays: its data_version is what tells that others have written.
        try:
            return what(*arguments)
        except Exception:
            connection.close()  # it may be what went wrong; the next read makes a new one
            raise

    return await asyncio.get_running_loop().run_in_executor(readers, reading)


def encoded(message: object) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


class Watcher(Protocol):
    """Who watches a run."""

    def wake(self) -> None:
        """Something has changed: look at the room."""

    def hand(self, frame: Frame, message: bytes) -> bool:
        """Takes a frame that has just come, ready for the wire; False: not now, and it must look by itself."""


@dataclass(eq=False, slots=True)
class Room:
    """One run and who watches it."""

    run: UUID
    head: Head
    frames: deque[Frame] = field(default_factory=deque)
    kept_bytes: int = 0
    viewers: set[Watcher] = field(default_factory=set)
    lead: dict[str, Any] | None = None
    lead_number: int = 0
    presenter: Watcher | None = None
    visitors: int = 0

    @property
    def shown_seq(self) -> int:
        """The last line that is in a frame."""
        return self.frames[-1].last if self.frames else 0

    def keep(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.frames.append(frame)
            self.kept_bytes += len(frame.sent)
        while len(self.frames) > 1 and self.kept_bytes > KEPT_BYTES:
            self.kept_bytes -= len(self.frames.popleft().sent)

    def after(self, seq: int) -> list[Frame]:
        """The kept frames that a viewer with this cursor has not seen; the newest are looked at first."""
        found: list[Frame] = []
        for frame in reversed(self.frames):
            if frame.last <= seq:
                break
            found.append(frame)
        return found[::-1]

    def wake(self) -> None:
        for viewer in self.viewers:
            viewer.wake()

    def hand_out(self, frames: Iterable[Frame], head: Head) -> None:
        """Keeps what has just come, and gives it to everybody: at once, or by waking who cannot take it."""
        ends_or_ended = head.is_over or self.head.is_over  # there is more to say than lines
        self.head = head
        served = set(self.viewers)
        for frame in frames:
            self.keep([frame])
            message = on_the_wire(frame.sent)
            served = {viewer for viewer in served if viewer.hand(frame, message)}
        for viewer in self.viewers if ends_or_ended else self.viewers - served:
            viewer.wake()

    def lead_by(self, viewer: Watcher, who: str, wish: dict[str, Any]) -> None:
        """Plays, pauses or seeks for everybody who follows; the last one who does is the presenter."""
        self.presenter = viewer
        self.lead = {**wish, "by": who}
        self.lead_number += 1
        self.wake()


class Hub:
    """All rooms of this process, and the lists that are open."""

    def __init__(self) -> None:
        self.rooms: dict[UUID, Room] = {}
        self.lists: set[asyncio.Event] = set()
        self.sockets = 0
        self._opening: dict[UUID, asyncio.Task[Room | None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look_now: asyncio.Event | None = None
        self._looking: asyncio.Task[None] | None = None
        self._data_versions: dict[int, int] = {}
        self._newest: list[tuple[Any, ...]] = []

    # from any thread

    def look(self) -> None:
        """A hint: something was committed. Only ever called after the commit."""
        loop, look_now = self._loop, self._look_now
        if loop is not None and look_now is not None and not loop.is_closed():
            loop.call_soon_threadsafe(look_now.set)

    # in the event loop

    async def enter(self, run: UUID, viewer: Watcher) -> Room | None:
        """Lets a viewer in; None if there is no such run. The room is opened once, whoever comes at once."""
        self._start()
        room = self.rooms.get(run)
        if room is None:
            if run not in self._opening:
                opening = self._opening[run] = asyncio.create_task(self._open(run))
                opening.add_done_callback(lambda _: self._opening.pop(run, None))
            room = await asyncio.shield(self._opening[run])
        if room is not None:
            room = self.rooms.setdefault(run, room)  # whoever was in it may have left meanwhile
            room.viewers.add(viewer)
            self._look_soon()
        return room

    async def _open(self, run: UUID) -> Room | None:
        head = await read(feed.head_of, run)
        if head is None:
            return None
        room = Room(run, head)
        room.keep(await read(feed.frames_after, run, 0, head.last_seq))
        return self.rooms.setdefault(run, room)

    def leave(self, run: UUID, viewer: Watcher) -> None:
        room = self.rooms.get(run)
        if room is not None and viewer in room.viewers:  # else it is the room of those who came later
            room.viewers.discard(viewer)
            if not room.viewers:
                del self.rooms[run]

    def open_list(self, viewer: asyncio.Event) -> None:
        self._start()
        self.lists.add(viewer)
        self._look_soon()

    def close_list(self, viewer: asyncio.Event) -> None:
        self.lists.discard(viewer)

    async def frames_after(self, room: Room, seq: int) -> list[Frame]:
        """What a viewer with this cursor has not seen: from the room if it is there, else from the log.

        At most HANDED_BYTES of it, but for a single frame; ask again for more.
        """
        kept = room.after(seq)
        if kept and kept[0].first == seq + 1:
            return kept if len(kept) == 1 else list(feed.within(kept, HANDED_BYTES))
        if seq >= room.head.last_seq:
            return []
        # No further than the room: who stops in the middle of its next frame would read the log for ever.
        return await read(feed.frames_after, room.run, seq, room.head.last_seq, HANDED_BYTES)

    # looking

    def _look_soon(self) -> None:
        if self._look_now is not None:
            self._look_now.set()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._looking is None or self._looking.done():
            self._loop, self._look_now = loop, asyncio.Event()
            self._looking = loop.create_task(self._look_for_ever(self._look_now))

    async def _look_for_ever(self, look_now: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while self.rooms or self.lists or self._opening:
            was_told = await set_within(look_now, max(0.0, due - clock()) if self._may_change() else None)
            await asyncio.sleep(due - clock())  # what comes by then is one frame
            look_now.clear()
            due = clock() + PERIOD_S
            try:
                await self._look(was_told=was_told)
            except Exception:  # the database may be busy or gone for a moment; the log will still be there
                log.exception("cannot look for new lines")
                due = clock() + 1

    def _may_change(self) -> bool:
        return bool(self.lists) or any(room.head.may_grow for room in self.rooms.values())

    async def _look(self, *, was_told: bool) -> None:
        running = {room.run: room.head for room in self.rooms.values() if room.head.may_grow}
        if not running and not self.lists:
            return
        found = await read(self._found, running, was_told)  # in one go: each read costs two changes of thread
        if found is None:
            return
        for run, (head, frames) in found.news.items():
            room = self.rooms.get(run)
            if room is not None:
                fresh = [frame for frame in frames if frame.first > room.shown_seq]
                room.hand_out(fresh, head)
                _measure(fresh)
        if self.lists and found.newest != self._newest:
            self._newest = found.newest
            for viewer in self.lists:
                viewer.set()

    def _found(self, running: dict[UUID, Head], was_told: bool) -> _Found | None:
        """What is new for those who watch; None: nobody has written since, and nothing was read."""
        if not was_told and not self._somebody_wrote():
            return None
        return _Found(news_of(running), newest_runs() if self.lists else self._newest)

    def _somebody_wrote(self) -> bool:
        """Whether another connection has committed anything. SQLite tells for next to nothing."""
        if connection.vendor != "sqlite":
            return True
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            (version,) = cursor.fetchone()
        was = self._data_versions.get(
            get_ident()
        )  # it means something to one connection only, and each reader has its own
        self._data_versions[get_ident()] = version
        return bool(was != version)


class _Found(NamedTuple):
    """What a look into the log has shown."""

    news: dict[UUID, tuple[Head, list[Frame]]]
    newest: list[tuple[Any, ...]]


def news_of(running: dict[UUID, Head]) -> dict[UUID, tuple[Head, list[Frame]]]:
    """The runs whose log has grown or ended, with their new frames."""
    if not running:
        return {}
    rows = Run.objects.filter(pk__in=running).values_list("pk", *Head._fields)
    heads = {pk: Head(*head) for pk, *head in rows}
    changed = {run: was.last_seq for run, was in running.items() if run in heads and heads[run] != was}
    frames = feed.news_of({run: seq for run, seq in changed.items() if seq < heads[run].last_seq}, heads)
    return {run: (heads[run], frames.get(run, [])) for run in changed}


def newest_runs() -> list[tuple[Any, ...]]:
    return list(
        Run.objects.order_by(*NEWEST_FIRST).values_list("pk", "status", "outcome", named=False)[:RECENT]
    )


def _measure(frames: Iterable[Frame]) -> None:
    now = timezone.now()
    for frame in frames:
        if frame.stored_at is not None:
            metrics.lag.observe((now - frame.stored_at).total_seconds())


async def set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether the event was set by then."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


hub = Hub()
"""The one of this process."""

metrics.KNOWN.append(metrics.Gauge("sagasim_open_sockets", "Sockets that are open.", lambda: hub.sockets))
metrics.KNOWN.append(
    metrics.Gauge("sagasim_watched_runs", "Runs that somebody watches.", lambda: len(hub.rooms))
)
