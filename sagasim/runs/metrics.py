"""What this process has done, counted: for /metrics, in the text format of Prometheus.

The numbers begin at 0 with the process, as Prometheus expects; how many runs there are is the database's to
say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

MS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Counter:
    """Goes up, once per combination of labels."""

    kind = "counter"

    def __init__(self, name: str, told: str, labels: Sequence[str] = ()) -> None:
        self.name, self.told, self.labels = name, told, tuple(labels)
        self._counts: Tally[tuple[str, ...]] = Tally()
        self._lock = Lock()

    def add(self, *values: str, by: int = 1) -> None:
        with self._lock:
            self._counts[values] += by

    def lines(self) -> Iterator[str]:
        with self._lock:
            counts = sorted(self._counts.items())
        for values, count in counts or ([((), 0)] if not self.labels else []):
            yield f"{self.name}{_labelled(self.labels, values)} {count}"


class Gauge:
    """What is so right now."""

    kind = "gauge"

    def __init__(self, name: str, told: str, now: Callable[[], float]) -> None:
        self.name, self.told, self._now = name, told, now

    def lines(self) -> Iterator[str]:
        yield f"{self.name} {self._now():g}"


class Histogram:
    """How long something took, in seconds: how often at most each of the bounds."""

    kind = "histogram"

    def __init__(self, name: str, told: str, bounds: Sequence[float] = MS) -> None:
        self.name, self.told, self.bounds = name, told, tuple(bounds)
        self._counts = [0] * (len(self.bounds) + 1)
        self._sum = 0.0
        self._lock = Lock()

    def observe(self, seconds: float) -> None:
        with self._lock:
            self._counts[bisect_left(self.bounds, seconds)] += 1
            self._sum += seconds

    def quantile(self, share: float) -> float | None:
        """The bound below which this share of all lies; None before the first."""
        with self._lock:
            wanted, seen = share * sum(self._counts), 0
            for bound, count in zip((*self.bounds, float("inf")), self._counts, strict=True):
                seen += count
                if seen and seen >= wanted:
                    return bound
        return None

    def lines(self) -> Iterator[str]:
        with self._lock:
            counts, total = list(self._counts), self._sum
        seen = 0
        for bound, count in zip((*self.bounds, float("inf")), counts, strict=True):
            seen += count
            yield f'{self.name}_bucket{{le="{"+Inf" if bound == float("inf") else f"{bound:g}"}"}} {seen}'
        yield f"{self.name}_sum {total:g}"
        yield f"{self.name}_count {seen}"


def _labelled(names: Sequence[str], values: Sequence[str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


runs = Counter("sagasim_runs_total", "Runs that were stored.", ("coordination", "outcome", "clock"))
findings = Counter("sagasim_findings_total", "Properties that stored runs broke.", ("coordination", "harm"))
lines_shown = Counter("sagasim_lines_sent_total", "Lines that were sent to viewers.")
refusals = Counter("sagasim_sockets_refused_total", "Sockets that were closed with a reason.", ("code",))
executing = Histogram("sagasim_run_seconds", "From the plan to the stored run or pair.")
lag = Histogram("sagasim_playback_lag_seconds", "From a stored line to the viewers' sockets.")
"""Only of runs on the wall clock: a simulated run is stored before anybody can ask for it."""

KNOWN: list[Counter | Gauge | Histogram] = [runs, findings, lines_shown, refusals, executing, lag]


def exposition() -> str:
    """All of it, as Prometheus reads it."""
    return "".join(
        f"# HELP {it.name} {it.told}\n# TYPE {it.name} {it.kind}\n"
        + "".join(f"{line}\n" for line in it.lines())
        for it in KNOWN
    )
