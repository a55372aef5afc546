"""How the server's own log is written: a line per event, with what it is about as key=value behind it.

    2026-05-01T12:00:00+0000 INFO sagasim.runs.services executed run=3f0c... saga=order outcome=parked

With SAGASIM_LOG=json each line is one JSON object with the same keys, for whoever collects logs.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def about(record: logging.LogRecord) -> dict[str, Any]:
    """What a caller has said besides the message: `log.info("executed", extra={"run": ...})`."""
    return {name: value for name, value in vars(record).items() if name not in OWN and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    """Django hands whole requests along; those are not for a line."""
    return isinstance(value, str | int | float | bool)


class KeyValueFormatter(logging.Formatter):
    default_time_format = "%Y-%m-%dT%H:%M:%S%z"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", self.default_time_format)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name that logging has
        told = "".join(f" {name}={_shown(value)}" for name, value in about(record).items())
        return super().formatMessage(record) + told


def _shown(value: Any) -> str:
    text = str(value)
    return text if text and text.isprintable() and not set(text) & set(' ="') else json.dumps(text)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **about(record),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)
