"""A run of four steps without faults, with its whole history: runs per second against the same work in SimPy.

The SimPy model is what its documentation teaches: a process per service that waits for requests in a store, a
reply event and a timeout per step, and a coordinator that waits for whichever comes first. It writes the same
history: as many entries, with the same kinds, times and causes. It knows of no fault, undo, resource or
property; sagasim looks for all of them in every run that it makes.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import simpy

from benchmarks._measuring import Row, line_of, median_pair, report, verdict
from sagasim.core.blueprint import blueprint
from sagasim.core.execution import run, run_of
from sagasim.core.saga import Coordination, Saga

STEPS = 4
RUNS = 300
ROUNDS = 9
GOAL = 5


class Line(NamedTuple):
    """One entry of the SimPy model's history."""

    seq: int
    at_ms: float
    kind: str
    step: str
    attempt: int
    because: int
    belief: str
    truth: int


class Request(NamedTuple):
    """A command under way to a service."""

    reply: simpy.Event
    because: int


class Model:
    """One saga in SimPy: its services, its coordinator and its history."""

    def __init__(self, saga: Saga) -> None:
        self.env = simpy.Environment()
        self.saga = saga
        self.history: list[Line] = []
        self.belief = dict.fromkeys(saga.step_names, "idle")
        self.truth = dict.fromkeys(saga.step_names, 0)
        self.desks = {step.name: simpy.Store(self.env) for step in saga.steps}
        for step in saga.steps:
            self.env.process(self.service(step.name, step.takes_ms[0]))
        self.env.process(self.coordinator())

    def write(self, kind: str, step: str, because: int) -> int:
        self.history.append(
            Line(
                len(self.history) + 1, self.env.now, kind, step, 1, because,
                self.belief.get(step, ""), self.truth.get(step, 0),
            )
        )  # fmt: skip
        return len(self.history)

    def service(self, step: str, takes_ms: int) -> Generator[simpy.Event, Any, None]:
        desk = self.desks[step]
        while True:
            request = yield desk.get()
            yield self.env.timeout(takes_ms - takes_ms // 4)
            self.truth[step] += 1
            cause = self.write("StepCommitted", step, request.because)
            yield self.env.timeout(takes_ms // 4)
            request.reply.succeed(cause)

    def coordinator(self) -> Generator[simpy.Event, Any, None]:
        cause = self.write("SagaStarted", "", 0)
        for step in self.saga.steps:
            self.belief[step.name] = "running"
            sent = self.write("CommandSent", step.name, cause)
            reply = self.env.event()
            yield self.desks[step.name].put(Request(reply, sent))
            answer = yield reply | self.env.timeout(step.timeout_ms)
            if reply not in answer:
                raise TimeoutError(step.name)  # without faults nothing is late
            self.belief[step.name] = "done"
            cause = self.write("ReplyReceived", step.name, answer[reply])
            self.write("OutcomeRecorded", step.name, cause)
        self.write("SagaEnded", "", cause)


def in_simpy(saga: Saga) -> list[Line]:
    model = Model(saga)
    model.env.run()
    return model.history


def main() -> None:
    saga = line_of(STEPS)
    tables = blueprint(saga, Coordination.ORCHESTRATION)
    ours, theirs = run_of(tables).history, in_simpy(saga)
    assert [(e.at_ms, e.kind, e.because) for e in ours] == [(e.at_ms, e.kind, e.because) for e in theirs]
    rows: list[Row] = []
    for name, work in (
        ("sagasim, tables at hand", lambda: run_of(tables)),
        ("sagasim, from the saga on", lambda: run(saga, Coordination.ORCHESTRATION)),
    ):
        mine, other, ratio = median_pair(
            lambda work=work: [work() for _ in range(RUNS)],  # type: ignore[misc]
            lambda: [in_simpy(saga) for _ in range(RUNS)],
            ROUNDS,
        )
        rows.append(
            {
                "run": name,
                "entries": len(ours),
                "runs/s": RUNS / mine,
                "SimPy runs/s": RUNS / other,
                "ratio": ratio,
                "goal": f">= {GOAL}",
                "": verdict(ratio, GOAL, at_most=False),
            }
        )
    report("run_vs_simpy", rows)


if __name__ == "__main__":
    main()
