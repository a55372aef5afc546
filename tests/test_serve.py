from __future__ import annotations

import socket
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import environment, manage


@pytest.mark.parametrize("address", ["0.0.0.0:8000", "[::]:8000", "192.0.2.1:8000", "sagasim.example:80"])
def test_in_local_mode_the_server_refuses_an_address_that_others_can_reach(address: str, tmp_path: Path):
    refused = manage("serve", address, env=environment(tmp_path))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "whoever reaches sagasim is its owner" in refused.stderr


@pytest.mark.parametrize("address", ["8000", "127.0.0.1", ":8000", "127.0.0.1:http", "127.0.0.1:65536"])
def test_what_is_no_address_is_refused_with_an_example(address: str, tmp_path: Path):
    refused = manage("serve", address, env=environment(tmp_path))
    assert refused.returncode == 1
    assert "it would be HOST:PORT, as in 127.0.0.1:8000" in refused.stderr


def test_a_port_in_use_is_said_and_another_one_suggested(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = manage("serve", f"127.0.0.1:{taken.getsockname()[1]}", env=environment(tmp_path))
    assert refused.returncode == 1
    assert "Address already in use" in refused.stderr
    assert "make run ADDRESS=127.0.0.1:8001" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_address_that_is_announced_answers(site: str):
    with urlopen(f"{site}/") as page:
        assert page.status == 200
        assert b"<h1>" in page.read()


def test_what_is_served_is_guarded(site: str):
    connection = HTTPConnection(site.removeprefix("http://"), timeout=10)
    connection.request("GET", "/", headers={"Host": "evil.example"})
    response = connection.getresponse()
    assert (response.status, b"127.0.0.1 and localhost only" in response.read()) == (403, True)
    connection.close()
