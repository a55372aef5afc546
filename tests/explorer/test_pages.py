"""The pages of the explorer as whoever has no scripts sees them."""

from __future__ import annotations

import csv
import io
import json
import re
import runpy
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils import timezone

from sagasim.cli import main
from sagasim.composer.models import SagaVersion
from sagasim.composer.services import save_saga
from sagasim.core.codec import saga_from_text
from sagasim.explorer import services, weighing
from sagasim.explorer.jobs import jobs
from sagasim.explorer.models import Exploration, State, Weighing
from sagasim.explorer.opening import STRIKES
from sagasim.runs.feed import entries_after
from sagasim.runs.models import Run
from tests.explorer.conftest import SAGAS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("explored_at_once")]

ALL = sorted(path.relative_to(SAGAS).as_posix() for path in SAGAS.glob("**/*.yaml"))
SMALL = "dtm-no-barrier-transfer.yaml"
TINY = """sagasim: 1
name: tiny
steps:
  - {name: charge, service: money, compensation: refund, effects: {paid: 1}}  # the only thing that costs
  - {name: ship, service: parcels, kind: pivot}
engine: {compensates: completed}
"""
CELL = re.compile(r'<td data-state="([\w-]+)" data-tone="[\w-]*" data-target="([^"]+)" data-kind="([\w-]+)"')


def saved(file: str) -> SagaVersion:
    return save_saga(TINY if file == "tiny" else (SAGAS / file).read_text("utf-8"), by=None)


@pytest.fixture
def tiny(db: None) -> SagaVersion:
    """A saga of two steps that leaks, and is explored in no time."""
    return save_saga(TINY, by=None)


def explored(client: Client, version: SagaVersion, **asked: Any) -> Exploration:
    """As whoever presses the button does it."""
    answer = client.post(f"/sagas/{version.saga.name}/explorations/", asked)
    assert answer.status_code == 302, answer.content
    return Exploration.objects.get(pk=answer.headers["Location"].split("/")[2])


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def squares(text: str) -> dict[tuple[str, str], str]:
    return {(unescape(target), kind): state for state, target, kind in CELL.findall(text)}


def refusal(answer: Any) -> str:
    found = re.search(r'<p class="refusal" role="alert">(.*?)</p>', answer.content.decode(), re.DOTALL)
    assert found is not None
    return unescape(found[1])


# ---------------------------------------------------------------- looking


def test_a_saga_that_was_never_explored_says_what_to_do(client: Client, tiny: SagaVersion):
    text = page(client, f"/sagas/{tiny.saga.name}/matrix/")
    assert "Not explored yet" in text
    assert f'action="/sagas/{tiny.saga.name}/explorations/"' in text


@pytest.mark.parametrize(
    ("file", "faults"), [(SMALL, 1), *(pytest.param(it, 2, marks=pytest.mark.slow) for it in ALL)]
)
def test_the_totals_of_the_page_are_those_of_the_command_line(
    client: Client, file: str, faults: int, capsys: pytest.CaptureFixture[str]
):
    main(["explore", str(SAGAS / file), "--json", "--faults", str(faults)])
    said = json.loads(capsys.readouterr().out)
    row = explored(client, saved(file), faults=faults, most_seconds=600)
    here = row.get_absolute_url()
    told = json.dumps({**(row.verdict or {}), "seconds": 0}).replace(f"{row.name}.yaml", "FILE")
    assert told == json.dumps({**said, "seconds": 0}).replace(str(SAGAS / file), "FILE")
    for name, counts in said["coordinations"].items():
        text = page(client, f"{here}?layer={name}")
        assert f"{said['states']:,} states, {said['executions']:,} executions" in text
        assert f"{counts['states']:,} states" in text
        assert text.count('class="finding"') == counts["findings"]
        mine = [cell for cell in said["matrix"] if cell["coordination"] == name]
        shown = squares(text)
        assert {place for place, state in shown.items() if state in ("harm", "holds")} == {
            (cell["target"], cell["kind"]) for cell in mine
        }
        assert sum(state == "harm" for state in shown.values()) == sum(bool(it["worst"]) for it in mine)
        for finding in said["findings"]:
            assert (finding["coordination"] != name) or finding["sentence"] in unescape(text)


