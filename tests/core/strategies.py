"""Draws sagas, fault plans and hostile files for the tests of the core.

`sagas()` draws small sagas that load; its parameters say how far they may go. What it draws is made as a
saga file's data, so that whatever a file can say can be drawn. `clean=True` gives sagas that complete when
nothing goes wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sagasim.core.codec import saga_from_data
from sagasim.core.engine import PRESETS, RULE_VALUES
from sagasim.core.faults import (
    CALL_KINDS,
    FOR_EVER,
    LANDING_KINDS,
    SAGA_KINDS,
    SPLIT_KINDS,
    Fault,
    Moment,
)
from sagasim.core.saga import REACTIONS, UNDO_REACTIONS, Saga
from sagasim.core.yamltext import yaml_of

Data = dict[str, Any]

FILES = sorted((Path(__file__).parent.parent / "sagas").glob("**/*.yaml"))
"""The saga files that we have, ours and published ones; what is known of each stands beside it."""

NAMES = ("order", "charge", "reserve", "ship", "notify", "check-stock", "step_6", "7th", "true", "no")
SERVICES = ("orders", "payments", "inventory")
RESOURCES = ("orders.open", "payments.captured", "inventory.reserved", "stock")
IN_BOTH_COORDINATIONS = ("on_refusal", "on_error", "on_undo_failure", "on_cancel", "on_deadline")
FLAGS = (
    "idempotent",
    "natural_key",
    "tombstone",
    "outbox",
    "intent_log",
    "sticky_refusal",
    "dead_letter_alarm",
)

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
slugs = st.sampled_from(NAMES)
few_ms = st.sampled_from((1, 20, 40, 90, 300))


def sagas(**shape: Any) -> st.SearchStrategy[Saga]:
    """Small valid sagas; `shape` is what `saga_files` takes."""
    return saga_files(**shape).map(saga_from_data)


@st.composite
def saga_files(
    draw: st.DrawFn,
    *,
    min_steps: int = 1,
    max_steps: int = 5,
    clean: bool = False,
    coordination_neutral: bool = False,
    allow_explicit_subscriptions: bool = False,
    presets: tuple[str, ...] = tuple(PRESETS),
    max_overrides: int = 3,
    max_instances: int = 1,
    invariants: bool = True,
    given: bool = False,
) -> Data:
    """The data of a small valid saga file. Optional keys are there or not.

    clean: no fault, no failure: nothing refuses, times out or misses its deadline. coordination_neutral: only
    rules that are in force in both coordinations, and no explicit subscriptions. given: with faults of the
    design. Invariants hold in every fault-free run.
    """
    names = draw(st.lists(slugs, min_size=min_steps, max_size=max_steps, unique=True))
    pivot = draw(st.none() | st.integers(0, len(names) - 1))
    instances = draw(st.integers(1, max_instances))
    after = draw(_graphs(names, pivot))
    steps = [
        draw(_steps(name, after[name], _side(index, pivot), clean=clean, locks=not clean or instances == 1))
        for index, name in enumerate(names)
    ]
    if allow_explicit_subscriptions and not coordination_neutral:
        _subscribe(draw, steps)
    data: Data = {"sagasim": 1, "name": draw(slugs), "steps": steps}
    _maybe(draw, data, "title", words)
    _maybe(draw, data, "description", words | st.sampled_from(("many words " * 12).strip().split("\n")))
    _maybe(draw, data, "services", _services(steps))
    _maybe(
        draw, data, "resources", st.dictionaries(st.sampled_from(RESOURCES), st.integers(0, 5), max_size=3)
    )
    _maybe(draw, data, "engine", _engines(names, presets, max_overrides, neutral=coordination_neutral))
    _maybe(draw, data, "deadline_ms", st.just(10_000_000) if clean else st.sampled_from((100, 5000, 60_000)))
    if instances > 1:
        data["instances"] = instances
    if invariants:
        data["invariants"] = draw(_invariants(data))
    if given:
        data["given"] = draw(_given(data))
    return data


@st.composite
def fault_plans(draw: st.DrawFn, saga: Saga, *, max_faults: int = 3) -> tuple[Fault, ...]:
    """Plans of faults that make sense in this saga: no two strike the same attempt."""
    plan = draw(
        st.lists(faults(saga), max_size=max_faults, unique_by=lambda it: (it.target, it.undo, it.instance))
    )
    return tuple(plan)


@st.composite
def faults(draw: st.DrawFn, saga: Saga) -> Fault:
    """Any fault that the saga knows, with every moment of its kind."""
    instance = draw(st.integers(1, saga.instances))
    on_saga = [kind for kind in SAGA_KINDS if kind != "deadline" or saga.deadline_ms is not None]
    kind = draw(st.sampled_from((*CALL_KINDS, *on_saga, "outage")))
    times = draw(st.sampled_from((1, 2, FOR_EVER)))
    if kind in SAGA_KINDS:
        return Fault("saga", kind, instance=instance, moment=draw(st.none() | _moments(saga)))
    if kind == "outage":
        moment = draw(st.none() | _moments(saga).filter(lambda it: it.edge == "before"))
        return Fault(draw(st.sampled_from(saga.steps)).service, kind, moment=moment, times=times)
    moment = None
    if kind in LANDING_KINDS:
        moment = draw(
            st.none() | st.sampled_from([Moment(it) for it in ("before", "after", "end")]) | _moments(saga)
        )
    if kind in SPLIT_KINDS:
        moment = draw(st.sampled_from([Moment("before"), Moment("after")]))
    name = draw(st.sampled_from(saga.step_names))
    return Fault(name, kind, draw(st.booleans()), draw(st.integers(1, 3)), instance, moment, times)


@st.composite
def hostile_files(draw: st.DrawFn) -> bytes:
    """Bytes that somebody might send: noise, other formats, and sagas with something broken in them."""
    text = draw(
        st.one_of(
            st.binary(max_size=200),
            st.text(max_size=200).map(lambda it: it.encode("utf-8", "surrogatepass")),
            st.lists(st.sampled_from(_PIECES), max_size=40).map(lambda it: "".join(it).encode()),
            _broken_files(),
            _broken_files().map(lambda it: it[::2]),
        )
    )
    cut = draw(st.integers(0, len(text)))
    noise = draw(
        st.sampled_from((b"", b"\0", b"\xff", b"\t", b"&a *a", b"!!python/object:os.system ", b"\n---\n"))
    )
    return text[:cut] + noise + text[cut:]


def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can say."""
    leaves = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words
    )
    return st.recursive(leaves, lambda it: st.lists(it, max_size=3) | st.dictionaries(words, it, max_size=3))


