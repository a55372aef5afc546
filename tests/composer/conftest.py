"""What the tests of the composer share: the gallery, and a browser's script that asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

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
