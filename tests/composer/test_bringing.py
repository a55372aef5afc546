from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sagasim.composer.models import SavedSaga

SAGA = json.dumps({"sagasim": 1, "name": "brought", "steps": [{"name": "a", "compensation": "b"}]})


def test_a_saga_file_that_somebody_brings_is_kept_and_its_composer_opens(client: Client, db: None):
    answer = client.post("/sagas/", {"file": SimpleUploadedFile("a.json", SAGA.encode())})
    assert answer.headers["Location"] == "/sagas/brought/"
    page = client.get("/sagas/brought/")
    assert page.context["data"]["text"] == SAGA


@pytest.mark.parametrize("text", ["", "steps: [", "sagasim: 1\nname: x\nstepz: []", "\x00", "- 1"])
def test_a_file_that_is_no_saga_is_refused_and_nothing_typed_is_lost(client: Client, db: None, text: str):
    answer = client.post("/sagas/", {"text": text})
    assert answer.status_code == 422
    assert answer.context["refusal"].endswith((".", "?"))
    assert answer.context["sheet"].text == text
    assert not SavedSaga.objects.exists()


def test_a_draft_is_drawn_as_it_is_on_the_page_and_nothing_is_kept(client: Client, db: None):
    def drawn(text: str, kind: str) -> Any:
        asked = {"text": text, "as": kind}
        return client.post("/sagas/draw", asked, content_type="application/json")

    text = "sagasim: 1\nname: sketch\nsteps:\n  - {name: pay, compensation: refund}\n  - {name: ship}\n"
    mermaid, svg = drawn(text, "mermaid"), drawn(text, "svg")
    assert "s0 --> s1" in mermaid.content.decode()
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert "undo: refund" in svg.content.decode()
    assert SavedSaga.objects.count() == 0
    for refused, why in ((drawn(text, "png"), "mermaid or svg"), (drawn("steps: []", "svg"), "sagasim")):
        assert refused.status_code == 422
        assert why in refused.json()["detail"]
