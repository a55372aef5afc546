"""The run history as an operator sees it: quick among a million, read-only, exported, run again, cleared out.

What happened cannot be edited. No page counts the whole table, and no filter asks the database which choices
there are; each is answered by an index that is in the order of the list (models.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.faults import KINDS
from sagasim.core.harms import HARMS
from sagasim.runs import repairs, services
from sagasim.runs.ageing import DeletedByAge
from sagasim.runs.exporting import csv_of, json_of
from sagasim.runs.listing import NEWEST_MENTION, named, of_harm, of_kind, prefix_of
from sagasim.runs.models import NEWEST_FIRST, Run, RunFinding
from sagasim.runs.recording import cut_off, end_silent
from sagasim.runs.stage import lines_told, outcome_sentence

PER_PAGE = 50
COUNTED = 2_000
"""Matches are counted up to here; how many there are beyond nobody needs, and it would cost seconds."""
MOST_SAGAS = 100
MOST_LINES = 2_000
MOST_AGAIN = 100


SHOWN = (
    *("executed_at", "coordination", "outcome", "status", "findings_count", "faults", "duration_ms"),
    *("saga__name", "version__number"),
)
"""What a row of the list shows (templates/admin/runs/run/rows.html). A version's text is none of it."""

if TYPE_CHECKING:  # Django's own classes take no parameters when they run
    Runs = admin.ModelAdmin[Run]
    Pages = Paginator[Run]
else:
    Runs, Pages = admin.ModelAdmin, Paginator


class CappedPaginator(Pages):
    """Counts no further than `COUNTED`; the pages end there, and older runs are reached by date.

    The first page is read before anything is counted. Where it is not full, there is nothing to count: two filters
    that hardly any run answers are looked through once, and not three times.
    """

    object_list: QuerySet[Run]

    @property
    def shown(self) -> QuerySet[Run]:
        findings = Prefetch("findings", RunFinding.objects.only("run", "harm", "step"))
        return self.object_list.only(*SHOWN).prefetch_related(findings)

    @cached_property
    def first(self) -> list[Run]:
        return list(self.shown[: self.per_page + 1])

    @cached_property
    def count(self) -> int:
        if len(self.first) <= self.per_page:
            return len(self.first)
        return self.object_list[: COUNTED + 1].count()  # in its order: that is the index which answers it

    def page(self, number: int | str) -> Page[Run]:
        number = self.validate_number(number)
        begin = (number - 1) * self.per_page
        rows = self.shown[begin : begin + self.per_page] if begin else self.first[: self.per_page]
        return Page(rows, number, self)


