"""Shows one run to one browser, and tells open lists that they have changed. JSON in both directions.

/ws/runs/<id>/
    Browser sends   {"after": 0}          first, and again to go back: every line with a higher number comes
                    {"ack": 137}          lines up to here have arrived; say it before `window` bytes are on their way,
                                          every 16 kB, say: a message for each frame costs more than the frame
                    {"lead": {"playing": true, "at_ms": 1200, "speed": 1}}      watch together: do as I do
                    {"follow": false}     go my own way (true: follow whoever leads; so it begins)
    Browser gets    {"hello": {"run", "you", "head", "status", "viewers", "window"}}    first
                    {"seq", "kinds", "names", "lines"}    a frame: lines in a row (core/lines.py), all of them
                    {"ended": {"outcome", "status", "last_seq"}}    all lines of a run that is over have come;
                                          of a recorded run, a late one may follow, and this is said again
                    {"quiet": {"since"}}                  its recorder was last heard then; null: it is heard again
                    {"lead": {"playing", "at_ms", "speed", "by"}}     to all but the one who leads
                    {"error": "one sentence"}                         then the socket is closed, with a code

/ws/runs/
    Browser gets    {"changed": true}     there are new runs, or one has ended

A message that is binary is a frame of lines whose JSON is compressed by zlib, as it is stored: encoded once,
for whoever watches and whenever. Everything else is text. A viewer is a cursor, not a queue: it may lose its
connection, and goes on after the last number it has.

    4400  a message that this protocol does not know          4401  not signed in, or not any more
    4404  no such run                                         4408  nothing was read for PATIENCE_S
    4413  a message above MOST_CHARACTERS                     4429  above FLOOD_RATE messages a second
    4500  the log is damaged                                  4503  MOST_SOCKETS sockets are open already

These are plain ASGI applications: channels' own consumers hop to a thread for every message.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from django.utils import timezone

from sagasim.runs import metrics
from sagasim.runs.feed import Frame
from sagasim.runs.hub import Hub, Room, hub, read, set_within
from sagasim.runs.models import QUIET_S, SILENT_S
from sagasim.runs.recording import end_silent
from sagasim.runs.sockets import Gone, Receive, Refused, Scope, Send, Socket

log = logging.getLogger(__name__)

MOST_SOCKETS = 2000
WINDOW_BYTES = 96 * 1024
"""How much may be on its way to one viewer without being acknowledged."""
UNSENT_BYTES = 64 * 1024
"""How much the server may hold that a viewer's machine does not take, whatever the viewer acknowledges."""
LOOK_S = 0.1
"""How often we look whether it has been taken: nobody tells us."""
NEWS_S = 2.0
"""How often we look whether a run's recorder was heard."""
PATIENCE_S = 20.0
"""How long a viewer may acknowledge nothing while its window is full."""


async def run_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One browser that watches one run."""
    await receive()  # websocket.connect
    await served(
        scope, receive, send, lambda socket: Viewer(socket, scope["url_route"]["kwargs"]["run"]).serve()
    )


async def list_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One browser that has a list of runs open."""
    await receive()  # websocket.connect
    await served(scope, receive, send, _serve_list)


