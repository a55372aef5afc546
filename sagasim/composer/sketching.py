"""A saga out of a list of step names, one a line, as somebody would note them down.

    payments: charge card / refund card       service, action, compensation
    reserve seat / free seat                  a participant of its own
    payments: capture (pivot)                 compensatable, pivot, retriable or read
    # a line that is not read

A step without kind and compensation is compensatable, behind a pivot retriable; that the compensation is missing
is for the lint to say. Nothing is guessed beyond that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from sagasim.core.errors import BadSaga, quoted
from sagasim.core.saga import MOST_STEPS, Kind
from sagasim.core.schema import VERSION
from sagasim.core.yamltext import yaml_of

MOST_WORDS = 200
MOST_NAME = 100
_BULLET = re.compile(r"^(?:[-*•]|\d{1,3}[.)])\s+")
_KIND = re.compile(r"\(\s*(\w+)\s*\)\s*$")
SHAPE = "write `service: action / compensation`"


def sketched(lines: str, name: str) -> str:
    """The text of a saga file with these steps. Raises BadSaga with the line that is not one."""
    steps: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for number, line in _lines(lines):
        step = _step(line, number, behind_pivot=any(it.get("kind") == Kind.PIVOT for it in steps))
        if step["name"] in places:
            raise BadSaga(
                f"lines {places[step['name']]} and {number} both make a step {step['name']!r}; word one of them "
                "differently",
                line=number,
            )
        places[step["name"]] = number
        steps.append(step)
    if not steps:
        raise BadSaga(f"there is no step yet; {SHAPE}, one step a line")
    if len(steps) > MOST_STEPS:
        raise BadSaga(f"{len(steps)} steps; at most {MOST_STEPS} are allowed")
    return yaml_of({"sagasim": VERSION, "name": name, "steps": steps})


def slug_of(words: str) -> str:
    """`Charge the card` is `charge-the-card`; empty where no letter of it can stand in a name."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = _BULLET.sub("", line.strip())
        if words and not words.startswith("#"):
            yield number, words


def _step(line: str, number: int, *, behind_pivot: bool) -> dict[str, Any]:
    if len(line) > 3 * MOST_WORDS:
        raise BadSaga(f"the line has {len(line)} characters; {SHAPE}", line=number)
    found = _KIND.search(line)
    kind = _kind(found[1], number) if found else None
    said = line[: found.start()] if found else line
    service, _, rest = said.rpartition(":") if ":" in said else ("", "", said)
    action, slash, compensation = (part.strip() for part in rest.partition("/"))
    if slash and not compensation:
        raise BadSaga(
            "there is no compensation behind the slash; write one, or leave the slash out", line=number
        )
    if compensation and kind not in (None, Kind.COMPENSATABLE):
        raise BadSaga(
            f"a step of kind {kind} is never undone; leave out {quoted(compensation)}, or the kind",
            line=number,
        )
    name = _named(action, "the step", number)
    step: dict[str, Any] = {"name": name}
    if ":" in said:
        step["service"] = _named(service, "the service", number)
    if kind is None and not compensation:
        kind = Kind.RETRIABLE if behind_pivot else Kind.COMPENSATABLE
    if kind is not None:
        step["kind"] = str(kind)
    if action.lower().replace(" ", "-") != name:
        step["action"] = _fitting(action, number)
    if compensation:
        step["compensation"] = _fitting(compensation, number)
    return step


def _kind(word: str, number: int) -> Kind:
    try:
        return Kind(word.lower())
    except ValueError:
        raise BadSaga(f"no kind {quoted(word)}; the kinds are {', '.join(Kind)}", line=number) from None


def _named(words: str, what: str, number: int) -> str:
    slug = slug_of(words)
    if not words.strip():
        raise BadSaga(f"{what} has no name; {SHAPE}", line=number)
    if not slug:
        raise BadSaga(
            f"no name for {what} can be made of {quoted(words.strip())}; use a to z and digits", line=number
        )
    if len(slug) > MOST_NAME:
        raise BadSaga(f"the name of {what} has {len(slug)} characters; at most {MOST_NAME} fit", line=number)
    if slug == "saga":
        raise BadSaga(f"'saga' names the saga itself; call {what} something else", line=number)
    return slug


def _fitting(words: str, number: int) -> str:
    if len(words) > MOST_WORDS:
        raise BadSaga(f"{len(words)} characters for one name; at most {MOST_WORDS} fit", line=number)
    return " ".join(words.split())
