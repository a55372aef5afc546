from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from autobahn.exception import Disconnected

from tests.conftest import ROOT
from tests.runs.conftest import Visitor, installed, playing
from tests.runs.sockets import Closed, connected, lines_in

WHOLE = 37
"""How many lines the recorded saga has; the last two tell what broke, after its end."""


class Server:
    """A served sagasim that can be killed and comes back at the same address."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env, self.port = env, 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "manage.py", "serve", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.site = self.process.stdout.readline().split()[3].rstrip("/")
        self.port = int(self.site.rpartition(":")[2])

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path):
    server = Server(installed(tmp_path))
    yield server
    server.kill()


async def watch(server: Server, run: str, got: list[int]) -> None:
    """As a page does it: reads on after its last number until the end, whatever happens to the connection."""
    while True:
        with suppress(Closed, Disconnected, OSError, TimeoutError):
            async with connected(server.site, f"/ws{run}") as viewer:
                viewer.say({"after": got[-1] if got else 0})
                while True:
                    message = await viewer.hear()
                    got.extend(
                        line["seq"] for line in lines_in([message]) if line["seq"] > (got[-1] if got else 0)
                    )
                    if got:
                        viewer.say({"ack": got[-1]})
                    if message.get("ended", {}).get("last_seq") == WHOLE:
                        return
        await asyncio.sleep(random.uniform(0.02, 0.2))


async def test_a_server_killed_in_mid_run_costs_no_viewer_a_line(server: Server):
    with playing(server.env, "database", "killed", wait="0.1") as player:
        assert player.stdout is not None
        await asyncio.to_thread(player.stdout.readline)
        (run,) = [f"/runs/{it}/" for it in await asyncio.to_thread(recorded, server)]
        viewers: list[list[int]] = [[] for _ in range(8)]
        watching = [asyncio.create_task(watch(server, run, got)) for got in viewers]
        for _ in range(2):
            await asyncio.sleep(0.8)
            server.kill()
            await asyncio.sleep(0.2)
            await asyncio.to_thread(server.start)
        await asyncio.wait_for(asyncio.gather(*watching), 30)
    assert viewers == [list(range(1, WHOLE + 1))] * 8


def recorded(server: Server) -> list[str]:
    import json

    visitor = Visitor(server.site, server.env)
    return [it["id"] for it in json.loads(visitor.get("/api/runs"))["runs"] if it["clock"] == "wall"]


async def test_what_was_shown_is_there_after_the_server_was_killed(server: Server):
    visitor = Visitor(server.site, server.env)
    run = await asyncio.to_thread(
        visitor.run, "order-fulfilment-broken", "authorise-card:reply-lost*for-ever"
    )
    before = await asyncio.to_thread(visitor.history, run)
    server.kill()
    await asyncio.to_thread(server.start)
    assert await asyncio.to_thread(visitor.history, run) == before
