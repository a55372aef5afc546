from __future__ import annotations

import gzip
import json
import re
import runpy
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from tests.conftest import ROOT, environment, manage, serving

SERVER = {
    "SAGASIM_MODE": "server",
    "SAGASIM_SECRET_KEY": "for-this-test-only-and-of-no-use-to-anybody-else-0123456789",
    "SAGASIM_HOSTS": "sagas.example.org",
    "SAGASIM_BEHIND_PROXY": "1",
}


@pytest.mark.parametrize("name", ["SAGASIM_SECRET_KEY", "SAGASIM_HOSTS"])
def test_server_mode_does_not_start_without_what_must_be_set(name: str, tmp_path: Path):
    refused = manage("check", env=environment(tmp_path, **{**SERVER, name: ""}))
    assert refused.returncode == 1
    assert f"In server mode {name} must be set" in refused.stderr


def test_a_mode_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path):
    refused = manage("check", env=environment(tmp_path, SAGASIM_MODE="prod"))
    assert refused.returncode == 1
    assert "SAGASIM_MODE is 'prod'; it can be 'local' or 'server'." in refused.stderr


@pytest.mark.parametrize("workers", ["0", "many", "-1", "1000", ""])
def test_a_number_of_workers_that_cannot_be_is_refused(
    workers: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("SAGASIM_WORKERS", workers)
    monkeypatch.setenv("SAGASIM_DATA", str(tmp_path))
    with pytest.raises(ImproperlyConfigured, match="a number from 1 to 256"):
        runpy.run_path(str(ROOT / "sagasim" / "settings.py"))


def test_djangos_deployment_check_has_nothing_to_say_about_server_mode(tmp_path: Path):
    checked = manage("check", "--deploy", "--fail-level", "WARNING", env=environment(tmp_path, **SERVER))
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.django_db
def test_readers_do_not_wait_for_the_writer_and_a_commit_does_not_wait_for_the_disk():
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL


@pytest.mark.django_db(transaction=True)
def test_a_transaction_waits_for_its_turn_to_write_when_it_begins_and_not_half_way():
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0)) as somebody_else,
        transaction.atomic(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        somebody_else.execute("BEGIN IMMEDIATE")


class OnAServer:
    """A browser in front of the proxy in front of a sagasim in server mode."""

    def __init__(self, address: str) -> None:
        self.address = address.removeprefix("http://")

    def get(
        self, path: str, host: str = "sagas.example.org", scheme: str = "https"
    ) -> tuple[HTTPResponse, str]:
        response, body = self.get_bytes(path, {"Host": host, "X-Forwarded-Proto": scheme})
        return response, body.decode()

    def get_bytes(self, path: str, headers: dict[str, str]) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection(self.address, timeout=10)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAServer]:
    env = environment(tmp_path_factory.mktemp("server"), **SERVER)
    for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--no-input", "--verbosity", "0"]):
        done = manage(*command, env=env)
        assert done.returncode == 0, done.stderr
    with serving(env) as address:
        yield OnAServer(address)


def test_on_a_server_nobody_is_the_owner(on_a_server: OnAServer):
    response, _ = on_a_server.get("/admin/")
    assert response.status == 302
    assert response.headers["Location"] == "/admin/login/?next=/admin/"


def test_on_a_server_pages_are_read_over_https_only(on_a_server: OnAServer):
    response, _ = on_a_server.get("/", scheme="http")
    assert response.status == 301
    assert response.headers["Location"] == "https://sagas.example.org/"
    secure, _ = on_a_server.get("/login/")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "; Secure" in secure.headers["Set-Cookie"]


def test_on_a_server_another_host_header_gets_nothing(on_a_server: OnAServer):
    response, _ = on_a_server.get("/", host="evil.example")
    assert response.status == 400


def test_on_a_server_every_script_and_style_is_named_after_its_content_and_kept_for_ever(
    on_a_server: OnAServer,
):
    _, page = on_a_server.get("/login/")
    import_map = json.loads(re.findall(r'<script type="importmap".*?>(.*?)</script>', page, re.DOTALL)[0])
    addresses = [*import_map["imports"].values(), *re.findall(r'(?:src|href)="(/static/[^"]+)"', page)]
    assert len(addresses) > len(import_map["imports"]) >= 2
    for address in addresses:
        response, _ = on_a_server.get(address)
        assert response.status == 200, address
        assert "immutable" in response.headers["Cache-Control"], address


def test_on_a_server_a_file_is_sent_compressed_and_over_https_only(on_a_server: OnAServer):
    _, page = on_a_server.get("/login/")
    (address,) = re.findall(r'href="(/static/css/base[^"]+)"', page)
    headers = {"Host": "sagas.example.org", "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip"}
    response, body = on_a_server.get_bytes(address, headers)
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert gzip.decompress(body) == (ROOT / "static" / "css" / "base.css").read_bytes()
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    plain, _ = on_a_server.get(address, scheme="http")
    assert (plain.status, plain.headers["Location"]) == (301, f"https://sagas.example.org{address}")
