"""The consumer that every tutorial writes, in daphne: one group, one message per line, one frame per message.

Whoever says {"play": [line, ...], "start": s, "rate": r} has all viewers shown these lines, each when it is due.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")

import django

django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from daphne.server import Server  # noqa: E402

GROUP = "run"


class Textbook(AsyncJsonWebsocketConsumer):
    """Shows what is sent to the group."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  # channels' own signature
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def receive_json(self, content: dict[str, Any], **_: Any) -> None:
        self.playing = asyncio.create_task(play(content["play"], content["start"], content["rate"]))

    async def line(self, event: dict[str, Any]) -> None:
        await self.send_json(event["line"])


async def play(lines: list[dict[str, Any]], start: float, rate: float) -> None:
    """Shows each line when it is due."""
    layer = get_channel_layer()
    assert layer is not None
    for place, line in enumerate(lines):
        await asyncio.sleep(max(0.0, start + place / rate - time.monotonic()))
        await layer.group_send(GROUP, {"type": "line", "line": line})


def announce() -> None:
    host, port = server.listening_addresses[0]
    print(f"http://{host}:{port}", flush=True)


server = Server(
    application=Textbook.as_asgi(), endpoints=["tcp:port=0:interface=127.0.0.1"], ready_callable=announce
)

if __name__ == "__main__":
    server.run()