def test_a_grey_cell_says_why_it_is_grey(client: Client, tiny: SagaVersion):
    text = page(client, explored(client, tiny, faults=1).get_absolute_url())
    grey = re.findall(r'<td data-state="(?:absent|unreached)"[^>]*title="([^"]+)"', text)
    assert grey
    assert all(re.search(r": (cannot strike|not reached)\. [A-Z].+\.$", unescape(why)) for why in grey)
    assert "there is no event that could become a dead letter" in text
    assert "Explore two faults to see which are worse together." in text


def test_an_exploration_that_was_cut_short_never_looks_like_a_verdict(client: Client, broken: SagaVersion):
    one = explored(client, broken, most_states=700)
    text = page(client, one.get_absolute_url())
    assert one.state == State.LIMITED
    assert 'data-exhaustive="no"' in text
    assert "unexplored: what lies beyond is not known" in text
    assert "came to its limit of 700 states" in text
    assert "The matrix is of one fault: exhaustive for any 1 fault" in text


def test_while_fixes_are_still_looked_for_the_page_says_so_at_each_finding(client: Client, tiny: SagaVersion):
    row = explored(client, tiny, faults=1)
    assert "Still being looked for" not in page(client, row.get_absolute_url())
    assert row.verdict is not None
    row.verdict["findings"][0]["fix"] = None
    row.more["findings"][0]["fix"] = None
    row.state, row.ended_at, row.keeper = State.RUNNING, None, jobs.keeper
    row.more["complete"] = False
    row.progress = {"doing": "mending", "mended": 0, "of": 1}
    row.save()
    text = page(client, row.get_absolute_url())
    assert text.count("Still being looked for, and verified by exploring again.") == 1
    assert "Looking for fixes: 0 of 1 findings." in text


@pytest.mark.parametrize("state", [State.STOPPED, State.LOST, State.FAILED])
def test_what_became_of_an_exploration_is_said_in_a_sentence_and_it_can_be_asked_again(
    client: Client, tiny: SagaVersion, state: State
):
    one = explored(client, tiny, faults=1)
    Exploration.objects.filter(pk=one.pk).update(state=state, verdict=None, more={})
    text = page(client, one.get_absolute_url())
    assert re.search(r'<p class="state" role="status">[A-Z][^<]+\.</p>', text)
    assert "Start again" in text
    answer = client.post(f"{one.get_absolute_url()}again", follow=True)
    assert answer.context["exploration"].state == State.DONE
    assert answer.context["exploration"].pk != one.pk


# ---------------------------------------------------------------- from a cell to its run


@pytest.mark.parametrize(
    "file",
    [
        "tiny",
        pytest.param(SMALL, marks=pytest.mark.slow),
        pytest.param("gallery/order-fulfilment-broken.yaml", marks=pytest.mark.slow),
        pytest.param("gallery/bank-transfer-broken.yaml", marks=pytest.mark.slow),
    ],
)
def test_every_cell_opens_a_run_that_shows_what_it_promises(client: Client, file: str):
    coordination = "orchestration" if file == "tiny" else "both"
    one = explored(client, saved(file), faults=1, coordination=coordination, most_seconds=600)
    assert one.verdict is not None
    for cell in one.verdict["matrix"]:
        asked = {name: cell[name] for name in ("coordination", "target", "kind")}
        answer = client.get(f"{one.get_absolute_url()}open", asked)
        assert answer.status_code == 302, answer.content
        run, at_ms = shown(answer)
        assert run.faults == cell["faults"]
        wrong = [it for it in run.findings.all() if it.harm == cell["worst"]]
        entries = entries_after(run.pk, 0)
        if cell["worst"]:
            assert at_ms in {entries[it.seq - 1].at_ms for it in wrong}
        else:
            assert run.findings_count == 0
            assert at_ms == min(it.at_ms for it in entries if isinstance(it.event, STRIKES))


