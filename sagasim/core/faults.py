"""A fault, a fault plan, and their text.

    fault   := target ":" kind ["@" moment] ["*" times]         times := a number | "for-ever"
    target  := step [".undo"] ["#" attempt] ["[" instance "]"]  |  service  |  "saga" ["[" instance "]"]
    moment  := "before" | "after" | "end" | step[".undo"] ("." before | "." after)

A fault is what we inject; what is then observed is a failure. Where a fault strikes and what it does there
is participant.py's business; this module knows only how faults are written and which of them make sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sagasim.core.errors import BadFault, UnknownKind, UnknownStep, listed, quoted
from sagasim.core.saga import Saga

FOR_EVER = 0

CALL_KINDS = (
    "refused", "error", "error-after", "request-lost", "reply-lost", "late", "duplicate", "reordered",
    "crash", "coordinator-crash", "no-effect", "key-lost", "poisoned",
)  # fmt: skip
SERVICE_KINDS = ("outage",)
SAGA_KINDS = ("cancelled", "deadline")
KINDS = (*CALL_KINDS, *SERVICE_KINDS, *SAGA_KINDS)
UNASKED = ("no-effect", "key-lost")
"""No saga survives these, so they are explored only when asked for."""
EXPLORED_KINDS = tuple(kind for kind in KINDS if kind not in UNASKED)

ORDER_EDGES = ("recorded", "heard", "landed", *SAGA_KINDS)
"""Edges that only an order names: the answer is recorded, an event is heard, a copy has landed, the saga is
cancelled or passes its deadline."""
LANDING_KINDS = ("late", "duplicate", "reordered")
"""The moment of these says when the late or second copy lands."""
SPLIT_KINDS = {"crash": "before", "coordinator-crash": "after"}
"""These strike before or after the effect; the value is meant where the text gives no moment."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A named instant of a run.

    `edge` is "before" (the call is on its way), "after" (committed, the answer not yet recorded),
    "recorded" (the answer is known to whom it is for; only in orders, never in faults) or "end".
    An empty step means the step that is struck. `attempt` 0 means whichever attempt comes first.
    """

    edge: str
    step: str = ""
    undo: bool = False
    attempt: int = 0
    instance: int = 1

    def __str__(self) -> str:
        if not self.step:
            return self.edge
        attempt = f"#{self.attempt}" if self.attempt > 1 else ""
        instance = f"[{self.instance}]" if self.instance > 1 else ""
        return f"{self.step}{'.undo' if self.undo else ''}{attempt}{instance}.{self.edge}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault: it counts as one, whatever its `times` (0 stands for for-ever).

    `target` is a step, a service (outage) or "saga" (cancelled, deadline). Instances count from 1.
    """

    target: str
    kind: str
    undo: bool = False
    attempt: int = 1
    instance: int = 1
    moment: Moment | None = None
    times: int = 1

    def __str__(self) -> str:
        return (
            f"{self.target}{'.undo' if self.undo else ''}"
            f"{f'#{self.attempt}' if self.attempt != 1 else ''}"
            f"{f'[{self.instance}]' if self.instance != 1 else ''}:{self.kind}"
            f"{f'@{self.moment}' if self.moment else ''}"
            f"{'' if self.times == 1 else '*for-ever' if self.times == FOR_EVER else f'*{self.times}'}"
        )

    def strikes(self, attempt: int) -> bool:
        """Whether this fault is the one that strikes attempt number `attempt`."""
        return attempt >= self.attempt and (self.times == FOR_EVER or attempt < self.attempt + self.times)


FaultPlan = tuple[Fault, ...]

_FAULT = re.compile(
    r"(?P<target>[^:@*#\[\].\s]+)(?P<undo>\.undo)?(?:#(?P<attempt>\d{1,4}))?(?:\[(?P<instance>\d{1,4})\])?"
    r":(?P<kind>[a-z-]+)(?:@(?P<moment>[^*\s]+))?(?:\*(?P<times>for-ever|\d{1,4}))?\Z",
    re.ASCII,
)
_MOMENT = re.compile(
    r"(?P<step>[^:@*#\[\].\s]+)(?P<undo>\.undo)?(?:#(?P<attempt>\d{1,4}))?(?:\[(?P<instance>\d{1,4})\])?"
    r"\.(?P<edge>before|after|recorded|heard|landed|cancelled|deadline)\Z",
    re.ASCII,
)
_HOW = (
    "write step:kind, such as charge:reply-lost, charge#2:error, charge.undo:error*for-ever "
    "or saga:cancelled@charge.after"
)


def parse_fault(text: str, saga: Saga) -> Fault:
    """The fault that a text names in this saga. Raises BadFault with what would have been right."""
    match = _FAULT.match(text.strip())
    if match is None:
        raise BadFault(f"{quoted(text)} is no fault; {_HOW}")
    fault = Fault(
        target=match["target"],
        kind=match["kind"],
        undo=bool(match["undo"]),
        attempt=int(match["attempt"] or 1),
        instance=int(match["instance"] or 1),
        moment=parse_moment(match["moment"], saga) if match["moment"] else None,
        times=FOR_EVER if match["times"] == "for-ever" else int(match["times"] or 1),
    )
    if fault.times == FOR_EVER and match["times"] != "for-ever":  # *0, *00: it would be taken for for-ever
        raise BadFault(f"{quoted(text)} strikes no time at all; write *1 or more, or *for-ever")
    _check_target(fault, saga)
    _check_moment(fault)
    return _with_default_moment(fault)


