"""The other end of a socket in the same process: what a viewer is told, as a browser with a slow line gets it."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from sagasim.runs.sockets import AT_ONCE, UNSENT, Socket
from sagasim.runs.wire import WHOLE_TEXT


class Browser:
    """The other end of a socket, with a transport that takes some bytes and no more."""

    def __init__(self, *, takes: float, at_once: Callable[[], bool] = lambda: False) -> None:
        self.takes, self.got = takes, 0
        self.at_once, self.handed = at_once, 0
        self.lines: list[int] = []
        self.told: list[dict[str, Any]] = [{}]
        self.heard = asyncio.Event()
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"user": User(username="ada"), "extensions": {UNSENT: self.unsent, AT_ONCE: self.take}}
        self.socket = Socket(scope, self.says.get, self.hear)
        self.says.put_nowait({"type": "websocket.receive", "text": '{"after": 0}'})

    async def hear(self, message: Any) -> None:
        self.got += len(message.get("bytes") or message.get("text") or "")
        told = json.loads(message["text"] if "text" in message else zlib.decompress(message["bytes"]))
        if "lines" in told:
            self.lines += range(told["seq"], told["seq"] + len(told["lines"]))
        else:
            self.told.append(told)
        self.heard.set()

    def take(self, message: bytes) -> bool:
        """What is ready for the wire: here it is a text below 64 kB."""
        if not self.at_once():
            return False
        self.handed += 1
        text = message[2 if message[1] < 126 else 4 :]
        frame = json.loads(text if message[0] == WHOLE_TEXT else zlib.decompress(text))
        self.lines += range(frame["seq"], frame["seq"] + len(frame["lines"]))
        self.heard.set()
        return True

    async def until(self, happens: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not happens():
                self.heard.clear()
                await self.heard.wait()

    def unsent(self) -> int:
        return int(max(0.0, self.got - self.takes))
