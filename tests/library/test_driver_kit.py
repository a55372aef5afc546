"""The promise of every driver: one plan means the same in virtual time and with real callables, killed or not."""

from __future__ import annotations

from itertools import product

import pytest

from sagasim import SagaOrchestrator
from sagasim.core.engine import PRESETS
from sagasim.core.errors import BadFault
from sagasim.core.faults import CALL_KINDS
from sagasim.library import JumpingClock, MemoryRecorder
from sagasim.library.design import plan_for
from tests.library.shops import Services, events

STEPS = ("order", "charge", "ship")
MOMENTS = {
    "late": ("", "@end", "@charge.after", "@ship.before", "@order.undo.before", "@charge.undo.after"),
    "reordered": ("", "@end", "@ship.undo.after"),
    "duplicate": ("", "@end", "@ship.after", "@order.undo.after"),
    "crash": ("@before", "@after"),
    "coordinator-crash": ("@before", "@after"),
}


def plans_on(pivot):
    """Every fault that a text can name on these steps; those on undos with a refusal that makes them happen."""
    for step, undo, attempt, kind, times in product(
        STEPS, ("", ".undo"), ("", "#2"), CALL_KINDS, ("", "*2", "*for-ever")
    ):
        for moment in MOMENTS.get(kind, ("",)):
            fault = f"{step}{undo}{attempt}:{kind}{moment}{times}"
            turning_back = "charge:refused" if pivot else "ship:refused"
            before = [f"{step}{undo}:error"] if attempt else []  # so that there is a second attempt
            plan = [fault, *before, *([turning_back] if undo else [])]
            if is_possible(plan, pivot):
                yield plan
    for step, kind in product(STEPS, ("outage", "cancelled")):
        for moment in ("", ".undo"):
            target, edge = ("saga", "after") if kind == "cancelled" else (step, "before")
            plan = [f"{target}:{kind}@{step}{moment}.{edge}", *(["ship:refused"] if moment else [])]
            if is_possible(plan, pivot):
                yield plan
                if kind == "outage":
                    yield [f"{plan[0]}*for-ever", *plan[1:]]


def is_possible(plan, pivot):
    try:
        plan_for(plan, Services().orchestrator(pivot)._design())
    except BadFault:
        return False
    return True


PLANS = {pivot: list(plans_on(pivot)) for pivot in (False, True)}


@pytest.mark.parametrize("timeout_ms", [None, 1000])
@pytest.mark.parametrize("pivot", [False, True])
def test_one_plan_gives_the_same_trace_and_the_same_ledger_as_in_the_simulator(pivot, timeout_ms):
    assert len(PLANS[pivot]) > 150
    for plan in PLANS[pivot][:: 1 if timeout_ms is None else 5]:  # with a timeout: the same in threads
        services = Services()
        orchestrator = services.orchestrator(pivot, timeout_ms)
        real = orchestrator.execute({}, faults=plan, run="kit")
        virtual = orchestrator.simulate(plan)
        assert events(real.history) == events(virtual.history), plan
        assert (real.outcome, real.parked, real.struck) == (
            virtual.outcome,
            virtual.parked,
            virtual.struck,
        ), plan
        assert {step: services.effects[step] for step in STEPS} == dict(virtual.ledger), plan
        assert all(entry.truth is None for entry in real.history)


RULES = (
    *({"preset": preset} for preset in PRESETS if preset != "camunda8-like"),  # its undos run side by side
    {"on_recover": "compensate"},
    {"on_recover": "wait"},
    {"belief": "last"},
    {"pivot_unknown": "compensate"},
    {"pivot_unknown": "continue"},
    {"on_undo_failure": "swallow"},
    {"compensates": "all"},
    {"on_error": "continue"},
    {"on_unknown": "continue"},
)


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_it_does_so_under_every_rule(rules):
    for pivot in (False, True):
        for plan in PLANS[pivot][::29]:
            services = Services()
            orchestrator = services.orchestrator(pivot, **rules)
            real, virtual = orchestrator.execute({}, faults=plan, run="kit"), orchestrator.simulate(plan)
            assert events(real.history) == events(virtual.history), plan
            assert {step: services.effects[step] for step in STEPS} == dict(virtual.ledger), plan


END_RULES = (
    {"on_stray_reply": "advance"},
    {"on_stray_reply": "resurrect"},
    {"on_sibling_failure": "abandon"},
    {"order": "parallel"},
    {"order": "reverse-start"},
)


@pytest.mark.parametrize("rules", END_RULES, ids=str)
def test_branches_come_to_the_same_end_whoever_is_first(rules):
    """So do commands that were sent and forgotten: when they arrive is nobody's promise."""
    for plan in PLANS[False][::13]:
        services = Services()
        orchestrator = SagaOrchestrator("kit", clock=JumpingClock(), engine={"preset": "default", **rules})
        for step, after in (
            ("order", []),
            ("charge", ["order"]),
            ("ship", ["order"]),
            ("mail", ["charge", "ship"]),
        ):
            orchestrator.add_step(
                services.does(step), services.undoes(step), name=step, after=after, retry=2, undo_retry=2
            )
        real, virtual = orchestrator.execute({}, faults=plan), orchestrator.simulate(plan)
        assert (real.outcome, real.parked) == (virtual.outcome, virtual.parked), plan
        assert {step: services.effects[step] for step in virtual.ledger} == dict(virtual.ledger), plan


class Killed(BaseException):
    """The process is gone: nothing that comes after it happens."""


class MortalRecorder(MemoryRecorder):
    """Keeps what it is given, and dies after so many inputs."""

    def __init__(self, lives):
        super().__init__()
        self.lives = lives

    def append(self, lines):
        super().append(lines)
        self.lives -= 1
        if not self.lives:
            raise Killed


@pytest.mark.parametrize(
    ("pivot", "every"),
    [
        (False, 17),
        (True, 17),
        pytest.param(False, 2, marks=pytest.mark.slow),
        pytest.param(True, 2, marks=pytest.mark.slow),
    ],
)
def test_killed_after_any_recorded_input_it_resumes_to_the_same_end(pivot, every):
    kills = 0
    for plan in PLANS[pivot][::every]:
        whole = Services()
        reference = whole.orchestrator(pivot).execute({"start": 1}, faults=plan, run="kit")
        for lives in range(1, 60):
            services, recorder = Services(), MortalRecorder(lives)
            try:
                services.orchestrator(pivot, record=recorder).execute({"start": 1}, faults=plan, run="kit")
                break
            except Killed:
                kills += 1
            resumed = services.orchestrator(pivot, record=recorder).resume(recorder.lines)
            told = (plan, lives)
            assert (resumed.outcome, resumed.parked, resumed.belief) == (
                reference.outcome, reference.parked, reference.belief,
            ), told  # fmt: skip
            assert resumed.context == reference.context, told
            assert services.effects == whole.effects, told
            assert (resumed.error, resumed.struck) == (reference.error, reference.struck), told
            assert [line["seq"] for line in recorder.lines] == list(range(1, len(recorder.lines) + 1)), told
    assert kills > 80
