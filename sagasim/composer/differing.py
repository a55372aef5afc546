"""Two texts side by side: rows of lines that are the same, changed, added or removed."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple

AROUND = 3
"""Lines that are the same and shown, before and after each change."""


class Row(NamedTuple):
    """One row: a line of each text with its number (0: no such line). A fold stands for lines left out."""

    state: str
    old_number: int
    old: str
    new_number: int
    new: str


def side_by_side(old: str, new: str) -> list[Row]:
    """The rows, with what is the same folded where it is long."""
    one, other = old.splitlines(), new.splitlines()
    rows: list[Row] = []
    matched = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    for place, (tag, a, b, c, d) in enumerate(matched):
        if tag == "equal":
            same = [Row("same", a + n + 1, one[a + n], c + n + 1, other[c + n]) for n in range(b - a)]
            rows += _folded(same, is_first=place == 0, is_last=place == len(matched) - 1)
        else:
            rows += _different(one[a:b], other[c:d], a, c)
    return rows


def _different(old: list[str], new: list[str], old_from: int, new_from: int) -> list[Row]:
    rows = []
    for n, (was, now) in enumerate(zip_longest(old, new)):
        state = "removed" if now is None else "added" if was is None else "changed"
        rows.append(
            Row(
                state,
                0 if was is None else old_from + n + 1,
                was or "",
                0 if now is None else new_from + n + 1,
                now or "",
            )
        )
    return rows


def _folded(same: list[Row], *, is_first: bool, is_last: bool) -> list[Row]:
    head, tail = (0 if is_first else AROUND), (0 if is_last else AROUND)
    hidden = len(same) - head - tail
    if hidden <= 1:
        return same
    return [*same[:head], Row("fold", 0, f"{hidden} lines alike", 0, ""), *same[len(same) - tail :]]
