"""The shapes of what the API takes and gives; the OpenAPI document is made of these."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

Name = Literal["orchestration", "choreography"]


class Strict(Schema):
    """What we take says nothing that we do not know."""

    model_config = ConfigDict(extra="forbid")


class Refusal(Schema):
    """One sentence that says what would have been right."""

    detail: str


class SagaIn(Strict):
    """A saga file as text, or its data."""

    text: str | None = Field(None, description="YAML or JSON")
    saga: dict[str, Any] | None = Field(None, description="the normal form, as data")


class SagaOut(Schema):
    name: str
    title: str
    description: str
    version: int
    hash: str
    in_gallery: bool
    saved_at: datetime


class SagaInFull(SagaOut):
    text: str
    saga: dict[str, Any]


class VersionOut(Schema):
    number: int
    hash: str
    saved_at: datetime


class ComparisonOut(Schema):
    """What changed between two versions, a phrase for each change."""

    a: int
    b: int
    changes: list[str]


class ProblemOut(Schema):
    """One problem of a design; `proof` are the faults that show it, `fix` is an edit that takes it away."""

    rule: str
    severity: Literal["error", "warning"]
    step: str
    sentence: str
    line: int | None
    proof: list[str] | None
    coordination: Name | None
    harm: str | None
    fix: dict[str, Any] | None
    fix_text: str | None


class CheckOut(Schema):
    """A saga that can run, and what is wrong with it all the same."""

    hash: str
    problems: list[ProblemOut]


class RunIn(Strict):
    """What to run. `faults` are texts such as charge:reply-lost; `parent` makes it a what-if of that run."""

    saga: str
    version: int | None = Field(None, description="default: the newest")
    coordination: Literal["both", "orchestration", "choreography"] = "both"
    faults: tuple[str, ...] = ()
    seed: int = 0
    order: tuple[str, ...] = ()
    parent: UUID | None = None


class FindingOut(Schema):
    harm: str
    step: str
    seq: int
    sentence: str


class RunOut(Schema):
    id: UUID
    saga: str
    version: int
    coordination: Name
    status: Literal["running", "finished", "cut"]
    clock: Literal["virtual", "wall"]
    recorded_as: str
    outcome: str
    outcome_sentence: str
    parked: list[str]
    findings: list[FindingOut]
    faults: list[str]
    struck: int
    seed: int
    order: list[str]
    duration_ms: int
    last_seq: int
    kernel: str
    pair: UUID | None
    parent: UUID | None
    shared_seq: int | None
    executed_at: datetime
    url: str


class Runs(Schema):
    """Some runs, newest first; `next` is the `before` of the following ones, empty where there are none."""

    runs: list[RunOut]
    next: str


class HistoryOut(Schema):
    """The lines after a number; `after` for the next question is `last_seq`."""

    lines: list[dict[str, Any]]
    last_seq: int
    status: str


class RecordingIn(Strict):
    """A run that somebody else will execute and record here."""

    saga: dict[str, Any]
    coordination: Name = "orchestration"
    recorded_as: str = ""
    faults: tuple[str, ...] = ()
    is_new: bool = True


class RecordingOut(Schema):
    id: UUID
    last_seq: int
    status: str


class LinesIn(Strict):
    """Lines in a row, the first of which follows the last one that was sent."""

    lines: list[dict[str, Any]] = Field(max_length=2000)


class ExplorationIn(Strict):
    """What to explore: a saved saga by its name, or the text of one that need not be saved."""

    saga: str | None = None
    version: int | None = Field(None, description="default: the newest")
    text: str | None = Field(None, description="YAML or JSON, instead of a name")
    faults: int = Field(2, description="any so many faults, 0 to 4")
    kinds: list[str] | None = Field(None, description="default: all but no-effect and key-lost")
    coordination: Literal["both", "orchestration", "choreography"] = "both"
    most_states: int = Field(2_000_000, description="1 to 2,000,000")
    most_seconds: float = Field(60, description="up to 600")
    anew: bool = Field(False, description="take no answer that is there already")


class ExplorationOut(Schema):
    """Where an exploration stands. `verdict` says whether one can be read: a first one comes early."""

    id: UUID
    saga: str
    version: int | None
    hash: str
    kernel: str
    state: Literal["queued", "running", "done", "stopped", "limited", "lost", "failed"]
    sentence: str
    faults: int
    kinds: list[str]
    coordinations: list[Name]
    most_states: int
    most_seconds: float
    progress: dict[str, Any]
    findings: int
    states: int
    seconds: float
    exhaustive: bool
    scope: str
    verdict: bool
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    url: str


class Explorations(Schema):
    """Some explorations, newest first; `next` is the `before` of the following ones, empty where there are none."""

    explorations: list[ExplorationOut]
    next: str


class ExploredFix(Schema):
    """The one change with which a finding is gone; `edit` is the same in the keys of a saga file."""

    change: str
    verified: bool
    edit: dict[str, Any]
    cures: list[dict[str, str]]
    remains: list[dict[str, str]]
    adds: list[dict[str, str]]


class ExploredFindingOut(Schema):
    """A finding with the fewest faults that show it, and the fix. `hint`: why there is none, where known."""

    key: str
    harm: str
    step: str
    coordination: Name
    faults: list[str]
    order: list[str]
    sentence: str
    fix: ExploredFix | None
    hint: str
    replay: str
    point_of_no_return: dict[str, Any] | None = Field(
        None, description="seq, at_ms, sentence, exact, certain"
    )
    pytest: str = Field("", description="a test that fails while the finding is there")


class WeighingIn(Strict):
    """Of which saved saga the safeguards, engine rules and retries are weighed."""

    saga: str
    version: int | None = Field(None, description="default: the newest")
    faults: int = Field(1, description="each explored with any so many faults, 1 to 3")


class HarmAt(Schema):
    """A property that is broken, and the step at which it shows."""

    harm: str
    step: str


class HeldBack(HarmAt):
    """The worst that is found without it, and the run of the changed saga that shows it."""

    faults: list[str]
    order: list[str]
    sentence: str


class Weight(Schema):
    """One switch, turned off alone. `in_force`: it has a meaning there; not `exhaustive`: that was cut short."""

    coordination: Name
    change: str
    edit: dict[str, Any]
    in_force: bool
    exhaustive: bool
    holds_back: list[HarmAt]
    worst: HeldBack | None


class WeighingOut(Schema):
    """How far a weighing is: `done` of `of` rows. Those that are known can be read while it goes on."""

    id: UUID
    saga: str
    version: int
    kernel: str
    faults: int
    state: Literal["queued", "running", "done", "stopped", "lost"]
    done: int
    of: int
    seconds: float
    asked_at: datetime
    told_at: datetime
    url: str


class WeighingInFull(WeighingOut):
    rows: list[Weight]


class Weighings(Schema):
    """Some weighings, newest first; `next` is the `before` of the following ones, empty where there are none."""

    weighings: list[WeighingOut]
    next: str
