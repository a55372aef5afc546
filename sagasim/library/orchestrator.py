"""SagaOrchestrator: steps made of your own functions, and a run of them that compensates by the engine's rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from threading import Lock
from typing import Any, Self
from uuid import uuid4

from sagasim.core import execution, exploration
from sagasim.core.errors import CoreError, quoted
from sagasim.core.faults import parse_plan
from sagasim.core.saga import Coordination, Saga
from sagasim.library.answers import BadCallable, CannotResume
from sagasim.library.calling import in_thread, is_in_a_loop
from sagasim.library.clocks import Clock, WallClock
from sagasim.library.conductor import Conductor
from sagasim.library.contexts import Context
from sagasim.library.design import Design, Part, RetryOption, StepReference, design_of, part_of, plan_for
from sagasim.library.driving import Driver
from sagasim.library.recording import Line, Recorder, check_recorded, lines_of_run
from sagasim.library.results import Result
from sagasim.library.turns import Turn

Faults = str | Iterable[str]


class SagaOrchestrator:
    """A saga of real callables.

    name     what the saga is called
    engine   a preset such as "temporal-like", or {"preset": ..., rule: value}. Left out: the rules of `default`, but
             that an exception says that nothing was done (`errors_are: failed`)
    record   where the history goes as it happens: anything with `append(lines)`
    clock    another clock than that of the machine; JumpingClock for tests
    rules    any engine rule by its name, and `deadline_ms`, `title`, `services`, `invariants`, `resources`
    """

    def __init__(
        self,
        name: str = "saga",
        *,
        engine: str | Mapping[str, object] | None = None,
        record: Recorder | None = None,
        clock: Clock | None = None,
        **rules: Any,
    ) -> None:
        self._name, self._engine, self._rules = name, engine, rules
        self._recorder, self._clock = record, clock or WallClock()
        self._parts: tuple[Part, ...] = ()
        self._made: Design | None = None
        self._running: set[Driver] = set()
        self._lock = Lock()

    def add_step(
        self,
        action: Callable[..., object],
        compensation: Callable[..., object] | None = None,
        *,
        name: str | None = None,
        after: StepReference | Iterable[StepReference] | None = None,
        timeout_ms: int | None = None,
        retry: RetryOption | None = None,
        undo_retry: RetryOption | None = None,
        **options: Any,
    ) -> Self:
        """Adds a step behind the one above, or behind those named in `after` ([]: it starts at once).

        action        called with the context; what it returns is merged into it. It gets `idempotency_key` and
                      `attempt` if it has parameters of these names
        compensation  called with the context when the action must be undone; may also ask for `result`
        name          default: the action's name, `process_payment` as `process-payment`
        timeout_ms    when nobody waits any longer; the outcome is then unknown. Default: never
        retry         how often it is tried in all, or {"attempts", "first_ms", "factor", "max_ms", "upon"};
                      default: once
        undo_retry    the same for the compensation. Default: 3 times, 50 ms apart and doubling
        options       every other key of a step in a saga file: kind, service, on_error, safeguards, effects, ...

        Raises a CoreError (a ValueError) that says what would have been right.
        """
        part = part_of(
            action,
            compensation,
            self._parts,
            name=name,
            after=after,
            timeout_ms=timeout_ms,
            retry=retry,
            undo_retry=undo_retry,
            options=options,
        )
        parts = (*self._parts, part)
        design_of(
            parts, self._name, None, {}
        )  # refuses a step here, where it was written; rules may name later ones
        self._parts, self._made = parts, None
        return self

    @property
    def saga(self) -> Saga:
        """The saga as the simulator and the explorer see it."""
        return self._design().saga

    # running

    def execute(
        self, context: Context | None = None, *, faults: Faults = (), run: str | None = None
    ) -> Result:
        """Runs the saga to its end. `faults` strike the real callables, as they would in the simulator.

        run   the name of this run, with which its idempotency keys begin; default: a new one
        """
        self._refuse_a_loop("execute(...)", "await orchestrator.aexecute(...)")
        conductor = self._conductor(context, faults, run)
        return self._finish(Driver(conductor, self._clock, self._recorder), conductor.begin)

    async def aexecute(
        self, context: Context | None = None, *, faults: Faults = (), run: str | None = None
    ) -> Result:
        """The same in a running event loop. Cancelling the task cancels the saga, and waits until it is undone."""
        conductor = self._conductor(context, faults, run)
        return await self._afinish(conductor, conductor.begin)

    def resume(
        self, lines: Iterable[Line], *, run: str | None = None, context: Mapping[str, Any] | None = None
    ) -> Result:
        """Takes up a run where its recorded lines end: after a crash, with the same steps and rules.

        context  values that the lines could not hold. Raises CannotResume.
        """
        self._refuse_a_loop("resume(...)", "await orchestrator.aresume(...)")
        conductor, begin = self._resumed(lines, run, context)
        return self._finish(Driver(conductor, self._clock, self._recorder), begin)

    async def aresume(
        self, lines: Iterable[Line], *, run: str | None = None, context: Mapping[str, Any] | None = None
    ) -> Result:
        """The same in a running event loop."""
        conductor, begin = self._resumed(lines, run, context)
        return await self._afinish(conductor, begin)

    def cancel(self) -> None:
        """Cancels the runs that are on their way; from any thread, or from a callable."""
        with self._lock:
            for driver in self._running:
                driver.cancel()

    # knowing before it runs

    def simulate(self, faults: Faults = (), *, seed: int = 0) -> execution.Run:
        """The same saga in virtual time, with simulated participants."""
        texts = faults.replace(",", " ").split() if isinstance(faults, str) else faults
        return execution.run(self.saga, Coordination.ORCHESTRATION, parse_plan(texts, self.saga), seed=seed)

    def explore(self, faults: int = 2, **limits: Any) -> exploration.Exploration:
        """Every plan of up to so many faults, in the simulator: what can go wrong, and how."""
        return exploration.explore(self.saga, Coordination.ORCHESTRATION, faults, **limits)

    # inside

    def _design(self) -> Design:
        if self._made is None:
            self._made = design_of(self._parts, self._name, self._engine, self._rules)
        return self._made

    def _conductor(self, context: Context | None, faults: Faults, run: str | None) -> Conductor:
        design = self._design()
        given: Context = {} if context is None else context
        if not isinstance(given, MutableMapping):
            raise CoreError(f"the context is a dict that the steps share, not {quoted(context)}")
        keeps_lines = self._recorder is not None
        return Conductor(design, plan_for(faults, design), run or uuid4().hex, given, keeps_lines=keeps_lines)

    def _resumed(
        self, lines: Iterable[Line], run: str | None, context: Mapping[str, Any] | None
    ) -> tuple[Conductor, Callable[[int], Turn]]:
        known = lines_of_run(lines, run)
        first = known[0]
        if first.get("kind") != "SagaStarted" or "context" not in first["data"]:
            raise CannotResume(
                "the first line must be the SagaStarted of a run; give all the lines of the run"
            )
        started = first["data"]
        conductor = self._conductor(dict(started["context"]), started["faults"], started["correlation"])

        def begin(now_ms: int) -> Turn:
            turn = conductor.resume(known, now_ms)
            conductor.course.contexts.shared.update(context or {})
            check_recorded(dict(conductor.course.contexts.shared), "context")
            return turn

        return conductor, begin

    def _refuse_a_loop(self, called: str, instead: str) -> None:
        if is_in_a_loop() and any(
            it and it.is_async for part in self._parts for it in (part.action, part.compensation)
        ):
            raise BadCallable(
                f"{called} would block the event loop that its coroutines need; write {instead}"
            )

    def _finish(self, driver: Driver, begin: Callable[[int], Turn]) -> Result:
        with self._lock:
            self._running.add(driver)
        try:
            driver.run(begin)
        finally:
            with self._lock:
                self._running.discard(driver)
        return Result(driver.conductor.course)

    async def _afinish(self, conductor: Conductor, begin: Callable[[int], Turn]) -> Result:
        driver = Driver(conductor, self._clock, self._recorder, asyncio.get_running_loop())
        return await in_thread(lambda: self._finish(driver, begin), driver.cancel)