def shown(answer: Any) -> tuple[Run, int]:
    path, _, t = answer.headers["Location"].partition("?t=")
    return Run.objects.get(pk=path.split("/")[2]), int(t)


def test_the_same_cell_opens_the_same_run_again(client: Client, tiny: SagaVersion):
    one = explored(client, tiny, faults=1)
    text = page(client, one.get_absolute_url())
    link = unescape(re.findall(r'href="([^"]+/open\?[^"]+)"', text)[0])
    first, again = client.get(link).headers["Location"], client.get(link).headers["Location"]
    assert first == again
    assert Run.objects.count() == 1


def test_where_they_differ_a_cell_opens_both_coordinations_on_one_clock(client: Client, tiny: SagaVersion):
    one = explored(client, tiny, faults=1)
    text = page(client, f"{one.get_absolute_url()}?layer=differ")
    links = re.findall(r'<td data-state="differs"[^>]*><a class="twin" href="([^"]+)"', text)
    assert links
    run, _ = shown(client.get(unescape(links[0])))
    assert [each.coordination for each in run.side_by_side()] == ["orchestration", "choreography"]


def test_a_finding_opens_its_own_run_in_its_own_order(client: Client, tiny: SagaVersion):
    one = explored(client, tiny, faults=1)
    assert one.verdict is not None
    for told, extra in zip(one.verdict["findings"], one.more["findings"], strict=True):
        run, at_ms = shown(client.get(f"{one.get_absolute_url()}open", {"finding": extra["key"]}))
        assert (run.faults, run.order) == (told["faults"], extra["order"])
        mine = run.findings.get(harm=told["harm"], step=told["step"])
        assert entries_after(run.pk, mine.seq - 1)[0].at_ms == at_ms
    turn = next(it["point_of_no_return"] for it in one.more["findings"] if it["point_of_no_return"])
    text = page(client, one.get_absolute_url())
    assert turn["sentence"] in unescape(text)
    links = re.findall(r'href="([^"]+)">Show that moment</a>', text)
    assert shown(client.get(unescape(links[0])))[1] == one.more["findings"][0]["point_of_no_return"]["at_ms"]


@pytest.mark.slow
def test_two_faults_are_chosen_one_after_the_other_and_open_the_run_of_both(client: Client):
    one = explored(client, saved("gallery/bank-transfer-broken.yaml"), coordination="orchestration")
    pairs = one.more["coordinations"]["orchestration"]["pairs"]
    assert pairs
    text = page(client, f"{one.get_absolute_url()}?depth=2")
    chosen = re.findall(r'<td data-state="harm"[^>]*><a href="([^"]+first=[^"]+)"', text)
    assert chosen
    text = page(client, unescape(chosen[0]))
    second = re.findall(r'<td data-state="harm"[^>]*><a href="([^"]+target2=[^"]+)"', text)
    run, _ = shown(client.get(unescape(second[0])))
    assert len(run.faults) == 2
    assert run.findings_count > 0


def test_what_was_explored_before_it_was_saved_has_runs_from_then_on(client: Client, db: None):
    before = services.start(saga_from_text(TINY), faults=1)
    one = explored(client, save_saga(TINY, by=None), faults=1)
    assert one.pk == before.pk
    link = unescape(re.findall(r'href="([^"]+/open\?[^"]+)"', page(client, one.get_absolute_url()))[0])
    assert shown(client.get(link))[0].version == one.version


def test_the_matrix_of_a_saga_is_the_answer_that_tells_most(client: Client, tiny: SagaVersion):
    both, one = explored(client, tiny, faults=2), explored(client, tiny, faults=1)
    address = f"/sagas/{tiny.saga.name}/matrix/"
    assert client.get(address).context["exploration"] == both
    assert client.get(f"{address}?faults=1").context["exploration"] == one
    Exploration.objects.filter(pk=one.pk).update(state=State.RUNNING, ended_at=None)
    assert client.get(address).context["exploration"] == one


