"""Viewers over real WebSockets, with autobahn, which daphne brings: they write down when each line arrived."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

QUIET_S = 4.0
"""When nothing has come for so long, nothing more will."""
UNSAID_BYTES = 16 * 1024
"""What comes between two acknowledgements, as in static/js/runs/socket.js."""


class Viewer(WebSocketClientProtocol):
    """Reads everything, and acknowledges it as the page does."""

    acknowledges = True

    def __init__(self) -> None:
        super().__init__()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.arrived: list[tuple[int, float]] = []
        self.frames = self.bytes = self.unsaid = 0
        self.last_at = time.monotonic()
        self.ended = False
        self.code: int | None = None

    def onOpen(self) -> None:  # noqa: N802
        self.opened.set_result(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        self.last_at = now = time.monotonic()
        message = json.loads(zlib.decompress(payload) if isBinary else payload)
        if "kind" in message:  # the textbook's
            self.arrived.append((message["seq"], now))
        elif "lines" in message:
            first, number = message["seq"], len(message["lines"])
            self.arrived += [(seq, now) for seq in range(first, first + number)]
            self.unsaid += len(payload)
            if self.acknowledges and self.unsaid >= UNSAID_BYTES:
                self.unsaid = 0
                self.say({"ack": first + number - 1})
        elif "ended" in message:
            self.ended = True
            return
        else:
            return
        self.frames += 1
        self.bytes += len(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str) -> None:  # noqa: ARG002, N802, N803
        self.code = code
        self.ended = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"{code}: {reason}"))

    def say(self, message: Any) -> None:
        self.sendMessage(json.dumps(message).encode())  # type: ignore[no-untyped-call]


class SilentViewer(Viewer):
    """Reads, and never says that anything has arrived."""

    acknowledges = False


async def connected(site: str, paths: Sequence[str], kind: type[Viewer] = Viewer) -> list[Viewer]:
    """One viewer per path, a few at a time."""
    found: list[Viewer] = []
    for start in range(0, len(paths), 20):
        found += await asyncio.gather(*(_connected(site, path, kind) for path in paths[start : start + 20]))
    return found


async def _connected(site: str, path: str, kind: type[Viewer]) -> Viewer:
    where = urlsplit(site)
    factory = WebSocketClientFactory(f"ws://{where.netloc}{path}", origin=site)  # type: ignore[no-untyped-call]
    factory.protocol = kind
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(factory, str(where.hostname), int(where.port or 0))
    viewer: Viewer = client
    await asyncio.wait_for(viewer.opened, 30)
    return viewer


async def all_have_seen(viewers: Sequence[Viewer], last_seq: int | None = None) -> None:
    """Waits until each has been told the end or has this line, or nothing comes any more."""
    while not all(it.ended or (it.arrived and it.arrived[-1][0] == last_seq) for it in viewers):
        await asyncio.sleep(0.1)
        if time.monotonic() - max(it.last_at for it in viewers) > QUIET_S:
            return


def leave(viewers: Sequence[Viewer]) -> None:
    for viewer in viewers:
        if viewer.transport is not None:
            viewer.transport.abort()
