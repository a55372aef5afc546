"""A sagasim of its own for one benchmark: a database in a folder, and daphne processes that serve it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def set_up(data: Path) -> None:
    """Django in this process and in those that it starts, with a new database in this folder."""
    os.environ["SAGASIM_DATA"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    connection.close()
    connection.settings_dict["NAME"] = str(data / "sagasim.sqlite3")  # settings are read once in a process
    logging.getLogger("sagasim").setLevel(logging.WARNING)
    call_command("migrate", verbosity=0)


class Server:
    """A process that serves at a loopback address, which its first line names."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        said = process.stdout.readline().split()
        self.site = next(word for word in said if word.startswith("http://")).rstrip("/")

    def cpu_seconds(self) -> float:
        """What it has used so far, in the kernel too."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


@contextmanager
def serving(command: Sequence[str]) -> Iterator[Server]:
    """A server for as long as it is needed; what it logs goes nowhere."""
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()
            process.wait(timeout=10)


OURS = ("manage.py", "serve", "127.0.0.1:0")
TEXTBOOK = ("-m", "benchmarks._textbook")
