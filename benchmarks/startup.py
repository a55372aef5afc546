"""How long one waits: for the core to be imported, for a file to be checked, for a server's first answer.

Seconds are those of the clock on the wall, a whole process each: here waiting is the matter.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.request import urlopen

from benchmarks._measuring import Row, report, verdict

RUNS = 7
ROOT = Path(__file__).parent.parent
SAGA = ROOT / "sagasim" / "gallery" / "order-fulfilment.yaml"
EXPLORER = "import sagasim.core.exploration, sagasim.core.codec"


def main() -> None:
    bare = median_ms(lambda: python("-c", "pass"))
    rows = [
        row("python alone", bare),
        row(
            "import sagasim.core, its explorer and its codec", median_ms(lambda: python("-c", EXPLORER)), 200
        ),
    ]
    if (ROOT / "sagasim" / "__main__.py").exists():
        checked = median_ms(lambda: python("-m", "sagasim", "check", str(SAGA)))
        rows.append(row("sagasim check FILE", checked, 500))
    else:
        print("NO COMMAND LINE YET: sagasim check is NOT MEASURED", file=sys.stderr)
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "SAGASIM_DATA": data}
        migrate = median_ms(lambda: python("manage.py", "migrate", "-v", "0", env=environment))
        rows.append(row("manage.py migrate", migrate))
        rows.append(row("serve, to the first page", median_ms(lambda: first_page(environment))))
    report("startup", rows)


def row(what: str, took_ms: float, goal_ms: float | None = None) -> Row:
    told: Row = {"what": what, "ms": round(took_ms), "goal ms": "-", "": ""}
    if goal_ms is not None:
        told |= {"goal ms": f"< {goal_ms:.0f}", "": verdict(took_ms, goal_ms, at_most=True)}
    return told


def median_ms(measured: Callable[[], object]) -> float:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        measured()
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def python(*arguments: str, env: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(  # ourselves
        [sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=False
    )
    assert done.returncode in (0, 1), arguments  # 1: the file was checked, and has errors


def first_page(env: Mapping[str, str]) -> None:
    serve = [sys.executable, "manage.py", "serve", "127.0.0.1:0"]
    with subprocess.Popen(serve, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[3]
        with urlopen(address) as page:  # noqa: S310  # our own loopback address
            page.read()
        server.terminate()


if __name__ == "__main__":
    main()
