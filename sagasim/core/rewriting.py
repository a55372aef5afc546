"""Changes a saga's text where its data has changed, and nowhere else.

What stays the same is not parsed and printed again but left as it is, byte for byte: comments, order, quotes,
blank lines. (We looked at the round-trip mode of ruamel.yaml first; it hangs a comment on what stands above
it, so that removing a step takes the comment of the next one along, and it re-flows what nobody touched.)

A comment directly above a step or a key belongs to it, and goes where it goes. A key that the new data leaves
out because it says the default anyway stays, since somebody wrote it down. What changed inside `{...}` or
`[...]` is written again on one line. Where the result would not mean the new data, all of it is written anew.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sagasim.core.document import Document, Place, Span, read_document
from sagasim.core.errors import BadSaga
from sagasim.core.sagafile import Data, saga_from_data, saga_in_full
from sagasim.core.yamltext import entry, folded, in_quotes, inline, member, yaml_of


def edited_text(old_text: str, new_data: Data, *, as_written: bool = False) -> str:
    """The text, changed so that it means `new_data`; what did not change keeps its comments, order and style.

    `new_data` need not be a saga that can run: a draft is kept as it is. `as_written`: it is all that should stand
    in the text, so that a default which it leaves out goes, although somebody wrote it down once.
    """
    text = old_text.removeprefix("\ufeff")
    try:
        document = read_document(text)
    except BadSaga:
        return yaml_of(new_data)
    if not isinstance(document.data, dict) or not set(document.data) & set(new_data):
        return yaml_of(new_data)
    wanted: Data = new_data if as_written else _with_kept(document.data, new_data, _in_full(new_data))
    if _alike(document.data, wanted):
        return old_text
    if text.lstrip().startswith("{"):
        return json.dumps(wanted, indent=2, ensure_ascii=False) + "\n"
    return _rewritten(text, document, wanted)


class Edit(NamedTuple):
    """What stands from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str


def _rewritten(text: str, document: Document, wanted: Data) -> str:
    rewriter = _Rewriter(text if text.endswith("\n") else text + "\n", document)
    edited = rewriter.applied(rewriter.edits((), document.data, wanted), 0, len(rewriter.text))
    return edited if _means(edited, wanted) else yaml_of(wanted)


def _means(text: str, wanted: Data) -> bool:
    try:
        return _alike(read_document(text).data, wanted)
    except BadSaga:
        return False


