"""Which safeguards carry load: each is switched off alone, and what is then found rested on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from sagasim.core.blueprint import blueprint
from sagasim.core.changes import Edit, apply_fix, of_engine, of_step, told
from sagasim.core.engine import RULE_VALUES, rules_of
from sagasim.core.exploration import Finding, Search, finding_of, harms_of
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.harms import WORST_FIRST, Harm
from sagasim.core.saga import Coordination, Saga
from sagasim.core.switches import RULES, SAFEGUARDS, Switch
from sagasim.core.trials import is_worse

MOST_STATES = 60_000
"""How many worlds each exploration may expand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one safeguard, rule or retry holds back: what is found once it is switched off.

    `in_force` False: it has no meaning in this coordination. `exhaustive` False: the limit was met. `worst` is
    the worst of what it holds back, with the plan that shows it in the saga without it.
    """

    change: str
    edit: Edit
    in_force: bool
    holds_back: tuple[Harm, ...]
    exhaustive: bool
    worst: Finding | None = None

    @property
    def is_decoration(self) -> bool:
        """Whether nothing at all rests on it, as far as these faults go."""
        return self.exhaustive and not self.holds_back


def load_bearing(
    saga: Saga,
    coordination: Coordination,
    faults: int = 1,
    *,
    kinds: Iterable[str] = EXPLORED_KINDS,
    most_states: int = MOST_STATES,
    after: int = 0,
) -> Iterator[Load]:
    """Switches one thing after the other off and explores again. `most_states` bounds each exploration.

    Every safeguard that is on, every engine rule at each other value, every retry at one attempt. One row at
    a time, so that whoever asks can show how far it is, or stop, and go on `after` so many rows another time.
    """
    asked = tuple(kinds)
    before = harms_of(_explored(saga, coordination, faults, asked, most_states))
    for switch, edit in islice(_everything_off(saga), after, None):
        if switch is not None and coordination not in switch.coordinations:
            yield Load(change=told(edit), edit=edit, in_force=False, holds_back=(), exhaustive=True)
            continue
        search = _explored(apply_fix(saga, edit), coordination, faults, asked, most_states)
        held = tuple(harm for harm, needed in harms_of(search).items() if is_worse(harm, needed, before))
        yield Load(
            change=told(edit),
            edit=edit,
            in_force=True,
            holds_back=held,
            exhaustive=search.progress().done,
            worst=finding_of(search, min(held, key=_badness)) if held else None,
        )


def _explored(
    saga: Saga, coordination: Coordination, faults: int, kinds: tuple[str, ...], most_states: int
) -> Search:
    search = Search(blueprint(saga, coordination), faults, kinds=kinds)
    search.advance(most_states)
    return search


def _badness(harm: Harm) -> tuple[int, str]:
    return WORST_FIRST.index(harm.harm), harm.step


def how_many(saga: Saga) -> int:
    """So many rows `load_bearing` yields."""
    return sum(1 for _ in _everything_off(saga))


def _everything_off(saga: Saga) -> Iterator[tuple[Switch | None, Edit]]:
    return chain(_safeguards_off(saga), _rules_off(saga), _retries_off(saga))


def _safeguards_off(saga: Saga) -> Iterator[tuple[Switch | None, Edit]]:
    for step in saga.steps:
        for switch in SAFEGUARDS:
            if getattr(step.safeguards, switch.key) in switch.sound:
                for value in switch.weak:
                    yield switch, of_step(step.name, "safeguards", value, switch.key)


def _rules_off(saga: Saga) -> Iterator[tuple[Switch | None, Edit]]:
    rules = rules_of(saga)
    for switch in RULES:
        for value in RULE_VALUES[switch.key]:
            if value != getattr(rules, switch.key):
                yield switch, of_engine(switch.key, value)


def _retries_off(saga: Saga) -> Iterator[tuple[Switch | None, Edit]]:
    for step in saga.steps:
        for key, retry in (("retry", step.retry), ("undo_retry", step.undo_retry)):
            if retry.attempts > 1 and (key == "retry" or step.compensation is not None):
                yield None, of_step(step.name, key, 1, "attempts")
