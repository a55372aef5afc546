"""Explorations: what was asked of a saga, how far the answer has come, and what was found.

The row is also the channel between whoever asked and whoever explores, in whichever process: progress is
written here, and whether to stop is read here. The verdict is what `sagasim explore --json` says, byte for
byte but for the seconds; what the pages show beyond that is in `more` (telling.py). Findings have rows of
their own, for lists and filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.codec import saga_from_data
from sagasim.core.harms import HARMS
from sagasim.core.phrases import number_of
from sagasim.core.saga import Coordination

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    from sagasim.core.saga import Saga


class State(models.TextChoices):
    """Where an exploration stands. All but the first two are ends."""

    QUEUED = "queued", "waiting"
    RUNNING = "running", "exploring"
    DONE = "done", "explored to the end"
    STOPPED = "stopped", "stopped"
    LIMITED = "limited", "at its limit"
    LOST = "lost", "lost"  # whoever explored was killed, or its server was
    FAILED = "failed", "failed"


OPEN = (State.QUEUED, State.RUNNING)
ENDED = tuple(each for each in State if each not in OPEN)
NEWEST_FIRST = ("-asked_at", "-id")
HASH_LENGTH = 64


class Lane(models.TextChoices):
    """Where it waits or runs (lanes.py says what each is for)."""

    QUICK = "quick", "quick"
    MIDDLE = "middle", "middle"
    LONG = "long", "long"
    IDLE = "idle", "idle"


class Exploration(models.Model):
    """One question about one saga: any so many faults of these kinds, in these coordinations. And its answer.

    `design` is the saga itself where it is no saved version. `question` is the same for two rows that must
    have the same answer (kernel.py). While it is open, `keeper` is the server that looks after it, until
    `kept_until` unless that server says more.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    saga = models.ForeignKey(
        SavedSaga, models.CASCADE, null=True, blank=True, related_name="explorations", db_index=False
    )
    version = models.ForeignKey(
        SagaVersion, models.CASCADE, null=True, blank=True, related_name="explorations"
    )
    name = models.TextField(help_text="The name of the saga.")
    design: models.JSONField[dict[str, Any] | Combinable | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    hash = models.CharField(max_length=HASH_LENGTH)
    kernel = models.CharField(max_length=40, help_text="The rules by which it was explored.")
    question = models.CharField(max_length=HASH_LENGTH, editable=False)

    faults = models.PositiveSmallIntegerField(default=2)
    kinds: models.JSONField[list[str] | Combinable, list[str]] = models.JSONField()
    coordinations: models.JSONField[list[str] | Combinable, list[str]] = models.JSONField()
    most_states = models.PositiveIntegerField()
    most_seconds = models.FloatField()

    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    lane = models.CharField(max_length=6, choices=Lane, default=Lane.QUICK)
    stop_asked = models.BooleanField(default=False)
    sentence = models.TextField(blank=True, help_text="Why it ended as it did, where that needs a word.")
    progress: models.JSONField[dict[str, Any] | Combinable, dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    verdict: models.JSONField[dict[str, Any] | Combinable | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    more: models.JSONField[dict[str, Any] | Combinable, dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    findings_count = models.PositiveIntegerField("findings", default=0)
    states = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    exhaustive = models.BooleanField(default=False)

    keeper = models.TextField(blank=True)
    kept_until = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False
    )

    class Meta:
        ordering = NEWEST_FIRST
        constraints = [
            models.CheckConstraint(
                name="an_exploration_has_ended_when_it_says_when",
                condition=Q(state__in=OPEN, ended_at=None) | Q(state__in=ENDED, ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="what_was_explored_to_the_end_has_a_verdict",
                condition=~Q(state=State.DONE) | Q(verdict__isnull=False, exhaustive=True),
            ),
            models.CheckConstraint(
                name="an_exploration_knows_its_saga",
                condition=Q(version__isnull=False) | Q(design__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=[*filtered, *NEWEST_FIRST], name=name)
            for name, filtered in {
                "explorations_newest": [],
                "explorations_by_state": ["state"],
                "explorations_by_saga": ["saga"],
                "explorations_by_hash": ["hash"],
                "explorations_by_question": ["question"],
            }.items()
        ]

    def __str__(self) -> str:
        return f"{self.name}, any {number_of(self.faults, 'fault')}, {self.state}"

    def get_absolute_url(self) -> str:
        return f"/explorations/{self.pk}/"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def meaning(self) -> Saga:
        """The saga that is explored."""
        if self.version is not None:
            return self.version.meaning
        return saga_from_data(self.design)


class ExploredFinding(models.Model):
    """A property that some faults break: what a verdict says, as a row that can be looked for."""

    exploration = models.ForeignKey(
        Exploration, models.CASCADE, related_name="findings", db_index=False
    )  # the unique constraint has that index
    key = models.TextField(help_text="Such as orchestration:leak:charge; the page finds it by this.")
    harm = models.CharField(max_length=20, choices=[(each, each) for each in HARMS])
    step = models.TextField()
    coordination = models.CharField(max_length=13, choices=[(str(it), str(it)) for it in Coordination])
    faults: models.JSONField[list[str] | Combinable, list[str]] = models.JSONField(default=list, blank=True)
    faults_count = models.PositiveSmallIntegerField("fewest faults")
    order: models.JSONField[list[str] | Combinable, list[str]] = models.JSONField(default=list, blank=True)
    sentence = models.TextField()
    fix = models.TextField(blank=True)
    is_fix_verified = models.BooleanField("verified", default=False)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-found_at", "-id"]
        verbose_name = "finding"
        constraints = [
            models.UniqueConstraint(
                fields=["exploration", "key"], name="an_exploration_has_each_finding_once"
            ),
            models.CheckConstraint(
                name="only_a_fix_is_verified", condition=~Q(fix="") | Q(is_fix_verified=False)
            ),
        ]
        indexes = [
            models.Index(fields=["-found_at", "-id"], name="explored_newest"),
            models.Index(fields=["harm", "-found_at", "-id"], name="explored_by_harm"),
            models.Index(fields=["step", "-found_at", "-id"], name="explored_by_step"),
        ]

    def __str__(self) -> str:
        return f"{self.harm} at {self.step}"


class Weighing(models.Model):
    """Which safeguards, rules and retries of one version carry load: each is switched off alone, and explored.

    `rows` grows while it is weighed (weighing.py writes it); `done` of `of` is how far that is. `told_at` is
    when whoever weighs said something last.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    version = models.ForeignKey(SagaVersion, models.CASCADE, related_name="weighings")
    kernel = models.CharField(max_length=40, help_text="The rules by which it was explored.")
    faults = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    stop_asked = models.BooleanField(default=False)
    rows: models.JSONField[list[dict[str, Any]] | Combinable, list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True
    )
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False
    )

    class Meta:
        ordering = NEWEST_FIRST
        constraints = [
            models.CheckConstraint(
                name="a_weighing_is_no_further_than_its_end", condition=Q(done__lte=models.F("of"))
            ),
        ]

    def __str__(self) -> str:
        return f"safeguards of {self.version}, {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
