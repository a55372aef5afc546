"""What Django itself turns away is answered with a sentence, too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.runs.test_pages import SERVER


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_page_that_is_too_old_is_told_to_load_again(db: None, content_type: str):
    answer = Client(enforce_csrf_checks=True).post("/sagas/check", "{}", content_type=content_type)
    assert answer.status_code == 403
    said = answer.json()["detail"] if "json" in content_type else answer.content.decode()
    assert "load it again" in said


@SERVER
def test_in_server_mode_a_script_that_is_signed_out_is_told_and_not_led_astray(client: Client, db: None):
    answer = client.post("/sagas/check", json.dumps({"text": ""}), content_type="application/json")
    assert (answer.status_code, answer.json()["detail"][:19]) == (401, "You are signed out;")
    assert client.get("/sagas/new").headers["Location"] == "/login/?next=/sagas/new"


def test_too_many_fields_are_too_much(client: Client, db: None):
    answer = client.post("/sagas/new", {f"s{number}-name": "x" for number in range(5000)})
    assert answer.status_code == 413
    assert "too much at once" in answer.content.decode()


def test_an_address_where_nothing_is_says_so_on_a_page(client: Client, db: None):
    answer = client.get("/sagas/none/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_an_address_of_the_api_where_nothing_is_says_so_as_json(client: Client, db: None):
    answer = client.get("/api/none")
    assert answer.status_code == 404
    assert "/api/openapi.json" in answer.json()["detail"]


def test_an_address_that_takes_forms_only_says_so(client: Client, db: None):
    answer = client.get("/sagas/check")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Go back to that page." in answer.content.decode()


def test_on_a_server_another_name_is_refused_with_a_sentence(settings: Any, db: None):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["sagas.example.org"], True
    answer = Client(headers={"host": "evil.example"}).get("/")
    assert answer.status_code == 400
    assert "No sagasim answers to this name" in answer.content.decode()
    assert "evil" not in answer.content.decode()
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
