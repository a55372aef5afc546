"""Runs, and their histories.

A run's row says what was executed (version, coordination, faults, seed), how it ended, and what broke; lists
and filters read nothing else. The history of a finished run is one compressed document in a table beside it.
A run on the wall clock gathers chunks of lines while it happens; when it ends they become that document.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.harms import HARMS
from sagasim.core.ledger import OUTCOMES
from sagasim.core.saga import Coordination


class Status(models.TextChoices):
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"
    CUT = "cut", "cut off"  # recorded, and whoever recorded it stopped before the saga did


class Clock(models.TextChoices):
    """Which time the lines tell: a simulation's own, or that of a real saga which was recorded."""

    VIRTUAL = "virtual", "simulated"
    WALL = "wall", "recorded"


COORDINATIONS = [(str(each), str(each)) for each in Coordination]
EVERY_OUTCOME = [(each, each) for each in (*OUTCOMES, "stuck")]
EVERY_HARM = [(each, each) for each in HARMS]
UNKNOWN_YET = ""
NEWEST_FIRST = ("-executed_at", "-id")
QUIET_S, SILENT_S = 12, 30
"""A recorder says every few seconds that it is there: without news for so long it is told, for so long it is over."""


class Run(models.Model):
    """One execution of one saga version in one coordination. What is in here has happened.

    Two runs with the same `pair` were started together and are shown on one clock. `parent` is the run that
    this one is a what-if of; up to the line `shared_seq` their histories are the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    saga = models.ForeignKey(SavedSaga, models.CASCADE, related_name="runs", db_index=False)
    version = models.ForeignKey(SagaVersion, models.CASCADE, related_name="runs")
    coordination = models.CharField(max_length=13, choices=COORDINATIONS)
    pair = models.UUIDField(null=True, blank=True, editable=False)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="what_ifs")
    shared_seq = models.PositiveIntegerField(null=True, blank=True)

    faults = models.JSONField(default=list, blank=True)
    seed = models.PositiveBigIntegerField(default=0)
    order = models.JSONField(default=list, blank=True)
    clock = models.CharField(max_length=7, choices=Clock, default=Clock.VIRTUAL)
    heard_at = models.DateTimeField(
        "last news", null=True, blank=True, editable=False, help_text="When its recorder was last heard."
    )
    recorded_as = models.TextField(blank=True, help_text="The name under which a recorder knows this run.")

    status = models.CharField(max_length=8, choices=Status, default=Status.RUNNING)
    outcome = models.CharField(max_length=11, choices=EVERY_OUTCOME, blank=True)
    parked = models.JSONField(default=list, blank=True)
    findings_count = models.PositiveSmallIntegerField("findings", default=0)
    has_findings = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(findings_count__gt=0), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    struck = models.JSONField(default=list, blank=True, help_text="The faults of the plan that struck.")
    duration_ms = models.PositiveBigIntegerField("duration (ms)", default=0)
    last_seq = models.PositiveIntegerField(default=0)

    kernel = models.CharField(max_length=40, blank=True, help_text="The executor that made this history.")
    executed_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, db_index=False
    )

    class Meta:
        ordering = NEWEST_FIRST
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "coordination"], name="a_pair_has_each_coordination_once"
            ),
            models.CheckConstraint(
                name="a_finished_run_has_an_outcome_and_another_has_none",
                condition=Q(Q(status=Status.FINISHED), ~Q(outcome=UNKNOWN_YET))
                | Q(~Q(status=Status.FINISHED), Q(outcome=UNKNOWN_YET)),
            ),
            models.CheckConstraint(
                name="a_what_if_shares_no_more_lines_than_it_has",
                condition=Q(shared_seq=None) | Q(shared_seq__lte=F("last_seq")),
            ),
        ]  # fmt: skip
        # Each filter of the lists is followed by their order, so that a page is read off one index.
        indexes = [
            models.Index(fields=[*filtered, *NEWEST_FIRST], name=name)
            for name, filtered in {
                "runs_newest": [],
                "runs_by_outcome": ["outcome"],
                "runs_by_coordination": ["coordination"],
                "runs_by_findings": ["has_findings"],
                "runs_by_status": ["status"],
            }.items()
        ] + [
            # What else is asked of one saga stands in the index: nothing is looked up for a run that does not match.
            models.Index(
                fields=["saga", *NEWEST_FIRST, "outcome", "coordination", "version", "has_findings"],
                name="runs_by_saga",
            ),
            models.Index(
                fields=["recorded_as", "-executed_at"],
                name="runs_by_recording",
                condition=Q(clock=Clock.WALL),
            ),
            models.Index(
                fields=["heard_at"],
                name="runs_that_are_recorded_now",
                condition=Q(clock=Clock.WALL, status=Status.RUNNING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.saga.name}, {self.coordination}, {self.outcome or 'running'}"

    def get_absolute_url(self) -> str:
        return reverse("runs:stage", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.status != Status.RUNNING

    @property
    def quiet_since(self) -> datetime | None:
        """When its recorder was last heard, if it should have been heard since."""
        if self.is_over or self.heard_at is None:
            return None
        is_quiet = timezone.now() - self.heard_at > timedelta(seconds=QUIET_S)
        return self.heard_at if is_quiet else None

    def side_by_side(self) -> list[Run]:
        """This run alone, or with the other one of its pair: orchestration first."""
        if self.pair is None:
            return [self]
        return list(
            Run.objects.filter(pair=self.pair).select_related("saga", "version").order_by("-coordination")
        )


class RunFinding(models.Model):
    """A property that this run broke, and the line that shows it."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="findings")
    harm = models.CharField(max_length=20, choices=EVERY_HARM)
    step = models.TextField()
    sentence = models.TextField(blank=True)
    seq = models.PositiveIntegerField()
    executed_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "harm", "step"], name="a_run_has_each_finding_once"),
            models.CheckConstraint(name="a_finding_shows_in_a_line", condition=Q(seq__gte=1)),
        ]
        indexes = [models.Index(fields=["-executed_at"], name="findings_newest")]

    def __str__(self) -> str:
        return f"{self.harm} of {self.step}"


class RunMention(models.Model):
    """A word under which a run is found: `harm:leak`, `kind:late`, `step:charge`, `fault:charge:late`.

    One index answers all of them, in the order of the lists, whether a word is rare or in every run.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="mentions")
    word = models.TextField()
    executed_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "word"], name="a_run_mentions_a_word_once")]
        indexes = [models.Index(fields=["word", "-executed_at", "-run"], name="mentions_newest")]

    def __str__(self) -> str:
        return self.word


class RunHistory(models.Model):
    """The whole history of a finished run, as feed.py writes it; and its outcome in full."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="stored")
    document = models.BinaryField()

    def __str__(self) -> str:
        return f"history of {self.run_id}"


class RunChunk(models.Model):
    """Lines of a run that is not over, in the order in which they came: numbers `first` to `last`."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="chunks")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    document = models.BinaryField()
    stored_at = models.DateTimeField()

    class Meta:
        ordering = ["run", "first"]
        constraints = [
            models.UniqueConstraint(fields=["run", "first"], name="no_line_is_stored_twice"),
            models.CheckConstraint(
                name="a_chunk_has_lines_that_count_from_one",
                condition=Q(first__gte=1) & Q(last__gte=F("first")),
            ),
        ]

    def __str__(self) -> str:
        return f"lines {self.first} to {self.last} of {self.run_id}"
