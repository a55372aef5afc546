"""What this server has explored, counted: for /metrics, beside the numbers of the runs."""

from __future__ import annotations

from sagasim.runs.metrics import KNOWN, Counter, Gauge, Histogram

__all__ = ["KNOWN", "Counter", "Gauge", "Histogram", "answering", "explorations", "exploring", "verdicts"]

SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 600.0)

explorations = Counter("sagasim_explorations_total", "Explorations that have ended.", ("state",))
exploring = Histogram("sagasim_exploration_seconds", "What it took to explore to the end.", SECONDS)
answering = Histogram("sagasim_exploration_answer_seconds", "From the question to the end.", SECONDS)
verdicts = Histogram("sagasim_live_verdict_seconds", "From an edit to its whole verdict.")

KNOWN.extend([explorations, exploring, answering, verdicts])
