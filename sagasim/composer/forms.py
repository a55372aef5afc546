"""The composer's page as a form: the step table and the text, for those without scripts and before they run.

Both are sent together. What was typed into the table is applied to the text as far as it differs from what the
table showed, so that neither takes the other's edits away; where that cannot be, both come back as they were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from sagasim.composer import steptable
from sagasim.composer.checking import Draft, problems_of, read_draft, redrawn, repaired
from sagasim.composer.steptable import COLUMNS, KEYS, Cells, is_same
from sagasim.composer.telling import sentence
from sagasim.core.errors import BadSaga
from sagasim.core.saga import MOST_STEPS, Kind

_DOES = re.compile(r"(check|save|save-as|rename|up|down|remove|fix)(?:-([0-9]{1,4}))?")
_PLACE = re.compile(r"steps\[(\d+)\](?:\.(.+))?")
EMPTY_ROW: Cells = dict.fromkeys(KEYS, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The form as it goes out again: a text, rows of cells, and what is wrong where."""

    text: str
    rows: list[Cells]
    refusal: str = ""
    path: str = ""
    line: int | None = None
    row: int | None = None
    key: str = ""

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows as the page shows them, with an empty one at the end for a new step."""
        return [self._shown(place, cells) for place, cells in enumerate([*self.rows, EMPTY_ROW])]

    @property
    def is_refused_elsewhere(self) -> bool:
        """Whether what is wrong is at no row of the table."""
        return bool(self.refusal) and not self.is_blank and (self.row is None or self.row >= len(self.rows))

    @property
    def is_blank(self) -> bool:
        """Whether nothing is wrong but that there is no step yet."""
        return not self.rows and self.path == "steps"

    @property
    def height(self) -> int:
        return max(12, min(40, self.text.count("\n") + 2))

    def _shown(self, place: int, cells: Cells) -> dict[str, Any]:
        is_wrong = bool(self.refusal) and place == self.row
        shown = [
            {
                "column": column,
                "name": f"s{place}-{column.key}",
                "value": cells[column.key],
                "choices": _kinds(cells[column.key]) if column.key == "kind" else (),
                "is_wrong": is_wrong and self.key == column.key,
            }
            for column in COLUMNS
        ]
        return {
            "place": place,
            "number": place + 1,
            "is_new": place == len(self.rows),
            "cells": shown,
            "refusal": self.refusal if is_wrong else "",
        }


def filled(draft: Draft, bad: BadSaga | None = None) -> Filled:
    """The form of a draft; where it is no saga, or cannot be kept, with what is wrong at its place."""
    rows, bad = steptable.rows_of(draft.data), bad or draft.refusal
    return refused(draft.text, rows, bad) if bad else Filled(text=draft.text, rows=rows)


def refused(text: str, rows: list[Cells], bad: BadSaga) -> Filled:
    """The form with a sentence in it, at the cell that it is about if there is one."""
    place = _PLACE.match(bad.path)
    key = (place[2] or "") if place else ""
    column = next((it for it in KEYS if key == it or key.startswith((f"{it}[", f"{it}."))), "")
    return Filled(
        text=text,
        rows=rows,
        refusal=sentence(bad.sentence),
        path=bad.path,
        line=bad.line,
        row=int(place[1]) if place else None,
        key=column,
    )


class Essentials:
    """What somebody has sent: what to do, and the draft after all that was typed."""

    def __init__(self, posted: QueryDict) -> None:
        self.text = lines_alike(posted.get("text", ""))
        self.shown = steptable.rows_of(read_draft(lines_alike(posted.get("shown", ""))).data)
        rows = [*self.shown[:MOST_STEPS], EMPTY_ROW]
        self.typed = [_row(posted, place, was) for place, was in enumerate(rows)]
        said = _DOES.fullmatch(posted.get("do", "check"))
        self.does, self.place = (said[1], int(said[2] or 0)) if said else ("check", 0)
        self.under = posted.get("under", "").strip() if self.does in ("save-as", "rename") else ""
        base = posted.get("base", "")
        self.base = int(base) if re.fullmatch(r"[0-9]{1,9}", base) else 0

    @property
    def saves(self) -> bool:
        return self.does in ("save", "save-as", "rename")

    def draft(self) -> Draft:
        """The draft. Raises BadSaga where the table does not fit the text."""
        draft = read_draft(self.text)
        if self._is_table_changed():
            draft = redrawn(self.text, steptable.edited(draft.data, self.shown, self.typed))
        match self.does:
            case "up" | "down" | "remove":
                return redrawn(draft.text, self._rearranged(draft.data))
            case "fix":
                return self._fixed(draft)
            case _:
                return draft

    def unchanged(self, bad: BadSaga) -> Filled:
        """All that was typed, as it was, with the reason why it could not be applied."""
        kept = [row for row in self.typed if any(row.values())]
        return refused(self.text, kept, bad)

    def _is_table_changed(self) -> bool:
        pairs = zip([*self.shown[:MOST_STEPS], EMPTY_ROW], self.typed, strict=True)
        return any(not is_same(was[key], now[key]) for was, now in pairs for key in KEYS)

    def _rearranged(self, data: Any) -> Any:
        data = steptable.edited(data, [], [])
        if self.does == "remove":
            return steptable.without(data, self.place)
        return steptable.moved(data, self.place, -1 if self.does == "up" else 1)

    def _fixed(self, draft: Draft) -> Draft:
        problems = problems_of(draft.saga) if draft.saga else []
        fix = problems[self.place]["fix"] if self.place < len(problems) else None
        return draft if fix is None else repaired(draft.text, fix)


def _kinds(said: str) -> list[str]:
    """The kinds that there are, and what stands there instead of one."""
    return [*Kind, *([said] if said and said not in list(Kind) else [])]


def lines_alike(text: str) -> str:
    """A browser sends every line with a return and a line feed, whatever it was given."""
    return text.replace("\r\n", "\n")


def _row(posted: QueryDict, place: int, was: Cells) -> Cells:
    """A cell that was not sent is as it was."""
    return {key: posted.get(f"s{place}-{key}", was[key]).strip() for key in KEYS}
