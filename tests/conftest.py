"""What the tests share: how hypothesis searches, a real server, and a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent

# No deadline in either: a slow machine is not a counterexample. CI searches the same examples every time.
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, max_examples=300, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden histories anew")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A database in a file, as in production: every thread sees it, and two test runs do not share it."""
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def explored_at_once() -> Iterator[None]:
    """Explorations are explored where they are started, in the same breath: no process, no waiting."""
    from sagasim.explorer.jobs import at_once, jobs

    with jobs.using(at_once()):
        yield


def environment(data: Path, **settings: str) -> dict[str, str]:
    """The environment of a sagasim of its own, with its data in that folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SAGASIM_")}
    return {**inherited, "SAGASIM_DATA": str(data), "SAGASIM_CURATOR": "0", **settings}


def manage(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def serving(env: Mapping[str, str], port: int = 0) -> Iterator[str]:
    """A sagasim served by a process of its own, as `make run` does it; gives its address."""
    command = [sys.executable, "manage.py", "serve", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        announcement = server.stdout.readline()
        try:
            assert announcement.startswith("sagasim is at http://127.0.0.1:"), announcement
            yield announcement.split()[3].rstrip("/")
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a freshly installed sagasim in local mode."""
    env = environment(tmp_path_factory.mktemp("site"))
    migrated = manage("migrate", "--verbosity", "0", env=env)
    assert migrated.returncode == 0, migrated.stderr
    with serving(env) as address:
        yield address


def chromium() -> str | None:
    """The distribution's browser; playwright would otherwise want one of its own."""
    names = (os.environ.get("SAGASIM_CHROMIUM", "chromium"), "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: playwright keeps an event loop running, which async tests cannot stand."""
    executable = chromium()
    if executable is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium: apt-get install chromium")
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    rootless = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's sandbox refuses to start as root
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=executable, args=quiet + rootless)
        yield chrome
        chrome.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab. What the console or a failed request says fails the test, whatever else it checks."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        tab = context.new_page()
        tab.set_default_timeout(10_000)
        tab.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        yield tab
    assert complaints == []
