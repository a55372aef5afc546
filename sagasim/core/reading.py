"""Takes values out of the JSON of a run or an exploration, each with the type that it must have, or refuses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sagasim.core.errors import CoreError, quoted


class BadResult(CoreError):
    """A file is not the JSON of a run or of an exploration."""


class Reader:
    """Takes values out of JSON, each with the type that it must have."""

    def __init__(self, data: object, what: str) -> None:
        if not isinstance(data, Mapping):
            raise BadResult(f"this is not the JSON of {what}: it is no mapping of keys to values")
        self.data: Mapping[str, object] = data
        self.what = what

    def _of(self, key: str) -> object:
        if key not in self.data:
            raise BadResult(f"this is not the JSON of {self.what}: the key {quoted(key)} is missing")
        return self.data[key]

    def _no(self, key: str, wanted: str) -> BadResult:
        return BadResult(
            f"this is not the JSON of {self.what}: {key} is {quoted(self.data[key])}, not {wanted}"
        )

    def text(self, key: str) -> str:
        value = self._of(key)
        if not isinstance(value, str):
            raise self._no(key, "text")
        return value

    def number(self, key: str) -> int:
        value = self._of(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._no(key, "a whole number")
        return value

    def amount(self, key: str) -> float:
        value = self._of(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._no(key, "a number")
        return value

    def flag(self, key: str) -> bool:
        value = self._of(key)
        if not isinstance(value, bool):
            raise self._no(key, "true or false")
        return value

    def texts(self, key: str, absent: Sequence[str] | None = None) -> tuple[str, ...]:
        if absent is not None and key not in self.data:
            return tuple(absent)
        value = self._of(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._no(key, "a list of texts")
        return tuple(value)

    def numbers(self, key: str) -> dict[str, int]:
        inner = self.inner(key)
        return {name: inner.number(name) for name in inner.data}

    def inner(self, key: str) -> Reader:
        self._of(key)
        return Reader(self.data[key], self.what)

    def each(self, key: str) -> list[Reader]:
        value = self._of(key)
        if not isinstance(value, list):
            raise self._no(key, "a list")
        return [Reader(each, self.what) for each in value]