def test_an_older_version_says_that_there_is_a_newer_one_and_old_rules_that_they_are_old(
    client: Client, tiny: SagaVersion
):
    one = explored(client, tiny, faults=1)
    text = page(client, one.get_absolute_url())
    assert "has been saved since" not in text
    assert "other rules" not in text
    save_saga(TINY + "deadline_ms: 90000\n", by=None)
    Exploration.objects.filter(pk=one.pk).update(kernel="0.0+other")
    text = page(client, one.get_absolute_url())
    assert "Version 2 has been saved since." in text
    assert "Explored by other rules than those of today" in text


# ---------------------------------------------------------------- the fix


def test_the_fix_of_a_gallery_saga_makes_a_copy_whose_cells_have_turned_green(
    client: Client, gallery: dict[str, Any]
):
    one = explored(client, gallery["bank-transfer-broken"].latest, faults=1)
    answer = client.post(
        f"{one.get_absolute_url()}fix", {"finding": one.more["findings"][0]["key"]}, follow=True
    )
    text = answer.content.decode()
    changed = answer.context["exploration"]
    assert changed.version.saga.name == "bank-transfer-broken-copy"
    assert changed.findings_count == 0
    assert "# Known to be wrong" in changed.version.text  # comments stay
    matrix = (one.verdict or {})["matrix"]
    harmful = sum(bool(cell["worst"]) for cell in matrix if cell["coordination"] == "orchestration")
    assert text.count("data-was=") == harmful
    assert f"{harmful} cells turned green" in text


def test_the_fix_of_a_saga_of_yours_is_its_next_version(
    client: Client, tiny: SagaVersion, django_user_model: Any
):
    one = explored(client, tiny, faults=1)
    key = next(it["key"] for it in one.more["findings"] if it["fix"])
    answer = client.post(f"{one.get_absolute_url()}fix", {"finding": key}, follow=True)
    assert answer.context["version"].number == 2
    assert answer.context["version"].saga == tiny.saga
    gone = {it["key"] for it in one.more["findings"]} - {
        it["key"] for it in answer.context["exploration"].more["findings"]
    }
    assert key in gone


def test_a_fix_is_not_applied_over_what_somebody_saved_meanwhile(client: Client, tiny: SagaVersion):
    one = explored(client, tiny, faults=1)
    key = next(it["key"] for it in one.more["findings"] if it["fix"])
    save_saga(tiny.text + "deadline_ms: 90000\n", by=None)
    answer = client.post(f"{one.get_absolute_url()}fix", {"finding": key})
    assert answer.status_code == 409
    assert refusal(answer).startswith("Version 2 of tiny has been saved since")
    assert tiny.saga.versions.count() == 2


# ---------------------------------------------------------------- taking it away


def test_the_exports_say_what_the_page_says(client: Client, tiny: SagaVersion):
    one = explored(client, tiny, faults=1)
    assert one.verdict is not None

    def export(wanted: str) -> str:
        answer = client.get(f"{one.get_absolute_url()}export.{wanted}")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        return answer.content.decode()

    assert json.loads(export("json")) == one.verdict
    scope, columns, *rows = csv.reader(io.StringIO(export("csv")))
    assert scope == ["scope", one.more["scope"]]
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    assert sum(row["state"] == "harm" for row in told) == sum(
        bool(cell["worst"]) for cell in one.verdict["matrix"]
    )
    drawn = ET.fromstring(export("svg"))
    assert one.more["scope"] in str(drawn.get("aria-label"))
    suites = ET.fromstring(export("junit"))
    assert sum(int(it.get("failures", 0)) for it in suites) == len(one.verdict["findings"])
    text = export("md")
    assert one.more["scope"] in text
    assert text.count("- **") == len(one.verdict["findings"])


