"""What the command line knows about terminals: colours, width, a line of progress, harmless text.

Colours and progress are for people: in a pipe, and where NO_COLOR is set, there is plain text.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Terminal:
    """Where a command writes: results to `out`, progress and refusals to `err`."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self.colourful = _is_for_people(self.out) and not os.environ.get("NO_COLOR")
        self.watched = _is_for_people(self.err)
        self.width = shutil.get_terminal_size((100, 24)).columns if _is_for_people(self.out) else 100
        self._line = 0

    def say(self, text: str = "") -> None:
        """One line of the result."""
        self.clear()
        self.out.write(f"{text}\n")

    def paint(self, text: str, *styles: str) -> str:
        """The text in a colour, where there are colours. Whatever else it asks of a terminal is taken out."""
        plain = printable(text)
        if not self.colourful or not styles:
            return plain
        return f"\033[{';'.join(_CODES[style] for style in styles)}m{plain}\033[0m"

    def progress(self, text: str) -> None:
        """Overwrites the line of progress; shown only where somebody watches."""
        if self.watched:
            room = shutil.get_terminal_size((100, 24)).columns - 1
            self.err.write(f"\r{text[:room].ljust(self._line)}")
            self.err.flush()
            self._line = min(len(text), room)

    def clear(self) -> None:
        """Takes the line of progress away."""
        if self._line:
            self.err.write(f"\r{' ' * self._line}\r")
            self.err.flush()
            self._line = 0

    def refuse(self, sentence: str) -> None:
        """One sentence about what was wrong with the input."""
        self.clear()
        self.err.write(f"sagasim: {printable(' '.join(sentence.split()))}\n")


def printable(text: str) -> str:
    """The text without anything that a terminal would obey: names in a file are not ours."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _is_for_people(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
