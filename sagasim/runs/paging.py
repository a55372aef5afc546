"""What every list has in common: what somebody chose among, and pages by key.

A page begins after the last row of the one before it, `?before=<time>/<id>`: never an offset, never a count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime

M = TypeVar("M", bound=Model)

NO_PLACE = "A page begins before a run or an exploration: `before` is what the page before it gave, time/id."


@dataclass(frozen=True, slots=True)
class Key:
    """The last row of a page."""

    at: datetime
    pk: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}/{self.pk}"


def key_of(text: str) -> Key | None:
    """The key that an address tells; None where it tells none."""
    moment, _, pk = text.rpartition("/")
    try:
        at: Any = parse_datetime(moment)
        return Key(at, UUID(pk)) if at is not None else None
    except ValueError:
        return None


def after(rows: QuerySet[M], field: str, key: Key | None) -> QuerySet[M]:
    """The rows behind the key in a list that is in the order of `field` and id, the newest first."""
    if key is None:
        return rows
    behind = rows.filter(Q(**{f"{field}__lt": key.at}) | Q(**{field: key.at}, pk__lt=key.pk))
    return behind.filter(**{f"{field}__lte": key.at})  # lets the database begin in the middle of the index


def chosen_among(
    asked: Mapping[str, str], choices: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, str], list[str]]:
    """What was chosen of what there is, and a sentence about each choice that there is not."""
    chosen: dict[str, str] = {}
    refusals: list[str] = []
    for name, known in choices.items():
        value = asked.get(name, "")
        if value in known:
            chosen[name] = value
        elif value:
            refusals.append(f"There is no {name} {value[:60]!r}; there are {', '.join(known)}.")
    return chosen, refusals
