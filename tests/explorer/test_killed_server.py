"""A server that is killed while it explores: what it leaves behind says so, and nothing goes on without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.explorer.conftest import Site
from tests.runs.conftest import installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@contextmanager
def served(env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], Site]]:
    command = [sys.executable, "manage.py", "serve", "127.0.0.1:0"]
    listening = partial(
        signal.signal, signal.SIGINT, signal.SIG_DFL
    )  # a shell's background jobs are deaf to it
    with subprocess.Popen(
        command,
        env=env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=listening,  # noqa: PLW1509  # no threads here
    ) as server:
        assert server.stdout is not None
        try:
            yield server, Site(server.stdout.readline().split()[3].rstrip("/"))
        finally:
            server.kill()


def workers_of(server: int) -> list[int]:
    """Its child processes that are workers."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            command = (status.parent / "cmdline").read_text()
        except (OSError, ValueError):
            continue
        if int(told["PPid"]) == server and "spawn_main" in command:
            found.append(int(status.parent.name))
    return found


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pids: list[int], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while any(is_there(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def heavy() -> dict[str, Any]:
    return {"saga": "vm-provisioning", "faults": 4, "most_seconds": 600}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_lost_says_so_and_can_be_started_again(
    tmp_path: Path, heavy: dict[str, Any], how: signal.Signals
):
    env = installed(tmp_path)
    with served(env) as (server, site):
        row = site.ask("", heavy)
        site.until(row["id"], lambda it: it["verdict"] and it["state"] == "running")
        workers = workers_of(server.pid)
        assert workers
        began = time.monotonic()
        server.send_signal(how)
        server.wait(30)
        assert time.monotonic() - began < 10
        assert gone(workers)
    with served(env) as (_, site):
        told = site.ask(f"/{row['id']}")
        assert told["state"] == "lost"
        assert "It can be started again." in told["sentence"]
        assert told["verdict"] is True  # what one fault does was known, and stays
        again = site.ask(f"/{row['id']}/again", {})
        assert again["id"] != row["id"]
        site.until(again["id"], lambda it: it["state"] == "running")
        site.ask(f"/{again['id']}/stop", {})
        assert site.until(again["id"], lambda it: it["ended_at"])["state"] == "stopped"


def test_another_server_takes_nothing_from_one_that_lives(tmp_path: Path, heavy: dict[str, Any]):
    env = installed(tmp_path)
    with served(env) as (one, first), served(env) as (_, second):
        row = first.ask("", heavy)
        second.until(row["id"], lambda it: it["state"] == "running")
        assert second.ask("", {"saga": "bank-transfer", "faults": 0})["id"]  # it sweeps when it is asked
        assert second.ask(f"/{row['id']}")["state"] == "running"
        assert second.ask("", heavy)["id"] == row["id"]
        second.ask(f"/{row['id']}/stop", {})  # the row is the channel: whoever was asked
        assert first.until(row["id"], lambda it: it["ended_at"])["state"] == "stopped"
        row = first.ask("", {**heavy, "anew": True})
        second.until(row["id"], lambda it: it["state"] == "running")
        one.kill()
        one.wait()
        assert second.until(row["id"], lambda it: it["ended_at"])["state"] == "lost"


def test_the_process_of_a_worker_has_a_lower_priority_than_the_server(tmp_path: Path):
    with served(installed(tmp_path)) as (server, site):
        row = site.ask("", {"saga": "bank-transfer", "faults": 1})
        site.until(row["id"], lambda it: it["state"] == "done")
        (worker,) = workers_of(server.pid)
        mine = os.getpriority(os.PRIO_PROCESS, server.pid)
        assert os.getpriority(os.PRIO_PROCESS, worker) > mine
