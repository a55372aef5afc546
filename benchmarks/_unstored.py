"""Our sockets without a log, for comparison: the same server, hub and viewers, but nothing is stored.

    python -m benchmarks._unstored VIEWERS LINES RATE

Lines come out of this process's memory and are lost with it. It begins when so many viewers have come, and says when
that is (monotonic, in seconds). Each line is shown in the tick in which it is due, as the hub does it with stored ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")

import django

django.setup()

from benchmarks._recording import lines_of_a_run  # noqa: E402
from sagasim.core.lines import entry_of  # noqa: E402
from sagasim.local import as_the_owner  # noqa: E402
from sagasim.runs import feed  # noqa: E402
from sagasim.runs.consumers import Viewer, served  # noqa: E402
from sagasim.runs.feed import Head  # noqa: E402
from sagasim.runs.hub import PERIOD_S, Hub, Room, Watcher  # noqa: E402
from sagasim.runs.models import Clock, Status  # noqa: E402
from sagasim.serving import TellingServer  # noqa: E402

BEGINNING = Head(0, Status.RUNNING, "", Clock.VIRTUAL, None)


class Memory(Hub):
    """A hub with one room, which looks into no log."""

    def __init__(self, viewers: int, lines: int, rate: float) -> None:
        super().__init__()
        self.room = Room(UUID(int=1), BEGINNING)
        self.awaited, self.rate = viewers, rate
        self.entries = [entry_of(line) for line in lines_of_a_run(lines)]

    async def enter(self, _run: UUID, viewer: Watcher) -> Room:
        self.room.viewers.add(viewer)
        if len(self.room.viewers) == self.awaited:
            self.playing = asyncio.create_task(self.play())
        return self.room

    def leave(self, _run: UUID, viewer: Watcher) -> None:
        self.room.viewers.discard(viewer)

    async def play(self) -> None:
        await asyncio.sleep(0.5)
        start, shown, head = time.monotonic() + 0.2, 0, BEGINNING
        print(json.dumps(start), flush=True)
        while shown < len(self.entries):
            await asyncio.sleep(PERIOD_S)
            due = min(len(self.entries), int((time.monotonic() - start) * self.rate) + 1)
            if due > shown:
                head = BEGINNING._replace(last_seq=due)
                self.room.hand_out(feed.framed(self.entries[shown:due]), head)
                shown = due
        self.room.hand_out([], head._replace(status=Status.FINISHED))


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()  # websocket.connect
    await served(scope, receive, send, lambda socket: Viewer(socket, memory.room.run, memory).serve())


def announce() -> None:
    host, port = server.listening_addresses[0]
    print(f"http://{host}:{port}", flush=True)


if __name__ == "__main__":
    memory = Memory(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    server: TellingServer = TellingServer(
        application=as_the_owner(application),
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        ready_callable=announce,
    )
    server.run()
