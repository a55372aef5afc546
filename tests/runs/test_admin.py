from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from sagasim.runs import admin as run_admin
from sagasim.runs import feed
from sagasim.runs.exporting import cell
from sagasim.runs.models import Run, RunHistory
from tests.runs.test_pages import STRANGE, strange
from tests.runs.test_running import FAULT, Gallery, started

__all__ = ["strange"]

LIST = "/admin/runs/run/"


def shown(client: Client, query: str = "") -> set[Run]:
    answer = client.get(LIST + query)
    assert answer.status_code == 200, query
    return set(answer.context["cl"].result_list)


def test_the_run_history_is_filtered_by_everything_that_an_operator_asks_for(
    client: Client, gallery: Gallery
):
    run, other = started(gallery, FAULT)
    calm, _ = started(gallery, saga="bank-transfer")
    Run.objects.filter(pk=calm.pk).update(executed_at=timezone.now() - timedelta(days=800))
    day = run.executed_at
    for query, expected in (
        ("?outcome__exact=compensated", {run}),
        ("?coordination__exact=choreography&saga=order-fulfilment-broken", {other}),
        ("?saga=order-fulfilment-broken&version=1", {run, other}),
        ("?saga=order-fulfilment-broken&version=2", set()),
        ("?found=some", {run}),
        ("?harm=leak", {run}),
        ("?kind=reply-lost", {run, other}),
        (f"?executed_at__year={day.year}&executed_at__month={day.month}&executed_at__day={day.day}", None),
        (f"?executed_at__year={calm.executed_at.year - 3}", set()),
        ("?q=authorise-card", {run, other}),
        ("?q=leak", {run}),
        (f"?q={run.pk}", {run}),
        (f"?q={FAULT}", {run, other}),
        ("?q=no+such+thing", set()),
    ):
        found = shown(client, query)
        if expected is None:
            assert run in found
            assert calm not in found
        else:
            assert found == expected, query


@pytest.mark.parametrize(
    "query",
    [
        "?outcome__exact=great",
        "?harm=x",
        "?version=x&saga=y",
        "?q=%00",
        "?p=9999",
        "?executed_at__year=x",
        "?o=1",
        "?x=y",
    ],
)
def test_a_filter_that_is_none_breaks_nothing(client: Client, gallery: Gallery, query: str):
    started(gallery)
    assert client.get(LIST + query, follow=True).status_code in {200, 400}


def test_nothing_asks_the_whole_table(client: Client, gallery: Gallery, django_assert_max_num_queries):
    for _ in range(6):
        started(gallery, FAULT)
    client.get(LIST)
    with django_assert_max_num_queries(14) as asked:
        client.get(LIST)
    questions = [query["sql"] for query in asked.captured_queries]
    assert not [sql for sql in questions if "DISTINCT" in sql]
    assert all("LIMIT" in sql for sql in questions if "COUNT(" in sql and "runs_run" in sql)


def test_matches_are_counted_up_to_a_limit_that_is_said(client: Client, gallery: Gallery, monkeypatch):
    for _ in range(4):
        started(gallery)
    monkeypatch.setattr(run_admin, "COUNTED", 5)
    monkeypatch.setattr("sagasim.runs.templatetags.runs_admin.COUNTED", 5)
    assert "more than 5 runs; choose a date for older ones" in " ".join(
        client.get(LIST).content.decode().split()
    )


