"""Static files are answered before Django is asked; what HTTP and a browser expect of them is the same as ever."""

from __future__ import annotations

from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from asgiref.testing import ApplicationCommunicator

from sagasim.staticfirst import static_first
from tests.conftest import ROOT

WAKE = "/static/js/wake.js"
WRITTEN = (ROOT / "static" / "js" / "wake.js").read_bytes()


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def ask(site: str, path: str = WAKE, method: str = "GET", **headers: str) -> Answer:
    connection = HTTPConnection(site.removeprefix("http://"), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


def test_a_script_is_served_as_it_is_written(site: str):
    answer = ask(site)
    assert (answer.status, answer.body) == (200, WRITTEN)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Content-Length"] == str(len(WRITTEN))


def test_a_script_that_is_not_served_by_us_is_served_as_well(site: str):
    assert ask(site, "/static/django_htmx/htmx-2.min.js").status == 200
    assert ask(site, "/static/admin/css/base.css").status == 200


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Referrer-Policy", "same-origin"),
    ],
)
def test_what_every_page_says_to_browsers_a_file_says_too(site: str, name: str, says: str):
    for answer in (ask(site), ask(site, "/"), ask(site, If_None_Match=ask(site).headers["ETag"])):
        assert answer.headers.get_all(name) == [says]


def test_the_policy_of_a_file_is_that_of_a_page_without_a_nonce(site: str):
    (policy,) = ask(site, "/static/img/sagasim.svg").headers.get_all("Content-Security-Policy", [])
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "nonce" not in policy


def test_the_head_of_a_file_has_no_body(site: str):
    answer = ask(site, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(WRITTEN))


def test_a_part_of_a_file_can_be_asked_for(site: str):
    answer = ask(site, Range="bytes=3-9")
    assert (answer.status, answer.body) == (206, WRITTEN[3:10])
    assert answer.headers["Content-Range"] == f"bytes 3-9/{len(WRITTEN)}"
    assert ask(site, Range="bytes=999999-").status == 416
    assert ask(site, Range="lines=1-2").body == WRITTEN


def test_a_file_that_a_browser_has_is_not_sent_again(site: str):
    answer = ask(site, If_None_Match=ask(site).headers["ETag"])
    assert (answer.status, answer.body) == (304, b"")


def test_nothing_can_be_sent_to_a_file(site: str):
    assert ask(site, method="POST").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/js/none.js",
        "/static/",
        "/static/js/",
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static/js/%00",
    ],
)
def test_what_is_no_file_is_not_found_and_said_once(site: str, path: str):
    answer = ask(site, path)
    assert answer.status == 404
    assert len(answer.headers.get_all("Content-Security-Policy", [])) == 1


def test_in_local_mode_files_too_are_for_this_machine_only(site: str):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert ask(site, **headers).status == 403


async def test_a_server_that_cannot_send_a_file_by_its_name_is_handed_its_content():
    scope = {"type": "http", "method": "GET", "path": WAKE, "query_string": b"", "headers": []}
    asked = ApplicationCommunicator(static_first(pages), scope)
    start, *parts = [await asked.receive_output() for _ in range(3)]
    assert start["status"] == 200
    assert b"".join(part["body"] for part in parts) == WRITTEN


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where the files lie, with one script in it."""
    settings.STATICFILES_DIRS = [tmp_path]
    (tmp_path / "old.js").write_text("export {};\n")
    return tmp_path


async def head(application: Any, path: str) -> dict[str, Any]:
    scope = {"type": "http", "method": "HEAD", "path": path, "query_string": b"", "headers": []}
    start: dict[str, Any] = await ApplicationCommunicator(application, scope).receive_output()
    return {"status": start["status"], **{name.decode(): value for name, value in start["headers"]}}


async def pages(_scope: object, _receive: object, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})


async def test_a_file_that_is_new_is_there_at_once_while_somebody_changes_them(folder: Path, settings: Any):
    settings.SERVESTATIC_AUTOREFRESH = True
    application = static_first(pages)
    assert (await head(application, "/static/new.js"))["status"] == 404
    (folder / "new.js").write_text("export {};\n")
    assert (await head(application, "/static/new.js"))["status"] == 200


async def test_a_file_that_is_changed_under_a_running_server_is_sent_whole(folder: Path):
    application = static_first(pages)
    before = await head(application, "/static/old.js")
    (folder / "old.js").write_text("export const longer = true;\n")
    after = await head(application, "/static/old.js")
    assert (before["content-length"], after["content-length"]) == (b"11", b"28")
    assert before["etag"] != after["etag"]
    (folder / "old.js").unlink()
    assert (await head(application, "/static/old.js"))["status"] == 404