def parse_plan(texts: Iterable[str], saga: Saga) -> FaultPlan:
    """The faults of one run, in the order given. Raises BadFault; also where two strike one attempt."""
    plan: list[Fault] = []
    for text in texts:
        fault = parse_fault(text, saga)
        for other in plan:
            if _collide(fault, other):
                raise BadFault(f"{other} and {fault} strike the same attempt; keep one of them")
        plan.append(fault)
    return tuple(plan)


def parse_given(saga: Saga) -> FaultPlan:
    """The faults that belong to the design. Raises BadFault for what can only happen to one run."""
    plan = parse_plan(saga.given, saga)
    for fault in plan:
        if fault.target == "saga":
            raise BadFault(f"{fault} happens to a run, not to the design; give it to a run")
        if fault.instance != 1:
            raise BadFault(f"{fault} belongs to the design and strikes every instance; write it without [..]")
    return plan


def parse_moment(text: str, saga: Saga) -> Moment:
    """`before`, `after`, `end`, `charge.after`, `charge.undo.before`. Raises BadFault."""
    if text in ("before", "after", "end"):
        return Moment(text)
    match = _MOMENT.match(text)
    if match is None:
        raise BadFault(
            f"no moment {quoted(text)}; write before, after, end, or a step such as charge.undo.after"
        )
    about_the_saga = match["step"] == "saga" and match["edge"] in SAGA_KINDS
    if match["step"] not in saga.step_names and not about_the_saga:
        raise UnknownStep(match["step"], saga.step_names)
    if match["edge"] in SAGA_KINDS and not about_the_saga:
        raise BadFault(f"a step is not {match['edge']}, the saga is; write saga.{match['edge']}")
    return Moment(
        match["edge"],
        match["step"],
        bool(match["undo"]),
        int(match["attempt"] or 0),
        int(match["instance"] or 1),
    )


def text_of(plan: FaultPlan) -> tuple[str, ...]:
    """The plan as people write it; `parse_plan` is its inverse."""
    return tuple(str(fault) for fault in plan)


def _check_target(fault: Fault, saga: Saga) -> None:
    """Whether there is such a target, and whether this kind strikes it."""
    if fault.kind not in KINDS:
        raise UnknownKind(fault.kind, KINDS)
    if not 1 <= fault.instance <= saga.instances:
        raise BadFault(f"no instance {fault.instance}; the saga runs {saga.instances}, counted from 1")
    if fault.attempt < 1:
        raise BadFault(f"no attempt {fault.attempt}; attempts are counted from 1")
    services = sorted({step.service for step in saga.steps})
    if fault.target == "saga":
        _check_saga_fault(fault, saga)
    elif fault.target in services and fault.kind in SERVICE_KINDS:
        if fault.undo or fault.attempt != 1:
            raise BadFault(f"an outage strikes a service; write {fault.target}:outage@step.before")
    elif fault.target not in saga.step_names or fault.kind not in CALL_KINDS:
        raise _wrong_target(fault, saga, services)


def _check_saga_fault(fault: Fault, saga: Saga) -> None:
    if fault.kind not in SAGA_KINDS:
        raise UnknownKind(fault.kind, SAGA_KINDS)
    if fault.undo or fault.attempt != 1 or fault.times != 1:
        raise BadFault(f"the saga is {fault.kind} once; write saga:{fault.kind}@ and a moment")
    if fault.kind == "deadline" and saga.deadline_ms is None:
        raise BadFault("the saga has no deadline that could pass; give it deadline_ms")


def _wrong_target(fault: Fault, saga: Saga, services: list[str]) -> BadFault:
    if fault.target in saga.step_names:
        return BadFault(
            f"{fault.kind} does not strike a step; a service has outages ({listed(services)}), "
            "the saga can be cancelled or pass its deadline"
        )
    if fault.target in services:
        return BadFault(
            f"{fault.kind} does not strike a service but one of its steps: {listed(saga.step_names)}"
        )
    return UnknownStep(
        fault.target, (*saga.step_names, *(it for it in services if it not in saga.step_names))
    )


def _check_moment(fault: Fault) -> None:
    moment = fault.moment
    if moment is None:
        return
    if moment.edge in ORDER_EDGES or moment.instance != 1:
        raise BadFault(f"no moment {str(moment)!r} in a fault; write step.before or step.after")
    if fault.kind in SPLIT_KINDS and (moment.step or moment.edge not in ("before", "after")):
        raise BadFault(f"{fault.kind} strikes @before or @after the effect, not @{moment}")
    if fault.kind == "outage" and not (moment.step and moment.edge == "before"):
        raise BadFault(f"an outage begins at a call; write {fault.target}:outage@step.before")
    if fault.kind in SAGA_KINDS and not moment.step:
        raise BadFault(f"write the moment as a step: saga:{fault.kind}@charge.after")
    if fault.kind not in (*LANDING_KINDS, *SPLIT_KINDS, *SERVICE_KINDS, *SAGA_KINDS):
        raise BadFault(f"{fault.kind} has its own moment; write it without @{moment}")


def _with_default_moment(fault: Fault) -> Fault:
    if fault.kind in SPLIT_KINDS and fault.moment is None:
        return replace(fault, moment=Moment(SPLIT_KINDS[fault.kind]))
    return fault


def _collide(one: Fault, other: Fault) -> bool:
    if (one.target, one.undo, one.instance) != (other.target, other.undo, other.instance):
        return False
    if one.kind in (*SAGA_KINDS, *SERVICE_KINDS):
        return one.kind == other.kind
    first, second = sorted((one, other), key=lambda fault: fault.attempt)
    return first.strikes(second.attempt)
