from __future__ import annotations

import re

import pytest
from django.test import Client


@pytest.fixture
def policy_and_page(client: Client, db: None) -> tuple[str, str]:
    response = client.get("/")
    return response.headers["Content-Security-Policy"], response.content.decode()


def test_what_a_page_runs_inline_carries_the_nonce_of_this_response(policy_and_page: tuple[str, str]):
    policy, page = policy_and_page
    (nonce,) = re.findall(r"script-src 'self' 'nonce-([\w-]{20,})'", policy)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page)
    assert inline
    assert all(f'nonce="{nonce}"' in tag for tag in inline)


def test_no_two_responses_share_a_nonce(client: Client, db: None):
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


def test_the_policy_allows_no_inline_code_no_eval_and_no_other_origin(policy_and_page: tuple[str, str]):
    policy, _ = policy_and_page
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_page_names_no_other_origin(policy_and_page: tuple[str, str]):
    _, page = policy_and_page
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page) == []


def test_another_site_cannot_embed_what_we_answer(client: Client, db: None):
    response = client.get("/")
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
