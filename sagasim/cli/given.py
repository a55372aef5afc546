"""What the command line is given: files, coordinations, plans, lists. Whatever is wrong is said in one sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sagasim.core.errors import CoreError, listed, quoted

if TYPE_CHECKING:
    from sagasim.core.faults import FaultPlan, Moment
    from sagasim.core.saga import Coordination, Saga

MOST_BYTES = 64 * 1024 * 1024
"""Of any file no more than this is read; a saga file may be far smaller (document.py says how much)."""


class WrongInput(CoreError):
    """What was asked for cannot be done; the text is one sentence for the user."""


def saga_of(file: str) -> Saga:
    from sagasim.core.codec import saga_from_text

    return saga_from_text(bytes_of(file), source="standard input" if file == "-" else file)


def bytes_of(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(MOST_BYTES)
        with Path(file).open("rb") as stream:
            return stream.read(MOST_BYTES)
    except FileNotFoundError:
        raise WrongInput(f"there is no file {quoted(file, 200)}") from None
    except IsADirectoryError:
        raise WrongInput(f"{quoted(file, 200)} is a folder; name a saga file in it") from None
    except (OSError, ValueError) as unreadable:
        why = getattr(unreadable, "strerror", None) or str(unreadable)
        raise WrongInput(f"{quoted(file, 200)} cannot be read: {why}") from None


def coordination_of(text: str, *more: str) -> Coordination:
    from sagasim.core.saga import Coordination

    if text not in list(Coordination):
        names = listed([each.value for each in Coordination] + list(more))
        raise WrongInput(f"no coordination {quoted(text)}; write one of {names}")
    return Coordination(text)


def plan_of(asked: argparse.Namespace, saga: Saga) -> tuple[FaultPlan, tuple[Moment, ...]]:
    from sagasim.core.faults import parse_moment, parse_plan

    order = [text.strip() for text in (asked.order or "").split(",") if text.strip()]
    return parse_plan(asked.fault, saga), tuple(parse_moment(text, saga) for text in order)


def words_of(text: str | None, known: Sequence[str], what: str) -> tuple[str, ...] | None:
    """A list with commas between, each of them known; None where nothing was asked."""
    if text is None:
        return None
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in words:
        if word not in known:
            raise WrongInput(f"no {what} {quoted(word)}; there are {listed(known, 30)}")
    if not words:
        raise WrongInput(f"an empty list names no {what}; there are {listed(known, 30)}")
    return words
