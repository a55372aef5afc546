"""What the tests of runs share: the gallery, and a served site that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from sagasim.composer.models import SavedSaga
from sagasim.composer.services import hang_gallery
from tests.conftest import environment, manage, serving


@pytest.fixture
def gallery(db: None) -> dict[str, SavedSaga]:
    hang_gallery()
    return {saga.name: saga for saga in SavedSaga.objects.all()}


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A visitor of a freshly served sagasim with its gallery."""
    env = environment(tmp_path_factory.mktemp("stage"))
    for command in (["migrate", "--verbosity", "0"], ["load_gallery"]):
        done = manage(*command, env=env)
        assert done.returncode == 0, done.stderr
    with serving(env) as address:
        yield Visitor(address)


class Visitor:
    """Somebody with a browser without scripts: forms, cookies, redirects."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._token = ""

    def get(self, path: str) -> str:
        with self._opener.open(self.site + path, timeout=20) as response:
            return response.read().decode()

    def post(self, path: str, **fields: str | list[str]) -> str:
        """Sends a form; gives the path where it led."""
        if not self._token:
            (self._token,) = set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', self.get("/")))
        body = urlencode({"csrfmiddlewaretoken": self._token, **fields}, doseq=True).encode()
        request = Request(self.site + path, data=body, headers={"Origin": self.site})
        with self._opener.open(request, timeout=20) as response:
            return response.url.removeprefix(self.site)

    def run(self, saga: str, *faults: str, coordination: str = "orchestration") -> str:
        """Runs a saga; gives the path of its stage."""
        return self.post(f"/sagas/{saga}/runs/", coordination=coordination, fault=list(faults))

    def history(self, run: str, after: int = 0) -> list[dict]:
        lines = json.loads(self.get(f"{run}history.json?after={after}"))["lines"]
        assert all(line.pop("sentence") for line in lines)
        return lines
