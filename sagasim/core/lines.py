"""Histories as lines: one entry as JSON, and many entries as a compact frame for the wire.

    line     {"seq": 3, "at_ms": 40, "kind": "StepCommitted", "data": {"step": "charge", ..., "because": 2}}
    frame    {"seq": 1, "kinds": [["StepCommitted", "step:name", ...]], "names": ["charge", ...],
              "lines": [[kind, ms after the line before, seqs after its cause, instance, belief, truth,
                         ...the fields, resources]]}

A frame says every name once and every number as it is, and explains itself: a reader needs no table.
The kinds of events and their fields are those of history.py: nothing here lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args, get_type_hints

from sagasim.core.errors import CoreError, listed, quoted
from sagasim.core.history import Entry, HistoryEvent

Data = dict[str, object]


class BadLine(CoreError):
    """A line or a frame does not say what one of ours says."""


EVENT_KINDS: Mapping[str, type[HistoryEvent]] = {kind.__name__: kind for kind in get_args(HistoryEvent)}
_SHAPES = {str: "name", int: "number", bool: "flag", tuple[str, ...]: "names"}
FIELDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    name: tuple((field, _SHAPES[shape]) for field, shape in get_type_hints(kind).items())
    for name, kind in EVENT_KINDS.items()
}
"""Per kind its fields, each with its shape: name, number, flag or names."""
_SHAPES_OF = {
    kind: tuple(_SHAPES[shape] for shape in get_type_hints(kind).values()) for kind in EVENT_KINDS.values()
}


# ---------------------------------------------------------------- one line


def line_of(entry: Entry) -> Data:
    """One entry as JSON; `entry_of` is its inverse. What is not known is left out.

    A recorded outcome has a belief of its own, which is what is believed then.
    """
    told: Data = {field: _plain(getattr(entry.event, field), shape) for field, shape in FIELDS[entry.kind]}
    around: Data = {"instance": entry.instance, "because": entry.because}
    if entry.belief:
        around["belief"] = entry.belief
    if entry.truth is not None:
        around["truth"] = entry.truth
    if entry.resources:
        around["resources"] = dict(entry.resources)
    return {"seq": entry.seq, "at_ms": entry.at_ms, "kind": entry.kind, "data": {**around, **told}}


def entry_of(line: Mapping[str, object]) -> Entry:
    """The entry that a line tells. Raises BadLine."""
    kind, data = line.get("kind"), line.get("data")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise BadLine(f"no kind of entry {quoted(kind)}; the kinds are {listed(FIELDS, 60)}")
    if not isinstance(data, Mapping):
        raise BadLine(f"the data of a line is a mapping, not {quoted(data)}")
    resources = data.get("resources", {})
    if not isinstance(resources, Mapping):
        raise BadLine(f"the resources of a line are a mapping of names to numbers, not {quoted(resources)}")
    truth = data.get("truth")
    return Entry(
        seq=_number(line.get("seq")),
        at_ms=_number(line.get("at_ms")),
        event=_event(kind, [data.get(field) for field, _ in FIELDS[kind]]),
        instance=_number(data.get("instance", 1)),
        because=_number(data.get("because", 0)),
        belief=_name(data.get("belief", "")),
        truth=None if truth is None else _number(truth),
        resources=tuple((_name(name), _number(value)) for name, value in resources.items()),
    )


def _event(kind: str, values: Sequence[object]) -> HistoryEvent:
    read = (_READ[shape](value) for (_, shape), value in zip(FIELDS[kind], values, strict=True))
    return EVENT_KINDS[kind]._make(read)


def _plain(value: object, shape: str) -> object:
    return list(_names(value)) if shape == "names" else value


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise BadLine(f"a name is text, not {quoted(value)}")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadLine(f"a number is whole, not {quoted(value)}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadLine(f"a flag is true or false, not {quoted(value)}")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise BadLine(f"names stand in a list, not {quoted(value)}")
    return tuple(_name(each) for each in value)


_READ: Mapping[str, Callable[[object], object]] = {
    "name": _name,
    "number": _number,
    "flag": _flag,
    "names": _names,
}


# ---------------------------------------------------------------- many lines


def pack(entries: Sequence[Entry]) -> Data:
    """Entries whose numbers follow one another as a frame; `unpack` is its inverse. About 32 bytes a line.

    The innermost loop of storing a run: a line is one list, and a name that is known costs one look.
    """
    kinds: dict[type[HistoryEvent], int] = {}
    names = _Numbers()
    lines: list[list[object]] = []
    before_ms = 0
    for seq, at_ms, event, instance, because, belief, truth, resources in entries:
        kind = type(event)
        told: list[object] = [
            kinds.setdefault(kind, len(kinds)),
            at_ms - before_ms,
            seq - because,
            instance,
            names[belief],
            truth,
        ]
        before_ms = at_ms
        for shape, value in zip(_SHAPES_OF[kind], event, strict=True):
            if shape == "name":
                told.append(names[value])
            elif shape == "number":
                told.append(value)
            elif shape == "flag":
                told.append(1 if value else 0)
            else:
                told.append([names[name] for name in _names(value)])
        if resources:
            told.append([part for name, number in resources for part in (names[name], number)])
        lines.append(told)
    first = entries[0].seq if entries else 0
    return {"seq": first, "kinds": [_told(kind) for kind in kinds], "names": list(names), "lines": lines}


class _Numbers(dict[object, int]):
    """The numbers that stand for names, in the order in which they were first needed."""

    def __missing__(self, name: object) -> int:
        self[_name(name)] = number = len(self)
        return number


def _told(kind: type[HistoryEvent]) -> list[str]:
    return [kind.__name__, *(f"{field}:{shape}" for field, shape in FIELDS[kind.__name__])]


def unpack(frame: Mapping[str, object]) -> tuple[Entry, ...]:
    """The entries of a frame. Raises BadLine."""
    try:
        return tuple(_unpacked(frame))
    except (IndexError, ValueError, TypeError, KeyError) as broken:
        if isinstance(broken, CoreError):
            raise
        raise BadLine("this is no frame of lines; pack() makes one") from broken


def _unpacked(frame: Mapping[str, object]) -> Iterable[Entry]:
    seq = _number(frame["seq"])
    names = _names(frame["names"])
    kinds = [_names(kind)[0] for kind in _list(frame["kinds"])]
    at_ms = 0
    for offset, line in enumerate(_list(frame["lines"])):
        parts = _list(line)
        kind, later, back, instance, belief = (_number(part) for part in parts[:5])
        fields, rest = parts[6 : 6 + len(FIELDS[kinds[kind]])], parts[6 + len(FIELDS[kinds[kind]]) :]
        at_ms += later
        changed = [_number(part) for part in (_list(rest[0]) if rest else [])]
        yield Entry(
            seq=seq + offset,
            at_ms=at_ms,
            event=_event(kinds[kind], _unfolded(kinds[kind], fields, names)),
            instance=instance,
            because=seq + offset - back,
            belief=names[belief],
            truth=None if parts[5] is None else _number(parts[5]),
            resources=tuple(
                (names[name], value) for name, value in zip(changed[::2], changed[1::2], strict=True)
            ),
        )


def _unfolded(kind: str, fields: Sequence[object], names: Sequence[str]) -> list[object]:
    values: list[object] = []
    for (_, shape), value in zip(FIELDS[kind], fields, strict=True):
        match shape:
            case "name":
                values.append(names[_number(value)])
            case "flag":
                values.append(bool(_number(value)))
            case "names":
                values.append([names[_number(each)] for each in _list(value)])
            case _:
                values.append(value)
    return values


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise BadLine(f"here stands a list, not {quoted(value)}")
    return value
