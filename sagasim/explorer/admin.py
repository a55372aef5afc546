"""Explorations and what they found, as an operator sees them: read-only, filtered, stopped, asked again, exported."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from sagasim.composer.admin import ReadOnly
from sagasim.composer.models import SavedSaga
from sagasim.core.errors import CoreError
from sagasim.core.harms import HARMS
from sagasim.core.phrases import number_of
from sagasim.explorer import clearing, services
from sagasim.explorer.exporting import csv_of, json_of
from sagasim.explorer.listing import of_harm
from sagasim.explorer.models import NEWEST_FIRST, Exploration, ExploredFinding, Weighing
from sagasim.explorer.telling import findings_told
from sagasim.runs.admin import Choices
from sagasim.runs.ageing import DeletedByAge

if TYPE_CHECKING:  # Django's own classes take no parameters when they run
    Explorations = admin.ModelAdmin[Exploration]
    ExploredFindings = admin.ModelAdmin[ExploredFinding]
    Weighings = admin.ModelAdmin[Weighing]
else:
    Explorations = ExploredFindings = Weighings = admin.ModelAdmin

PER_PAGE = 50
MOST_SAGAS = 100
MOST_AGAIN = 20


class HarmFilter(Choices):
    title, parameter_name, values = "finding", "harm", HARMS

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return of_harm(queryset, value)


class SagaFilter(Choices):
    """The newest sagas; any other one is found by its name."""

    title, parameter_name = "saga", "saga"
    to_saga = "saga"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        names = SavedSaga.objects.order_by("-saved_at").values_list("name", flat=True)[:MOST_SAGAS]
        return [(name, name) for name in sorted(names)]

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(**{self.to_saga: SavedSaga.objects.filter(name=value).first()})


class SagaOfFinding(SagaFilter):
    to_saga = "exploration__saga"


class AnyFix(Choices):
    title, parameter_name, values = "fix", "fix", ("verified", "unverified", "none")

    def narrowed(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == "none":
            return queryset.filter(fix="")
        return queryset.exclude(fix="").filter(is_fix_verified=value == "verified")


@admin.register(Exploration)
class ExplorationAdmin(ReadOnly, DeletedByAge, Explorations):
    goes_with_them = (
        "Their findings go with them. What the matrix of a saga's newest version shows is kept, however old, and so is "
        "what is under way."
    )
    list_display = ("when", "whose", "asked", "short_state", "found", "effort", "page")
    list_display_links = ("when",)
    list_filter = ("state", "exhaustive", HarmFilter, SagaFilter)
    list_select_related = ("saga", "version")
    list_per_page = list_max_show_all = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = NEWEST_FIRST
    search_fields = ("name", "hash__startswith", "findings__step")
    search_help_text = "A saga, a step, the beginning of a hash, or the id of an exploration."
    actions = ("export_json", "export_csv", "stop_them", "ask_again")
    readonly_fields = ("summary", "what_was_found", "asked", "stands", "kinds_told", "limits")
    fieldsets = (
        (None, {"fields": ("stands", "summary", "what_was_found")}),
        ("What was asked", {"fields": ("saga", "version", "asked", "kinds_told", "limits")}),
        ("By which rules", {"fields": ("kernel", "hash")}),
        ("When, and by whom", {"fields": ("asked_at", "began_at", "ended_at", "asked_by", "lane", "keeper")}),
    )

    def delete_before(self, before: datetime) -> int:
        return clearing.delete_older_explorations(before)

    # finding

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exploration]:
        services.sweep()
        return super().get_queryset(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Exploration], search_term: str
    ) -> tuple[QuerySet[Exploration], bool]:
        pk = services.id_of(search_term.strip())
        if pk is not None:
            return queryset.filter(pk=pk), False
        return super().get_search_results(request, queryset, search_term)

    # showing

    @admin.display(description="when", ordering="asked_at")
    def when(self, row: Exploration) -> str:
        return row.asked_at.strftime("%Y-%m-%d %H:%M:%S")

    @admin.display(description="saga", ordering="name")
    def whose(self, row: Exploration) -> str:
        return format_html(
            "{} <small>{}</small>", row.name, f"v{row.version.number}" if row.version else "not saved"
        )

    @admin.display(description="question")
    def asked(self, row: Exploration) -> str:
        where = "both" if len(row.coordinations) > 1 else row.coordinations[0]
        return f"any {number_of(row.faults, 'fault')}, {where}"

    @admin.display(description="state")
    def stands(self, row: Exploration) -> str:
        return format_html(
            '<span class="outcome" data-state="{}">{}</span>', row.state, row.get_state_display()
        )

    @admin.display(description="state", ordering="state")
    def short_state(self, row: Exploration) -> str:
        return format_html('<span class="outcome" data-state="{0}">{0}</span>', row.state)

    @admin.display(description="findings")
    def found(self, row: Exploration) -> str:
        if row.verdict is None:
            return "not known"
        return str(row.findings_count or "none")

    @admin.display(description="states, in")
    def effort(self, row: Exploration) -> str:
        return f"{row.states:,} in {row.seconds:.1f} s" if row.verdict is not None else ""

    @admin.display(description="fault kinds")
    def kinds_told(self, row: Exploration) -> str:
        return ", ".join(row.kinds)

    @admin.display(description="limits")
    def limits(self, row: Exploration) -> str:
        return f"{row.most_states:,} states, {row.most_seconds:g} s"

    @admin.display(description="page")
    def page(self, row: Exploration) -> str:
        return format_html('<a href="{}">matrix</a>', row.get_absolute_url())

    @admin.display(description="in a word")
    def summary(self, row: Exploration) -> str:
        said = row.sentence or (f"{row.more['scope'].capitalize()}." if row.more.get("scope") else "")
        return format_html('{} <a href="{}">See the matrix</a>', said, row.get_absolute_url())

    @admin.display(description="what was found")
    def what_was_found(self, row: Exploration) -> str:
        context = {
            "exploration": row,
            "verdict": row.verdict,
            "more": row.more,
            "coordinations": list(row.more.get("coordinations", {}).items()),
            "findings": findings_told(row),
        }
        return render_to_string("admin/explorer/exploration/verdict.html", context)

    # doing

    @admin.action(description="Export the selected explorations as JSON", permissions=["view"])
    def export_json(self, _request: HttpRequest, queryset: QuerySet[Exploration]) -> StreamingHttpResponse:
        return _download(json_of(queryset), "application/json", "explorations.json")

    @admin.action(description="Export the selected as CSV, a row per finding", permissions=["view"])
    def export_csv(self, _request: HttpRequest, queryset: QuerySet[Exploration]) -> StreamingHttpResponse:
        return _download(csv_of(queryset), "text/csv; charset=utf-8", "explorations.csv")

    @admin.action(description="Stop the selected explorations", permissions=["view"])
    def stop_them(self, request: HttpRequest, queryset: QuerySet[Exploration]) -> None:
        under_way = [row for row in queryset if row.is_open]
        for row in under_way:
            services.stop(row)
        self.message_user(request, f"{len(under_way)} explorations were asked to stop.")

    @admin.action(description="Start the selected explorations again", permissions=["view"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Exploration]) -> None:
        rows = list(queryset[: MOST_AGAIN + 1])
        if len(rows) > MOST_AGAIN:
            self.message_user(request, f"Choose at most {MOST_AGAIN} explorations at once.", messages.ERROR)
            return
        begun = 0
        for row in rows:
            try:
                begun += services.again(row, by=request.user).pk != row.pk  # type: ignore[arg-type]  # staff are users
            except CoreError as refused:
                self.message_user(request, f"{row}: {refused}.", messages.WARNING)
        known = len(rows) - begun
        self.message_user(request, f"{begun} explorations are under way; {known} had their answer already.")


@admin.register(ExploredFinding)
class ExploredFindingAdmin(ReadOnly, ExploredFindings):
    list_display = ("what", "saga", "coordination", "plan", "change")
    list_display_links = ("what",)
    list_filter = ("harm", "coordination", AnyFix, SagaOfFinding)
    list_select_related = ("exploration__saga", "exploration__version")
    list_per_page = list_max_show_all = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    search_fields = ("step", "sentence", "fix", "exploration__name")
    search_help_text = "A step, a saga, a word of the sentence or of the fix."
    readonly_fields = ("what", "saga", "plan", "change", "open")
    fieldsets = (
        (None, {"fields": ("what", "sentence", "open")}),
        ("How it is shown", {"fields": ("saga", "exploration", "coordination", "plan", "order")}),
        ("What repairs it", {"fields": ("change",)}),
    )

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False  # it belongs to its exploration, and goes with it

    @admin.display(description="finding")
    def what(self, row: ExploredFinding) -> str:
        return str(row)

    @admin.display(description="saga")
    def saga(self, row: ExploredFinding) -> str:
        return row.exploration.name

    @admin.display(description="fewest faults")
    def plan(self, row: ExploredFinding) -> str:
        return format_html_join("", "<code>{}</code> ", ((fault,) for fault in row.faults)) or "none"

    @admin.display(description="fix")
    def change(self, row: ExploredFinding) -> str:
        if not row.fix:
            return "none known"
        return format_html("<code>{}</code>{}", row.fix, ", verified" if row.is_fix_verified else "")

    @admin.display(description="")
    def open(self, row: ExploredFinding) -> str:
        address = f"{row.exploration.get_absolute_url()}open"
        return format_html('<a href="{}?finding={}">See the run that shows it</a>', address, quote(row.key))


def _download(parts: Iterable[str], content_type: str, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(list(parts), content_type=content_type, headers=headers)


@admin.register(Weighing)
class WeighingAdmin(ReadOnly, DeletedByAge, Weighings):
    goes_with_them = (
        "What is known of the safeguards of a saga's newest version is kept, and so is what is under way."
    )
    list_display = ("asked_at", "version", "faults", "state", "progress", "page")
    list_filter = ("state",)
    list_select_related = ("version__saga",)
    list_per_page = list_max_show_all = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    search_fields = ("version__saga__name",)
    fields = ("version", "faults", "state", "progress", "page", "kernel", "asked_at", "told_at", "asked_by")
    readonly_fields = ("progress", "page")

    def delete_before(self, before: datetime) -> int:
        return clearing.delete_older_weighings(before)

    @admin.display(description="weighed")
    def progress(self, weighing: Weighing) -> str:
        return f"{weighing.done} of {weighing.of}"

    @admin.display(description="what carries load")
    def page(self, weighing: Weighing) -> str:
        return format_html(
            '<a href="{}">Safeguards</a>', reverse("explorer:safeguards", args=[weighing.version.saga.name])
        )
