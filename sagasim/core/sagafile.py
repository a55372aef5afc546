"""What the keys of a saga file mean together: from plain data to a Saga, and back to its normal form.

In between stands the *full* form: plain data with every default filled in. Reading fills the defaults in,
the normal form leaves them out again, and `_defaults` is the one place that knows them. So two sagas are
equal if and only if their normal forms are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from sagasim.core.engine import order_of, rules_of
from sagasim.core.errors import BadFault, BadSaga, quoted
from sagasim.core.faults import parse_fault, parse_given
from sagasim.core.saga import (
    UNDO_RETRY,
    Delivery,
    EngineChoice,
    Invariant,
    Kind,
    Publishes,
    Retry,
    Safeguards,
    Saga,
    Service,
    Step,
)
from sagasim.core.schema import SAGA, VERSION
from sagasim.core.shapes import read

Data = dict[str, Any]

_PARTIAL = ("retry", "undo_retry", "safeguards", "publishes")
"""These fill up from their defaults key by key."""
_RETRY: Data = {**asdict(Retry()), "upon": list(Retry().upon)}
_UNDO_RETRY: Data = {key: value for key, value in asdict(UNDO_RETRY).items() if key != "upon"}
_SAFEGUARDS: Data = asdict(Safeguards())
_SAGA_DEFAULTS: Data = {
    "title": "",
    "description": "",
    "services": {},
    "resources": {},
    "engine": {},
    "given": [],
    "instances": 1,
    "invariants": [],
}


def saga_from_data(data: object) -> Saga:
    """The saga that plain data means, with every default filled in.

    A step without `service` is a participant of its own and gives it its name; services that only a step
    names need not be declared. Raises BadSaga with the path of the mistake.
    """
    _refuse_strangers(data)
    said: Data = read(SAGA, data, "")
    full = {**_SAGA_DEFAULTS, **said}
    full["steps"] = [_full_step(step, around) for step, around in _each(said)]
    saga = _saga(full)
    rules_of(saga)
    _check_given(saga)
    return saga


def saga_in_full(saga: Saga) -> Data:
    """The saga as plain data in which every default is written out."""
    engine = {"preset": saga.engine.preset, **_plain(saga.engine.overrides)}
    deadline = {} if saga.deadline_ms is None else {"deadline_ms": saga.deadline_ms}
    return {
        "sagasim": VERSION,
        "name": saga.name,
        "title": saga.title,
        "description": saga.description,
        "services": {service.name: _service_in_full(service) for service in saga.services},
        "resources": dict(saga.resources),
        "steps": [_step_in_full(step) for step in saga.steps],
        "engine": engine,
        "given": list(saga.given),
        **deadline,
        "instances": saga.instances,
        "invariants": [{"name": it.name, it.when: it.expression} for it in saga.invariants],
    }


def saga_to_data(saga: Saga) -> Data:
    """The normal form: plain data in the key order of model.md, without what is the default anyway."""
    full = saga_in_full(saga)
    full["engine"] = _without(full["engine"], {"preset": "default"})
    full["services"] = {
        name: _without(service, {"delivery": "at-least-once", "safeguards": {}})
        for name, service in full["services"].items()
    }
    full["steps"] = [_normal_step(step, around) for step, around in _each(full)]
    return _without(full, _SAGA_DEFAULTS)


_STRANGERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a Kubernetes manifest", ("apiVersion", "kind")),
    ("an OpenAPI document", ("openapi",)),
    ("an AsyncAPI document", ("asyncapi",)),
    ("a Step Functions state machine", ("StartAt", "States")),
    ("a Serverless Workflow", ("specVersion", "states")),
    ("a GitHub workflow", ("on", "jobs")),
    ("a Docker Compose file", ("services",)),
    ("the result of a run or an exploration", ("findings",)),
)


def _refuse_strangers(data: object) -> None:
    """Says what a file is, where it is something else altogether, rather than listing its unknown keys."""
    if not isinstance(data, Mapping):
        raise BadSaga("a saga file is a mapping of keys to values that begins with `sagasim: 1`")
    if "sagasim" not in data:
        strange = (
            what for what, keys in _STRANGERS if "steps" not in data and all(key in data for key in keys)
        )
        what = next(strange, "")
        looks = f"this looks like {what}, not like a saga file" if what else "the key `sagasim` is missing"
        raise BadSaga(f"{looks}; a saga file begins with `sagasim: {VERSION}`")
    version = data["sagasim"]
    if isinstance(version, int) and version > VERSION:
        raise BadSaga(
            f"the file has version {quoted(version)} of the format; this sagasim reads version {VERSION}",
            path="sagasim",
        )


class _Around(NamedTuple):
    """What a step's defaults depend on, besides the step itself."""

    above: list[str]
    undoes_in_reverse: bool
    behind_pivot: bool
    safeguards: Data


def _each(saga: Data) -> Iterator[tuple[Data, _Around]]:
    """Each step as it was said, and what surrounds it."""
    engine = dict(saga.get("engine", {}))
    in_reverse = order_of(EngineChoice(preset=engine.pop("preset", "default"), overrides=engine)) == "reverse"
    behind = _behind_pivots(saga["steps"])
    services: Data = saga.get("services", {})
    above: list[str] = []
    for step in saga["steps"]:
        service = services.get(step.get("service", step["name"]), {})
        safeguards = {**_SAFEGUARDS, **service.get("safeguards", {})}
        yield step, _Around(above, in_reverse, step["name"] in behind, safeguards)
        above = [step["name"]]


