"""The engine's rules: what is done about what was heard, and the presets that name a set of them.

The rules are data. A preset says only where it differs from `default`; each names the source it was read
from. docs/glossary.md says more about each source, and is corrected there when a source says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Literal, get_args

from sagasim.core.errors import BadSaga, listed, quoted
from sagasim.core.saga import REACTIONS, UNDO_REACTIONS, EngineChoice, Reaction, Saga, UndoReaction

CancelRule = Literal["compensate", "abandon", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules in force. model.md section 5 is their source, word by word."""

    compensates: Literal["completed", "unknown", "attempted", "all"] | tuple[str, ...] = "unknown"
    order: Literal["reverse", "reverse-start", "parallel"] = "reverse"
    errors_are: Literal["unknown", "failed"] = "unknown"
    belief: Literal["join", "last"] = "join"
    on_refusal: Reaction = "compensate"
    on_error: Reaction = "compensate"
    on_unknown: Reaction = "compensate"
    on_undo_failure: UndoReaction = "park"
    on_cancel: CancelRule = "compensate"
    on_deadline: CancelRule = "compensate"
    pivot_unknown: Literal["resolve", "compensate", "continue"] = "resolve"
    on_recover: Literal["resend", "compensate", "wait"] = "resend"
    on_stray_reply: Literal["ignore", "advance", "resurrect"] = "ignore"
    on_sibling_failure: Literal["wait", "abandon"] = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A product's rules, as far as they differ from `default`, and where we read them."""

    name: str
    differs: Mapping[str, object]
    source: str


def _preset(name: str, source: str, **differs: object) -> tuple[str, Preset]:
    return name, Preset(name=name, differs=MappingProxyType(differs), source=source)


_REGISTERED_AFTER = {"compensates": "completed", "errors_are": "failed"}

PRESETS: Mapping[str, Preset] = MappingProxyType(
    dict(
        (
            _preset("default", "model.md section 5: what a careful engine does"),
            _preset(
                "temporal-like",
                "temporalio/samples-java bookingsaga: the undo is registered before the call",
                compensates="attempted",
                on_undo_failure="retry",
            ),
            _preset(
                "temporal-after-like",
                "temporalio/samples-go saga: the undo is registered after the call",
                **_REGISTERED_AFTER,
                on_undo_failure="stop",
            ),
            _preset(
                "seata-like",
                "Apache Seata saga mode: forward and backward recovery retry until they work",
                on_error="retry",
                on_unknown="retry",
                on_undo_failure="retry",
            ),
            _preset(
                "dtm-like",
                "dtm-labs/dtm saga: only a definite no turns back; an operator's force-stop undoes nothing",
                compensates="attempted",
                on_error="retry",
                on_unknown="retry",
                on_undo_failure="retry",
                on_cancel="abandon",
            ),
            _preset(
                "step-functions-like",
                "AWS Step Functions: what no Catch names fails the execution as it stands",
                **_REGISTERED_AFTER,
                on_unknown="abandon",
                on_undo_failure="stop",
                on_cancel="abandon",
                on_deadline="abandon",
                on_sibling_failure="abandon",
                pivot_unknown="continue",
            ),
            _preset(
                "camunda7-like",
                "Camunda 7 BPMN compensation: only completed activities have a handler to call",
                **_REGISTERED_AFTER,
                on_cancel="abandon",
            ),
            _preset(
                "camunda8-like",
                "Camunda 8 BPMN compensation: as Camunda 7, all handlers at once",
                **_REGISTERED_AFTER,
                on_cancel="abandon",
                order="parallel",
            ),
            _preset(
                "conductor-like",
                "conductor-oss/conductor: a failure workflow undoes tasks whose status is COMPLETED",
                **_REGISTERED_AFTER,
                on_undo_failure="stop",
                on_cancel="abandon",
            ),
            _preset(
                "eventuate-like",
                "Eventuate Tram sagas: messages are redelivered until handled; nothing cancels a saga",
                compensates="completed",
                on_error="retry",
                on_unknown="retry",
                on_undo_failure="retry",
                on_cancel="ignore",
                on_deadline="ignore",
            ),
            _preset(
                "masstransit-like",
                "MassTransit routing slips: the compensate log holds completed activities only",
                **_REGISTERED_AFTER,
                on_undo_failure="stop",
                on_cancel="abandon",
            ),
            _preset(
                "lra-like",
                "MicroProfile LRA: every enlisted participant is asked to compensate until it has",
                compensates="attempted",
                order="reverse-start",
                on_undo_failure="retry",
            ),
        )
    )
)

RULE_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "compensates": ("completed", "unknown", "attempted", "all"),
        "order": ("reverse", "reverse-start", "parallel"),
        "errors_are": ("unknown", "failed"),
        "belief": ("join", "last"),
        "on_refusal": REACTIONS,
        "on_error": REACTIONS,
        "on_unknown": REACTIONS,
        "on_undo_failure": UNDO_REACTIONS,
        "on_cancel": get_args(CancelRule),
        "on_deadline": get_args(CancelRule),
        "pivot_unknown": ("resolve", "compensate", "continue"),
        "on_recover": ("resend", "compensate", "wait"),
        "on_stray_reply": ("ignore", "advance", "resurrect"),
        "on_sibling_failure": ("wait", "abandon"),
    }
)
RULE_NAMES: tuple[str, ...] = tuple(rule.name for rule in fields(Rules))


def rules_of(saga: Saga) -> Rules:
    """The rules that are in force for this saga. Raises BadSaga with what would have been right."""
    if saga.engine.preset not in PRESETS:
        raise BadSaga(
            f"no preset {quoted(saga.engine.preset)}; the presets are {listed(PRESETS, 20)}",
            path="engine.preset",
        )
    chosen = dict(PRESETS[saga.engine.preset].differs)
    for rule, value in saga.engine.overrides.items():
        chosen[rule] = _checked(rule, value, saga)
    return replace(Rules(), **chosen)  # type: ignore[arg-type]  # checked against RULE_VALUES just above


def order_of(choice: EngineChoice) -> object:
    """The undo order that this choice means, before there is a saga: `builds_on` defaults to it."""
    preset = PRESETS.get(choice.preset, PRESETS["default"])
    return choice.overrides.get("order", preset.differs.get("order", Rules().order))


def _checked(rule: str, value: object, saga: Saga) -> object:
    path = f"engine.{rule}"
    if rule not in RULE_VALUES:
        raise BadSaga(f"no engine rule {quoted(rule)}; the rules are {listed(RULE_NAMES, 20)}", path=path)
    if rule == "compensates" and isinstance(value, list | tuple):
        for name in value:
            if name not in saga.step_names:
                raise BadSaga(f"no step {quoted(name)}; the saga has {listed(saga.step_names)}", path=path)
        return tuple(value)
    if value not in RULE_VALUES[rule]:
        raise BadSaga(f"{quoted(value)} is not one of {listed(RULE_VALUES[rule])}", path=path)
    return value
