from __future__ import annotations

import asyncio
from functools import partial
from itertools import cycle
from uuid import UUID

import pytest

from sagasim.composer.services import keep_saga
from sagasim.core.codec import saga_from_data
from sagasim.core.history import CommandSent, Entry
from sagasim.core.saga import Coordination
from sagasim.runs import recording
from sagasim.runs.consumers import Viewer
from sagasim.runs.hub import Hub
from sagasim.runs.wire import on_the_wire
from tests.runs.other_end import Browser

LINES = 60


def line(seq: int) -> Entry:
    return Entry(
        seq=seq, at_ms=seq, event=CommandSent(step="a", undo=False, attempt=1, key="k"), because=seq - 1
    )


@pytest.fixture
def run(transactional_db: None) -> UUID:
    saga = saga_from_data({"sagasim": 1, "name": "shown", "steps": [{"name": "a", "service": "s"}]})
    run = recording.begin_recording(keep_saga(saga, by=None), Coordination.ORCHESTRATION)
    recording.record_lines(run.pk, [line(1)])
    return run.pk


def has_heard(browser: Browser, lines: int) -> bool:
    return len(browser.lines) == lines


def was_told_the_end(browser: Browser) -> bool:
    return "ended" in browser.told[-1]


@pytest.mark.parametrize("takes", [(True,), (False,), (True, False), (False, False, True)], ids=str)
async def test_whether_or_not_the_server_takes_a_frame_at_once_every_line_comes_once(
    run: UUID, takes: tuple[bool, ...]
):
    turn = cycle(takes)
    quick, slow = Browser(takes=float("inf"), at_once=lambda: next(turn)), Browser(takes=float("inf"))
    hub = Hub()
    serving = [asyncio.create_task(Viewer(each.socket, run, hub).serve()) for each in (quick, slow)]
    for each in (quick, slow):
        await each.until(partial(has_heard, each, 1))
    for seq in range(2, LINES + 1, 3):
        await asyncio.to_thread(
            recording.record, {run: [line(it) for it in range(seq, min(seq + 3, LINES + 1))]}
        )
        await asyncio.sleep(0.02)
    await asyncio.to_thread(recording.cut_off, run)
    for each in (quick, slow):
        await each.until(partial(has_heard, each, LINES))
        await each.until(partial(was_told_the_end, each))
        assert each.lines == list(range(1, LINES + 1))
    assert (quick.handed > 0) == any(takes)
    assert slow.handed == 0
    for task in serving:
        task.cancel()


@pytest.mark.parametrize(
    ("message", "header"),
    [
        ("é", b"\x81\x02"),
        (b"x" * 125, b"\x82\x7d"),
        (b"x" * 126, b"\x82\x7e\x00\x7e"),
        ("x" * 65_535, b"\x81\x7e\xff\xff"),
        (b"x" * 65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
    ids=["text", "short", "longer", "longest of two bytes", "eight bytes"],
)
def test_a_message_stands_on_the_wire_behind_its_kind_and_its_length(message: str | bytes, header: bytes):
    payload = message if isinstance(message, bytes) else message.encode()
    assert on_the_wire(message) == header + payload


class Passing:
    """Somebody who looks in, and asks for nothing."""

    def wake(self) -> None:
        """Nothing is waited for."""

    def hand(self, _frame: object, _message: bytes) -> bool:
        return False


async def test_who_leaves_while_others_enter_does_not_close_the_room_behind_him(run: UUID):
    hub, late = Hub(), Passing()

    async def looks_in() -> None:
        leaving = Passing()
        assert await hub.enter(run, leaving) is not None
        hub.leave(run, leaving)

    _, room = await asyncio.gather(looks_in(), hub.enter(run, late))
    assert room is not None
    assert hub.rooms[run].viewers == {late}