def _alike(one: object, other: object) -> bool:
    """Equal, and the same to YAML: true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _in_full(data: Data) -> Data:
    try:
        return saga_in_full(saga_from_data(data))
    except BadSaga:
        return {}


def _with_kept(old: Any, new: Any, full: Any) -> Any:
    """The new data, and what the old text says beyond it that is true anyway (`full` has every default)."""
    if _alike(_same_time(old), _same_time(new)):
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return _mapping_with_kept(old, new, full if isinstance(full, dict) else {})
    if isinstance(old, list) and isinstance(new, list):
        pairs = _pairs(old, new)
        at = {it["name"]: it for it in full if isinstance(it, dict)} if isinstance(full, list) else {}
        return [
            it if pairs[index] is None else _with_kept(old[pairs[index]], it, at.get(_name(it), it))
            for index, it in enumerate(new)
        ]
    return new


def _mapping_with_kept(old: Data, new: Data, full: Data) -> Data:
    kept = {key: _with_kept(old[key], it, full.get(key)) if key in old else it for key, it in new.items()}
    for key, it in old.items():
        if key in new or key not in full:
            continue
        if isinstance(it, dict) and isinstance(full[key], dict):
            if (inner := _mapping_with_kept(it, {}, full[key])) or not it:
                kept[key] = inner
        elif _alike(_same_time(it), full[key]):
            kept[key] = it
    return kept


def _same_time(value: Any) -> Any:
    """`{min: 40, max: 40}` says the same as 40."""
    if isinstance(value, dict) and set(value) == {"min", "max"} and value["min"] == value["max"]:
        return value["min"]
    return value


def _name(item: Any) -> Any:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else None


def _pairs(old: list[Any], new: list[Any]) -> list[Any]:
    """For each new member the index of the old one that it was: of the same name, equal, or renamed."""
    free = dict(enumerate(old))
    pairs: list[int | None] = []
    for it in new:
        alike = (index for index, was in free.items() if _is_same(was, it))
        pairs.append(index := next(alike, None))
        if index is not None:
            del free[index]
    for index, it in enumerate(new):
        if pairs[index] is None and isinstance(it, dict) and isinstance(free.get(index), dict):
            pairs[index] = index
            del free[index]
    return pairs


def _is_same(was: Any, it: Any) -> bool:
    return _name(was) == _name(it) if _name(it) is not None else _alike(was, it)


class _Rewriter:
    """Finds the edits that turn one text into another meaning."""

    def __init__(self, text: str, document: Document) -> None:
        self.text, self.spans = text, document.spans
        self.eol = "\r\n" if "\r\n" in text else "\n"
        self.inside: dict[Place, list[Place]] = {}
        for place in filter(None, self.spans):
            self.inside.setdefault(place[:-1], []).append(place)
        self.texts = [span for span in self.spans.values() if "\n" in text[span.start : span.end]]
        self.texts = [span for span in self.texts if span.style not in ("block", "flow")]

    def applied(self, edits: list[Edit], start: int, end: int) -> str:
        """The text from start to end, after the edits in it."""
        pieces = []
        for edit in sorted(edits, key=lambda edit: edit[:2]):
            pieces += [self.text[start : edit.start], edit.text]
            start = edit.end
        return "".join([*pieces, self.text[start:end]])

    def edits(self, place: Place, old: Any, new: Any) -> list[Edit]:
        if _alike(old, new):
            return []
        if isinstance(old, dict) and isinstance(new, dict) and old and new:
            return self._edits_in_mapping(place, old, new)
        if isinstance(old, list) and isinstance(new, list) and old and new:
            return self._edits_in_list(place, old, new)
        return [self._replaced(place, new)]

    def _replaced(self, place: Place, new: Any) -> Edit:
        """The value is written anew, in the style that stood there."""
        span = self.spans[place]
        if isinstance(new, str) and span.style == "quoted":
            return Edit(span.start, span.end, in_quotes(new))
        if (
            isinstance(new, str)
            and span.style == "literal"
            and (lines := folded(new, self._column(span.key)))
        ):
            return Edit(span.start, self._end(place), self.eol.join([">-", *lines]))
        in_flow = isinstance(new, dict | list) or self._is_in_flow(place)
        if span.style == "block" and span.key_end < span.start:
            return Edit(span.key_end, self._end(place), f": {inline(new)}")
        before = " " if self.text[span.start - 1 : span.start] == ":" else ""
        return Edit(span.start, self._end(place), before + inline(new, in_flow=in_flow))

    def _is_in_flow(self, place: Place) -> bool:
        return any(self.spans[place[:length]].style == "flow" for length in range(len(place)))

    def _edits_in_mapping(self, place: Place, old: Data, new: Data) -> list[Edit]:
        in_block = self.spans[place].style == "block"
        if set(old) != set(new) and not (in_block and self._has_head(place, old, new)):
            return [self._replaced(place, new)]
        edits = [self._removed((*place, key)) for key in old if key not in new]
        for key in old:
            if key in new and in_block and not old[key] and isinstance(new[key], dict | list) and new[key]:
                edits.append(self._filled((*place, key), new[key]))
            elif key in new:
                edits += self.edits((*place, key), old[key], new[key])
        return edits + self._added(place, old, new)

    def _filled(self, place: Place, new: Any) -> Edit:
        """What was empty (`steps: []`) has no style that could be kept: it is written as if it were new."""
        span, key = self.spans[place], str(place[-1])
        lines = entry(key, new, self._column(span.key))
        return Edit(span.key, self._end(place), self.eol.join(lines).lstrip())

    def _has_head(self, place: Place, old: Data, new: Data) -> bool:
        """Whether the first key stays, or stands on a line of its own: none has to move up behind a dash."""
        first = next(iter(old))
        at = self.spans[*place, first].key
        return first in new or (bool(set(old) & set(new)) and not self.text[self._line(at) : at].strip())

    def _removed(self, place: Place) -> Edit:
        return Edit(self._chunk(self.spans[place].key), self._next_line(self._end(place)), "")

    def _added(self, place: Place, old: Data, new: Data) -> list[Edit]:
        """Each new key after the one that stands before it in the new data, as a line of its own."""
        staying = [key for key in old if key in new]
        column = self._column(self.spans[*place, staying[0]].key)
        edits, above = [], staying[0]
        for key, value in new.items():
            if key in old:
                above = key
                continue
            at = self._next_line(self._end((*place, above)))
            edits.append(Edit(at, at, self._as_lines(entry(key, value, column))))
        return edits

    def _edits_in_list(self, place: Place, old: list[Any], new: list[Any]) -> list[Edit]:
        """The members' chunks, each with its comments, put together again in the new order."""
        spans = [self.spans[*place, index] for index in range(len(old))]
        pairs = _pairs(old, new)
        if pairs == list(range(len(old))):
            return [
                edit for index, it in enumerate(new) for edit in self.edits((*place, index), old[index], it)
            ]
        if not all(self._is_behind_dash(span) for span in spans):
            return [self._replaced(place, new)]
        starts = [self._chunk(span.start) for span in spans]
        ends = [*starts[1:], self._next_line(self._end((*place, len(old) - 1)))]
        chunks = []
        for it, was in zip(new, pairs, strict=True):
            if was is None:
                lines = member(it, self._margin(spans[0]), as_block=place == ("steps",))
                chunks.append(self._as_lines(lines))
            else:
                chunks.append(self.applied(self.edits((*place, was), old[was], it), starts[was], ends[was]))
        return [Edit(starts[0], ends[-1], "".join(chunks))]

    def _as_lines(self, lines: list[str]) -> str:
        return "".join(line + self.eol for line in lines)

    def _is_behind_dash(self, span: Span) -> bool:
        return self.text[self._line(span.start) : span.start].strip() == "-"

    def _margin(self, span: Span) -> int:
        line = self.text[self._line(span.start) : span.start]
        return len(line) - len(line.lstrip())

    def _line(self, at: int) -> int:
        """Where the line of this index begins."""
        return self.text.rfind("\n", 0, at) + 1

    def _next_line(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _column(self, at: int) -> int:
        return at - self._line(at)

    def _chunk(self, at: int) -> int:
        """Where the line of this index begins, or the comment directly above it."""
        line = self._line(at)
        while line and self._is_comment(above := self._line(line - 1), line):
            line = above
        return line

    def _is_comment(self, start: int, end: int) -> bool:
        """Whether a line is a comment, and not a line of a text that only looks like one."""
        looks = self.text[start:end].lstrip().startswith("#")
        return looks and not any(span.start < end and start < span.end for span in self.texts)

    def _end(self, place: Place) -> int:
        """Where the value ends, without the comments and blank lines that the parser counts in."""
        span = self.spans[place]
        if span.style == "block":
            return max((self._end(it) for it in self.inside.get(place, ())), default=span.start)
        if span.style == "literal":
            return span.start + len(self.text[span.start : span.end].rstrip())
        return span.end
