"""What a saga is, before it runs: steps, services, retries, safeguards, invariants.

Everything here is a plain value with every default filled in. Reading files and naming the place of a
mistake is codec.py's business; what the engine's rules mean is engine.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

from sagasim.core.errors import BadExpression, BadSaga, listed, quoted
from sagasim.core.expressions import RESOURCE, names_in

MOST_STEPS = 200
SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\Z")


class Coordination(StrEnum):
    """Who decides what happens next: a coordinator, or the participants among themselves."""

    ORCHESTRATION = "orchestration"
    CHOREOGRAPHY = "choreography"


class Kind(StrEnum):
    """What a step may do to the saga (Richardson, Microservices Patterns, chapter 4)."""

    COMPENSATABLE = "compensatable"
    PIVOT = "pivot"
    RETRIABLE = "retriable"
    READ = "read"


class Delivery(StrEnum):
    """What the broker promises for the events that a service consumes."""

    AT_LEAST_ONCE = "at-least-once"
    AT_MOST_ONCE = "at-most-once"


Reaction = Literal["compensate", "abandon", "retry", "continue"]
UndoReaction = Literal["park", "stop", "swallow", "retry"]
UndoOfNothing = Literal["accept", "reject", "apply"]
SemanticLock = Literal["none", "fail", "wait"]
REACTIONS: tuple[Reaction, ...] = get_args(Reaction)
UNDO_REACTIONS: tuple[UndoReaction, ...] = get_args(UndoReaction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a call is tried in all, and how long it waits in between (milliseconds)."""

    attempts: int = 3
    first_ms: int = 200
    factor: float = 2
    max_ms: int = 5000
    upon: tuple[str, ...] = ("error", "unknown")

    def wait_ms(self, attempt: int) -> int:
        """How long attempt number `attempt` (2, 3, ...) waits after the one before it has failed."""
        return int(min(self.max_ms, self.first_ms * self.factor ** min(attempt - 2, 60)))


