"""Writes plain data as YAML, the way a person would write a saga file.

Steps are blocks, what fits on a line is on a line, and a word stands in quotes wherever any YAML, 1.1 or 1.2,
could take it for something else. yamltext.py knows no sagas beyond that; rewriting.py uses its pieces.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

WIDTH = 100

_ALWAYS_BLOCKS = ("steps", "services", "invariants")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z_][A-Za-z0-9_./,;()'-]*(?: [A-Za-z0-9_./,;()'-]+)*")
_TAKEN = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


def yaml_of(data: Mapping[str, Any]) -> str:
    """The data as one YAML document."""
    return "\n".join(line for key, value in data.items() for line in entry(key, value, 0)) + "\n"


def entry(key: str, value: Any, indent: int) -> list[str]:
    """The lines of one key and its value in a block mapping."""
    head = f"{' ' * indent}{scalar(key)}:"
    if isinstance(value, str) and (lines := folded(value, indent)):
        return [f"{head} >-", *lines]
    if not isinstance(value, Mapping | list) or not value:
        return [f"{head} {inline(value, in_flow=False)}"]
    line = f"{head} {inline(value)}"
    if key not in _ALWAYS_BLOCKS and len(line) <= WIDTH:
        return [line]
    if isinstance(value, Mapping):
        return [head, *(line for below, it in value.items() for line in entry(below, it, indent + 2))]
    return [head, *(line for it in value for line in member(it, indent + 2, as_block=key == "steps"))]


def member(value: Any, indent: int, *, as_block: bool = False) -> list[str]:
    """The lines of one member of a block list."""
    line = f"{' ' * indent}- {inline(value)}"
    if not isinstance(value, Mapping) or not value or (not as_block and len(line) <= WIDTH):
        return [line]
    first, *rest = (line for key, it in value.items() for line in entry(key, it, indent + 2))
    return [f"{' ' * indent}- {first.lstrip()}", *rest]


def inline(value: Any, *, in_flow: bool = True) -> str:
    """The value on one line."""
    match value:
        case Mapping():
            return f"{{{', '.join(f'{scalar(key)}: {inline(it)}' for key, it in value.items())}}}"
        case list():
            return f"[{', '.join(inline(it) for it in value)}]"
        case _:
            return scalar(value, in_flow=in_flow)


def scalar(value: object, *, in_flow: bool = True) -> str:
    """A word, number, flag or null; words in quotes where they could be taken for anything else."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            plain = _PLAIN if in_flow else _PLAIN_IN_BLOCK
            is_plain = plain.fullmatch(value) and value.lower() not in _TAKEN
            return value if is_plain else in_quotes(value)
        case _:
            return repr(value)


def in_quotes(text: str) -> str:
    """The text in double quotes, with escapes for what an editor or a parser would trip over."""
    return f'"{"".join(_escaped(character) for character in text)}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def _escaped(character: str) -> str:
    plain = character if character.isprintable() else f"\\U{ord(character):08x}"
    return _ESCAPES.get(character, plain)


def folded(text: str, indent: int) -> list[str]:
    """The lines of a long text as a folded block (`>-`); none where it is short or would be changed."""
    if len(text) + indent < WIDTH or not text.isprintable() or " ".join(text.split()) != text:
        return []
    space = " " * (indent + 2)
    return [
        space + line
        for line in textwrap.wrap(text, WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False)
    ]