@st.composite
def mutated(draw: st.DrawFn, data: Data) -> Data:
    """The data with one value replaced, one key taken away, or one key too many."""
    data = json.loads(json.dumps(data))
    holder: Any = data
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return data
        key = draw(st.sampled_from(keys))
        if isinstance(holder[key], dict | list) and holder[key] and draw(st.integers(0, 3)):
            holder = holder[key]
            continue
        match draw(st.integers(0, 3)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                key = draw(st.sampled_from(("timeout", "naem", "name", "kind", "always", "x")))
                holder[key] = draw(json_values())
            case _:
                holder[key] = draw(json_values() | st.sampled_from(_NEAR_MISSES))
        return data


_NEAR_MISSES: tuple[Any, ...] = (
    0, -1, 1, True, 1.5, 40.0, "true", "yes", "", [], {}, [1], ["order", "order"], None, 2**60, "A b",
)  # fmt: skip
_PIECES = (
    "sagasim", "name", "steps", "engine", ":", ": ", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",",
    "1", "'", '"', "&a ", "*a", "!t ", "|", ">-", "#", "?", "%YAML 1.1\n", "---\n", "...", "\t", "<<", ".inf",
    "1e999", "\u2028", "\x85", "\r", "=", "@", "`", "\\", "0x1f", "null", "saga: x", "\ufeff",
)  # fmt: skip


@st.composite
def _broken_files(draw: st.DrawFn) -> bytes:
    data = draw(saga_files(max_steps=2).flatmap(mutated))
    text = yaml_of(data) if draw(st.booleans()) else json.dumps(data)
    return text.encode()


@st.composite
def _graphs(draw: st.DrawFn, names: list[str], pivot: int | None) -> dict[str, list[str] | None]:
    """`after` of each step (None: the step above). A pivot joins all before it; all behind it follow it."""
    after: dict[str, list[str] | None] = {}
    for index, name in enumerate(names):
        if index == pivot:
            after[name] = names[:index] if draw(st.booleans()) else _sinks(names[:index], after)
            continue
        behind = pivot is not None and index > pivot
        before = names[pivot:index] if behind else names[:index]
        if not before:
            after[name] = draw(st.none() | st.just([]))
            continue
        some = st.lists(st.sampled_from(before), unique=True, min_size=int(behind), max_size=3)
        after[name] = draw(st.none() | some)
    return after


def _sinks(names: list[str], after: dict[str, list[str] | None]) -> list[str]:
    before = {
        it
        for at, name in enumerate(names)
        for it in (names[at - 1 : at] if after[name] is None else after[name] or ())
    }
    return [name for name in names if name not in before]


def _side(index: int, pivot: int | None) -> str:
    if pivot is None or index < pivot:
        return "before"
    return "pivot" if index == pivot else "behind"


@st.composite
def _steps(
    draw: st.DrawFn, name: str, after: list[str] | None, side: str, *, clean: bool, locks: bool
) -> Data:
    step: Data = {"name": name}
    if after is not None:
        step["after"] = after
    kinds = {
        "before": ("undone", "undone", "kept", "read"),
        "pivot": ("pivot",),
        "behind": ("retriable", "read"),
    }
    kind = draw(st.sampled_from(kinds[side]))
    step.update(_of_kind(draw, kind, name))
    _maybe(draw, step, "service", st.sampled_from(SERVICES))
    _maybe(draw, step, "action", st.just(f"do_{name}"))
    _maybe(draw, step, "timeout_ms", st.sampled_from((500, 1000, 2000) if clean else (10, 500, 1000)))
    _maybe(
        draw,
        step,
        "takes_ms",
        few_ms | st.tuples(few_ms, few_ms).map(lambda it: {"min": min(it), "max": max(it)}),
    )
    _maybe(draw, step, "retry", _retries(st.lists(st.sampled_from(("error", "unknown")), unique=True)))
    _maybe(draw, step, "undo_retry", _retries(None))
    _maybe(draw, step, "reads", st.lists(st.sampled_from(RESOURCES), unique=True, max_size=2))
    _maybe(draw, step, "builds_on", st.just(after or []))
    _maybe(draw, step, "irreversible", st.booleans())
    _maybe(draw, step, "safeguards", _safeguards(locks=locks))
    for rule, values in (("on_refusal", REACTIONS), ("on_error", REACTIONS), ("on_unknown", REACTIONS)):
        _seldom(draw, step, rule, st.sampled_from(values))
    _seldom(draw, step, "on_undo_failure", st.sampled_from(UNDO_REACTIONS))
    _seldom(draw, step, "may_refuse", st.booleans())
    if not clean and side != "behind":
        _seldom(
            draw,
            step,
            "refuses_when",
            st.sampled_from(("stock < 1", "orders.open + 1 > 2 and not stock == 3")),
        )
    return step


def _of_kind(draw: st.DrawFn, kind: str, name: str) -> Data:
    effects = st.dictionaries(st.sampled_from(RESOURCES), st.integers(-3, 3), max_size=2)
    if kind == "read":
        return draw(st.sampled_from(({"kind": "read"}, {})))
    said: Data = {} if kind == "undone" else {"kind": "compensatable" if kind == "kept" else kind}
    _maybe(draw, said, "effects", effects)
    if kind == "undone":
        said["compensation"] = f"undo_{name}"
        _seldom(draw, said, "undo_effects", effects)
    return said


@st.composite
def _retries(draw: st.DrawFn, upon: st.SearchStrategy[list[str]] | None) -> Data:
    retry: Data = {}
    _maybe(draw, retry, "attempts", st.integers(1, 3))
    _maybe(draw, retry, "first_ms", st.sampled_from((0, 100, 200)))
    _maybe(draw, retry, "factor", st.sampled_from((1, 1.5, 2, 2.0)))
    _maybe(draw, retry, "max_ms", st.sampled_from((100, 5000)))
    if upon is not None:
        _maybe(draw, retry, "upon", upon)
    return retry


@st.composite
def _safeguards(draw: st.DrawFn, *, locks: bool) -> Data:
    safeguards: Data = draw(st.dictionaries(st.sampled_from(FLAGS), st.booleans(), max_size=4))
    _maybe(draw, safeguards, "undo_of_nothing", st.sampled_from(("accept", "reject", "apply")))
    if locks:
        _maybe(draw, safeguards, "semantic_lock", st.sampled_from(("none", "fail", "wait")))
    return safeguards


def _services(steps: list[Data]) -> st.SearchStrategy[Data]:
    used: list[str] = sorted({step.get("service") or step["name"] for step in steps})
    delivery = st.sampled_from(("at-least-once", "at-most-once"))
    service = st.fixed_dictionaries(
        {}, optional={"delivery": delivery, "safeguards": _safeguards(locks=False)}
    )
    return st.dictionaries(st.sampled_from(used), service, max_size=3)


@st.composite
def _engines(
    draw: st.DrawFn, names: list[str], presets: tuple[str, ...], most: int, *, neutral: bool
) -> Data:
    rules = IN_BOTH_COORDINATIONS if neutral else tuple(RULE_VALUES)
    known = ("default",) if neutral else presets
    engine: Data = {}
    _maybe(draw, engine, "preset", st.sampled_from(known))
    for rule in draw(st.lists(st.sampled_from(rules), unique=True, max_size=most)):
        some = st.lists(st.sampled_from(names), unique=True) if rule == "compensates" else st.nothing()
        engine[rule] = draw(st.sampled_from(RULE_VALUES[rule]) | some)
    return engine


@st.composite
def _invariants(draw: st.DrawFn, data: Data) -> list[Data]:
    """Bounds that no order of effects and undos can leave while nothing happens twice."""
    found = []
    for name in draw(st.lists(st.sampled_from(RESOURCES), unique=True, max_size=2)):
        changes = [it for step in data["steps"] for it in _changes(step, name)]
        start, sagas_running = data.get("resources", {}).get(name, 0), data.get("instances", 1)
        low = start + sagas_running * sum(min(it, 0) for it in changes)
        high = start + sagas_running * sum(max(it, 0) for it in changes)
        when = draw(st.sampled_from(("always", "finally")))
        found.append({"name": f"{name} stays in bounds", when: f"{low} <= {name} and not {name} > {high}"})
    return found


def _changes(step: Data, name: str) -> tuple[int, int]:
    effect: int = step.get("effects", {}).get(name, 0)
    undo: int = step.get("undo_effects", {}).get(name, 0)
    return effect, undo


@st.composite
def _given(draw: st.DrawFn, data: Data) -> list[str]:
    names = [step["name"] for step in data["steps"]]
    kinds = st.sampled_from(("error", "no-effect", "refused", "late@end"))
    struck = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    return [f"{name}.undo:{draw(kinds)}*for-ever" for name in struck]


def _moments(saga: Saga) -> st.SearchStrategy[Moment]:
    edges = st.sampled_from(("before", "after"))
    return st.builds(Moment, edges, st.sampled_from(saga.step_names), st.booleans())


def _subscribe(draw: st.DrawFn, steps: list[Data]) -> None:
    """Names for some events, and explicit subscriptions to some events of others."""
    for step in steps:
        stem = step["name"].replace("-", "_").title()
        events = {"done": f"It.{stem}-ed", "refused": f"Not{stem}"}
        _maybe(
            draw,
            step,
            "publishes",
            st.dictionaries(st.sampled_from(sorted(events)), st.nothing()) | st.just(events),
        )
    known = [event for step in steps for event in step.get("publishes", {}).values()] or ["CartCheckedOut"]
    for step in steps:
        _seldom(draw, step, "starts_on", st.lists(st.sampled_from(known), unique=True, max_size=2))
        _seldom(draw, step, "compensates_on", st.lists(st.sampled_from(known), unique=True, max_size=2))


def _maybe(draw: st.DrawFn, into: Data, key: str, values: st.SearchStrategy[Any]) -> None:
    if draw(st.booleans()):
        into[key] = draw(values)


def _seldom(draw: st.DrawFn, into: Data, key: str, values: st.SearchStrategy[Any]) -> None:
    if draw(st.integers(0, 7)) == 7:
        into[key] = draw(values)
