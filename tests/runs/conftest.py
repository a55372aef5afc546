"""What the tests of runs share: the gallery, and a served site that has it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from sagasim.composer.models import SavedSaga
from sagasim.composer.services import hang_gallery
from tests.conftest import ROOT, environment, manage, serving


@pytest.fixture
def gallery(db: None) -> dict[str, Any]:
    hang_gallery()
    return {saga.name: saga for saga in SavedSaga.objects.all()}


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A visitor of a freshly served sagasim with its gallery."""
    env = installed(tmp_path_factory.mktemp("stage"))
    with serving(env) as address:
        yield Visitor(address, env)


def installed(data: Path) -> dict[str, str]:
    """The environment of a sagasim with its gallery, ready to be served."""
    env = environment(data)
    for command in (["migrate", "--verbosity", "0"], ["load_gallery"]):
        done = manage(*command, env=env)
        assert done.returncode == 0, done.stderr
    return env


class Visitor:
    """Somebody with a browser without scripts: forms, cookies, redirects."""

    def __init__(self, site: str, env: dict[str, str] | None = None) -> None:
        self.site, self.env = site, env or {}
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._token = ""

    def get(self, path: str) -> str:
        with self._opener.open(self.site + path, timeout=20) as response:
            return str(response.read().decode())

    def post(self, path: str, **fields: str | list[str]) -> str:
        """Sends a form; gives the path where it led."""
        if not self._token:
            (self._token,) = set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', self.get("/")))
        body = urlencode({"csrfmiddlewaretoken": self._token, **fields}, doseq=True).encode()
        request = Request(self.site + path, data=body, headers={"Origin": self.site})
        with self._opener.open(request, timeout=20) as response:
            return str(response.url).removeprefix(self.site)

    def run(self, saga: str, *faults: str, coordination: str = "orchestration") -> str:
        """Runs a saga; gives the path of its stage."""
        return self.post(f"/sagas/{saga}/runs/", coordination=coordination, fault=list(faults))

    def history(self, run: str, after: int = 0) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = json.loads(self.get(f"{run}history.json?after={after}"))["lines"]
        assert all(line.pop("sentence") for line in lines)
        return lines


@contextmanager
def playing(
    env: dict[str, str], where: str, name: str, wait: str = "0.02"
) -> Iterator[subprocess.Popen[str]]:
    """A saga that happens in another process and is recorded (player.py)."""
    command = [sys.executable, "-m", "tests.runs.player", wait, where, name]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as player:
        try:
            yield player
        finally:
            player.kill()
