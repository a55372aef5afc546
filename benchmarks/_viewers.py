"""Viewers over real WebSockets: they write down when each frame arrived, and read it when all is over.

The client is as little as can speak the protocol: viewers share the machine with the server that is measured, and a
browser would bring a machine of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

QUIET_S = 4.0
"""When nothing has come for so long, nothing more will."""
UNSAID_BYTES = 16 * 1024
"""What comes between two acknowledgements, as in static/js/runs/socket.js."""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Viewer(asyncio.Protocol):
    """Reads everything, and acknowledges it as the page does."""

    acknowledges = True

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.unread = b""
        self.came: list[tuple[float, int, bytes]] = []
        self.bytes = self.unsaid = 0
        self.last_at = time.monotonic()
        self.ended = False
        self.code: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, some: bytes) -> None:
        self.unread += some
        if not self.opened.done():
            head, end, self.unread = self.unread.partition(b"\r\n\r\n")
            if not end:
                self.unread = head
                return
            if b" 101 " in head.partition(b"\r\n")[0]:
                self.opened.set_result(None)
            else:
                self.opened.set_exception(ConnectionError(head.decode()))
        self.last_at = time.monotonic()
        for kind, payload in self._frames():
            self._take(kind, payload)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """What has come whole. A server masks nothing, and daphne cuts no message into pieces."""
        while len(self.unread) >= 2:
            kind, size, begin = self.unread[0] & 15, self.unread[1], 2
            if size >= 126:
                begin = 4 if size == 126 else 10
                if len(self.unread) < begin:
                    return
                size = int.from_bytes(self.unread[2:begin], "big")
            if len(self.unread) < begin + size:
                return
            payload, self.unread = self.unread[begin : begin + size], self.unread[begin + size :]
            yield kind, payload

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == CLOSE:
            self.code, self.ended = int.from_bytes(payload[:2], "big"), True
        elif kind == PING:
            self._send(PONG, payload)
        elif payload.startswith(b'{"ended"'):
            self.ended = True
        elif kind == BINARY or payload.startswith((b'{"seq"', b'{"kind"')):
            self.came.append((self.last_at, kind, payload))
            self.bytes += len(payload)
            self.unsaid += len(payload)
            if (
                self.acknowledges
                and self.unsaid >= UNSAID_BYTES
                and b'"lines"' in (text := _text(kind, payload))
            ):
                self.unsaid = 0
                self.say({"ack": _lines(text)[-1]})

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  # the shape of a protocol
        self.ended = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the server went away"))

    def say(self, message: Any) -> None:
        self._send(TEXT, json.dumps(message).encode())

    def _send(self, kind: int, payload: bytes) -> None:
        """A client masks what it says; with zeros, that changes nothing."""
        assert self.transport is not None
        size = len(payload)
        if size < 126:
            told = struct.pack("!BB", 128 | kind, 128 | size)
        elif size < 2**16:
            told = struct.pack("!BBH", 128 | kind, 128 | 126, size)
        else:
            told = struct.pack("!BBQ", 128 | kind, 128 | 127, size)
        self.transport.write(told + bytes(4) + payload)

    @property
    def frames(self) -> int:
        return len(self.came)

    @property
    def arrived(self) -> list[tuple[int, float]]:
        """Every line, and when its frame was here."""
        return [(seq, at) for at, kind, payload in self.came for seq in _lines(_text(kind, payload))]


class SilentViewer(Viewer):
    """Reads, and never says that anything has arrived."""

    acknowledges = False


def _text(kind: int, payload: bytes) -> bytes:
    return zlib.decompress(payload) if kind == BINARY else payload


def _lines(text: bytes) -> range:
    """The numbers of the lines in a frame of ours, or in one of the textbook's."""
    message = json.loads(text)
    return range(message["seq"], message["seq"] + len(message.get("lines", ".")))


async def connected(site: str, paths: Sequence[str], kind: type[Viewer] = Viewer) -> list[Viewer]:
    """One viewer per path, a few at a time."""
    found: list[Viewer] = []
    for start in range(0, len(paths), 20):
        found += await asyncio.gather(*(_connected(site, path, kind) for path in paths[start : start + 20]))
    return found


async def _connected(site: str, path: str, kind: type[Viewer]) -> Viewer:
    where = urlsplit(site)
    key = os.urandom(16).hex()[:22] + "=="
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: {site}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    _, viewer = await loop.create_connection(lambda: kind(request), str(where.hostname), int(where.port or 0))
    await asyncio.wait_for(viewer.opened, 30)
    return viewer


async def all_have_seen(viewers: Sequence[Viewer], frames: int | None = None) -> None:
    """Waits until each has been told the end or has so many frames, or nothing comes any more."""
    while not all(it.ended or it.frames == frames for it in viewers):
        await asyncio.sleep(0.1)
        if time.monotonic() - max(it.last_at for it in viewers) > QUIET_S:
            return


def leave(viewers: Sequence[Viewer]) -> None:
    for viewer in viewers:
        if viewer.transport is not None:
            viewer.transport.abort()
