"""Sound sagas and their broken twins: what each safeguard and each rule of an engine holds back.

Every row was written from the words of docs/model.md (sections 4, 5 and 8) before it was run: one switch is
turned, the finding that the model promises appears with exactly that many faults, and with the switch turned
back nothing at all is found.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from sagasim.core.codec import saga_from_data
from sagasim.core.engine import RULE_VALUES, Rules
from sagasim.core.exploration import explore
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.saga import Coordination, Safeguards, Saga

BY_ONE, BY_ALL = Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY
Data = dict[str, Any]

BASE: Data = {
    "sagasim": 1,
    "name": "order",
    "steps": [
        {"name": "open", "service": "orders", "compensation": "cancel"},
        {"name": "charge", "service": "payments", "compensation": "refund", "builds_on": ["open"]},
        {"name": "reserve", "service": "inventory", "compensation": "release", "builds_on": ["charge"]},
        {"name": "ship", "service": "parcels", "kind": "pivot"},
        {"name": "tell", "service": "mail", "kind": "retriable"},
    ],
}
BRANCHES: Data = {
    "sagasim": 1,
    "name": "branches",
    "steps": [
        {"name": "left", "service": "lefts", "compensation": "undo_left", "after": []},
        {"name": "right", "service": "rights", "compensation": "undo_right", "after": []},
        {"name": "join", "service": "joins", "kind": "pivot", "after": ["left", "right"]},
    ],
}
CHANGED_MIND: Data = {
    "sagasim": 1,
    "name": "changed-mind",
    "steps": [
        {"name": "hold", "service": "holds", "compensation": "free", "after": [], "effects": {"held": 1}},
        {
            "name": "book",
            "service": "books",
            "compensation": "unbook",
            "after": [],
            "refuses_when": "held > 0",
        },
        {"name": "close", "service": "closes", "kind": "pivot", "after": ["hold", "book"]},
    ],
}
TWO_SAGAS: Data = {
    "sagasim": 1,
    "name": "two-sagas",
    "instances": 2,
    "resources": {"stock": 9},
    "steps": [
        {"name": "take", "service": "stocks", "compensation": "give_back", "effects": {"stock": -1}},
        {"name": "pay", "service": "payments", "kind": "pivot"},
    ],
}
ONE_READS: Data = {
    **TWO_SAGAS,
    "steps": [{"name": "look", "service": "shops", "kind": "read", "reads": ["stock"]}, *TWO_SAGAS["steps"]],
}


def saga_of(base: Data, steps: Data | None = None, **rest: Any) -> Saga:
    """The base with some steps' and the saga's own keys changed; None takes a key away."""
    changes = steps or {}
    assert set(changes) <= {step["name"] for step in base["steps"]}
    merged_steps = [{**step, **changes.get(step["name"], {})} for step in base["steps"]]
    changed = [{key: it for key, it in step.items() if it is not None} for step in merged_steps]
    return saga_from_data({**base, **rest, "steps": changed})


class Twin(NamedTuple):
    """One switch: what is turned, on which ground, struck by which kinds, and what must then be found."""

    coordination: Coordination
    turned: Data
    harm: str
    step: str
    faults: int = 1
    kinds: tuple[str, ...] = EXPLORED_KINDS
    base: Data = BASE
    ground: Data = {}  # noqa: RUF012  # a NamedTuple's default: nobody changes it


def guard(step: str, **switches: object) -> Data:
    return {"steps": {step: {"safeguards": switches}}}


def rule(**rules: object) -> Data:
    return {"engine": rules}


SAFEGUARD_TWINS = {
    "a retry without a key takes effect twice": Twin(
        BY_ONE, guard("charge", idempotent=False), "double-effect", "charge", kinds=("reply-lost",)
    ),
    "an event that is delivered twice takes effect twice": Twin(
        BY_ALL, guard("charge", idempotent=False), "double-effect", "charge", kinds=("duplicate",)
    ),
    "an undo without a key undoes twice": Twin(
        BY_ONE, guard("charge", idempotent=False), "phantom-undo", "charge", 2, ("refused", "reply-lost")
    ),
    "rejecting to undo nothing makes a chain that is stuck": Twin(
        BY_ONE,
        guard("reserve", undo_of_nothing="reject"),
        "stuck",
        "reserve",
        kinds=("request-lost",),
        ground=rule(on_undo_failure="retry"),
    ),
    "undoing what never was is a phantom": Twin(
        BY_ONE, guard("reserve", undo_of_nothing="apply"), "phantom-undo", "reserve", kinds=("request-lost",)
    ),
    "without a tombstone an effect is left hanging": Twin(
        BY_ONE, guard("reserve", tombstone=False), "leak", "reserve", kinds=("late",)
    ),
    "without a tombstone it even lands after the end": Twin(
        BY_ONE, guard("open", tombstone=False), "effect-after-end", "open", kinds=("late",)
    ),
    "without an outbox an event is lost": Twin(
        BY_ALL, guard("charge", outbox=False), "stuck", "charge", kinds=("reply-lost",)
    ),
    "without an intent log an effect is forgotten after a crash": Twin(
        BY_ONE,
        guard("charge", intent_log=False),
        "leak",
        "charge",
        kinds=("coordinator-crash",),
        ground=rule(on_recover="compensate"),
    ),
    "without an intent log a pivot is forgotten after a crash, and what stands before it undone": Twin(
        BY_ONE,
        guard("ship", intent_log=False),
        "undone-after-pivot",
        "reserve",
        kinds=("coordinator-crash",),
        ground=rule(on_recover="compensate"),
    ),
    "without an intent log a saga that has halted forgets its running call": Twin(
        BY_ONE, guard("left", intent_log=False), "leak", "left", 2, ("refused", "coordinator-crash"), BRANCHES
    ),
    "who does not stick to a refusal serves the late copy": Twin(
        BY_ONE,
        guard("reserve", sticky_refusal=False),
        "leak",
        "reserve",
        2,
        ("late", "refused"),
        ground=rule(belief="last"),
    ),
    "who does not stick to a refusal serves the second copy": Twin(
        BY_ONE, guard("book", sticky_refusal=False), "leak", "book", kinds=("duplicate",), base=CHANGED_MIND
    ),
    "a participant that does not stick to its refusal serves the second event": Twin(
        BY_ALL, guard("book", sticky_refusal=False), "leak", "book", kinds=("duplicate",), base=CHANGED_MIND
    ),
    "a dead letter without an alarm is known to nobody": Twin(
        BY_ALL, guard("charge", dead_letter_alarm=False), "stuck", "open", kinds=("poisoned",)
    ),
    "a dead undo without an alarm is known to nobody": Twin(
        BY_ALL, guard("charge", dead_letter_alarm=False), "stuck", "charge", 2, ("refused", "poisoned")
    ),
    "a key that is made anew takes effect twice": Twin(
        BY_ONE,
        guard("charge", natural_key=False),
        "double-effect",
        "charge",
        kinds=("reply-lost",),
        ground={"given": ["charge#2:key-lost"]},
    ),
    "without a lock a saga overwrites what another takes back": Twin(
        BY_ONE, guard("take", semantic_lock="none"), "lost-update", "take", kinds=("refused",), base=TWO_SAGAS
    ),
    "without a lock a participant overwrites what another saga takes back": Twin(
        BY_ALL, guard("take", semantic_lock="none"), "lost-update", "take", kinds=("refused",), base=TWO_SAGAS
    ),
    "without a lock a saga reads what another takes back": Twin(
        BY_ONE, guard("take", semantic_lock="none"), "dirty-read", "look", kinds=("refused",), base=ONE_READS
    ),
}
REPAIRED: dict[str, Data] = {"natural_key": {"natural_key": True}, "semantic_lock": {"semantic_lock": "fail"}}
"""Switches whose safe side is not their default."""

RULE_TWINS = {
    "compensates completed": Twin(
        BY_ONE, rule(compensates="completed"), "leak", "charge", kinds=("reply-lost",)
    ),
    "compensates attempted": Twin(
        BY_ONE,
        rule(compensates="attempted"),
        "phantom-undo",
        "charge",
        kinds=("refused",),
        ground=guard("charge", undo_of_nothing="apply"),
    ),
    "compensates all": Twin(
        BY_ONE,
        rule(compensates="all"),
        "phantom-undo",
        "reserve",
        kinds=("refused",),
        base={
            **BASE,
            "steps": [*BASE["steps"][:2], {**BASE["steps"][2], "may_refuse": False}, *BASE["steps"][3:]],
        },
        ground=guard("reserve", undo_of_nothing="apply"),
    ),
    "compensates a list": Twin(BY_ONE, rule(compensates=["open"]), "leak", "charge", kinds=("refused",)),
    "order parallel": Twin(BY_ONE, rule(order="parallel"), "wrong-order", "charge", kinds=("refused",)),
    "errors_are failed": Twin(BY_ONE, rule(errors_are="failed"), "leak", "charge", kinds=("error-after",)),
    "belief last": Twin(
        BY_ONE,
        rule(belief="last"),
        "leak",
        "charge",
        2,
        ("late", "error"),
        ground=rule(errors_are="failed"),
    ),
    "on_refusal abandon": Twin(BY_ONE, rule(on_refusal="abandon"), "leak", "open", kinds=("refused",)),
    "on_refusal continue": Twin(
        BY_ONE, rule(on_refusal="continue"), "missing-effect", "charge", kinds=("refused",)
    ),
    "on_refusal retry": Twin(BY_ONE, rule(on_refusal="retry"), "stuck", "charge", kinds=("refused",)),
    "on_error abandon": Twin(BY_ONE, rule(on_error="abandon"), "leak", "open", kinds=("error",)),
    "on_error continue": Twin(
        BY_ONE, rule(on_error="continue"), "missing-effect", "charge", kinds=("error",)
    ),
    "on_unknown abandon": Twin(BY_ONE, rule(on_unknown="abandon"), "leak", "charge", kinds=("reply-lost",)),
    "on_unknown continue": Twin(
        BY_ONE, rule(on_unknown="continue"), "missing-effect", "charge", kinds=("request-lost",)
    ),
    "on_undo_failure stop": Twin(
        BY_ONE, rule(on_undo_failure="stop"), "skipped-undo", "open", 2, ("refused", "error")
    ),
    "on_undo_failure swallow": Twin(
        BY_ONE, rule(on_undo_failure="swallow"), "leak", "charge", 2, ("refused", "error")
    ),
    "on_cancel abandon": Twin(BY_ONE, rule(on_cancel="abandon"), "leak", "open", kinds=("cancelled",)),
    "on_deadline abandon": Twin(
        BY_ONE,
        rule(on_deadline="abandon"),
        "leak",
        "open",
        kinds=("deadline",),
        ground={"deadline_ms": 60_000},
    ),
    "pivot_unknown compensate": Twin(
        BY_ONE, rule(pivot_unknown="compensate"), "undone-after-pivot", "reserve", kinds=("reply-lost",)
    ),
    "pivot_unknown continue": Twin(
        BY_ONE, rule(pivot_unknown="continue"), "missing-effect", "ship", kinds=("request-lost",)
    ),
    "on_stray_reply advance": Twin(
        BY_ONE, rule(on_stray_reply="advance"), "missing-effect", "tell", kinds=("duplicate",)
    ),
    "on_stray_reply resurrect": Twin(
        BY_ONE, rule(on_stray_reply="resurrect"), "missing-effect", "charge", 2, ("refused", "duplicate")
    ),
    "on_sibling_failure abandon": Twin(
        BY_ONE,
        rule(on_sibling_failure="abandon"),
        "leak",
        "left",
        kinds=("refused",),
        base=BRANCHES,
        ground=rule(compensates="completed"),
    ),
    "choreographed on_refusal abandon": Twin(
        BY_ALL, rule(on_refusal="abandon"), "leak", "open", kinds=("refused",)
    ),
    "choreographed on_refusal continue": Twin(
        BY_ALL, rule(on_refusal="continue"), "missing-effect", "charge", kinds=("refused",)
    ),
    "choreographed on_refusal retry": Twin(
        BY_ALL, rule(on_refusal="retry"), "stuck", "charge", kinds=("refused",)
    ),
    "choreographed on_error abandon": Twin(
        BY_ALL, rule(on_error="abandon"), "leak", "open", kinds=("error",)
    ),
    "choreographed on_error continue": Twin(
        BY_ALL, rule(on_error="continue"), "missing-effect", "charge", kinds=("error",)
    ),
    "choreographed on_undo_failure stop": Twin(
        BY_ALL, rule(on_undo_failure="stop"), "skipped-undo", "open", 2, ("refused", "error")
    ),
    "choreographed on_undo_failure swallow": Twin(
        BY_ALL, rule(on_undo_failure="swallow"), "leak", "charge", 2, ("refused", "error")
    ),
    "choreographed on_cancel abandon": Twin(
        BY_ALL, rule(on_cancel="abandon"), "leak", "open", kinds=("cancelled",)
    ),
    "choreographed on_deadline abandon": Twin(
        BY_ALL,
        rule(on_deadline="abandon"),
        "leak",
        "open",
        kinds=("deadline",),
        ground={"deadline_ms": 60_000},
    ),
}
HARMLESS = (
    ("compensates", "attempted"),
    ("compensates", "all"),
    ("order", "reverse-start"),
    ("belief", "last"),
    ("on_error", "retry"),
    ("on_unknown", "retry"),
    ("on_undo_failure", "retry"),
    ("on_cancel", "ignore"),
    ("on_deadline", "ignore"),
    ("on_recover", "compensate"),
    ("on_recover", "wait"),
    ("on_sibling_failure", "abandon"),
)
"""Another way to be careful: with all safeguards on, nothing breaks."""


def merged(*parts: Data) -> Data:
    """Several changes of one saga as one."""
    whole: Data = {"steps": {}, "engine": {}}
    for part in parts:
        for key, value in part.items():
            if key == "steps":
                for step, keys in value.items():
                    mine = whole["steps"].setdefault(step, {"safeguards": {}})
                    mine["safeguards"] = {**mine["safeguards"], **keys["safeguards"]}
            elif key == "engine":
                whole["engine"].update(value)
            else:
                whole[key] = value
    return whole


def turned_back(turned: Data) -> Data:
    """The safe side of the switches."""
    return {
        "steps": {
            step: {
                "safeguards": {k: v for name in keys["safeguards"] for k, v in REPAIRED.get(name, {}).items()}
            }
            for step, keys in turned.get("steps", {}).items()
        }
    }


@pytest.mark.parametrize("name", [*SAFEGUARD_TWINS, *RULE_TWINS])
def test_one_switch_brings_the_finding_and_turned_back_takes_it_away(name: str) -> None:
    twin = {**SAFEGUARD_TWINS, **RULE_TWINS}[name]
    broken = saga_of(twin.base, **merged(twin.ground, twin.turned))
    found = explore(broken, twin.coordination, twin.faults, kinds=twin.kinds)
    finding = found.found(twin.harm, twin.step)
    assert finding is not None, [(each.harm, each.step) for each in found.findings]
    assert len(finding.faults) == twin.faults
    sound = saga_of(twin.base, **merged(twin.ground, turned_back(twin.turned)))
    assert explore(sound, twin.coordination, twin.faults, kinds=twin.kinds).findings == ()


@pytest.mark.parametrize(("rule_name", "value"), HARMLESS)
@pytest.mark.parametrize("base", [BASE, BRANCHES], ids=["chain", "branches"])
def test_another_way_to_be_careful_breaks_nothing(base: Data, rule_name: str, value: str) -> None:
    saga = saga_of(base, engine={rule_name: value}, deadline_ms=60_000)
    assert explore(saga, BY_ONE, 2).findings == ()


@pytest.mark.parametrize("coordination", Coordination)
@pytest.mark.parametrize("base", [BASE, BRANCHES], ids=["chain", "branches"])
def test_the_grounds_are_sound(base: Data, coordination: Coordination) -> None:
    assert explore(saga_of(base, deadline_ms=60_000), coordination, 2).findings == ()


@pytest.mark.parametrize("lock", ["fail", "wait"])
@pytest.mark.parametrize("coordination", Coordination)
def test_a_lock_of_either_sort_keeps_sagas_apart(coordination: Coordination, lock: str) -> None:
    saga = saga_of(TWO_SAGAS, {"take": {"safeguards": {"semantic_lock": lock}}})
    assert explore(saga, coordination, 1).findings == ()


def test_every_safeguard_has_a_twin() -> None:
    switches = {
        name
        for twin in SAFEGUARD_TWINS.values()
        for keys in twin.turned["steps"].values()
        for name in keys["safeguards"]
    }
    assert switches == set(Safeguards.__dataclass_fields__)


def test_every_value_of_every_rule_has_a_twin_or_is_harmless() -> None:
    turned = {
        (name, value if isinstance(value, str) else "a list")
        for twin in RULE_TWINS.values()
        for name, value in twin.turned["engine"].items()
    }
    defaults = {(name, getattr(Rules(), name)) for name in RULE_VALUES}
    every = {(name, value) for name, values in RULE_VALUES.items() for value in values}
    assert every - defaults <= turned | set(HARMLESS)
    assert ("compensates", "a list") in turned
