from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from sagasim.composer.services import keep_saga
from sagasim.core.codec import saga_from_data
from sagasim.core.history import CommandSent, Entry
from sagasim.core.saga import Coordination
from sagasim.runs import feed, recording
from sagasim.runs.consumers import UNSENT_BYTES, WINDOW_BYTES, Viewer
from sagasim.runs.hub import HANDED_BYTES, Hub
from sagasim.runs.sockets import Refused
from tests.runs.other_end import Browser

LINES = 20_000


@pytest.fixture
def long_run(transactional_db: None) -> UUID:
    """A recorded run that goes on; its lines cannot be packed much, since each has a word of its own."""
    saga = saga_from_data({"sagasim": 1, "name": "long", "steps": [{"name": "a", "service": "s"}]})
    run = recording.begin_recording(keep_saga(saga, by=None), Coordination.ORCHESTRATION)
    for first in range(1, LINES, 4000):
        recording.record_lines(run.pk, [line(seq) for seq in range(first, first + 4000)])
    return run.pk


def line(seq: int) -> Entry:
    word = f"{seq * 2654435761 % 2**61:x}{seq * 40503 % 2**31:x}"
    return Entry(
        seq=seq, at_ms=seq, event=CommandSent(step="a", undo=False, attempt=1, key=word), because=seq - 1
    )


@pytest.mark.parametrize("is_over", [False, True])
def test_a_long_run_is_read_some_at_a_time_and_nothing_of_it_is_missing(long_run: UUID, is_over: bool):
    if is_over:
        recording.cut_off(long_run)
    cursor, parts = 0, 0
    while frames := feed.frames_after(long_run, cursor, most_bytes=HANDED_BYTES):
        assert sum(len(frame.sent) for frame in frames) <= HANDED_BYTES
        assert [frame.first for frame in frames] == [cursor + 1, *(frame.last + 1 for frame in frames[:-1])]
        cursor, parts = frames[-1].last, parts + 1
    assert (cursor, parts > 5) == (LINES, True)


def test_a_frame_that_is_larger_than_what_one_is_handed_comes_alone(long_run: UUID):
    (frame,) = feed.frames_after(long_run, 0, most_bytes=1)
    assert frame.first == 1


async def test_who_acknowledges_nothing_is_sent_a_window_and_then_closed(long_run: UUID):
    browser = Browser(takes=float("inf"))
    with pytest.raises(Refused, match=r"Nothing was acknowledged for 0.2 s") as refused:
        await Viewer(browser.socket, long_run, Hub(), patience_s=0.2).serve()
    assert refused.value.code == 4408
    assert WINDOW_BYTES / 2 < browser.got <= WINDOW_BYTES + 1000  # the greeting is not counted


async def test_who_acknowledges_without_reading_fills_no_memory_either(long_run: UUID):
    browser = Browser(takes=1000)

    async def acknowledge_everything() -> None:
        while True:
            await asyncio.sleep(0.03)
            browser.says.put_nowait({"type": "websocket.receive", "text": f'{{"ack": {LINES}}}'})

    acknowledging = asyncio.create_task(acknowledge_everything())
    with pytest.raises(Refused, match=r"Nothing was read for 0.3 s") as refused:
        await Viewer(browser.socket, long_run, Hub(), patience_s=0.3).serve()
    acknowledging.cancel()
    assert refused.value.code == 4408
    assert browser.unsent() < UNSENT_BYTES + HANDED_BYTES


async def test_a_viewer_who_is_slow_gets_everything_in_the_end(long_run: UUID):
    browser = Browser(takes=0)

    async def read_slowly() -> None:
        while True:
            await asyncio.sleep(0.01)
            browser.takes = browser.got
            browser.says.put_nowait({"type": "websocket.receive", "text": f'{{"ack": {viewer.cursor}}}'})

    viewer = Viewer(browser.socket, long_run, Hub(), patience_s=5)
    parts = [asyncio.create_task(viewer.serve()), asyncio.create_task(read_slowly())]
    while viewer.cursor < LINES:
        assert not parts[0].done(), parts[0].exception()
        await asyncio.sleep(0.01)
    for part in parts:
        part.cancel()
    assert browser.lines == list(range(1, LINES + 1))


async def test_who_is_signed_out_does_not_go_on_watching(transactional_db: None, settings: Any):
    settings.LOCAL = False
    ada = await User.objects.acreate(username="ada")
    browser = Browser(takes=float("inf"))
    browser.socket.user = ada
    checking = asyncio.create_task(browser.socket.check_for_ever(every_s=0.01))
    await asyncio.sleep(0.05)
    assert not checking.done()  # she may go on
    await User.objects.filter(pk=ada.pk).aupdate(is_active=False)
    with pytest.raises(Refused, match="not signed in any more") as refused:
        await checking
    assert refused.value.code == 4401
