from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client

from sagasim.core.saga import Coordination
from sagasim.explorer import fixing, services
from sagasim.runs.models import Run
from sagasim.runs.stage import told
from tests.runs.conftest import gallery  # noqa: F401  # the fixture
from tests.runs.test_running import FAULT, started

HOST = {"host": "127.0.0.1"}


@pytest.fixture
def run(gallery: dict[str, Any]) -> Run:  # noqa: F811  # the fixture
    (run,) = started(gallery, FAULT, coordinations=(Coordination.ORCHESTRATION,))
    return run


def test_what_nobody_has_explored_yet_has_a_link_to_the_matrix(client: Client, run: Run):
    page = client.get(f"/runs/{run.pk}/", headers=HOST).content.decode()
    assert "/sagas/order-fulfilment-broken/matrix/?version=1" in page
    assert "Repaired by" not in page


def test_a_run_says_what_repairs_what_it_broke_where_that_was_explored(
    client: Client, run: Run, explored_at_once: None
):
    exploration = services.start(run.version, faults=1, coordinations=[Coordination.ORCHESTRATION])
    (leak, _) = told(run)["findings"]
    assert leak["harm"] == "leak"
    assert leak["fix"]["is_verified"]
    assert leak["fix"]["url"] == exploration.get_absolute_url()
    for path in (f"/runs/{run.pk}/", f"/admin/runs/run/{run.pk}/change/"):
        page = unescape(client.get(path, headers=HOST).content.decode())
        assert f'Repaired by <a href="{exploration.get_absolute_url()}">{leak["fix"]["change"]}</a>' in page


def test_a_repaired_copy_is_not_called_by_what_was_broken(client: Client, run: Run, explored_at_once: None):
    exploration = services.start(run.version, faults=1, coordinations=[Coordination.ORCHESTRATION])
    key = next(it["key"] for it in exploration.more["findings"] if it["fix"])
    copy = fixing.apply(exploration, key, by=None)
    assert copy.saga.title == "order-fulfilment-broken, repaired by engine: compensates: unknown"
    assert run.version.meaning.title != copy.saga.title
    again = services.start(copy, faults=1, coordinations=[Coordination.ORCHESTRATION])
    assert again.verdict is not None
    assert not again.verdict["findings"]
