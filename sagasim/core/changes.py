"""A change of a saga: as a part of its normal form, as the changed saga, and as a line of text.

    {"steps": {"charge": {"safeguards": {"outbox": true}}}}     safeguards of charge: outbox: true
    {"engine": {"compensates": "unknown"}}                       engine: compensates: unknown

An edit holds only what is different afterwards, in the keys of a saga file; steps and services go by their
names. `None` takes a key away, so that its default is in force. Remedies and the lint both offer edits, the
composer applies them to what the user wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import cast

from sagasim.core.engine import rules_of
from sagasim.core.errors import BadSaga, listed, quoted
from sagasim.core.saga import (
    UNDO_RETRY,
    Delivery,
    EngineChoice,
    Kind,
    Publishes,
    Retry,
    Safeguards,
    Saga,
    Service,
    Step,
)

Edit = Mapping[str, object]
"""A part of a saga file's normal form."""

STEP_RULES = ("on_refusal", "on_error", "on_unknown", "on_undo_failure")
_SAGA_KEYS = ("deadline_ms", "instances", "given")
_STEP_KEYS = tuple(field.name for field in fields(Step) if field.name != "name")


def of_step(step: str, key: str, value: object, inner: str = "") -> Edit:
    """The edit of one key of a step, or of one inside it: `of_step("charge", "retry", 3, "attempts")`."""
    return {"steps": {step: {key: {inner: value} if inner else value}}}


def of_engine(rule: str, value: object) -> Edit:
    """The edit of one engine rule."""
    return {"engine": {rule: value}}


def compensation_of(step: Step) -> Edit:
    """The edit that gives a step a compensation, named after its action."""
    return of_step(step.name, "compensation", f"undo_{step.action.replace('-', '_')}")


def apply_fix(saga: Saga, fix: Edit) -> Saga:
    """The saga after an edit. Raises BadSaga where the edit names what the saga does not have."""
    changed = saga
    for key, said in fix.items():
        match key:
            case "steps":
                for name, its in _parts(said, "steps").items():
                    changed = _with_step(changed, name, _parts(its, f"steps.{name}"))
            case "services":
                for name, its in _parts(said, "services").items():
                    changed = _with_service(changed, name, _parts(its, f"services.{name}"))
            case "engine":
                changed = replace(changed, engine=_engine(changed.engine, _parts(said, "engine")))
            case _ if key in _SAGA_KEYS:
                changed = replace(changed, **{key: _value(said)})  # type: ignore[arg-type]  # checked on the way in
            case _:
                known = ("steps", "services", "engine", *_SAGA_KEYS)
                raise BadSaga(f"no edit of {quoted(key)}; an edit may change {listed(known)}", path=key)
    rules_of(changed)
    return changed


def told(fix: Edit) -> str:
    """The edit as a line for people: `safeguards of charge: outbox: true`."""
    lines: list[str] = []
    for key, said in fix.items():
        if key == "steps":
            for name, its in _parts(said, key).items():
                lines.extend(_told_of(f" of {name}", _parts(its, key)))
        elif key == "services":
            for name, its in _parts(said, key).items():
                lines.extend(_told_of(f" of service {name}", _parts(its, key)))
        elif isinstance(said, Mapping):
            lines.extend(f"{key}: {rule}: {_text(value)}" for rule, value in said.items())
        else:
            lines.append(f"{key}: {_text(said)}")
    return "; ".join(lines)


def _told_of(whose: str, said: Mapping[str, object]) -> list[str]:
    lines: list[str] = []
    for key, value in said.items():
        if isinstance(value, Mapping):
            lines.extend(f"{key}{whose}: {inner}: {_text(it)}" for inner, it in value.items())
        elif key in STEP_RULES:
            lines.append(f"rules{whose}: {key}: {_text(value) if value is not None else 'as the engine'}")
        elif key in ("starts_on", "compensates_on") and value is None:
            lines.append(f"events{whose}: {key}: as its neighbours")
        elif key in ("starts_on", "compensates_on"):
            lines.append(f"events{whose}: {key}: {_text(value)}")
        else:
            lines.append(f"{key}{whose}: {_text(value)}")
    return lines


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_text(it) for it in value)}]"
    return "none" if value is None else str(value)


