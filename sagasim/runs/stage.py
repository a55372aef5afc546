"""What the stage is told about a run: everything that does not come line by line through the socket.

    {"saga": normal form, "blueprint": {...}, "runs": [...], "kinds": {...}, "t": ms or null, "start": url}

Times are milliseconds of virtual time; steps, services and resources go by name, in the saga's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.composer.telling import json_text as json_text  # noqa: PLC0414  # the stage's views take it from here
from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.history import Entry, HarmDone
from sagasim.core.lines import line_of
from sagasim.core.narration import sentence
from sagasim.core.saga import Coordination, Saga
from sagasim.runs import repairs
from sagasim.runs.feed import entries_after
from sagasim.runs.models import Run
from sagasim.runs.placing import kinds


def stage_data(version: SagaVersion, runs: Sequence[Run], t_ms: int | None = None) -> dict[str, Any]:
    """Everything that the scripts of the stage need to begin. A run of another version brings its own saga."""
    blueprints = {each: blueprint(version.meaning, each) for each in Coordination}
    return {
        "saga": version.normal_form,
        "version": {"number": version.number, "hash": version.hash},
        "blueprint": _blueprint(blueprints[Coordination.ORCHESTRATION]),
        "runs": [{**told(run), **_own_saga(run, version)} for run in runs],
        "kinds": kinds(blueprints),
        "start": reverse("runs:start", args=[version.saga.name]),
        "t": t_ms,
    }


def _own_saga(run: Run, version: SagaVersion) -> dict[str, Any]:
    if run.version_id == version.pk:
        return {}
    drawn = blueprint(run.version.meaning, Coordination.ORCHESTRATION)
    return {"saga": run.version.normal_form, "blueprint": _blueprint(drawn)}


def told(run: Run) -> dict[str, Any]:
    """A run in plain data, without its lines."""
    return {
        "id": str(run.pk),
        "coordination": run.coordination,
        "status": run.status,
        "clock": run.clock,
        "outcome": run.outcome,
        "outcome_sentence": outcome_sentence(run),
        "parked": run.parked,
        "findings": _repaired(run),
        "faults": run.faults,
        "struck": len(run.struck),
        "seed": run.seed,
        "order": run.order,
        "duration_ms": run.duration_ms,
        "last_seq": run.last_seq,
        "version": run.version.number,
        "kernel": run.kernel,
        "parent": str(run.parent_id) if run.parent_id else None,
        "shared_seq": run.shared_seq,
        "url": run.get_absolute_url(),
        "socket": f"/ws/runs/{run.pk}/",
        "what_if": reverse("runs:what-if", args=[run.pk]),
        "executed_at": run.executed_at.isoformat(),
    }


def lines_told(run: Run, after: int = 0) -> list[dict[str, Any]]:
    """The lines of a run after a number, each with its sentence."""
    saga = run.version.meaning
    return [
        {**line_of(entry), "sentence": sentence_of(entry, saga)} for entry in entries_after(run.pk, after)
    ]


def sentence_of(entry: Entry, saga: Saga) -> str:
    """What is recorded may name steps that the saga it was recorded with does not have."""
    step = getattr(entry.event, "step", "")
    about_a_step = not isinstance(entry.event, HarmDone)  # a harm may be done to an invariant, or to the saga
    if about_a_step and step and step not in saga.step_names:
        return f"{entry.kind} at {step}"
    return sentence(entry.event, saga)


def findings_of(run: Run) -> list[dict[str, Any]]:
    """What the run broke, in the order in which it did."""
    return [
        {"harm": it.harm, "step": it.step, "seq": it.seq, "sentence": it.sentence}
        for it in run.findings.all()
    ]


def _repaired(run: Run) -> list[dict[str, Any]]:
    """The same, each with the change that repairs it if that is known, and where it can be found if not."""
    explorer = repairs.explorer()
    found = findings_of(run)
    if explorer is None:
        return [{**each, "fix": None, "explore": ""} for each in found]
    told = []
    for each in found:
        repair = explorer.repair_of(run, each["harm"], each["step"])
        told.append({**each, "fix": repair and repair._asdict(), "explore": explorer.explore_url(run)})
    return told


def outcome_sentence(run: Run) -> str:
    """How the run ended, in one sentence."""
    struck = _struck(len(run.struck), len(run.faults))
    parked = ", ".join(run.parked)
    match run.outcome or run.status:
        case "running":
            return f"The saga is running{_quiet(run)}."
        case "cut":
            heard = f", last heard at {_time(run.heard_at)}" if run.heard_at else ""
            return f"Cut off: nothing more came from its recorder{heard}. How the saga ended is not known here.{struck}"
        case "completed":
            return f"Completed: the saga reports that every step is done.{struck}"
        case "compensated":
            return f"Compensated: the saga reports that everything was undone.{struck}"
        case "parked":
            return f"Parked: the saga stopped and asks a person about {parked}.{struck}"
        case "failed":
            return f"Failed: the saga gave up and asks nobody.{struck}"
        case _:
            return f"Stuck: nothing can happen any more, no end is reached, and nobody was told.{struck}"


def _struck(struck: int, planned: int) -> str:
    """How many faults of the plan met something to strike, where one may wonder."""
    if struck == planned:
        return ""
    return " The fault never struck." if planned == 1 else f" {struck} of {planned} faults struck."


def _quiet(run: Run) -> str:
    since = run.quiet_since
    return f"; there has been no news from its recorder since {_time(since)}" if since else ""


def _time(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S}"


def _blueprint(bp: Blueprint) -> dict[str, Any]:
    names = [step.name for step in bp.steps]
    return {
        "steps": [
            {
                "name": step.name,
                "service": step.service,
                "kind": str(step.kind),
                "action": step.action,
                "compensation": step.compensation,
                "after": list(step.after),
                "predecessors": [names[it] for it in bp.predecessors[number]],
                "successors": [names[it] for it in bp.successors[number]],
                "publishes": {word: getattr(step.publishes, word) for word in step.publishes.__slots__},
                "effects": dict(step.effects),
                "undo_effects": dict(step.undo_adds),
                "reads": list(step.reads),
                "takes_ms": list(step.takes_ms),
                "timeout_ms": step.timeout_ms,
                "attempts": step.retry.attempts,
                "undo_attempts": step.undo_retry.attempts,
                "has_effect": step.has_effect,
            }
            for number, step in enumerate(bp.steps)
        ],
        "services": list(bp.services),
        "resources": [{"name": name, "initial": bp.initial[it]} for it, name in enumerate(bp.resources)],
        "invariants": [
            {"name": each.name, "when": each.when, "expression": each.expression}
            for each in bp.saga.invariants
        ],
        "instances": bp.saga.instances,
        "deadline_ms": bp.saga.deadline_ms,
    }
