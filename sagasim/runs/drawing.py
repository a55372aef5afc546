"""A stored run as a core run again, for those who draw or tell it: diagrams, exports.

What is drawn is what is stored, whatever the executor of today would do.
"""

from __future__ import annotations

from sagasim.core import execution
from sagasim.core.diagrams import mermaid_of, svg_of
from sagasim.core.harms import Harm
from sagasim.core.history import CommandSent, EventPublished, ReplyReceived
from sagasim.core.saga import Coordination
from sagasim.runs.feed import entries_after
from sagasim.runs.models import Run
from sagasim.runs.services import plan_of

FORMATS = {"svg": (svg_of, "image/svg+xml"), "mermaid": (mermaid_of, "text/vnd.mermaid; charset=utf-8")}


def drawn(run: Run, wanted: str) -> tuple[str, str]:
    """The space-time diagram of a run in one of `FORMATS`, and its content type."""
    draw, content_type = FORMATS[wanted]
    return draw(as_executed(run)), content_type


def as_executed(run: Run) -> execution.Run:
    """The run as the core knows runs, from what is stored. What was recorded knows no ledger: it is empty there."""
    saga = run.version.meaning
    plan = plan_of(run, saga)
    history = tuple(entries_after(run.pk, 0))
    resources = dict.fromkeys(saga.resource_names(), 0) | dict(saga.resources)
    truth: dict[tuple[int, str], int] = {}
    for entry in history:
        resources.update(entry.resources)
        if entry.truth is not None:
            truth[entry.instance, str(getattr(entry.event, "step", ""))] = entry.truth
    ledger = dict.fromkeys(saga.step_names, 0)
    for (_, step), times in truth.items():
        if step in ledger:
            ledger[step] += times
    return execution.Run(
        saga=saga,
        coordination=Coordination(run.coordination),
        seed=run.seed,
        faults=plan.faults,
        order=plan.order,
        struck=tuple(fault for fault in plan.faults if str(fault) in run.struck),
        outcome=run.outcome or run.status,
        outcomes=(run.outcome or run.status,),
        parked=tuple(run.parked),
        ledger=ledger,
        resources=resources,
        harms=tuple((Harm(it.harm, it.step), it.seq) for it in run.findings.all()),
        duration_ms=run.duration_ms,
        messages=sum(isinstance(it.event, CommandSent | ReplyReceived | EventPublished) for it in history),
        history=history,
    )