def _behind_pivots(steps: list[Data]) -> set[str]:
    """The steps that come after a pivot, directly or not; a pivot itself only where another is before it."""
    after: dict[str, list[str]] = {}
    above: list[str] = []
    for step in steps:
        after[step["name"]] = step.get("after", above)
        above = [step["name"]]
    pivots = {step["name"] for step in steps if step.get("kind") == Kind.PIVOT}
    behind: set[str] = set()
    while more := {
        name for name, before in after.items() if name not in behind and (pivots | behind) & set(before)
    }:
        behind |= more
    return behind


def _defaults(step: Data, around: _Around) -> Data:
    """What each key of this step means where it is left out."""
    changes = "compensation" in step or bool(step.get("effects"))
    kind = step.get("kind", Kind.COMPENSATABLE.value if changes else Kind.READ.value)
    after = step.get("after", around.above)
    final = around.behind_pivot or kind == Kind.RETRIABLE
    return {
        "service": step["name"],
        "kind": kind,
        "action": step["name"],
        "after": around.above,
        "builds_on": after if around.undoes_in_reverse else [],
        "takes_ms": 40,
        "timeout_ms": 1000,
        "retry": _RETRY,
        "undo_retry": _UNDO_RETRY,
        "effects": {},
        "reads": [],
        "may_refuse": "refuses_when" in step or not final,
        "irreversible": False,
        "safeguards": around.safeguards,
        "publishes": asdict(Publishes.of(step["name"])),
    }


def _full_step(step: Data, around: _Around) -> Data:
    defaults = _defaults(step, around)
    full = {**defaults, **step}
    for key in _PARTIAL:
        full[key] = {**defaults[key], **step.get(key, {})}
    return full


def _normal_step(full: Data, around: _Around) -> Data:
    said = {
        key: value for key, value in full.items() if key != "kind"
    }  # so that the default is not asked of itself
    defaults = _defaults(said, around)
    defaults["may_refuse"] = _defaults(full, around)["may_refuse"]
    for key in _PARTIAL:
        full = {**full, key: _without(full[key], defaults[key])}
        defaults[key] = {}
    return _without(full, defaults)


def _without(full: Data, defaults: Data) -> Data:
    return {key: value for key, value in full.items() if key not in defaults or value != defaults[key]}


def _saga(full: Data) -> Saga:
    engine = dict(full["engine"])
    return Saga(
        name=full["name"],
        title=full["title"],
        description=full["description"],
        services=tuple(_service(name, said) for name, said in full["services"].items()),
        resources=full["resources"],
        steps=tuple(_step(step, f"steps[{index}]") for index, step in enumerate(full["steps"])),
        engine=EngineChoice(
            preset=engine.pop("preset", "default"),
            overrides={rule: tuple(it) if isinstance(it, list) else it for rule, it in engine.items()},
        ),
        given=tuple(full["given"]),
        deadline_ms=full.get("deadline_ms"),
        instances=full["instances"],
        invariants=tuple(_invariant(said) for said in full["invariants"]),
    )


def _service(name: str, said: Data) -> Service:
    delivery = Delivery(said.get("delivery", Delivery.AT_LEAST_ONCE))
    return Service(name=name, delivery=delivery, safeguards=said.get("safeguards", {}))


def _service_in_full(service: Service) -> Data:
    return {"delivery": service.delivery.value, "safeguards": dict(service.safeguards)}


def _invariant(said: Data) -> Invariant:
    when = "always" if "always" in said else "finally"
    return Invariant(name=said["name"], when=when, expression=said[when])  # type: ignore[arg-type]  # one of two


_LISTS = ("after", "builds_on", "reads", "starts_on", "compensates_on")


def _step(full: Data, path: str) -> Step:
    lists = {key: tuple(full[key]) for key in _LISTS if key in full}
    takes = full["takes_ms"]
    least, most = (takes["min"], takes["max"]) if isinstance(takes, dict) else (takes, takes)
    if least > most:
        raise BadSaga(f"the least, {least}, is above the most, {most}; swap them", path=f"{path}.takes_ms")
    retry = {**full["retry"], "upon": tuple(full["retry"]["upon"])}
    return Step(
        **{
            **full,
            **lists,
            "kind": Kind(full["kind"]),
            "takes_ms": (least, most),
            "retry": Retry(**retry),
            "undo_retry": Retry(**full["undo_retry"]),
            "safeguards": Safeguards(**full["safeguards"]),
            "publishes": Publishes(**full["publishes"]),
        }
    )


def _step_in_full(step: Step) -> Data:
    """In the key order of model.md, which is that of the fields of Step."""
    least, most = step.takes_ms
    undo_retry = {key: value for key, value in asdict(step.undo_retry).items() if key != "upon"}
    written = {
        "kind": step.kind.value,
        "takes_ms": least if least == most else {"min": least, "max": most},
        "retry": {**asdict(step.retry), "upon": list(step.retry.upon)},
        "undo_retry": undo_retry,
        "safeguards": asdict(step.safeguards),
        "publishes": asdict(step.publishes),
    }
    plain = ((name, written.get(name, getattr(step, name))) for name in Step.__dataclass_fields__)
    return _plain({name: value for name, value in plain if value is not None})


def _plain(mapping: Mapping[str, Any]) -> Data:
    """Lists for tuples, dicts for mappings, and numbers with one way to write them."""
    return {key: _plain_value(value) for key, value in mapping.items()}


def _plain_value(value: object) -> Any:
    match value:
        case Mapping():
            return _plain(value)
        case tuple():
            return list(value)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _check_given(saga: Saga) -> None:
    for index, text in enumerate(saga.given):
        try:
            parse_fault(text, saga)
        except BadFault as bad:
            raise BadSaga(str(bad), path=f"given[{index}]") from bad
    try:
        parse_given(saga)
    except BadFault as bad:
        raise BadSaga(str(bad), path="given") from bad