UNDO_RETRY = Retry(attempts=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """The switches that make a fault harmless; model.md section 4 says what each one holds back."""

    idempotent: bool = True
    natural_key: bool = False
    undo_of_nothing: UndoOfNothing = "accept"
    tombstone: bool = True
    outbox: bool = True
    intent_log: bool = True
    sticky_refusal: bool = True
    dead_letter_alarm: bool = True
    semantic_lock: SemanticLock = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A participant: it owns the data that its steps change. `safeguards` holds only what the file says."""

    name: str
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    safeguards: Mapping[str, bool | str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishes:
    """The names of the domain events that a step publishes in choreography."""

    done: str
    refused: str
    undone: str
    skipped: str
    undo_failed: str
    aborting: str

    @classmethod
    def of(cls, step: str) -> Publishes:
        """The names that a step gets when its file gives none: `charge-card` publishes `ChargeCardDone`."""
        stem = "".join(part.capitalize() for part in re.split(r"[-_]", step))
        return cls(
            done=f"{stem}Done",
            refused=f"{stem}Refused",
            undone=f"{stem}Undone",
            skipped=f"{stem}Skipped",
            undo_failed=f"{stem}UndoFailed",
            aborting=f"{stem}Aborting",
        )


NAMED_AFTER_THE_STEP = Publishes.of("")
"""Stands where a step names no events, until the step puts its own name there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One local transaction of one participant, with its compensation.

    Times are milliseconds of virtual time; `takes_ms` is the least and the most that a call takes from
    command to reply. `effects` maps a resource to what one effect adds to it. `undo_effects` None: the
    undo adds the inverse. A rule (`on_error`, ...) that is None is the engine's. Mappings are plain dicts
    that nobody changes: a mapping proxy could not travel to a worker process.
    """

    name: str
    service: str
    kind: Kind = Kind.COMPENSATABLE
    action: str = ""
    compensation: str | None = None
    after: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    takes_ms: tuple[int, int] = (40, 40)
    timeout_ms: int = 1000
    retry: Retry = Retry()
    undo_retry: Retry = UNDO_RETRY
    effects: Mapping[str, int] = field(default_factory=dict, hash=False)
    undo_effects: Mapping[str, int] | None = field(default=None, hash=False)
    reads: tuple[str, ...] = ()
    refuses_when: str | None = None
    may_refuse: bool = True
    irreversible: bool = False
    safeguards: Safeguards = Safeguards()
    on_refusal: Reaction | None = None
    on_error: Reaction | None = None
    on_unknown: Reaction | None = None
    on_undo_failure: UndoReaction | None = None
    publishes: Publishes = NAMED_AFTER_THE_STEP
    starts_on: tuple[str, ...] | None = None
    compensates_on: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """What is named after the step gets its name here, so that a step built by hand has it too."""
        object.__setattr__(self, "action", self.action or self.name)
        if self.publishes is NAMED_AFTER_THE_STEP:
            object.__setattr__(self, "publishes", Publishes.of(self.name))

    @property
    def has_effect(self) -> bool:
        """A read changes nothing; everything else leaves something behind, named as a resource or not."""
        return self.kind is not Kind.READ

    @property
    def undo_adds(self) -> Mapping[str, int]:
        """What one undo adds to each resource."""
        if self.undo_effects is not None:
            return self.undo_effects
        return {name: -amount for name, amount in self.effects.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A property of the user's own, judged at the end (`finally`) or at every moment (`always`)."""

    name: str
    when: Literal["always", "finally"]
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine as the file names it: a preset and what differs from it. engine.py says what it means."""

    preset: str = "default"
    overrides: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saga:
    """A business transaction across services: the definition, with every default filled in."""

    name: str
    title: str = ""
    description: str = ""
    services: tuple[Service, ...] = ()
    resources: Mapping[str, int] = field(default_factory=dict, hash=False)
    steps: tuple[Step, ...] = ()
    engine: EngineChoice = EngineChoice()
    given: tuple[str, ...] = ()
    deadline_ms: int | None = None
    instances: int = 1
    invariants: tuple[Invariant, ...] = ()

    def __post_init__(self) -> None:
        """The order of services says nothing; sorted, two sagas that say the same are equal."""
        object.__setattr__(self, "services", tuple(sorted(self.services, key=lambda service: service.name)))
        check(self)

    @property
    def step_names(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(step.name for step in self.steps)

    def step(self, name: str) -> Step:
        """The step of this name, which must be there."""
        return next(step for step in self.steps if step.name == name)

    def resource_names(self) -> tuple[str, ...]:
        """Every resource that the saga gives a value, changes, reads or asks about, in order of mention.

        One that only an expression mentions is a resource too: its value is 0 (a typing mistake in a name
        is lint.py's business).
        """
        return tuple(dict.fromkeys(self._mentioned()))

    def _mentioned(self) -> Iterator[str]:
        yield from self.resources
        for step in self.steps:
            yield from step.effects
            yield from step.undo_effects or ()
            yield from step.reads
            yield from names_in(step.refuses_when) if step.refuses_when is not None else ()
        for invariant in self.invariants:
            yield from names_in(invariant.expression)


def check(saga: Saga) -> None:
    """Refuses what cannot run: no steps, names used twice, unknown or circular `after`. Raises BadSaga."""
    if not saga.steps:
        raise BadSaga("a saga needs at least one step", path="steps")
    if len(saga.steps) > MOST_STEPS:
        raise BadSaga(f"{len(saga.steps)} steps; at most {MOST_STEPS} are allowed", path="steps")
    _check_slug(saga.name, "name")
    if saga.instances < 1:
        raise BadSaga(f"{saga.instances} instances; at least 1 must run", path="instances")
    _check_names(saga)
    for index, step in enumerate(saga.steps):
        _check_known(step.after, saga.step_names, f"steps[{index}].after")
        _check_known(step.builds_on, saga.step_names, f"steps[{index}].builds_on")
        _check_step(step, f"steps[{index}]")
    _check_order(saga)
    _check_used(saga)
    _check_invariants(saga)
    _check_resources(saga)


def _check_slug(name: str, path: str) -> None:
    if not SLUG.match(name):
        raise BadSaga(f"{quoted(name)} is no slug; write lower-case words joined by hyphens", path=path)


def _check_names(saga: Saga) -> None:
    seen: set[str] = set()
    for index, step in enumerate(saga.steps):
        path = f"steps[{index}].name"
        _check_slug(step.name, path)
        if step.name in seen:
            raise BadSaga(f"two steps are called {step.name!r}; give one another name", path=path)
        if step.name == "saga":
            raise BadSaga("'saga' names the saga itself in a fault; call the step something else", path=path)
        seen.add(step.name)


def _check_known(names: Iterable[str], known: tuple[str, ...], path: str) -> None:
    for name in names:
        if name not in known:
            raise BadSaga(f"no step {quoted(name)}; the saga has {listed(known)}", path=path)


def _check_step(step: Step, path: str) -> None:
    """A read has nothing to undo, and what only a compensation can do needs one."""
    if step.service == "saga":
        raise BadSaga(
            "'saga' names the saga itself in a fault; call the service something else", path=f"{path}.service"
        )
    if step.kind is Kind.READ and step.effects:
        raise BadSaga(
            "a read changes nothing; leave out the effects, or write `kind: compensatable`",
            path=f"{path}.effects",
        )
    if step.kind is Kind.READ and step.compensation is not None:
        raise BadSaga(
            "a read changes nothing; leave out the compensation, or write `kind: compensatable`",
            path=f"{path}.compensation",
        )
    if step.undo_effects is not None and step.compensation is None:
        raise BadSaga(
            "there is no compensation that could have effects; give the step one", path=f"{path}.undo_effects"
        )
    if step.undo_retry.upon != UNDO_RETRY.upon:
        raise BadSaga(
            "an undo is retried whatever the failure; leave out `upon`", path=f"{path}.undo_retry.upon"
        )
    if step.refuses_when is not None:
        _check_expression(step.refuses_when, f"{path}.refuses_when")


def _check_order(saga: Saga) -> None:
    """Kahn's algorithm; what is left over is a cycle."""
    waiting = {step.name: set(step.after) for step in saga.steps}
    while ready := [name for name, after in waiting.items() if not after]:
        for name in ready:
            del waiting[name]
        for after in waiting.values():
            after.difference_update(ready)
    if waiting:
        raise BadSaga(
            f"`after` goes round in a circle through {listed(waiting)}; one of them must start first",
            path="steps",
        )


def _check_used(saga: Saga) -> None:
    used = {step.service for step in saga.steps}
    for index, service in enumerate(saga.services):
        path = f"services.{service.name}"
        if service.name not in used:
            raise BadSaga(
                f"no step names the service {quoted(service.name)}; the steps use {listed(sorted(used))}",
                path=path,
            )
        if service.name in (other.name for other in saga.services[:index]):
            raise BadSaga(f"the service {service.name!r} stands here twice; keep one of them", path=path)


def _check_invariants(saga: Saga) -> None:
    for index, invariant in enumerate(saga.invariants):
        _check_expression(invariant.expression, f"invariants[{index}].{invariant.when}")
        if invariant.name in (other.name for other in saga.invariants[:index]):
            raise BadSaga(
                f"two invariants are called {quoted(invariant.name)}; findings tell them apart by name",
                path=f"invariants[{index}].name",
            )


def _check_resources(saga: Saga) -> None:
    for name in saga.resource_names():
        if not RESOURCE.match(name):
            raise BadSaga(
                f"{quoted(name)} is no resource; write lower-case letters and _, joined by dots, such as "
                "inventory.available",
                path="resources",
            )


def _check_expression(text: str, path: str) -> None:
    try:
        names_in(text)
    except BadExpression as bad:
        raise BadSaga(str(bad), path=path) from bad