def test_what_others_wrote_is_text_in_every_page_and_file(client: Client):
    strange = "=1+1 <script>alert(1)</script> | `x`\"'"
    saga = {
        "sagasim": 1,
        "name": "strange",
        "title": strange,
        "steps": [
            {"name": "a", "service": "s", "effects": {"x": 1}, "compensation": "undo"},
            {"name": "b", "service": "t"},
        ],
        "engine": {"compensates": "completed"},
        "invariants": [{"name": strange, "finally": "x == 0"}],
    }
    one = explored(client, save_saga(json.dumps(saga), by=None), faults=1)
    assert any(it["step"] == strange for it in (one.verdict or {})["findings"])
    for address in ("", "?layer=differ"):
        assert "<script>alert" not in page(client, f"{one.get_absolute_url()}{address}")
    for wanted in ("svg", "md", "junit"):
        assert "<script>alert" not in client.get(f"{one.get_absolute_url()}export.{wanted}").content.decode()
    rows = csv.reader(io.StringIO(client.get(f"{one.get_absolute_url()}export.csv").content.decode()))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    key = next(it["key"] for it in one.more["findings"] if it["key"].endswith(strange))
    assert client.get(f"{one.get_absolute_url()}open", {"finding": key}).status_code == 302


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"faults": "9"}, "Up to 1 to 4 faults can be explored, not 9."),
        ({"faults": "many"}, "Up to 1 to 4 faults can be explored, not many."),
        (
            {"coordination": "anarchy"},
            "There is no coordination anarchy; there are both, orchestration, choreography.",
        ),
        ({"kinds": ["leak"]}, "There is no kind leak; the kinds are"),
        ({"most_states": "0"}, "The limit of states is a number from 1 to 2,000,000."),
        ({"most_seconds": "1e9"}, "The limit of time is 0.1 to 600 seconds."),
    ],
)
def test_what_cannot_be_explored_is_refused_with_what_would_have_been_right(
    client: Client, tiny: SagaVersion, asked: dict[str, Any], says: str
):
    answer = client.post(f"/sagas/{tiny.saga.name}/explorations/", asked)
    assert answer.status_code == 422
    assert says in refusal(answer)
    assert not Exploration.objects.exists()


def test_an_address_that_leads_nowhere_is_a_4xx_and_a_sentence(client: Client, tiny: SagaVersion):
    one = explored(client, tiny, faults=1)
    here = one.get_absolute_url()
    for query in (
        {},
        {"coordination": "orchestration", "target": "nobody", "kind": "late"},
        {"coordination": "both", "target": "nobody", "kind": "late"},
        {"coordination": "orchestration", "target": "charge", "kind": "late", "target2": "x", "kind2": "y"},
        {"finding": "orchestration:leak:nobody"},
    ):
        answer = client.get(f"{here}open", query)
        assert answer.status_code == 404
        assert refusal(answer).endswith(".")
    for address in (
        "/sagas/nobody/matrix/",
        f"/sagas/{tiny.saga.name}/matrix/?exploration=x",
        f"/sagas/{tiny.saga.name}/matrix/?version=99",
        "/explorations/00000000-0000-0000-0000-000000000000/",
        f"{here}export.pdf",
    ):
        assert client.get(address).status_code == 404
    for address in ("?layer=nobody", "?first=:", "?depth=x", "?before=x", "?first=a:b&depth=2"):
        assert client.get(f"{here}{address}").status_code == 200
    answer = client.post(f"{here}fix", {"finding": "nothing"})
    assert answer.status_code == 422
    assert refusal(answer) == "There is no finding 'nothing' here; choose one of the page."


def test_what_was_explored_without_being_saved_can_be_looked_at_and_has_no_runs(
    client: Client, tiny: SagaVersion
):
    one = services.start(tiny.meaning, faults=1)
    assert one.findings_count
    assert "findings" in page(client, one.get_absolute_url())
    answer = client.get(f"{one.get_absolute_url()}open", {"finding": one.more["findings"][0]["key"]})
    assert answer.status_code == 409
    assert "save the saga" in refusal(answer)


# ---------------------------------------------------------------- safeguards and comparisons


