"""What the lint says about a design, and that its proofs and fixes are true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagasim.core.codec import saga_from_data, saga_from_text, saga_to_data
from sagasim.core.execution import run
from sagasim.core.lint import RULES, Problem, apply_fix, check
from sagasim.core.saga import Saga

SAGAS = Path(__file__).parents[1] / "sagas"
FILES = sorted([*SAGAS.glob("*.yaml"), *(SAGAS / "gallery").glob("*.yaml")])


def a_saga(*steps: dict[str, Any], **more: Any) -> Saga:
    return saga_from_data({"sagasim": 1, "name": "order", "steps": list(steps), **more})


def undoable(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "compensation": f"undo_{name.replace('-', '_')}", **more}


def pivot(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "pivot", **more}


def retriable(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "retriable", **more}


SOUND = a_saga(undoable("reserve"), pivot("pay"), retriable("ship"))


def problems(saga: Saga, rule: str) -> list[Problem]:
    return [problem for problem in check(saga) if problem.rule == rule]


def the(saga: Saga, rule: str) -> Problem:
    (problem,) = problems(saga, rule)
    return problem


# Each rule: where, how serious, the harm that proves it, a saga that breaks it, and the nearest that is fine.

BROKEN = [
    pytest.param(
        "no-compensation",
        "reserve",
        "warning",
        "leak",
        a_saga({"name": "reserve", "kind": "compensatable"}, pivot("pay")),
        a_saga(pivot("pay"), {"name": "reserve", "kind": "compensatable"}),
        id="before the pivot without a compensation; behind it nothing is undone",
    ),
    pytest.param(
        "pivot-with-compensation",
        "pay",
        "warning",
        None,
        a_saga(pivot("pay", compensation="refund")),
        a_saga(pivot("pay")),
        id="a pivot with a compensation that is never called",
    ),
    pytest.param(
        "pivot-with-compensation",
        "pay",
        "error",
        "undone-after-pivot",
        a_saga(
            undoable("reserve"), pivot("pay", compensation="refund"), engine={"pivot_unknown": "compensate"}
        ),
        a_saga(undoable("reserve"), pivot("pay"), engine={"pivot_unknown": "compensate"}),
        id="a pivot with a compensation that is called although it has committed",
    ),
    pytest.param(
        "two-pivots",
        "ship",
        "error",
        None,
        a_saga(pivot("pay"), pivot("ship")),
        a_saga(pivot("pay"), pivot("ship", after=[])),
        id="two pivots on one path; on two paths each decides its own",
    ),
    pytest.param(
        "refusal-after-pivot",
        "ship",
        "warning",
        None,
        a_saga(pivot("pay"), retriable("ship", may_refuse=True)),
        SOUND,
        id="a refusal behind the pivot that parks the saga",
    ),
    pytest.param(
        "refusal-after-pivot",
        "ship",
        "error",
        "undone-after-pivot",
        a_saga(
            undoable("reserve"), pivot("pay"), retriable("ship", may_refuse=True, on_refusal="compensate")
        ),
        a_saga(undoable("reserve"), pivot("pay"), retriable("ship", on_refusal="compensate")),
        id="a refusal behind the pivot that undoes what was decided",
    ),
    pytest.param(
        "irreversible-before-pivot",
        "mail",
        "error",
        "leak",
        a_saga({"name": "mail", "kind": "compensatable", "irreversible": True}, pivot("pay")),
        a_saga(pivot("pay"), retriable("mail", irreversible=True)),
        id="a mail sent before the decision; behind it nothing is wrong with that",
    ),
    pytest.param(
        "irreversible-before-pivot",
        "mail",
        "warning",
        None,
        a_saga(undoable("mail", irreversible=True), pivot("pay")),
        a_saga(undoable("mail"), pivot("pay")),
        id="a mail with an apology as its compensation",
    ),
    pytest.param(
        "retriable-without-key",
        "ship",
        "error",
        "double-effect",
        a_saga(pivot("pay"), retriable("ship", safeguards={"idempotent": False})),
        SOUND,
        id="a retriable step without a key",
    ),
    pytest.param(
        "retry-without-key",
        "reserve",
        "error",
        "double-effect",
        a_saga(undoable("reserve", safeguards={"idempotent": False}), pivot("pay")),
        SOUND,
        id="a retry without a key",
    ),
    pytest.param(
        "retry-without-key",
        "reserve",
        "error",
        "double-effect",
        a_saga(undoable("reserve", retry={"attempts": 1}, safeguards={"idempotent": False}), pivot("pay")),
        a_saga(undoable("reserve", retry={"attempts": 1}), pivot("pay")),
        id="no retry, and yet a message that comes twice",
    ),
    pytest.param(
        "retries-beyond-deadline",
        "reserve",
        "warning",
        None,
        a_saga(undoable("reserve", timeout_ms=2000), pivot("pay"), deadline_ms=6000),
        a_saga(undoable("reserve", timeout_ms=1000), pivot("pay"), deadline_ms=6000),
        id="three attempts at two seconds, and six seconds in all",
    ),
    pytest.param(
        "slower-than-timeout",
        "reserve",
        "error",
        "double-effect",
        a_saga(undoable("reserve", takes_ms=1500, safeguards={"idempotent": False}), pivot("pay")),
        a_saga(undoable("reserve", takes_ms=1000), pivot("pay")),
        id="a call that always outlasts its timeout",
    ),
    pytest.param(
        "slower-than-timeout",
        "reserve",
        "warning",
        None,
        a_saga(undoable("reserve", takes_ms={"min": 20, "max": 1500}), pivot("pay")),
        a_saga(undoable("reserve", takes_ms={"min": 20, "max": 900}), pivot("pay")),
        id="a call that may outlast its timeout",
    ),
    pytest.param(
        "parallel-writes",
        "hotel",
        "warning",
        None,
        a_saga(
            undoable("flight", after=[], effects={"seats": 1}),
            undoable("hotel", after=[], effects={"seats": 1}),
            pivot("pay", after=["flight", "hotel"]),
        ),
        a_saga(
            undoable("flight", effects={"seats": 1}), undoable("hotel", effects={"seats": 1}), pivot("pay")
        ),
        id="two parallel steps that change one resource",
    ),
    pytest.param(
        "undo-order",
        "reserve",
        "error",
        "wrong-order",
        a_saga(
            undoable("reserve"),
            undoable("pack", builds_on=["reserve"]),
            pivot("pay"),
            engine={"order": "parallel"},
        ),
        a_saga(undoable("reserve"), undoable("pack"), pivot("pay"), engine={"order": "parallel"}),
        id="an engine that undoes everything at once, and a step that builds on another",
    ),
    pytest.param(
        "undo-order",
        "reserve",
        "error",
        "wrong-order",
        a_saga(
            undoable("reserve", compensates_on=["PayRefused"]),
            undoable("pack", compensates_on=["PayRefused"]),
            pivot("pay"),
        ),
        a_saga(
            undoable("reserve", compensates_on=["PackUndone"]),
            undoable("pack", compensates_on=["PayRefused"]),
            pivot("pay"),
        ),
        id="two participants that are undone by the same event, whatever builds on what",
    ),
    pytest.param(
        "unheard-event",
        "pay",
        "error",
        "stuck",
        a_saga(
            undoable("reserve", compensates_on=["ShipRefused"]),
            pivot("pay"),
            {"name": "ship", "kind": "read"},
        ),
        a_saga(
            undoable("reserve", compensates_on=["PayRefused"]), pivot("pay"), {"name": "ship", "kind": "read"}
        ),
        id="a refusal that nobody is undone by",
    ),
    pytest.param(
        "unheard-event",
        "pack",
        "warning",
        None,
        a_saga(undoable("reserve"), undoable("pack"), pivot("pay", starts_on=["ReserveDone"])),
        a_saga(undoable("reserve"), undoable("pack"), pivot("pay", starts_on=["PackDone"])),
        id="a success on which nobody starts",
    ),
    pytest.param(
        "unknown-event",
        "pay",
        "error",
        "stuck",
        a_saga(undoable("reserve"), pivot("pay", starts_on=["ReserveFinished"])),
        a_saga(undoable("reserve", starts_on=["CartCheckedOut"]), pivot("pay", starts_on=["ReserveDone"])),
        id="a step that starts on what nobody publishes; the first may wait for an event from outside",
    ),
    pytest.param(
        "unknown-event",
        "reserve",
        "error",
        "stuck",
        a_saga(undoable("reserve", compensates_on=["PayRejected"]), pivot("pay")),
        a_saga(undoable("reserve", compensates_on=["PayRefused"]), pivot("pay")),
        id="a compensation on what nobody publishes",
    ),
    pytest.param(
        "event-cycle",
        "pay",
        "error",
        "stuck",
        a_saga(undoable("reserve"), pivot("pay", starts_on=["ShipDone"]), retriable("ship")),
        a_saga(undoable("reserve"), pivot("pay", starts_on=["ReserveDone"]), retriable("ship")),
        id="two steps that wait for each other",
    ),
    pytest.param(
        "open-fan-out",
        "order",
        "warning",
        None,
        a_saga(undoable("order"), undoable("flight", after=["order"]), undoable("hotel", after=["order"])),
        a_saga(
            undoable("order"),
            undoable("flight", after=["order"]),
            undoable("hotel", after=["order"]),
            pivot("pay", after=["flight", "hotel"]),
        ),
        id="two branches that nothing joins",
    ),
    pytest.param(
        "longer-than-deadline",
        "",
        "error",
        None,
        a_saga(
            undoable("reserve", takes_ms=300),
            pivot("pay", takes_ms={"min": 100, "max": 300}),
            deadline_ms=500,
        ),
        a_saga(
            undoable("reserve", takes_ms=300),
            pivot("pay", after=[], takes_ms={"min": 100, "max": 300}),
            deadline_ms=500,
        ),
        id="a run without faults that outlasts the deadline; in parallel there is time enough",
    ),
    pytest.param(
        "unknown-resource",
        "reserve",
        "warning",
        None,
        a_saga(
            undoable("reserve", refuses_when="inventory.avaliable < 1"), resources={"inventory.available": 5}
        ),
        a_saga(
            undoable("reserve", refuses_when="inventory.available < 1"), resources={"inventory.available": 5}
        ),
        id="a resource with a typing mistake in its name",
    ),
]


@pytest.mark.parametrize(("rule", "step", "severity", "harm", "broken", "fine"), BROKEN)
def test_a_rule_names_the_step_and_is_silent_where_nothing_is_wrong(rule, step, severity, harm, broken, fine):
    problem = the(broken, rule)

    assert (problem.step, problem.severity) == (step, severity)
    assert (problem.harm.harm if problem.harm else None) == harm
    assert not problems(fine, rule)


@pytest.mark.parametrize(("rule", "step", "severity", "harm", "broken", "fine"), BROKEN)
def test_a_problem_is_one_sentence_that_says_what_would_be_right(rule, step, severity, harm, broken, fine):
    sentence = the(broken, rule).sentence

    assert step in sentence
    assert "; " in sentence
    assert not sentence.endswith(".")


def test_every_rule_has_a_saga_here_that_breaks_it():
    assert {parameters.values[0] for parameters in BROKEN} == set(RULES)


def every_problem() -> list[Any]:
    sagas: list[tuple[Any, Any]] = [(parameters.id, parameters.values[4]) for parameters in BROKEN]
    sagas.extend((path.stem, saga_from_text(path.read_text(), source=path.name)) for path in FILES)
    return [
        pytest.param(saga, problem, id=f"{name}: {problem.rule} {problem.step}")
        for name, saga in sagas
        for problem in check(saga)
    ]


@pytest.mark.parametrize(("saga", "problem"), every_problem())
def test_replaying_the_proof_shows_its_harm(saga, problem):
    if problem.harm is None:
        assert problem.proof in (None, ())
    else:
        assert run(saga, problem.coordination, problem.proof).shows(*problem.harm)


@pytest.mark.parametrize(("saga", "problem"), every_problem())
def test_a_fix_takes_its_problem_away_and_can_be_written_to_the_file(saga, problem):
    if problem.fix is None:
        return
    fixed = apply_fix(saga, problem.fix)

    assert (problem.rule, problem.step) not in {(left.rule, left.step) for left in check(fixed)}
    assert saga_from_data(saga_to_data(fixed)) == fixed


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sound_saga_is_not_even_warned_about(path):
    expected = json.loads(path.with_name(path.stem + ".expected.json").read_text())

    if expected["clean"]:
        assert check(saga_from_text(path.read_text())) == ()


def test_errors_come_first_and_then_the_order_of_the_steps():
    saga = a_saga(
        {"name": "reserve", "kind": "compensatable"},
        undoable("pack", safeguards={"idempotent": False}),
        pivot("pay"),
        retriable("ship", safeguards={"idempotent": False}),
    )

    assert [(problem.severity, problem.step) for problem in check(saga)] == [
        ("error", "pack"),
        ("error", "ship"),
        ("warning", "reserve"),
    ]


def test_a_run_that_passes_its_deadline_is_its_own_proof():
    saga = a_saga(undoable("reserve", takes_ms=600), pivot("pay"), deadline_ms=500)

    problem = the(saga, "longer-than-deadline")

    assert problem.proof == ()
    assert problem.coordination is not None
    assert run(saga, problem.coordination).outcome == "compensated"


def test_no_proof_blames_a_step_for_what_happens_without_faults_too():
    saga = a_saga(
        {"name": "reserve", "kind": "compensatable"},
        pivot("pay", refuses_when="stock < 1"),
        resources={"stock": 0},
    )

    assert the(saga, "no-compensation").proof is None


def test_runs_for_proofs_are_few_however_long_the_saga_is():
    unkeyed = {"safeguards": {"idempotent": False}}
    saga = a_saga(*(undoable(f"step-{number}", **unkeyed) for number in range(60)), pivot("pay"))

    found = problems(saga, "retry-without-key")

    assert len(found) == 60
    assert 0 < sum(problem.proof is not None for problem in found) < 60
