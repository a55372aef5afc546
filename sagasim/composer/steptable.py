"""The essentials of a saga as a table: a row for each step, a cell of text for each key that most sagas say.

Cells come from the data as written, and go back into it: only what was typed differently is changed, so that a
table and a text that were both edited do not take each other's edits away. Whether a cell makes sense is for the
codec to say; what is no number stays the word that was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from sagasim.core.errors import BadSaga

Data = dict[str, Any]
Cells = dict[str, str]

NOTHING = "-"
"""Typed in `after`: waits for no step. (An empty cell means the step above.)"""


class Column(NamedTuple):
    """One key of a step. `read` gives its value, None where the cell is empty: the key is left out."""

    key: str
    label: str
    hint: str
    show: Callable[[Any], str]
    read: Callable[[str], Any]


def _words(value: Any) -> str:
    return "" if value is None else str(value)


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(it) for it in value) or NOTHING
    return _words(value)


def _split(cell: str) -> Any:
    if cell == NOTHING:
        return []
    return [it for it in re.split(r"[,\s]+", cell) if it] or None


def _amounts(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {amount}" for name, amount in value.items())
    return _words(value)


def _mapped(cell: str) -> Any:
    parts = [part.partition(":") for part in cell.split(",") if part.strip()]
    if any(not colon for _, colon, _ in parts):
        return cell
    return {name.strip(): _number(amount.strip()) for name, _, amount in parts} or None


def _number(cell: str) -> Any:
    return int(cell) if re.fullmatch(r"[-+]?[0-9]{1,15}", cell) else cell or None


def _text(cell: str) -> Any:
    return cell or None


COLUMNS = (
    Column("name", "Step", "charge-card", _words, str),
    Column("service", "Service", "its own name", _words, _text),
    Column("kind", "Kind", "default", _words, _text),
    Column("compensation", "Compensation", "none", _words, _text),
    Column("after", "After", "step above", _listed, _split),
    Column("effects", "Effects", "orders.open: 1", _amounts, _mapped),
    Column("timeout_ms", "Timeout, ms", "1000", _words, _number),
    Column("retry.attempts", "Attempts", "3", _words, _number),
)
KEYS = tuple(column.key for column in COLUMNS)


def rows_of(data: Any) -> list[Cells]:
    """The cells of every step; none where there are no steps to be seen."""
    steps = data.get("steps") if isinstance(data, dict) else None
    return [_row(step) for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _row(step: Data) -> Cells:
    return {column.key: column.show(_at(step, column.key)) for column in COLUMNS}


def _at(step: Data, key: str) -> Any:
    outer, _, inner = key.partition(".")
    value = step.get(outer)
    return value.get(inner) if inner and isinstance(value, dict) else None if inner else value


def edited(data: Any, shown: list[Cells], typed: list[Cells]) -> Data:
    """The data after what was typed into the table that showed `shown`; a row more is a new step at the end.

    Raises BadSaga where the data has no steps that a table could show.
    """
    changed: Data = deepcopy(data) if isinstance(data, dict) else {}
    steps = changed.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise BadSaga("the steps in the text are no list of steps; repair the text first", path="steps")
    for place, (was, now) in enumerate(zip(shown, typed, strict=False)):
        differs = {key: now[key] for key in KEYS if not is_same(was[key], now[key])}
        if differs:
            _change(changed, _named(steps, was["name"], place), differs)
    for now in typed[len(shown) :]:
        if any(now.values()):
            steps.append({})
            _change(changed, steps[-1], {key: cell for key, cell in now.items() if cell or key == "name"})
    return changed


def is_same(was: str, now: str) -> bool:
    """A line of a form cannot hold what a text can: line ends, spaces at its ends."""
    return was.split() == now.split()


def _named(steps: list[Data], name: str, place: int) -> Data:
    """The step that a row showed: it may have moved in the text since."""
    alike = [step for step in steps if step.get("name") == name]
    if len(alike) != 1 and place < len(steps):
        return steps[place]
    if not alike:
        raise BadSaga(f"the step {name!r} of the table is not in the text any more; keep one of the two")
    return alike[0]


def _change(data: Data, step: Data, cells: Mapping[str, str]) -> None:
    was = step.get("name")
    for column in COLUMNS:
        if column.key in cells:
            _put(step, column.key, column.read(cells[column.key].strip()))
    if "name" in cells and isinstance(was, str) and was:
        _rename(data, was, step["name"])


def _put(step: Data, key: str, value: Any) -> None:
    outer, _, inner = key.partition(".")
    if inner:
        inside = step.get(outer)
        inside = dict(inside) if isinstance(inside, dict) else {}
        inside.pop(inner, None) if value is None else inside.update({inner: value})
        value = inside or None
    if value is None:
        step.pop(outer, None)
    else:
        step[outer] = value


def _rename(data: Data, was: str, now: str) -> None:
    """A step's new name, wherever the old one is named."""
    for step in data["steps"]:
        for key in ("after", "builds_on"):
            if isinstance(step.get(key), list):
                step[key] = [now if it == was else it for it in step[key]]
    if isinstance(data.get("given"), list):
        data["given"] = [fault_renamed(it, was, now) for it in data["given"]]
    services, engine = data.get("services"), data.get("engine")
    if (
        isinstance(services, dict)
        and was in services
        and all(it.get("service") != was for it in data["steps"])
    ):
        data["services"] = {now if name == was else name: it for name, it in services.items()}
    if isinstance(engine, dict) and isinstance(engine.get("compensates"), list):
        engine["compensates"] = [now if it == was else it for it in engine["compensates"]]


def fault_renamed(fault: Any, was: str, now: str) -> Any:
    """The text of a fault with another name for a step, in its target and in its moment."""
    if not isinstance(fault, str):
        return fault
    return re.sub(rf"(?:^|(?<=@)){re.escape(was)}(?=[:.#\[])", lambda _: now, fault)


def moved(data: Data, place: int, by: int) -> Data:
    """The data with one step further up or down; at the edge it stays."""
    steps = list(data["steps"])
    if 0 <= place < len(steps) and 0 <= place + by < len(steps):
        steps.insert(place + by, steps.pop(place))
    return {**data, "steps": steps}


def without(data: Data, place: int) -> Data:
    """The data without one step; who waited for it waits for what it waited for."""
    steps = list(data["steps"])
    if not 0 <= place < len(steps):
        return data
    gone = steps.pop(place)
    instead = gone.get("after")
    if instead is None:
        instead = [steps[place - 1].get("name")] if place else []
    for key in ("after", "builds_on"):
        steps = [_bypassing(step, key, gone.get("name"), instead) for step in steps]
    return {**data, "steps": steps}


def _bypassing(step: Data, key: str, gone: Any, instead: Any) -> Data:
    names = step.get(key)
    if not isinstance(names, list) or gone not in names or not isinstance(instead, list):
        return step
    left = [other for it in names for other in (instead if it == gone else [it])]
    return {**step, key: list(dict.fromkeys(left))}