async def no_socket(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # the shape of ASGI
    """Turns away whoever knocks at an address where there is no socket."""
    await receive()  # websocket.connect
    await send({"type": "websocket.close", "code": 4404})


async def served(
    scope: Scope, receive: Receive, send: Send, serve: Callable[[Socket], Awaitable[None]]
) -> None:
    """Lets in who is signed in and as many as there is room for; says why a socket is closed."""
    user = scope.get("user")
    if user is None or not user.is_authenticated:
        await send({"type": "websocket.close", "code": 4401})  # before accept: the browser sees a 403
        return
    await send({"type": "websocket.accept"})
    socket = Socket(scope, receive, send)
    hub.sockets += 1
    try:
        _check_room()
        await serve(socket)
    except Refused as refused:
        metrics.refusals.add(str(refused.code))
        log.info(
            "socket closed", extra={"code": refused.code, "reason": refused.sentence, "path": scope["path"]}
        )
        await socket.close(refused)
    except Gone:
        pass
    finally:
        hub.sockets -= 1


class Viewer:
    """A cursor in the log of one run, and how much of it is on its way."""

    def __init__(
        self,
        socket: Socket,
        run: UUID,
        rooms: Hub = hub,
        *,
        patience_s: float = PATIENCE_S,
        news_s: float = NEWS_S,
    ) -> None:
        self.socket, self.run, self.hub = socket, run, rooms
        self.patience_s, self.news_s = patience_s, news_s
        self.wakeup = asyncio.Event()
        self.waits = False  # for news: nothing is being sent or looked up
        self.cursor = 0
        self.on_the_way: deque[tuple[int, int]] = deque()  # (last number, bytes) of frames not acknowledged
        self.bytes_on_the_way = 0
        self.follows = True
        self.lead_seen = 0
        self.said_the_end = False
        self.name = ""

    async def serve(self) -> None:
        room = await self.hub.enter(self.run, self)
        if room is None:
            raise Refused(4404, "There is no such run; it may have been deleted.")
        try:
            await self.begin(room)
            await until_one_ends(
                self.listen(room), self.show(room), self.mind_silence(room), self.socket.check_for_ever()
            )
        finally:
            self.hub.leave(self.run, self)

    async def begin(self, room: Room) -> None:
        room.visitors += 1
        self.name = f"{self.socket.user.get_username()} {room.visitors}"
        hello = {
            "run": str(self.run),
            "you": self.name,
            "head": room.head.last_seq,
            "status": room.head.status,
            "viewers": len(room.viewers),
            "window": WINDOW_BYTES,
        }
        await self.socket.send_object({"hello": hello})
        first = await self.socket.next()
        if "after" not in first:
            raise Refused(4400, 'Say first where to begin: {"after": 0}.')
        self.obey(room, first)

    async def listen(self, room: Room) -> None:
        while True:
            self.obey(room, await self.socket.next())

    def obey(self, room: Room, message: dict[str, Any]) -> None:
        match message:
            case {"after": int(seq)} if not isinstance(seq, bool) and 0 <= seq < 2**31:
                self.cursor, self.said_the_end = seq, False
                self.on_the_way.clear()
                self.bytes_on_the_way = 0
            case {"ack": int(seq)} if not isinstance(seq, bool):
                while self.on_the_way and self.on_the_way[0][0] <= seq:
                    self.bytes_on_the_way -= self.on_the_way.popleft()[1]
            case {"lead": dict(wish)}:
                room.lead_by(self, self.name, _checked_lead(wish))
            case {"follow": bool(follows)}:
                self.follows = follows
                self.lead_seen = 0 if follows else self.lead_seen
            case _:
                raise Refused(
                    4400,
                    'There is no such message; there are after, ack, lead and follow: {"after": 0}.',
                )
        self.wakeup.set()

    async def show(self, room: Room) -> None:
        while True:
            self.wakeup.clear()  # before looking: what comes from here on sets it again
            await self.show_lead(room)
            frames = await self.hub.frames_after(room, self.cursor)
            for frame in frames:
                if frame.first != self.cursor + 1:  # never sent: a viewer takes it for all there is
                    raise Refused(4500, f"The log has no line {self.cursor + 1}; please report it.")
                if not await self.have_room_for(frame):
                    break  # it has gone back meanwhile: look again
                self.is_sending(frame)
                await self.socket.send(frame.sent)
            else:
                if not frames or self.cursor >= room.head.last_seq:
                    await self.say_the_end(room)
                    self.waits = True
                    await self.wakeup.wait()
                    self.waits = False

    def is_sending(self, frame: Frame) -> None:
        self.cursor, self.said_the_end = frame.last, False
        self.on_the_way.append((frame.last, len(frame.sent)))
        self.bytes_on_the_way += len(frame.sent)
        metrics.lines_shown.add(by=frame.last - frame.first + 1)

    # called by the hub

    def wake(self) -> None:
        self.wakeup.set()

    def hand(self, frame: Frame, message: bytes) -> bool:
        """Sends what has just come, if this viewer has all lines before it and room for it."""
        if (
            not self.waits
            or self.wakeup.is_set()
            or frame.first != self.cursor + 1
            or self.bytes_on_the_way + len(frame.sent) > WINDOW_BYTES
            or not self.socket.send_at_once(message)
        ):
            return False
        self.is_sending(frame)
        return True

    # what is said besides lines

    async def show_lead(self, room: Room) -> None:
        if not self.follows or room.lead is None or room.lead_number == self.lead_seen:
            return
        if self.socket.unsent() > UNSENT_BYTES:
            return  # it is told the newest one when it reads again
        self.lead_seen = room.lead_number
        if room.presenter is not self:
            await self.socket.send_object({"lead": room.lead})

    async def say_the_end(self, room: Room) -> None:
        if room.head.is_over and self.cursor >= room.head.last_seq and not self.said_the_end:
            self.said_the_end = True
            ended = {"outcome": room.head.outcome, "status": room.head.status, "last_seq": room.head.last_seq}
            await self.socket.send_object({"ended": ended})

    async def mind_silence(self, room: Room) -> None:
        """Says that the recorder is not heard any more, or is again; in the end the run is cut off."""
        said = False
        while True:
            await asyncio.sleep(self.news_s)
            heard_at = None if room.head.is_over else room.head.heard_at
            silent_s = (timezone.now() - heard_at).total_seconds() if heard_at is not None else 0.0
            if (silent_s > QUIET_S) != said and not room.head.is_over:
                said = not said
                since = heard_at.isoformat() if heard_at is not None and said else None
                await self.socket.send_object({"quiet": {"since": since}})
            if silent_s > SILENT_S:
                await read(end_silent, None, self.run)

    async def have_room_for(self, frame: Frame) -> bool:
        """Waits until enough has been acknowledged, and sent; daphne itself would keep all of it in memory.

        False: the viewer has asked for other lines meanwhile.
        """
        cursor = self.cursor
        while self.on_the_way and self.bytes_on_the_way + len(frame.sent) > WINDOW_BYTES:
            await self.until(self.less_on_the_way(self.bytes_on_the_way), "acknowledged")
        if self.socket.unsent() > UNSENT_BYTES:
            await self.until(lambda: self.socket.unsent() <= UNSENT_BYTES, "read", LOOK_S)
        return self.cursor == cursor

    def less_on_the_way(self, than: int) -> Callable[[], bool]:
        return lambda: self.bytes_on_the_way < than

    async def until(self, done: Callable[[], bool], what: str, look_s: float | None = None) -> None:
        """Waits for a slow viewer, and closes a silent one; a wakeup that was meant for others is passed on."""
        try:
            async with asyncio.timeout(self.patience_s):
                while not done():
                    self.wakeup.clear()
                    await set_within(self.wakeup, look_s)
        except TimeoutError:
            sentence = f"Nothing was {what} for {self.patience_s:g} s; go on after your last number."
            raise Refused(4408, sentence) from None
        self.wakeup.set()


def _checked_lead(wish: dict[str, Any]) -> dict[str, Any]:
    playing, at_ms, speed = wish.get("playing"), wish.get("at_ms"), wish.get("speed", 1)
    numbers = [it for it in (at_ms, speed) if isinstance(it, int | float) and not isinstance(it, bool)]
    if (
        set(wish) - {"playing", "at_ms", "speed"}
        or not isinstance(playing, bool)
        or len(numbers) != 2
        or not all(math.isfinite(it) and 0 <= it < 2**53 for it in numbers)
    ):
        raise Refused(4400, 'Lead with {"playing": true, "at_ms": 1200, "speed": 1}, none of them below 0.')
    return {"playing": playing, "at_ms": at_ms, "speed": speed}


def _check_room() -> None:
    if hub.sockets > MOST_SOCKETS:
        raise Refused(4503, f"{MOST_SOCKETS} sockets are open already; try again in a minute.")


async def _serve_list(socket: Socket) -> None:
    changed = asyncio.Event()
    hub.open_list(changed)

    async def tell() -> None:
        while True:
            await changed.wait()
            changed.clear()
            await socket.send_object({"changed": True})
            await asyncio.sleep(0.5)  # a flood of new runs is one change

    async def listen() -> None:
        while True:
            await socket.next()
            raise Refused(4400, "Nothing is expected here; only listen.")

    try:
        await until_one_ends(tell(), listen(), socket.check_for_ever())
    finally:
        hub.close_list(changed)


async def until_one_ends(*parts: Any) -> None:
    """Runs them together; when one ends, with an error as a rule, the others are cancelled."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
