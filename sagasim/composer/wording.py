"""What has changed between two versions of a saga, in words: a sentence for each change.

    added step book-car (car)            charge: timeout_ms 1000 → 3000
    renamed step pay to charge           engine: on_unknown compensate (by default) → retry

A change is something that somebody wrote. A default that follows from it (`after` of the step below a new
one, say) is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sagasim.composer.steptable import fault_renamed
from sagasim.core.codec import saga_in_full, saga_to_data
from sagasim.core.engine import PRESETS, RULE_NAMES, Rules
from sagasim.core.saga import Saga

if TYPE_CHECKING:
    from sagasim.composer.models import SagaVersion

Data = dict[str, Any]

TEXT_ALONE = "only comments, the order of keys, or the spelling of the text"
LONGEST_VALUE = 80


def changes(old: Saga, new: Saga) -> tuple[str, ...]:
    """One phrase for each change; none where both mean the same."""
    renamed = dict(_renamed(saga_to_data(old)["steps"], saga_to_data(new)["steps"]))
    told = [f"renamed step {was} to {now}" for was, now in renamed.items()]
    told += _steps(_Side(old, renamed), _Side(new, {}))
    return (*_head(old, new), *told, *_rest(_Side(old, renamed), _Side(new, {})))


def changes_between(old: SagaVersion | None, new: SagaVersion) -> list[str]:
    """What a version changed, in words; never empty where its text is another one."""
    if old is None:
        return [f"saved for the first time, with {len(new.meaning.steps)} steps"]
    told_changes = list(changes(old.meaning, new.meaning))
    return told_changes or ([TEXT_ALONE] if old.text != new.text else [])


class _Side:
    """One version: as written without defaults, and in full; under the names that steps have now."""

    def __init__(self, saga: Saga, renamed: Mapping[str, str]) -> None:
        self.written: Data = _under_new_names(saga_to_data(saga), renamed)
        self.full: Data = _under_new_names(saga_in_full(saga), renamed)
        self.steps: dict[str, Data] = {step["name"]: step for step in self.written["steps"]}
        self.steps_in_full: dict[str, Data] = {step["name"]: step for step in self.full["steps"]}


_NAMES_OF_STEPS = ("after", "builds_on")


def _under_new_names(data: Data, renamed: Mapping[str, str]) -> Data:
    def now(name: str) -> str:
        return renamed.get(name, name)

    def step_now(step: Data) -> Data:
        lists = {key: [now(it) for it in step[key]] for key in _NAMES_OF_STEPS if key in step}
        return {**step, **lists, "name": now(step["name"])}

    engine = dict(data.get("engine", {}))
    if isinstance(engine.get("compensates"), list):
        engine["compensates"] = [now(it) for it in engine["compensates"]]
    given = list(data.get("given", []))
    for was, its_new_name in renamed.items():
        given = [fault_renamed(text, was, its_new_name) for text in given]
    changed: Data = {"steps": [step_now(step) for step in data["steps"]]}
    if engine:
        changed["engine"] = engine
    if given:
        changed["given"] = given
    return {**data, **changed}


def _renamed(old: list[Data], new: list[Data]) -> Iterator[tuple[str, str]]:
    """Steps that are gone, each with the new one that says the same under another name."""
    names, names_now = {it["name"] for it in old}, {it["name"] for it in new}
    added = [step for step in new if step["name"] not in names]
    for step in old:
        if step["name"] in names_now:
            continue
        same = next((it for it in added if _but_for_names(it) == _but_for_names(step)), None)
        if same is not None:
            added.remove(same)
            yield step["name"], same["name"]


def _but_for_names(step: Data) -> Data:
    follow = ("name", "action", "service", *_NAMES_OF_STEPS)
    same = {key: it for key, it in step.items() if key not in follow}
    return {**same, "service": step.get("service", ""), "action": step.get("action", "")}


def _head(old: Saga, new: Saga) -> Iterator[str]:
    if old.name != new.name:
        yield f"name {old.name} → {new.name}"
    if old.title != new.title:
        yield f"title {_text(old.title)} → {_text(new.title)}"
    if old.description != new.description:
        yield (
            "another description"
            if old.description and new.description
            else ("a description" if new.description else "no description any more")
        )


def _steps(old: _Side, new: _Side) -> Iterator[str]:
    for name, step in new.steps_in_full.items():
        if name not in old.steps:
            yield f"added step {name} ({step['service']})"
    for name in old.steps:
        if name not in new.steps:
            yield f"removed step {name}"
    staying = [name for name in old.steps if name in new.steps]
    if staying != [name for name in new.steps if name in old.steps]:
        yield f"another order of the steps: {', '.join(new.steps)}"
    for name in staying:
        yield from _keys(
            f"{name}: ", old.steps[name], new.steps[name], old.steps_in_full[name], new.steps_in_full[name]
        )


def _keys(where: str, old: Data, new: Data, old_full: Data, new_full: Data) -> Iterator[str]:
    """Each key that one of the two wrote and that has another value now; mappings one level down."""
    for key in dict.fromkeys((*new_full, *old_full)):
        if key == "name" or (key not in old and key not in new):
            continue
        was, now = old_full.get(key), new_full.get(key)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            for inner in dict.fromkeys((*now, *was)):
                if was.get(inner) != now.get(inner):
                    yield f"{where}{key}.{inner} {_text(was.get(inner))} → {_text(now.get(inner))}"
        else:
            yield f"{where}{key} {_text(was)} → {_text(now)}"


def _rest(old: _Side, new: _Side) -> Iterator[str]:
    yield from _engine(old, new)
    yield from _members("resource", old.full["resources"], new.full["resources"])
    yield from _members("service", _told_services(old), _told_services(new))
    yield from _members("invariant", _invariants(old), _invariants(new))
    for text in new.full["given"]:
        if text not in old.full["given"]:
            yield f"given: added {text}"
    for text in old.full["given"]:
        if text not in new.full["given"]:
            yield f"given: removed {text}"
    for key in ("deadline_ms", "instances"):
        if old.full.get(key) != new.full.get(key):
            yield f"{key} {_text(old.full.get(key))} → {_text(new.full.get(key))}"


def _engine(old: _Side, new: _Side) -> Iterator[str]:
    """The preset, and each rule that one of the two wrote; what a preset brings along is not told again."""
    was, now = old.full["engine"], new.full["engine"]
    if was["preset"] != now["preset"]:
        yield f"engine: preset {was['preset']} → {now['preset']}"
    for rule in RULE_NAMES:
        if was.get(rule) != now.get(rule):
            yield f"engine: {rule} {_rule(old, rule)} → {_rule(new, rule)}"


def _rule(side: _Side, rule: str) -> str:
    """The value in force, and that nobody wrote it."""
    said = side.full["engine"].get(rule)
    if said is not None:
        return _text(said)
    preset: str = side.full["engine"]["preset"]
    value = PRESETS[preset].differs.get(rule, getattr(Rules(), rule))
    return f"{_text(value)} (by default)" if preset == "default" else f"{_text(value)} (by {preset})"


def _told_services(side: _Side) -> Data:
    return {
        name: ", ".join(
            [str(said["delivery"]), *(f"{key}: {_text(it)}" for key, it in said["safeguards"].items())]
        )
        for name, said in side.full["services"].items()
    }


def _invariants(side: _Side) -> Data:
    return {
        it["name"]: f"{when} {it[when]}"
        for it in side.full["invariants"]
        for when in ("always", "finally")
        if when in it
    }


def _members(what: str, old: Data, new: Data) -> Iterator[str]:
    for name, value in new.items():
        if name not in old:
            yield f"added {what} {_short(name)}: {_text(value)}"
        elif old[name] != value:
            yield f"{what} {_short(name)}: {_text(old[name])} → {_text(value)}"
    for name in old:
        if name not in new:
            yield f"removed {what} {_short(name)}"


def _text(value: object) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "true" if value else "false"
        case list():
            return _short(f"[{', '.join(_text(it) for it in value)}]")
        case dict():
            return _short(", ".join(f"{key}: {_text(it)}" for key, it in value.items()) or "none")
        case _:
            return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
