"""What an input to a run leads to: lines to record, and then calls to issue."""

from __future__ import annotations

from typing import NamedTuple

from sagasim.library.recording import Line


class Ask(NamedTuple):
    """A call to issue. `number` counts the calls of a run; `copy` is "" or the late or second copy that lands.

    `timeout_ms` is when the caller stops waiting; None: never.
    """

    number: int
    step: int
    undo: bool
    attempt: int
    key: str
    copy: str = ""
    timeout_ms: int | None = None


class Turn(NamedTuple):
    """The lines that happened, and the calls that follow: to be recorded and issued in this order."""

    lines: tuple[Line, ...]
    asks: tuple[Ask, ...]
