"""What the tests of the composer share: the gallery, and a browser's script that asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from sagasim.composer.models import SavedSaga
from sagasim.composer.services import hang_gallery
from tests.runs.conftest import stage

__all__ = ["stage"]  # a visitor of a served sagasim, for the browser tests

Gallery = dict[str, SavedSaga]


@pytest.fixture
def gallery(db: None) -> Gallery:
    hang_gallery()
    return {saga.name: saga for saga in SavedSaga.objects.all()}


@pytest.fixture
def ask(client: Client) -> Callable[..., Any]:
    """A script of the page: it posts JSON, and gets the answer with its status."""

    def asking(address: str, **said: Any) -> Any:
        answer = client.post(address, json.dumps(said), content_type="application/json")
        return answer.status_code, answer.json()

    return asking


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab; what the console says fails the test, but for answers that Chromium takes for failures.

    Somebody else's version is a 409, somebody else's saga a 403; and a test may take the server away.
    """
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        tab = context.new_page()
        tab.set_default_timeout(10_000)
        tab.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        yield tab
    expected = (
        "status of 409",
        "status of 403",
        "net::ERR_FAILED",
        "ERR_CONNECTION_REFUSED",
    )
    assert [said for said in complaints if not any(each in said for each in expected)] == []
