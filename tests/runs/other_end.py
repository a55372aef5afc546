"""The other end of a socket in the same process: what a viewer is told, as a browser with a slow line gets it."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from sagasim.runs.sockets import UNSENT, Socket


class Browser:
    """The other end of a socket, with a transport that takes some bytes and no more."""

    def __init__(self, *, takes: float) -> None:
        self.takes, self.got = takes, 0
        self.lines: list[int] = []
        self.told: list[dict[str, Any]] = [{}]
        self.heard = asyncio.Event()
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"user": User(username="ada"), "extensions": {UNSENT: self.unsent}}
        self.socket = Socket(scope, self.says.get, self.hear)
        self.says.put_nowait({"type": "websocket.receive", "text": '{"after": 0}'})

    async def hear(self, message: Any) -> None:
        self.got += len(message.get("bytes") or message.get("text") or "")
        if "text" in message:
            self.told.append(json.loads(message["text"]))
        else:
            frame = json.loads(zlib.decompress(message["bytes"]))
            self.lines += range(frame["seq"], frame["seq"] + len(frame["lines"]))

        self.heard.set()

    async def until(self, happens: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not happens():
                self.heard.clear()
                await self.heard.wait()

    def unsent(self) -> int:
        return int(max(0.0, self.got - self.takes))
