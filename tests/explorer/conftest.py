"""What the tests of the explorer share: the gallery, and the published sagas."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.services import hang_gallery, keep_saga
from sagasim.core.codec import saga_from_text
from tests.conftest import serving
from tests.runs.conftest import installed

SAGAS = Path(__file__).resolve().parents[1] / "sagas"


@pytest.fixture
def gallery(db: None) -> dict[str, Any]:
    hang_gallery()
    return {saga.name: saga for saga in SavedSaga.objects.select_related("latest__saga")}


def kept(file: str) -> SagaVersion:
    """A saga of tests/sagas, as somebody's own."""
    return keep_saga(saga_from_text((SAGAS / file).read_text("utf-8")), by=None)


@pytest.fixture
def broken(db: None) -> SagaVersion:
    """Six steps, nine findings at one fault, each with a fix."""
    return kept("gallery/bank-transfer-broken.yaml")


@pytest.fixture
def sound(db: None) -> SagaVersion:
    return kept("dtm-barrier-transfer.yaml")


@pytest.fixture
def heavy(db: None) -> SagaVersion:
    """A saga that takes a minute or more with four faults."""
    return kept("gallery/vm-provisioning.yaml")


class Site:
    """A served sagasim, asked in JSON."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, body: object = None) -> Any:
        """What `/api/explorations` and below answers; a body makes it a POST."""
        sent = None if body is None else json.dumps(body).encode()
        request = Request(
            f"{self.address}/api/explorations{path}",
            data=sent,
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def until(self, row: str, holds: Callable[[Any], Any], seconds: float = 60) -> Any:
        """The exploration as soon as this holds."""
        deadline = time.monotonic() + seconds
        while not holds(told := self.ask(f"/{row}")):
            assert time.monotonic() < deadline, told
            time.sleep(0.05)
        return told


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With its gallery, and workers of its own."""
    with serving(installed(tmp_path_factory.mktemp("explorer"))) as address:
        yield Site(address)
