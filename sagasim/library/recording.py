"""History lines as they happen, for whoever keeps them: in memory, in a file, later in a database.

A line is {"seq", "at_ms", "kind", "data", "run"}. Beside what every line of ours says, some lines hold what a run
needs to be taken up again: SagaStarted the context and the fault plan, an answered call what the callable returned
and the context as it was then. Lines are plain JSON; what JSON cannot say is kept as its text, marked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from sagasim.core import lines
from sagasim.core.errors import quoted
from sagasim.core.history import Entry
from sagasim.library.answers import CannotResume

Line = dict[str, Any]
LOST = "$unrecorded"
"""The key under which a value stands of which only the text could be kept."""


class Recorder(Protocol):
    """Keeps lines. When `append` returns they must be safe: what they lead to happens only then."""

    def append(self, lines: Sequence[Line], /) -> None: ...


class MemoryRecorder:
    """Keeps the lines in a list; for tests, and for looking."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def append(self, lines: Sequence[Line]) -> None:
        self.lines.extend(lines)


class FileRecorder:
    """Appends each line as a line of JSON. One recorder may serve many runs and threads."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = Lock()

    def append(self, lines: Sequence[Line]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    @property
    def lines(self) -> list[Line]:
        """What the file holds. A last line that was not written to its end is left out."""
        if not self.path.exists():
            return []
        whole = self.path.read_text(encoding="utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line]


def line_of(entry: Entry, run: str, more: Mapping[str, object]) -> Line:
    """One entry as a line, with what a resumed run needs to know besides."""
    line: Line = dict(lines.line_of(entry))
    line["data"].update({name: recordable(value) for name, value in more.items()})
    return {**line, "run": run}


def lines_of_run(kept: Iterable[Line], run: str | None) -> list[Line]:
    """The lines of one run: of the only one, or of the one that is named. Raises CannotResume."""
    known = list(kept)
    runs = list(dict.fromkeys(str(line.get("run", "")) for line in known))
    if run is None and len(runs) > 1:
        raise CannotResume(f"these are {len(runs)} runs; say which one: run={runs[0]!r}")
    wanted = [line for line in known if run is None or line.get("run") == run]
    if not wanted:
        raise CannotResume("there is no line to resume from; give the lines that a recorder has kept")
    return wanted


def recordable(value: object) -> Any:
    """The value as plain JSON, apart from the original; what JSON cannot say as its text, marked."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: recordable(it) for key, it in value.items()}
        case list() | tuple():
            return [recordable(it) for it in value]
        case _:
            return {LOST: quoted(value, 200)}


def check_recorded(value: object, where: str) -> None:
    """Raises CannotResume where only the text of a value was kept."""
    match value:
        case {"$unrecorded": text}:
            raise CannotResume(
                f"{where} was {text}, which a line cannot hold; keep numbers, texts, lists and dicts there, "
                "or give the value again: resume(lines, context={...})"
            )
        case dict():
            for key, it in value.items():
                check_recorded(it, f"{where}[{key!r}]")
        case list():
            for it in value:
                check_recorded(it, where)
        case _:
            pass
