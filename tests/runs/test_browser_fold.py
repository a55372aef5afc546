"""What the scripts fold out of a history is what the core says of the run, for the gallery and its faults."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from sagasim.composer.gallery import pairs
from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_from_text
from sagasim.core.execution import Run, run_of
from sagasim.core.faults import CALL_KINDS, FOR_EVER, Fault, parse_plan
from sagasim.core.lines import line_of
from sagasim.core.saga import Coordination, Saga
from sagasim.core.striking import can_strike
from tests.runs.conftest import Visitor

pytestmark = pytest.mark.browser

FOLD = """async (cases) => {
    const { evolve, opening, standing } = await import("sagasim/runs/reducer.js");
    const { Drawn } = await import("sagasim/runs/drawn.js");
    return cases.map(({ cast, lines }) => {
        const view = lines.reduce(evolve, opening(cast));
        const again = lines.reduce(evolve, view);
        const drawn = new Drawn(cast);
        drawn.append(lines);
        const steps = cast.steps.map(({ name }) => [name, standing(view, name)]);
        return {
            truth: Object.fromEntries(steps.map(([name, { truth }]) => [name, truth])),
            resources: view.resources,
            outcome: view.outcome,
            harms: view.harms.map(({ harm, step, seq }) => [harm, step, seq]),
            twice: again === view,
            backwards: [
                ...drawn.messages.filter((it) => it.arrives_at !== null && it.arrives_at < it.sent_at),
                ...drawn.bars.filter((it) => it.to !== null && it.to < it.from),
            ].length,
            nowhere: [
                ...drawn.messages.flatMap((it) => [it.from, it.to]),
                ...drawn.bars.map((it) => it.place),
            ].filter((place) => place !== "coordinator" && !cast.services.includes(place)),
            lost: drawn.messages.filter((it) => it.fate === "lost").length,
            messages: drawn.messages.length,
            there: drawn.effects.filter((it) => it.to === null).map((it) => it.step).sort(),
        };
    });
}"""


def case(saga: Saga, run: Run) -> dict[str, object]:
    bp = blueprint(saga, run.coordination)
    names = [step.name for step in bp.steps]
    steps = [
        {
            "name": step.name,
            "service": step.service,
            "kind": step.kind,
            "compensation": step.compensation,
            "after": step.after,
            "predecessors": [names[it] for it in bp.predecessors[number]],
            "successors": [names[it] for it in bp.successors[number]],
            "effects": step.effects,
            "undo_effects": step.undo_adds,
        }
        for number, step in enumerate(bp.steps)
    ]
    cast = {
        "coordination": run.coordination,
        "steps": steps,
        "services": bp.services,
        "resources": dict(zip(bp.resources, bp.initial, strict=True)),
        "invariants": [],
        "instances": saga.instances,
    }
    return {"cast": cast, "lines": [line_of(entry) for entry in run.history]}


def agree(page: Page, runs: list[tuple[Saga, Run]]) -> list[dict[str, object]]:
    folded = page.evaluate(FOLD, json.loads(json.dumps([case(saga, run) for saga, run in runs])))
    for (_, run), view in zip(runs, folded, strict=True):
        said = f"{run.saga.name} {run.coordination} {[str(fault) for fault in run.faults]}"
        assert view["truth"] == dict(run.ledger), said
        assert view["resources"] == dict(run.resources), said
        assert view["outcome"] == run.outcome, said
        assert view["harms"] == [[harm.harm, harm.step, seq] for harm, seq in run.harms], said
        assert view["there"] == sorted(step for step, times in run.ledger.items() if times != 0), said
        assert view["twice"], said  # a line that is sent again changes nothing
        assert view["backwards"] == 0, said
        assert view["nowhere"] == [], said
        assert run.faults or view["messages"] > 0, said
    return list(folded)


def test_belief_truth_and_outcome_are_those_of_the_core_for_the_whole_gallery(page: Page, stage: Visitor):
    page.goto(stage.site)
    sagas = [(saga_from_text(each.text), each.faults) for pair in pairs() for each in pair]
    runs = [
        (saga, run_of(blueprint(saga, coordination), plan))
        for saga, faults in sagas
        for coordination in Coordination
        for plan in ((), parse_plan(faults, saga))
    ]
    agree(page, runs)


def test_every_kind_of_fault_on_every_step_is_folded_as_the_core_tells_it(page: Page, stage: Visitor):
    page.goto(stage.site)
    saga = saga_from_text(pairs()[0][0].text)
    runs = [
        (saga, run_of(bp, (Fault(step.name, kind, times=times),)))
        for bp in (blueprint(saga, each) for each in Coordination)
        for number, step in enumerate(bp.steps)
        for kind in CALL_KINDS
        if can_strike(bp, number, False, kind)
        for times in (1, FOR_EVER)
    ]
    told = zip(runs, agree(page, runs), strict=True)
    commanded = [view for (_, run), view in told if run.coordination is Coordination.ORCHESTRATION]
    kinds = [run.faults[0].kind for _, run in runs if run.coordination is Coordination.ORCHESTRATION]
    lost = [view["lost"] for kind, view in zip(kinds, commanded, strict=True) if kind == "reply-lost"]
    assert lost
    assert all(lost)