def test_each_safeguard_is_shown_with_what_it_holds_back_and_its_run(client: Client):
    version = save_saga(TINY.replace("completed", "unknown"), by=None)
    address = f"/sagas/{version.saga.name}/safeguards/"
    assert "Not weighed yet" in page(client, address)
    answer = client.post(address, {"does": "weigh"}, follow=True)
    text = answer.content.decode()
    weighing = answer.context["weighing"]
    assert weighing.state == State.DONE
    assert weighing.done == weighing.of == len(weighing.rows)
    assert "carry load" in text
    assert "decoration" in text
    rows = [row for row in weighing.rows if row["holds_back"]]
    assert text.count('class="held"') == len(rows)
    for link, row in zip(re.findall(r'class="held" href="([^"]+)"', text)[:3], rows, strict=False):
        run, _ = shown(client.get(unescape(link)))
        assert run.saga.is_draft
        assert run.findings_count > 0
        assert row["worst"]["sentence"] in unescape(text)
    assert client.get(f"{address}open", {"without": "gravity"}).status_code == 404
    client.post(address, {"does": "weigh"})
    assert Weighing.objects.count() == 1  # what is known is not weighed again


def test_a_weighing_of_which_nobody_hears_any_more_is_lost_and_can_be_begun_again(
    client: Client, tiny: SagaVersion
):
    address = f"/sagas/{tiny.saga.name}/safeguards/"
    client.post(address, {"does": "weigh"})
    long_ago = timezone.now() - timedelta(hours=1)
    Weighing.objects.update(state=State.RUNNING, done=3, rows=[], told_at=long_ago)
    text = page(client, address)
    assert re.search(r"The worker is gone after 3 of \d+, with any 1 fault; the rest is not known\.", text)
    assert "Weigh again" in text


def test_safeguards_are_weighed_with_as_many_faults_as_one_chooses_and_the_page_says_how_many(
    client: Client, tiny: SagaVersion
):
    address = f"/sagas/{tiny.saga.name}/safeguards/"
    assert page(client, address).count('type="radio" name="faults"') == 3
    answer = client.post(address, {"does": "weigh", "faults": "2"}, follow=True)
    assert answer.redirect_chain[0][0].endswith("?faults=2")
    assert "each explored for any 2 faults" in answer.content.decode()
    client.post(address, {"does": "weigh", "faults": "1"})
    assert "each explored for any 1 fault," in page(client, f"{address}?faults=1")
    assert "each explored for any 2 faults," in page(client, address)  # what tells most
    refused = client.post(address, {"does": "weigh", "faults": "9"})
    assert (refused.status_code, "1 to 3 faults, not with '9'" in refusal(refused)) == (422, True)
    assert "Not weighed yet with any 3 faults" in page(client, f"{address}?faults=3")


def test_a_weighing_goes_on_where_it_was_when_it_has_let_others_pass(
    tiny: SagaVersion, broken: SagaVersion, monkeypatch: pytest.MonkeyPatch
):
    whole = weighing.weigh(tiny)
    waiting = services.start(broken, faults=0)
    Exploration.objects.filter(pk=waiting.pk).update(state="queued", ended_at=None, lane="middle")
    Weighing.objects.all().delete()
    monkeypatch.setattr(weighing, "TURN_S", 0)
    monkeypatch.setattr(weighing, "BREATH_S", 0)
    turns: list[int] = []
    submit = weighing._submit

    def noted(pk: Any) -> None:
        turns.append(1)
        submit(pk)

    monkeypatch.setattr(weighing, "_submit", noted)
    again = weighing.weigh(tiny)
    assert (again.state, again.rows, again.done) == ("done", whole.rows, whole.of)
    assert len(turns) == whole.of + 1


def test_a_weighing_is_stopped_with_what_is_known(client: Client, tiny: SagaVersion):
    address = f"/sagas/{tiny.saga.name}/safeguards/"
    client.post(address, {"does": "weigh"})
    Weighing.objects.update(state=State.QUEUED, done=0, told_at=timezone.now())
    assert "Waiting for a free worker." in page(client, address)
    client.post(address, {"does": "stop"})
    assert "Stopped by hand" in page(client, address)


def test_two_coordinations_are_compared_and_each_difference_opens_both(client: Client, tiny: SagaVersion):
    address = f"/sagas/{tiny.saga.name}/compare/"
    assert "Not explored yet" in page(client, address)
    text = client.post(address, {"faults": 1}, follow=True).content.decode()
    assert "orchestration beside choreography" in text
    both = re.findall(r'<a href="([^"]+)">both on one clock</a>', text)
    assert both
    run, _ = shown(client.get(unescape(both[0])))
    assert len(run.side_by_side()) == 2


