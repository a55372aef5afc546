"""What a value in a file may look like: the shapes that a schema is put together from.

A shape does two things, so that they cannot drift apart: `read` refuses what does not fit, with the path and
a sentence that says what would have been right; `schema_of` says the same as JSON Schema (draft 2020-12).
Which keys a saga file has is schema.py's business; what they mean together is sagafile.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from sagasim.core.errors import BadSaga, below, listed, quoted

MOST_NUMBER = 2**53 - 1
"""What a browser's JSON keeps exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string; `pattern` must match all of it, `such_as` says in words what that means."""

    says: str = ""
    pattern: str = ""
    such_as: str = "text"
    least: int = 0
    most: int | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number; a whole one unless `fraction`."""

    says: str = ""
    least: int = -MOST_NUMBER
    most: int = MOST_NUMBER
    fraction: bool = False
    default: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """true or false."""

    says: str = ""
    default: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of some words, each with what it means where that is worth saying."""

    values: tuple[str, ...]
    says: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Const:
    """One number and nothing else: the version of the format."""

    value: int
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list whose members all have one shape."""

    item: Shape
    says: str = ""
    least: int = 0
    most: int | None = None
    unique: bool = True
    too_few: str = "the list is empty; it needs at least one member"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf:
    """A mapping whose keys are free, but for a pattern."""

    key: Text
    value: Shape
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A mapping whose keys are known. `just_one_of`: exactly one of these keys stands there."""

    keys: Mapping[str, Shape]
    says: str = ""
    required: tuple[str, ...] = ()
    just_one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """The first shape, or for lists and mappings the second."""

    plain: Shape
    nested: ListOf | Record
    says: str = ""


Shape = Text | Number | Flag | Choice | Const | ListOf | MapOf | Record | Either


def read(shape: Shape, value: object, path: str) -> Any:  # noqa: C901  # one case for each shape
    """The value as plain data, whole numbers as int. Raises BadSaga where it does not have the shape."""
    match shape:
        case Text():
            return _text(shape, value, path)
        case Number():
            return _number(shape, value, path)
        case Flag():
            if not isinstance(value, bool):
                raise BadSaga(f"write true or false, not {_shown(value)}", path=path)
            return value
        case Choice():
            if not isinstance(value, str) or value not in shape.values:
                raise BadSaga(_no_choice(value, shape.values), path=path)
            return value
        case Const():
            if isinstance(value, bool) or value != shape.value:
                raise BadSaga(f"write {shape.value}, not {_shown(value)}", path=path)
            return shape.value
        case ListOf():
            return _list(shape, value, path)
        case MapOf():
            return _map(shape, value, path)
        case Record():
            return _record(shape, value, path)
        case Either():
            nested = isinstance(value, list | tuple | Mapping)
            return read(shape.nested if nested else shape.plain, value, path)
        case _:
            assert_never(shape)


def schema_of(shape: Shape) -> dict[str, Any]:
    """The shape as JSON Schema."""
    schema = _schema_of(shape)
    if shape.says:
        schema["description"] = shape.says
    default = getattr(shape, "default", None)
    return schema if default is None else {**schema, "default": default}


def _schema_of(shape: Shape) -> dict[str, Any]:
    match shape:
        case Text():
            pattern = {"pattern": f"^(?:{shape.pattern})$"} if shape.pattern else {}
            return {"type": "string", **pattern, **_bounds("Length", shape.least, shape.most)}
        case Number():
            kind = "number" if shape.fraction else "integer"
            return {"type": kind, "minimum": shape.least, "maximum": shape.most}
        case Flag():
            return {"type": "boolean"}
        case Choice():
            return {"enum": list(shape.values)}
        case Const():
            return {"const": shape.value}
        case ListOf():
            unique = {"uniqueItems": True} if shape.unique else {}
            bounds = _bounds("Items", shape.least, shape.most)
            return {"type": "array", "items": schema_of(shape.item), **unique, **bounds}
        case MapOf():
            key, value = schema_of(shape.key), schema_of(shape.value)
            return {"type": "object", "propertyNames": key, "additionalProperties": value}
        case Record():
            return _schema_of_record(shape)
        case Either():
            return {"anyOf": [schema_of(shape.plain), schema_of(shape.nested)]}
        case _:
            assert_never(shape)


def _schema_of_record(shape: Record) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key: schema_of(value) for key, value in shape.keys.items()},
        "additionalProperties": False,
    }
    if shape.required:
        schema["required"] = list(shape.required)
    if shape.just_one_of:
        schema["oneOf"] = [{"required": [key]} for key in shape.just_one_of]
    return schema


