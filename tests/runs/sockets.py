"""A WebSocket client for tests: as a browser sees it, with autobahn, which daphne brings."""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

from sagasim.core.lines import line_of, unpack


class Closed(Exception):
    """The server has closed the socket, or never let us in."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class Client(WebSocketClientProtocol):
    def __init__(self) -> None:
        super().__init__()
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.got = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def onOpen(self) -> None:  # noqa: N802
        self.opened.set_result(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        self.got += len(payload)
        self.inbox.put_nowait(json.loads(zlib.decompress(payload) if isBinary else payload))

    def onClose(self, wasClean: bool, code: int | None, reason: str) -> None:  # noqa: ARG002, N802, N803
        closed = Closed(code, str(reason))
        self.inbox.put_nowait(closed)
        if not self.opened.done():
            self.opened.set_exception(closed)

    def say(self, message: Any) -> None:
        self.say_text(json.dumps(message))

    def say_text(self, text: str) -> None:
        self.sendMessage(text.encode())

    async def hear(self) -> Any:
        """The next message; raises Closed."""
        message = await asyncio.wait_for(self.inbox.get(), 10)
        if isinstance(message, Closed):
            raise message
        return message

    async def hear_until(self, key: str) -> list[Any]:
        """All messages up to the one with this key."""
        heard = [await self.hear()]
        while key not in heard[-1]:
            heard.append(await self.hear())
        return heard

    async def lines_until_the_end(self) -> list[Any]:
        heard = await self.hear_until("ended")
        return lines_in(heard)


def lines_in(heard: list[Any]) -> list[Any]:
    """The lines in all frames among the messages."""
    return [line_of(entry) for message in heard if "lines" in message for entry in unpack(message)]


@asynccontextmanager
async def connected(site: str, path: str, **headers: str):
    """A socket to a served site; the origin is the site's own unless said otherwise."""
    where = urlsplit(site)
    factory = WebSocketClientFactory(
        f"ws://{where.netloc}{path}", origin=headers.pop("origin", site), headers=headers
    )
    factory.protocol = Client
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(factory, str(where.hostname), int(where.port or 0))
    await asyncio.wait_for(client.opened, 10)
    try:
        yield client
    finally:
        if client.transport is not None:  # else the server was faster
            client.transport.abort()
