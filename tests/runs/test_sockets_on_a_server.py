from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import environment, manage, serving
from tests.runs.sockets import Closed, connected

SIGN_IN = """
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
ada = User.objects.create_user("ada")
session = SessionStore()
session.update({"_auth_user_id": str(ada.pk), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": ada.get_session_auth_hash()})
session.save()
print("session", session.session_key)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a sagasim in server mode, and the cookie of somebody who is signed in there."""
    env = environment(
        tmp_path_factory.mktemp("server"),
        SAGASIM_MODE="server",
        SAGASIM_HOSTS="127.0.0.1",
        SAGASIM_SECRET_KEY="k" * 60,
    )
    assert manage("migrate", "--verbosity", "0", env=env).returncode == 0
    told = manage("shell", "-v0", "-c", SIGN_IN, env=env)
    assert told.returncode == 0, told.stderr
    with serving(env) as address:
        yield address, f"sessionid={told.stdout.split()[-1]}"


async def test_whoever_is_signed_in_gets_a_socket(server: tuple[str, str]):
    site, cookie = server
    async with connected(site, "/ws/runs/", Cookie=cookie) as viewer:
        viewer.say({"after": 0})
        assert await viewer.hear() == {"error": "Nothing is expected here; only listen."}


async def test_a_stranger_gets_none(server: tuple[str, str]):
    with pytest.raises(Closed):
        async with connected(server[0], "/ws/runs/"):
            pass


async def test_another_sites_page_gets_none_though_its_reader_is_signed_in(server: tuple[str, str]):
    site, cookie = server
    with pytest.raises(Closed):
        async with connected(site, "/ws/runs/", Cookie=cookie, origin="https://evil.example"):
            pass