def test_two_versions_are_compared_and_both_runs_play_the_same_faults(client: Client, tiny: SagaVersion):
    sound = save_saga(tiny.text.replace("compensates: completed", "compensates: unknown"), by=None)
    asked = {"what": "versions", "a": 1, "b": 2, "faults": 1}
    text = client.post(f"/sagas/{sound.saga.name}/compare/", asked, follow=True).content.decode()
    assert "5 faults are harmless in version 2 and break something in version 1" in text
    rows = re.findall(r'class="held" href="([^"]+)"', text)[:2]
    (one, _), (other, _) = (shown(client.get(unescape(link))) for link in rows)
    assert one.faults == other.faults
    assert [one.version.number, other.version.number] == [1, 2]
    assert one.findings_count
    assert not other.findings_count
    both = re.findall(r'<a href="([^"]+)">both on one clock</a>', text)
    answer = client.get(unescape(both[0]))
    assert (
        answer.headers["Location"] == f"/runs/{one.pk}/beside/{other.pk}/"
    )  # the very same two runs, not copies of them
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_saga_with_one_version_says_what_to_do_to_compare_two(client: Client, tiny: SagaVersion):
    assert "There is only one version yet." in page(client, f"/sagas/{tiny.saga.name}/compare/?what=versions")


@pytest.mark.slow
def test_how_many_faults_are_compared_is_chosen_on_the_page(client: Client, tiny: SagaVersion):
    address = f"/sagas/{tiny.saga.name}/compare/"
    for what, usual in (("coordinations", 2), ("presets", 1)):
        text = page(client, f"{address}?what={what}")
        assert f'<option value="{usual}" selected>' in text
        assert text.count("<option value=") == 4
        text = page(client, f"{address}?what={what}&faults=3")
        assert '<option value="3" selected>' in text
        assert "for any 3 faults" in text
        assert "?what=versions&amp;faults=3" in text  # it stays chosen


def test_every_engine_is_compared_at_once(client: Client):
    version = saved(SMALL)
    answer = client.post(f"/sagas/{version.saga.name}/compare/", {"what": "presets"}, follow=True)
    text = answer.content.decode()
    assert answer.context["all_known"]
    for preset in ("as written", "temporal-like", "lra-like"):
        assert f"<strong>{preset}</strong>" in text
    link = re.findall(r'<td data-state="load"><a href="([^"]+)"', text)
    run, _ = shown(client.get(unescape(link[0])))
    assert run.findings_count


@pytest.mark.parametrize("query", ["what=versions&a=7", "what=engines&a=steam", "what=versions&a=x"])
def test_what_cannot_be_compared_is_refused_in_a_sentence(client: Client, tiny: SagaVersion, query: str):
    answer = client.get(f"/sagas/{tiny.saga.name}/compare/?{query}")
    assert answer.status_code == 422
    assert refusal(answer).startswith("There is no")


def test_a_copied_test_fails_beside_the_saga_file_and_passes_after_the_fix(
    client: Client, tiny: SagaVersion, tmp_path: Path
):
    one = explored(client, tiny, faults=1)
    text = page(client, one.get_absolute_url())
    copied = unescape(re.findall(r"<pre[^>]*>(&quot;&quot;&quot;.*?)</pre>", text, re.DOTALL)[0])
    (tmp_path / "tiny.yaml").write_text(tiny.text, "utf-8")
    test = tmp_path / "test_copied.py"
    test.write_text(copied, "utf-8")
    checks = [it for name, it in runpy.run_path(str(test)).items() if name.startswith("test_")]
    assert checks
    for check in checks:
        with pytest.raises(AssertionError):
            check()
    sound = tiny.text.replace("compensates: completed", "compensates: unknown")
    (tmp_path / "tiny.yaml").write_text(sound, "utf-8")
    for check in checks:
        check()
