"""Explorations in processes of their own: killed, stopped, heavy, many."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.explorer import services
from sagasim.explorer.jobs import Engine, beside_the_server, jobs
from sagasim.explorer.models import Exploration, Lane, State
from sagasim.explorer.workers import WorkerDied, Workers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def processes(django_db_setup: None) -> Iterator[Engine]:
    """Real ones, which end with the module."""
    engine = beside_the_server()
    yield engine
    engine.close()


@pytest.fixture
def engine(processes: Engine) -> Iterator[Engine]:
    with jobs.using(processes):
        yield processes
        for pk in list(jobs._mine):
            jobs.stop(pk)
        while jobs.under_way:
            time.sleep(0.02)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is explored by one process, so that it is known which."""
    monkeypatch.setattr(Engine, "lane", lambda engine, _: engine.long)


def until(row: Exploration, holds: Callable[[Exploration], Any], seconds: float = 60) -> Exploration:
    """The row as soon as this holds."""
    deadline = time.monotonic() + seconds
    while True:
        row.refresh_from_db()
        if holds(row):
            return row
        assert time.monotonic() < deadline, f"{row}: {row.progress} {row.sentence}"
        time.sleep(0.02)


def is_over(row: Exploration) -> bool:
    return not row.is_open


def is_exploring(row: Exploration) -> bool:
    return row.state == State.RUNNING and bool(row.progress)


@pytest.mark.usefixtures("one_process")
def test_a_killed_worker_leaves_an_exploration_that_says_so_and_can_be_started_again(
    engine: Engine, heavy: SagaVersion, broken: SagaVersion
):
    assert isinstance(engine.long, Workers)
    row = until(services.start(heavy, faults=4), is_exploring)
    waiting = services.start(broken)
    os.kill(engine.long.pids[0], signal.SIGKILL)
    assert until(row, is_over).state == State.LOST
    assert "worker that explored was killed" in row.sentence
    assert until(waiting, is_over).state == State.DONE  # it only waited: a new worker takes it
    again = services.again(row)
    assert again.pk != row.pk
    until(again, is_exploring)
    services.stop(again)
    assert until(again, is_over).state == State.STOPPED


def test_one_that_is_stopped_tells_what_was_known_by_then(engine: Engine, heavy: SagaVersion):
    row = until(
        services.start(heavy, faults=4), lambda it: it.verdict is not None and it.state == State.RUNNING
    )
    services.stop(row)
    until(row, is_over)
    assert row.verdict is not None
    assert (row.state, row.exhaustive) == (State.STOPPED, False)
    assert row.verdict["unexplored"] > 0
    assert row.more["glance"]["verdict"]["exhaustive"] is True


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_heavy_ones_keep_no_small_one_waiting(engine: Engine, heavy: SagaVersion, broken: SagaVersion):
    """Three heavy ones fill the long lane for minutes; a small one is answered between them."""
    heavies = [services.start(heavy, faults=4, most_seconds=600, anew=True) for _ in range(3)]
    for row in heavies:
        until(row, lambda it: it.lane == "long", 120)
    small = until(services.start(broken), is_over, 60)
    assert small.state == State.DONE
    assert all(Exploration.objects.get(pk=row.pk).is_open for row in heavies)
    waiting = [row for row in heavies if Exploration.objects.get(pk=row.pk).state == State.QUEUED]
    assert waiting
    for row in heavies:
        services.stop(row)
    for row in heavies:
        assert until(row, is_over).state == State.STOPPED


@pytest.mark.usefixtures("one_process")
def test_one_that_waits_is_stopped_at_once(engine: Engine, heavy: SagaVersion, broken: SagaVersion):
    first = until(services.start(heavy, faults=4), is_exploring)
    second = services.start(broken)
    assert services.stop(second).state == State.STOPPED
    assert second.sentence == "It was stopped before it began."
    services.stop(first)
    until(first, is_over)


def test_what_nobody_wanted_goes_on_in_the_quick_lane_as_soon_as_somebody_wants_it(
    engine: Engine, heavy: SagaVersion
):
    quiet = until(services.start(heavy, faults=4, quietly=True), is_exploring)
    assert quiet.lane == Lane.IDLE
    wanted = services.start(heavy, faults=4)
    assert (wanted.pk, wanted.lane) == (quiet.pk, Lane.QUICK)
    until(wanted, lambda it: it.state == State.RUNNING and it.lane != Lane.IDLE and it.verdict is not None)
    services.stop(wanted)
    assert until(wanted, is_over).state == State.STOPPED


