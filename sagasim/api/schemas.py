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
