"""Reads a text into plain data: YAML 1.2 (core schema) or JSON, and nothing that could surprise.

Only `true` and `false` (also True and TRUE, as the core schema has it) are booleans: `no` and `on` are words.
There are no tags, since they name types of a programming language; no anchors and aliases, since nine lines
of them grow to gigabytes, and since an edit of one place would change another; one document, no key twice.

The parser is PyYAML's binding to libyaml, of which only the events are used: a file of 200 steps is read in
20 ms, places included; ruamel.yaml takes 200. What a plain word means is decided here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from sagasim.core.errors import BadSaga, below, quoted

MOST_BYTES = 2**20
MOST_DEPTH = 50
MOST_VALUES = 50_000
MOST_DIGITS = 40

_NULL = re.compile(r"null|Null|NULL|~|")
_FLAG = re.compile(r"true|True|TRUE|false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


Place = tuple[str | int, ...]
"""Where a value is in the data: ("steps", 2, "retry"). A path cannot say it, since keys may hold dots."""


class Span(NamedTuple):
    """Where a value stands in the text, as indexes of characters.

    `key` and `key_end` are where its key stands; for what has no key, where it begins itself.
    `style` is `plain`, `quoted`, `literal` (text of several lines), `block` or `flow`.
    """

    key: int
    key_end: int
    start: int
    end: int
    style: str


@dataclass(slots=True)
class Document:
    """What a text says, and where it says it (by path: `steps[2].retry`)."""

    data: Any
    spans: dict[Place, Span] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def line_of(self, path: str) -> int | None:
        """The line (from 1) of a path, or of the nearest thing around it; none for the file as a whole."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines[path] if path else None


def read_document(text: str | bytes) -> Document:
    """The data of a text. Raises BadSaga with the line where known, whatever the bytes are."""
    content = _decoded(text)
    if not content.strip():
        raise BadSaga("the file is empty; a saga file begins with `sagasim: 1`")
    if not content.lstrip().startswith("{"):
        return _read_yaml(content)
    try:
        return _read_json(content)
    except json.JSONDecodeError:
        return _read_yaml(content)  # `{name: a}` is YAML, too


def _decoded(text: str | bytes) -> str:
    if len(text) > MOST_BYTES:
        raise BadSaga(f"the file has over {MOST_BYTES // 1024} KiB; no saga of 200 steps needs that")
    try:
        raw = text.encode() if isinstance(text, str) else bytes(text)
        content = raw.decode("utf-8-sig")
    except UnicodeError:
        raise BadSaga("the file is no UTF-8 text; save it as UTF-8") from None
    if len(raw) > MOST_BYTES:
        raise BadSaga(f"the file has over {MOST_BYTES // 1024} KiB; no saga of 200 steps needs that")
    if "\0" in content:
        raise BadSaga("the file is binary; a saga file is YAML or JSON text")
    return content


def _read_json(content: str) -> Document:
    try:
        data = json.loads(
            content,
            object_pairs_hook=_without_doubles,
            parse_constant=_no_number,
            parse_float=_fraction,
            parse_int=_whole,
        )
    except RecursionError:
        raise BadSaga(_too_deep()) from None
    _refuse_depth(data, 0)
    return _with_lines(data, content)


def _with_lines(data: object, content: str) -> Document:
    """JSON is all but a subset of YAML, whose parser tells places; where it cannot, there are none."""
    try:
        found = _read_yaml(content)
    except BadSaga:
        return Document(data)
    return Document(data, found.spans, found.lines)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in found if keys.count(key) > 1)
        raise BadSaga(f"the key {quoted(double)} stands twice in one mapping; keep one of them")
    return found