@pytest.mark.slow
def test_a_stop_is_heard_while_a_large_graph_is_read(engine: Engine, heavy: SagaVersion):
    row = until(
        services.start(heavy, faults=3, most_seconds=600),
        lambda it: it.progress.get("doing") == "reading",
        200,
    )
    until(row, lambda it: it.progress.get("doing") == "reading" and it.progress["level"] == 3, 200)
    asked = time.monotonic()
    services.stop(row)
    assert until(row, is_over).state == State.STOPPED
    assert time.monotonic() - asked < 10
    assert row.verdict is not None


def test_a_process_with_nothing_to_do_is_sent_home_and_another_one_comes_when_there_is():
    workers = Workers("rare", 2, kept_s=0.05)
    first = workers.submit(os.getpid).result(60)
    deadline = time.monotonic() + 20
    while workers.pids:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert workers.submit(os.getpid).result(60) != first
    workers.shutdown(cancel_futures=True)


@pytest.mark.slow
def test_who_asks_the_same_while_it_is_explored_gets_that_one(engine: Engine, heavy: SagaVersion):
    first = services.start(heavy, faults=4)
    assert services.start(heavy, faults=4).pk == first.pk
    assert services.start(heavy, faults=4, most_seconds=30).pk == first.pk
    services.stop(first)
    until(first, is_over)


def test_what_cannot_be_done_elsewhere_fails_alone(engine: Engine):
    for executor in (engine.quick,):
        with pytest.raises(WorkerDied):
            executor.submit(os._exit, 3).result(60)
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result(60)
        with pytest.raises(Exception, match="pickle"):
            executor.submit(lambda: 1).result(60)
        assert executor.submit(divmod, 7, 2).result(60) == (3, 1)


def test_a_process_that_has_grown_large_is_replaced_when_it_has_answered():
    for most_kept_mb, processes in ((1, 2), (4096, 1)):
        workers = Workers("large", 1, most_kept_mb=most_kept_mb)
        pids = {workers.submit(os.getpid).result(60) for _ in range(2)}
        assert len(pids) == processes
        workers.shutdown(cancel_futures=True)


def left_behind(version: SagaVersion, keeper: str, seconds: float) -> Exploration:
    """An exploration that somebody else looks after, for so long."""
    row = Exploration(
        version=version,
        saga=version.saga,
        name=version.saga.name,
        hash=version.hash,
        kernel="0",
        question="0",
        kinds=["error"],
        coordinations=["orchestration"],
        most_states=1000,
        most_seconds=1,
        state=State.RUNNING,
        keeper=keeper,
        kept_until=timezone.now() + timedelta(seconds=seconds),
        asked_at=timezone.now(),
    )
    row.save()
    return row


def test_what_a_dead_server_left_behind_is_lost_and_what_a_living_one_keeps_is_not(broken: SagaVersion):
    here = socket.gethostname()
    alive_here = f"{here}/{os.getppid()}/aaaa"
    rows = {
        "its lease is over": left_behind(broken, "elsewhere/1/aaaa", -1),
        "its process is gone": left_behind(broken, f"{here}/{_no_process()}/aaaa", 60),
        "its number is ours now": left_behind(broken, f"{here}/{os.getpid()}/other", 60),
        "alive elsewhere": left_behind(broken, "elsewhere/1/aaaa", 60),
        "alive here": left_behind(broken, alive_here, 60),
        "ours": left_behind(broken, jobs.keeper, -1),
    }
    assert services.sweep() == 3
    states = {told: Exploration.objects.get(pk=row.pk).state for told, row in rows.items()}
    assert states == {
        "its lease is over": "lost",
        "its process is gone": "lost",
        "its number is ours now": "lost",
        "alive elsewhere": "running",
        "alive here": "running",
        "ours": "running",
    }


def _no_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


@pytest.mark.slow
def test_a_server_that_ends_gives_up_what_is_under_way_and_its_workers_with_it(
    heavy: SagaVersion,
):
    jobs.close()
    engine = beside_the_server()
    with jobs.using(engine):
        row = until(services.start(heavy, faults=4), is_exploring)
        pids = [pid for each in engine.every if isinstance(each, Workers) for pid in each.pids]
        assert pids
        jobs.close()
    row.refresh_from_db()
    assert (row.state, "server was stopped" in row.sentence) == (State.LOST, True)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