def test_what_happened_cannot_be_edited(client: Client, gallery: Gallery):
    run, _ = started(gallery, FAULT)
    assert client.get(f"{LIST}add/").status_code == 403
    page = client.get(f"{LIST}{run.pk}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert client.post(f"{LIST}{run.pk}/change/", {"outcome": "completed"}).status_code == 403
    assert Run.objects.get(pk=run.pk).outcome == "compensated"


def test_a_runs_page_tells_how_it_ended_what_broke_and_every_line(client: Client, gallery: Gallery):
    run, other = started(gallery, FAULT)
    page = client.get(f"{LIST}{run.pk}/change/").content.decode()
    assert page.count('<tr id="line-') == run.last_seq
    assert run.findings.all()[0].sentence in page
    assert f"{LIST}{other.pk}/change/" in page


def export(client: Client, action: str, *runs: Run) -> str:
    fields = {"action": action, "_selected_action": [str(run.pk) for run in runs]}
    return b"".join(client.post(LIST, fields).streaming_content).decode()  # type: ignore[attr-defined]


def test_selected_runs_are_exported_with_their_whole_history(client: Client, gallery: Gallery):
    run, other = started(gallery, FAULT)
    started(gallery)
    exported = json.loads(export(client, "export_json", run, other))
    assert {it["id"] for it in exported} == {str(run.pk), str(other.pk)}
    assert {len(it["history"]) for it in exported} == {run.last_seq, other.last_seq}


def test_an_export_as_csv_has_a_row_per_run(client: Client, gallery: Gallery):
    run, other = started(gallery, FAULT)
    rows = list(csv.DictReader(io.StringIO(export(client, "export_csv", run, other))))
    assert [(row["outcome"], row["faults"]) for row in rows] == [
        (it.outcome, FAULT) for it in Run.objects.all()
    ]
    assert "leak:authorise-card" in rows[[row["outcome"] for row in rows].index("compensated")]["findings"]


def test_no_cell_of_a_csv_is_a_formula(client: Client, strange: list[Run]):
    rows = list(csv.reader(io.StringIO(export(client, "export_csv", *strange))))
    assert any("=1+1" in value for row in rows for value in row)
    assert not [value for row in rows for value in row if value.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\n=1"])
def test_a_cell_that_a_spreadsheet_would_calculate_becomes_text(text: str):
    assert cell(text) == f"'{text}"
    assert cell(-1) == -1


def test_selected_runs_are_run_again_and_compared(client: Client, gallery: Gallery):
    run, other = started(gallery, FAULT)
    history = RunHistory.objects.get(run=other)
    history.document = feed.document_of(feed.entries_after(run.pk, 0))
    history.save()
    Run.objects.filter(pk=other.pk).update(kernel="0.0.1+old", last_seq=run.last_seq)
    fields = {"action": "execute_again", "_selected_action": [str(run.pk), str(other.pk)]}
    page = client.post(LIST, fields, follow=True).content.decode()
    assert "1 of 2 runs have the same history, byte for byte." in page
    assert "The executor has changed since (0.0.1+old" in page
    assert Run.objects.count() == 4


def test_runs_are_deleted_by_age(client: Client, gallery: Gallery):
    old, _ = started(gallery, FAULT)
    new, _ = started(gallery, FAULT)
    Run.objects.filter(pair=old.pair).update(executed_at=timezone.now() - timedelta(days=31))
    assert client.post(f"{LIST}delete-older/", {"days": "soon"}).status_code == 422
    page = client.post(f"{LIST}delete-older/", {"days": "30"}, follow=True).content.decode()
    assert "2 runs were deleted." in page
    assert set(Run.objects.values_list("pair", flat=True)) == {new.pair}
    assert RunHistory.objects.count() == 2


def test_the_admin_is_a_part_of_sagasim_and_its_pages_open(client: Client, strange: list[Run]):
    for path in (
        "",
        "composer/savedsaga/",
        "composer/sagaversion/",
        "auth/user/",
        "api/apitoken/",
        "runs/run/delete-older/",
    ):
        page = client.get(f"/admin/{path}")
        assert page.status_code == 200, path
        assert b"css/admin" in page.content
        assert STRANGE.encode() not in page.content
    saga = strange[0].saga
    assert client.get(f"/admin/composer/savedsaga/{saga.pk}/change/").status_code == 200
    assert client.get(f"/admin/composer/sagaversion/{saga.latest_id}/change/").status_code == 200


def test_who_may_only_look_cannot_delete(client: Client, gallery: Gallery, settings):
    from django.contrib.auth.models import Permission
    from django.test import RequestFactory

    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_run"))
    request = RequestFactory().post("/", {"days": "0"})
    request.user = user
    started(gallery)
    runs = run_admin.RunAdmin(Run, site)
    assert runs.delete_older(request).status_code == 403
    assert Run.objects.count() == 2
    assert set(runs.get_actions(request)) == {"export_json", "export_csv", "execute_again"}
