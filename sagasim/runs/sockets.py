"""A WebSocket that speaks JSON within limits, and the reasons for which it is closed.

What is said over it is consumers.py's business. daphne passes a code on, and no reason: so the sentence goes
before it, as {"error": ...}.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

from sagasim.runs.hub import encoded, read

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

UNSENT = "sagasim.unsent"
"""The extension of ASGI by which a server tells how many bytes it could not send yet (sagasim/serving.py)."""
AT_ONCE = "sagasim.at_once"
"""The extension by which it takes a message that is ready for the wire, and says whether it did."""
MOST_CHARACTERS = 8 * 1024
FLOOD_RATE = 50
FLOOD_BURST = 100
CHECK_S = 60.0
"""How often it is asked again whether the viewer is still signed in."""


class Refused(Exception):
    """The socket is closed, with a code and a sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class Gone(Exception):
    """The browser has left."""


class Bucket:
    """Lets messages through at a rate, with a burst; time is a parameter."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.left, self.since = burst, -math.inf

    def admits(self, now: float) -> bool:
        self.left = (
            min(self.burst, self.left + (now - self.since) * self.rate)
            if self.since > -math.inf
            else self.burst
        )
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Socket:
    """A WebSocket that sends and receives JSON objects, within limits."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.user: Any = scope["user"]
        extensions = scope.get("extensions", {})
        self.unsent: Callable[[], int] = extensions.get(UNSENT, lambda: 0)
        self.send_at_once: Callable[[bytes], bool] = extensions.get(AT_ONCE, lambda _: False)
        self._bucket = Bucket(FLOOD_RATE, FLOOD_BURST)

    async def send(self, message: str | bytes) -> None:
        told = {"bytes" if isinstance(message, bytes) else "text": message}
        try:
            await self._send({"type": "websocket.send", **told})
        except Exception as error:  # whatever a server raises for a peer that has gone: a normal end
            raise Gone from error

    async def send_object(self, message: object) -> None:
        await self.send(encoded(message))

    async def next(self, most: int = MOST_CHARACTERS) -> dict[str, Any]:
        """The next message, of at most so many characters. Raises Refused for what is none, and Gone."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        if len(text or message.get("bytes") or "") > most:
            raise Refused(4413, f"A message may have {most} characters, no more.")
        if not self._bucket.admits(asyncio.get_running_loop().time()):
            raise Refused(4429, f"Send at most {FLOOD_RATE} messages a second.")
        try:
            told = json.loads(text or "")
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict) or len(told) != 1:
            raise Refused(4400, 'A message is a JSON object with one key, such as {"after": 0}.')
        return told

    async def close(self, refused: Refused) -> None:
        try:
            await self.send_object({"error": refused.sentence})
            await self._send({"type": "websocket.close", "code": refused.code, "reason": refused.sentence})
        except Exception:  # noqa: BLE001, S110  # it had gone before we could say why
            pass

    async def check_for_ever(self, every_s: float = CHECK_S) -> None:
        """A socket outlives its page: who is not let in any more must not go on watching."""
        while True:
            await asyncio.sleep(every_s)
            if not settings.LOCAL and not await read(_is_let_in, self.user.pk):
                raise Refused(4401, "You are not signed in any more.")


def _is_let_in(pk: int) -> bool:
    from django.contrib.auth.models import User

    return User.objects.filter(pk=pk, is_active=True).exists()
