"""A saga made of real callables: what `add_step` was told, and the saga that it means.

The options have the names and the meaning of the saga file, and are read by its reader; so the saga that runs here
is one that can be simulated and explored. Where a callable knows better than a file, the default is another:

    retry        1 attempt: the classic orchestrator calls once and turns back at once
    undo_retry   3 attempts, 50 ms apart and doubling
    timeout_ms   none: a function may take as long as it takes (the simulation then counts 1000 ms)
    idempotent   whether the action asks for its `idempotency_key`
    kind         compensatable: a function does something, even where nothing takes it back
    engine       an exception says that nothing was done (errors_are: failed); a preset by name says what it says
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.codec import saga_from_data
from sagasim.core.errors import BadFault, BadSaga, listed, quoted
from sagasim.core.faults import FaultPlan, parse_plan
from sagasim.core.saga import Coordination, Retry, Saga
from sagasim.core.striking import can_strike
from sagasim.library.callables import Callee, callee_of, name_of, slug_of, unique

EXTRAS = ("idempotency_key", "attempt")
UNDO_EXTRAS = (*EXTRAS, "result")
"""What an action and a compensation are given if they ask for it by name; `result` is what the action returned."""

FIRST_ATTEMPTS: Mapping[str, object] = {"attempts": 1}
UNDO_ATTEMPTS: Mapping[str, object] = {"attempts": 3, "first_ms": 50}
CAREFREE: Mapping[str, object] = {"preset": "default", "errors_are": "failed"}

RetryOption = int | Mapping[str, object] | Retry
StepReference = str | Callable[..., object]


@dataclass(frozen=True, slots=True)
class Part:
    """One step: what the saga file would say of it, and the callables behind it."""

    data: Mapping[str, Any]
    action: Callee
    compensation: Callee | None
    timeout_ms: int | None

    @property
    def name(self) -> str:
        name: str = self.data["name"]
        return name


@dataclass(frozen=True, slots=True)
class Design:
    """A saga that can run: its tables, and per step the callables."""

    bp: Blueprint
    parts: tuple[Part, ...]

    @property
    def saga(self) -> Saga:
        return self.bp.saga

    def callee(self, step: int, undo: bool) -> Callee:
        found = self.parts[step].compensation if undo else self.parts[step].action
        assert found is not None  # only what can be undone is undone
        return found

    def is_a_chain(self) -> bool:
        """Whether no two calls are ever open at once."""
        names = self.saga.step_names
        before = ((), *((name,) for name in names))
        return self.bp.rules.order != "parallel" and all(
            step.after == its for step, its in zip(self.saga.steps, before, strict=False)
        )


def part_of(
    action: object,
    compensation: object,
    others: tuple[Part, ...],
    *,
    name: str | None,
    after: StepReference | Iterable[StepReference] | None,
    timeout_ms: int | None,
    retry: RetryOption | None,
    undo_retry: RetryOption | None,
    options: Mapping[str, Any],
) -> Part:
    """The step that `add_step` describes, after those that are there already. Raises CoreError."""
    does = callee_of(action, "the action", EXTRAS)
    undoes = None if compensation is None else callee_of(compensation, "the compensation", UNDO_EXTRAS)
    taken = [other.name for other in others]
    own = slug_of(name_of(action)) or f"step-{len(others) + 1}"
    data: dict[str, Any] = {
        "name": name if name is not None else unique("saga-step" if own == "saga" else own, taken),
        "action": (name_of(action) or own)[:100],
        "kind": "compensatable",
        **options,
        "retry": {**FIRST_ATTEMPTS, **_retry(retry)},
        "safeguards": {"idempotent": "idempotency_key" in does.asks_for, **options.get("safeguards", {})},
    }
    if undoes is not None:
        data["compensation"] = name_of(compensation) or f"undo-{own}"
        data["undo_retry"] = {**UNDO_ATTEMPTS, **_retry(undo_retry)}
    if timeout_ms is not None:
        data["timeout_ms"] = timeout_ms
    if after is not None:
        data["after"] = [_referred(each, others) for each in _several(after)]
    return Part(data, does, undoes, timeout_ms)


def _retry(said: RetryOption | None) -> Mapping[str, object]:
    match said:
        case None:
            return {}
        case int():
            return {"attempts": said}
        case Retry():
            upon = {} if said.upon == Retry().upon else {"upon": list(said.upon)}
            waits = {"first_ms": said.first_ms, "factor": said.factor, "max_ms": said.max_ms}
            return {"attempts": said.attempts, **waits, **upon}
        case _:
            return {"attempts": 3, **said}


def _several(after: StepReference | Iterable[StepReference]) -> Iterable[StepReference]:
    return [after] if isinstance(after, str) or callable(after) else after


def _referred(reference: StepReference, others: tuple[Part, ...]) -> str:
    """A step by its name, or by its action: then the last one that has it."""
    if isinstance(reference, str):
        return reference
    for other in reversed(others):
        if other.action.function == reference:
            return other.name
    raise BadSaga(
        f"no step with the action {quoted(name_of(reference))}; the saga has {listed(it.name for it in others)}",
        path="after",
    )


def design_of(
    parts: tuple[Part, ...], name: str, engine: str | Mapping[str, object] | None, more: Mapping[str, Any]
) -> Design:
    """Everything that can be known before a run. Raises BadSaga with what would have been right."""
    rules = CAREFREE if engine is None else {"preset": engine} if isinstance(engine, str) else engine
    overrides = {key: more[key] for key in more if key not in FILE_KEYS}
    data = {
        "sagasim": 1,
        "name": name,
        "engine": {**rules, **overrides},
        "steps": [dict(part.data) for part in parts],
        **{key: more[key] for key in more if key in FILE_KEYS and more[key] is not None},
    }
    if not parts:
        raise BadSaga("a saga needs at least one step; write add_step(action=...) first", path="steps")
    return Design(blueprint(saga_from_data(data), Coordination.ORCHESTRATION), parts)


FILE_KEYS = ("title", "description", "services", "resources", "deadline_ms", "invariants")
"""What SagaOrchestrator takes besides engine rules; all of it means what it means in a file."""


def plan_for(faults: str | Iterable[str], design: Design) -> FaultPlan:
    """The fault plan of a run with real callables. Raises BadFault, also for what cannot strike there."""
    texts = faults.replace(",", " ").split() if isinstance(faults, str) else [str(fault) for fault in faults]
    plan = parse_plan(texts, design.saga)
    for fault in plan:
        if fault.target not in design.bp.index:
            continue
        step = design.bp.index[fault.target]
        if fault.kind == "poisoned":
            raise BadFault(
                f"{fault} strikes an event that is consumed; an orchestrated step is called: write error"
            )
        if fault.undo and not design.bp.is_undoable(step):
            raise BadFault(f"{fault.target} has no compensation that {fault} could strike; give it one")
        if fault.kind == "key-lost" and "idempotency_key" not in design.callee(step, fault.undo).asks_for:
            raise BadFault(
                f"{fault} takes away a key that the callable never sees; let it ask for `idempotency_key`"
            )
        if not can_strike(design.bp, step, fault.undo, fault.kind):
            raise BadFault(f"{fault} cannot strike here; a step behind the pivot may not refuse")
    return plan
