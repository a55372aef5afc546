"""How long one waits: for the core to be imported, and for the server to answer its first request."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from urllib.request import urlopen

RUNS = 5


def main() -> None:
    bare = median_ms(lambda: python("-c", "pass"))
    print(f"python alone        {bare:6.0f} ms")
    print(f"import sagasim.core {median_ms(lambda: python('-c', 'import sagasim.core')):6.0f} ms")
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "SAGASIM_DATA": data}
        migrate = median_ms(lambda: python("manage.py", "migrate", "-v", "0", env=environment))
        print(f"manage.py migrate   {migrate:6.0f} ms")
        print(f"first page          {median_ms(lambda: first_page(environment)):6.0f} ms")


def median_ms(measured: Callable[[], object]) -> float:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        measured()
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def python(*arguments: str, env: dict[str, str] | None = None) -> None:
    subprocess.run([sys.executable, *arguments], check=True, env=env)


def first_page(env: dict[str, str]) -> None:
    serve = [sys.executable, "manage.py", "serve", "127.0.0.1:0"]
    with subprocess.Popen(serve, env=env, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[3]
        with urlopen(address) as page:  # noqa: S310  # our own loopback address
            page.read()
        server.terminate()