def _parts(said: object, path: str) -> Mapping[str, object]:
    if not isinstance(said, Mapping):
        raise BadSaga(f"{quoted(said)} is no mapping; an edit names keys and their new values", path=path)
    return cast("Mapping[str, object]", said)


def _value(said: object) -> object:
    return tuple(said) if isinstance(said, list) else said


def _engine(engine: EngineChoice, said: Mapping[str, object]) -> EngineChoice:
    preset = str(said.get("preset", engine.preset))
    rules = {**engine.overrides, **{rule: _value(it) for rule, it in said.items() if rule != "preset"}}
    return EngineChoice(preset=preset, overrides={rule: it for rule, it in rules.items() if it is not None})


def _with_service(saga: Saga, name: str, said: Mapping[str, object]) -> Saga:
    """A service's safeguards are those of all its steps, so they change with it."""
    path = f"services.{name}"
    if name not in (step.service for step in saga.steps):
        raise BadSaga(f"no step names the service {quoted(name)}", path=path)
    _refuse_others(said, ("delivery", "safeguards"), path)
    old = next((its for its in saga.services if its.name == name), Service(name=name))
    safeguards = _parts(said.get("safeguards", {}), f"{path}.safeguards")
    new = replace(
        old,
        delivery=Delivery(str(said.get("delivery", old.delivery))),
        safeguards={**old.safeguards, **safeguards},  # type: ignore[dict-item]  # words and booleans
    )
    steps = tuple(
        _step(step, {"safeguards": safeguards}) if step.service == name else step for step in saga.steps
    )
    others = tuple(its for its in saga.services if its.name != name)
    return replace(saga, services=(*others, new), steps=steps)


def _with_step(saga: Saga, name: str, said: Mapping[str, object]) -> Saga:
    if name not in saga.step_names:
        raise BadSaga(f"no step {quoted(name)}; the saga has {listed(saga.step_names)}", path="steps")
    steps = tuple(_step(step, said) if step.name == name else step for step in saga.steps)
    return replace(saga, steps=steps)


_DEFAULTS: Mapping[str, object] = {
    "retry": Retry(),
    "undo_retry": UNDO_RETRY,
    "safeguards": Safeguards(),
    "refuses_when": None,
    "timeout_ms": 1000,
    "may_refuse": True,
    "irreversible": False,
    "compensation": None,
    "undo_effects": None,
    "starts_on": None,
    "compensates_on": None,
    **dict.fromkeys(STEP_RULES),
}
"""What `None` stands for. Where a default depends on the other steps, an edit has to say it."""


def _step(step: Step, said: Mapping[str, object]) -> Step:
    path = f"steps.{step.name}"
    _refuse_others(said, _STEP_KEYS, path)
    changes: dict[str, object] = {}
    for key, value in said.items():
        old = getattr(step, key)
        if value is None:
            if key not in _DEFAULTS:
                raise BadSaga(f"{key} cannot be taken away by an edit; give it a value", path=f"{path}.{key}")
            changes[key] = _DEFAULTS[key]
        elif isinstance(old, Retry | Safeguards | Publishes):
            inner = _parts(value, f"{path}.{key}")
            _refuse_others(inner, tuple(field.name for field in fields(old)), f"{path}.{key}")
            changes[key] = replace(old, **{name: _value(it) for name, it in inner.items()})  # type: ignore[arg-type]
        elif key == "kind":
            changes[key] = Kind(str(value))
        elif key == "takes_ms" and isinstance(value, int):
            changes[key] = (value, value)
        else:
            changes[key] = _value(value)
    return replace(step, **changes)  # type: ignore[arg-type]  # the keys are Step's own


def _refuse_others(said: Mapping[str, object], known: tuple[str, ...], path: str) -> None:
    for key in said:
        if key not in known:
            raise BadSaga(f"no key {quoted(key)} to edit; there are {listed(known, 40)}", path=path)