def _bounds(what: str, least: int, most: int | None) -> dict[str, int]:
    at_least = {f"min{what}": least} if least else {}
    return at_least if most is None else {**at_least, f"max{what}": most}


def _text(shape: Text, value: object, path: str) -> str:
    if not isinstance(value, str):
        raise BadSaga(f"write {shape.such_as}, not {_shown(value)}", path=path)
    if bad := _UNPRINTABLE.search(value):
        raise BadSaga(f"the character {bad[0]!a} cannot be shown; leave it out", path=path)
    if shape.pattern and not re.fullmatch(shape.pattern, value):
        raise BadSaga(f"{quoted(value)} does not do; write {shape.such_as}", path=path)
    if len(value) < shape.least:
        raise BadSaga(f"it is empty; write {shape.such_as}", path=path)
    if shape.most is not None and len(value) > shape.most:
        raise BadSaga(f"{len(value)} characters; at most {shape.most} are allowed", path=path)
    return value


_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def _number(shape: Number, value: object, path: str) -> int | float:
    what = "a number" if shape.fraction else "a whole number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadSaga(f"write {what}, not {_shown(value)}", path=path)
    if not shape.least <= value <= shape.most:  # also false for what is not a number at all
        raise BadSaga(f"{quoted(value)} does not do; write {what} {_between(shape)}", path=path)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, float) and not shape.fraction:
        raise BadSaga(f"{value} is no whole number; write one {_between(shape)}", path=path)
    return value


def _between(shape: Number) -> str:
    return f"from {shape.least} to {shape.most}"


def _list(shape: ListOf, value: object, path: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise BadSaga(f"write a list such as [a, b], not {_shown(value)}", path=path)
    if len(value) < shape.least:
        raise BadSaga(shape.too_few, path=path)
    if shape.most is not None and len(value) > shape.most:
        raise BadSaga(f"{len(value)} members; at most {shape.most} are allowed", path=path)
    members = [read(shape.item, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if shape.unique:
        _refuse_doubles(members, path)
    return members


def _refuse_doubles(members: list[Any], path: str) -> None:
    for index, member in enumerate(members):
        if member in members[:index]:
            raise BadSaga(f"{_shown(member)} stands here twice; keep one of them", path=f"{path}[{index}]")


def _map(shape: MapOf, value: object, path: str) -> dict[str, Any]:
    pairs = _pairs(value, path)
    for key in pairs:
        read(shape.key, key, path)
    return {key: read(shape.value, item, below(path, key)) for key, item in pairs.items()}


def _record(shape: Record, value: object, path: str) -> dict[str, Any]:
    pairs = _pairs(value, path)
    for key in pairs:
        if key not in shape.keys:
            raise BadSaga(unknown_key(key, tuple(shape.keys)), path=below(path, key))
    for key in shape.required:
        if key not in pairs:
            raise BadSaga(f"the key `{key}` is missing; it takes {_wanted(shape.keys[key])}", path=path)
    chosen = [key for key in shape.just_one_of if key in pairs]
    if shape.just_one_of and len(chosen) != 1:
        raise BadSaga(f"write exactly one of the keys {' and '.join(shape.just_one_of)}", path=path)
    return {key: read(shape.keys[key], item, below(path, key)) for key, item in pairs.items()}


def _pairs(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise BadSaga(f"write a mapping of keys to values, not {_shown(value)}", path=path)
    for key in value:
        if not isinstance(key, str):
            raise BadSaga(f"the key {_shown(key)} is no text; put it in quotes", path=path)
    return value


def unknown_key(key: str, known: tuple[str, ...]) -> str:
    """Names the key, and the nearest one that is known."""
    import difflib  # only a mistake pays for it

    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6) if len(key) <= 100 else []
    hint = f"did you mean `{near[0]}`?" if near else f"the keys here are {listed(known, 40)}"
    return f"there is no key {quoted(key)}; {hint}"


def _no_choice(value: object, values: tuple[str, ...]) -> str:
    return f"{_shown(value)} does not do; write one of {listed(values, 40)}"


def _wanted(shape: Shape) -> str:
    match shape:
        case Text():
            return shape.such_as
        case Const():
            return str(shape.value)
        case ListOf():
            return "a list"
        case _:
            return "a value"


def _shown(value: object) -> str:
    """What stands there, in the words of the file rather than of Python."""
    match value:
        case None:
            return "nothing (or null)"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value) if value else "an empty text"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case int() | float():
            return quoted(value)
        case _:
            return f"a {type(value).__name__}"