class RunList(ChangeList):
    """Shows what its paginator has read; Django reads a list that fits on one page once more."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = self.paginator.page(self.page_num if self.multi_page else 1).object_list


class Choices(admin.SimpleListFilter):
    """A filter whose choices are known beforehand."""

    values: ClassVar[Iterable[str]] = ()

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in self.values]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset if value is None else self.narrowed(queryset, value)

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        raise NotImplementedError


class HarmFilter(Choices):
    title, parameter_name, values = "finding", "harm", HARMS

    def narrowed(self, queryset: QuerySet[Run], value: str) -> QuerySet[Run]:
        return of_harm(queryset, value)


class KindFilter(Choices):
    title, parameter_name, values = "fault kind", "kind", KINDS

    def narrowed(self, queryset: QuerySet[Run], value: str) -> QuerySet[Run]:
        return of_kind(queryset, value)


class AnyFindings(Choices):
    title, parameter_name, values = "findings", "found", ("none", "some")

    def narrowed(self, queryset: QuerySet[Run], value: str) -> QuerySet[Run]:
        return queryset.filter(has_findings=value == "some")


class SagaFilter(Choices):
    """The newest sagas; any other one is found by its name."""

    title, parameter_name = "saga", "saga"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        names = SavedSaga.objects.order_by("-saved_at").values_list("name", flat=True)[:MOST_SAGAS]
        return [(name, name) for name in sorted(names)]

    def narrowed(self, queryset: QuerySet[Run], value: str) -> QuerySet[Run]:
        return queryset.filter(saga=SavedSaga.objects.filter(name=value).first())


class VersionFilter(Choices):
    """The versions of the saga that is chosen."""

    title, parameter_name = "version", "version"

    def lookups(self, request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        saga = SavedSaga.objects.filter(name=request.GET.get("saga", "")).select_related("latest").first()
        newest = saga.latest.number if saga and saga.latest else 0
        return [(str(number), f"version {number}") for number in range(newest, max(0, newest - 50), -1)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        value = self.value()
        if value is None:
            return queryset
        numbered = SagaVersion.objects.filter(number=value if value.isdecimal() else 0)
        return queryset.filter(version=numbered.filter(saga__name=request.GET.get("saga", "")).first())


@admin.register(Run)
class RunAdmin(DeletedByAge, Runs):
    change_list_template = "admin/runs/run/change_list.html"
    goes_with_them = "Their histories, findings and links to what-ifs go with them."
    list_filter = (
        "outcome",
        "coordination",
        "status",
        AnyFindings,
        HarmFilter,
        KindFilter,
        SagaFilter,
        VersionFilter,
    )
    list_select_related = ("saga", "version")
    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    sortable_by = ()
    ordering = NEWEST_FIRST
    date_hierarchy = "executed_at"
    search_fields = ("saga",)  # what is searched is in get_search_results
    search_help_text = "A saga, a step, a finding, a fault or fault kind, or the id of a run."
    actions = ("export_json", "export_csv", "execute_again", "cut_recording_off")
    readonly_fields = ("summary", "broken", "family", "log")
    fieldsets = (
        (None, {"fields": ("summary", "broken", "family")}),
        ("What was run", {"fields": ("saga", "version", "coordination", "plan", "seed", "order", "kernel")}),
        (
            "When",
            {"fields": ("executed_at", "started_by", "clock", "recorded_as", "heard_at", "duration_ms")},
        ),
        ("What happened", {"fields": ("log",)}),
    )

    # read-only for what happened

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Run | None = None) -> bool:
        return False

    # finding

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        end_silent()
        return super().get_queryset(request)

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002  # Django's signature
        return RunList

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        for word in search_term.split():
            queryset = named(queryset, word)
        return queryset, False

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The list's own order, read off the index that answers the filter."""
        asked = request.GET
        words = asked.get("q", "").split()
        if asked.get("harm") or asked.get("kind") or any(prefix_of(word) for word in words):
            return NEWEST_MENTION
        return NEWEST_FIRST

    # showing

    @admin.display(description="faults")
    def plan(self, run: Run) -> str:
        return format_html_join("", "<code>{}</code> ", ((fault,) for fault in run.faults)) or "none"

    @admin.display(description="how it ended")
    def summary(self, run: Run) -> str:
        return format_html(
            '{} <a href="{}">Watch it on the stage</a>', outcome_sentence(run), run.get_absolute_url()
        )

    @admin.display(description="what broke")
    def broken(self, run: Run) -> str:
        told = ((it.seq, it.sentence, _repair(run, it.harm, it.step)) for it in run.findings.all())
        return format_html_join("", '<p>Line <a href="#line-{0}">{0}</a>: {1} {2}</p>', told) or "nothing"

    @admin.display(description="related runs")
    def family(self, run: Run) -> str:
        related = [("what-if of", run.parent)] if run.parent else []
        related += [("with", other) for other in run.side_by_side() if other.pk != run.pk]
        related += [("followed by the what-if", child) for child in run.what_ifs.select_related("saga")[:20]]
        address = "admin:runs_run_change"
        told = ((word, reverse(address, args=[it.pk]), str(it)) for word, it in related)
        links = format_html_join("", '<p>{} <a href="{}">{}</a></p>', told)
        if run.parent_id:
            beside = reverse("runs:beside", args=[run.parent_id, run.pk])
            links += format_html('<p><a href="{}">Side by side with the run before</a></p>', beside)
        if explorer := repairs.explorer():
            links += format_html(
                '<p><a href="{}">The matrix of this version</a>, <a href="{}">explorations of the saga</a></p>',
                explorer.explore_url(run),
                explorer.stored_url(run),
            )
        return links or "none"

    @admin.display(description="")
    def log(self, run: Run) -> str:
        lines = lines_told(run)
        return render_to_string(
            "admin/runs/run/log.html",
            {"run": run, "lines": lines[:MOST_LINES], "more": len(lines) - MOST_LINES},
        )

    # doing

    @admin.action(description="Export the selected runs as JSON", permissions=["view"])
    def export_json(
        self, _request: HttpRequest, queryset: QuerySet[Run]
    ) -> HttpResponse | StreamingHttpResponse:
        return _download(json_of(_chosen(queryset)), "application/json", "runs.json")

    @admin.action(description="Export the selected runs as CSV", permissions=["view"])
    def export_csv(
        self, _request: HttpRequest, queryset: QuerySet[Run]
    ) -> HttpResponse | StreamingHttpResponse:
        return _download(csv_of(_chosen(queryset)), "text/csv; charset=utf-8", "runs.csv")

    @admin.action(description="Run the selected again", permissions=["view"])
    def execute_again(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        runs = list(_chosen(queryset)[: MOST_AGAIN + 1])
        if len(runs) > MOST_AGAIN:
            self.message_user(request, f"Choose at most {MOST_AGAIN} runs at once.", messages.ERROR)
            return
        shown = [services.executed_again(run) for run in runs]
        for run in runs:
            if run.clock == "virtual":
                services.run_again([run], by=request.user)  # type: ignore[arg-type]  # staff are users
        same = sum(it.is_the_same for it in shown)
        self.message_user(request, f"{same} of {len(runs)} runs have the same history, byte for byte.")
        for sentence in dict.fromkeys(it.sentence for it in shown if not it.is_the_same):
            self.message_user(request, sentence, messages.WARNING)

    @admin.action(description="Cut the selected recordings off", permissions=["delete"])
    def cut_recording_off(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        running = [run for run in queryset if not run.is_over]
        for run in running:
            cut_off(run.pk)
        self.message_user(request, f"{len(running)} recordings were cut off.")

    def delete_before(self, before: datetime) -> int:
        return services.delete_older(before)


def _repair(run: Run, harm: str, step: str) -> str:
    """What repairs it, if somebody has found out."""
    explorer = repairs.explorer()
    known = explorer.repair_of(run, harm, step) if explorer else None
    if known is None:
        return ""
    return format_html('Repaired by <a href="{}">{}</a>.', known.url, known.change)


def _chosen(queryset: QuerySet[Run]) -> QuerySet[Run]:
    return queryset.select_related("saga", "version__saga").prefetch_related("findings")


def _download(parts: Iterable[str], content_type: str, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(list(parts), content_type=content_type, headers=headers)
