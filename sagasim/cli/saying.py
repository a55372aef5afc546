"""What every command says: an exit code, data as JSON, so many things."""

from __future__ import annotations

from sagasim.terminal import Terminal

FOUND_NOTHING, FOUND, WRONG_INPUT = 0, 1, 2


def say_json(data: object, terminal: Terminal) -> None:
    import json

    terminal.say(json.dumps(data, indent=1))


def counted(number: int, word: str) -> str:
    from sagasim.core.phrases import number_of

    return number_of(number, word, "no")
