"""Saga files in your own tests: what a plan of faults does to a saga, and what can be found in it at all.

    from sagasim.testing import explore, replay, why

    run = replay("order.yaml", "orchestration", ["charge:reply-lost*for-ever"])
    assert not run.shows("leak", "charge"), why(run, "leak", "charge")

    known = explore("order.yaml", "orchestration", faults=2)
    assert known.exhaustive
    assert not known.findings

Everything is as on the command line: the same rules, the same words for faults, the same verdicts. "Copy as
pytest" writes such tests (core/pytests.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sagasim.core import exploration
from sagasim.core.codec import saga_from_text
from sagasim.core.errors import BadSaga, CoreError, listed, quoted
from sagasim.core.execution import Run, run
from sagasim.core.exploration import MOST_STATES, Exploration
from sagasim.core.faults import EXPLORED_KINDS, KINDS, parse_moment, parse_plan
from sagasim.core.postmortem import finding_in_words
from sagasim.core.saga import Coordination, Saga

__all__ = ["Exploration", "Run", "Saga", "explore", "load", "replay", "why"]

MOST_BYTES = 2 * 1024 * 1024
"""More is not even read; the core says how much a saga file may have."""


def load(file: Path | str) -> Saga:
    """The saga in a YAML or JSON file. Raises BadSaga where it says nothing that can run, OSError where it is not."""
    with Path(file).open("rb") as stream:
        return saga_from_text(stream.read(MOST_BYTES), source=str(file))


def replay(
    saga: Saga | Path | str,
    coordination: str,
    faults: Iterable[str] = (),
    *,
    order: Iterable[str] = (),
    seed: int = 0,
) -> Run:
    """The run of a saga, or of the saga in a file, under a plan of faults. Raises CoreError for what it cannot mean."""
    it = _saga(saga)
    plan = parse_plan(faults, it)
    moments = tuple(parse_moment(text, it) for text in order)
    return run(it, _coordination(coordination), plan, seed=seed, order=moments)


def explore(
    saga: Saga | Path | str,
    coordination: str,
    *,
    faults: int = 2,
    kinds: Iterable[str] = EXPLORED_KINDS,
    most_states: int = MOST_STATES,
) -> Exploration:
    """What any plan of up to so many faults of these kinds can do; `exhaustive` says whether it got that far."""
    asked = tuple(kinds)
    for kind in asked:
        if kind not in KINDS:
            raise CoreError(f"no fault kind {quoted(kind)}; there are {listed(KINDS, 30)}")
    if faults < 0:
        raise CoreError(f"{faults} faults cannot be explored; ask for 0 or more")
    return exploration.explore(
        _saga(saga), _coordination(coordination), faults, kinds=asked, most_states=most_states
    )


def why(it: Run, harm: str, step: str) -> str:
    """Why this property is broken in this run, as one sentence."""
    return finding_in_words(it, harm, step)


def _saga(saga: Saga | Path | str) -> Saga:
    return saga if isinstance(saga, Saga) else load(saga)


def _coordination(text: str) -> Coordination:
    if text not in list(Coordination):
        raise BadSaga(f"no coordination {quoted(text)}; there are orchestration and choreography")
    return Coordination(text)