def _refuse_depth(data: object, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise BadSaga(_too_deep())
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        _refuse_depth(item, depth + 1)


def _too_deep() -> str:
    return f"it is nested more than {MOST_DEPTH} deep; a saga file needs 6"


def _read_yaml(content: str) -> Document:
    import yaml  # 15 ms that a run of a built saga need not pay

    try:
        return _Reader(_events(content)).document()
    except yaml.MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        line = mark.line + 1 if mark else None
        raise BadSaga(_no_yaml(bad.problem or bad.context or ""), line=line) from None
    except yaml.YAMLError as bad:
        character = getattr(bad, "character", None)
        shown = (
            f"the character {quoted(chr(character))} " if isinstance(character, int) else "a character in it "
        )
        raise BadSaga(f"{shown}cannot stand in YAML; leave it out or write it as an escape") from None


def _events(content: str) -> Iterator[Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # where PyYAML was built without libyaml
    return iter(yaml.parse(content, Loader=loader))


_HINTS = (
    ("\\t", "indent with spaces, not with tabs"),
    ("tab character", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", "put text with a colon in quotes, or check the indentation"),
    ("could not find expected ':'", "write a colon after each key, and check the indentation"),
    ("expected <block end>", "indent the lines of one list or mapping alike"),
    ("did not find expected key", "indent the lines of one mapping alike"),
    ("did not find expected '-' indicator", "indent the members of one list alike"),
    ("expected node content", "close each [ and {, with commas in between"),
    ("flow", "close each [ and {, with commas in between"),
    ("did not find expected ',' or", "close each [ and {, with commas in between"),
    ("unexpected end of stream", "close the quotes"),
    ("document", "a saga file holds one document, without lines of --- or ... inside"),
)


def _no_yaml(problem: str) -> str:
    hint = next(
        (hint for part, hint in _HINTS if part in problem), "put text with special characters in quotes"
    )
    return f"this is no YAML ({problem}); {hint}"


_STYLES = {"'": "quoted", '"': "quoted", "|": "literal", ">": "literal"}


class _Reader:
    """Puts data together from the parser's events, and remembers where each piece stands."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events, self.values = events, 0
        self.found = Document(None)

    def document(self) -> Document:
        documents = 0
        for event in self.events:
            match type(event).__name__:
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent":
                    pass
                case "DocumentStartEvent":
                    documents += 1
                    if documents > 1:
                        self._fail("a second document begins; a saga file holds one", event)
                case _:
                    self.found.data = self._node(event, (), "", event)
        return self.found

    def _node(self, event: Any, place: Place, path: str, key: Any) -> Any:
        self.values += 1
        if self.values > MOST_VALUES:
            self._fail(f"more than {MOST_VALUES} values; no saga of 200 steps needs that", event, path)
        if len(place) > MOST_DEPTH:
            self._fail(_too_deep(), event)
        self._refuse_extras(event, path)
        self.found.lines[path] = key.start_mark.line + 1
        data, end, style = self._content(event, place, path)
        key_end = event.start_mark if key is event else key.end_mark
        self.found.spans[place] = Span(
            key=key.start_mark.index,
            key_end=key_end.index,
            start=event.start_mark.index,
            end=end.end_mark.index,
            style=style,
        )
        return data

    def _content(self, event: Any, place: Place, path: str) -> tuple[Any, Any, str]:
        if type(event).__name__ == "ScalarEvent":
            return self._scalar(event, path), event, _STYLES.get(event.style, "plain")
        style = "flow" if event.flow_style else "block"
        if type(event).__name__ == "SequenceStartEvent":
            return *self._sequence(place, path), style
        return *self._mapping(place, path), style

    def _refuse_extras(self, event: Any, path: str) -> None:
        if type(event).__name__ == "AliasEvent" or event.anchor is not None:
            self._fail(
                "anchors (&) and aliases (*) are not read; write the value out, or put it in quotes",
                event,
                path,
            )
        if event.tag is not None:
            self._fail(
                f"the tag {quoted(event.tag)} is not read; leave it out, or put the text in quotes",
                event,
                path,
            )

    def _sequence(self, place: Place, path: str) -> tuple[list[Any], Any]:
        items: list[Any] = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            index = len(items)
            items.append(self._node(event, (*place, index), f"{path}[{index}]", event))
        return items, event

    def _mapping(self, place: Place, path: str) -> tuple[dict[str, Any], Any]:
        items: dict[str, Any] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key = self._key(event, items, path)
            items[key] = self._node(next(self.events), (*place, key), below(path, key), event)
        return items, event

    def _key(self, event: Any, items: dict[str, Any], path: str) -> str:
        self._refuse_extras(event, path)
        key = self._scalar(event, path) if type(event).__name__ == "ScalarEvent" else None
        if not isinstance(key, str):
            shown = quoted(event.value) if type(event).__name__ == "ScalarEvent" else "that stands here"
            self._fail(f"the key {shown} is no text; put it in quotes", event, path)
        if key in items:
            self._fail(f"the key {quoted(key)} stands twice in one mapping; keep one of them", event, path)
        return key

    def _scalar(self, event: Any, path: str) -> Any:
        text: str = event.value
        if event.style or not event.implicit[0]:
            return text
        try:
            return _meant(text)
        except BadSaga as bad:
            self._fail(bad.sentence, event, path)

    def _fail(self, sentence: str, event: Any, path: str = "") -> NoReturn:
        raise BadSaga(sentence, path=path, line=event.start_mark.line + 1)


def _meant(word: str) -> object:
    """What an unquoted word means in the core schema of YAML 1.2. Raises BadSaga for infinity."""
    if _NULL.fullmatch(word):
        return None
    if _FLAG.fullmatch(word):
        return word.lower() == "true"
    if _WHOLE.fullmatch(word):
        return _whole(word)
    if _FRACTION.fullmatch(word):
        return _fraction(word)
    return _no_number(word) if _NOT_FINITE.fullmatch(word) else word


def _whole(word: str) -> int:
    if len(word) > MOST_DIGITS:
        raise BadSaga(f"the number {quoted(word)} is too long; write at most 15 digits")
    base = {"0o": 8, "0x": 16}.get(word[:2], 10)
    return int(word[2:] if base != 10 else word, base)


def _fraction(word: str) -> float:
    number = float(word)
    return _no_number(word) if number in (float("inf"), float("-inf")) else number


def _no_number(word: str) -> NoReturn:
    raise BadSaga(f"{quoted(word)} is no finite number; write digits")
