"""The operator drill: a saga is parked, and a person who knows no more than the saga does decides what to do.

    begin(run)              what is seen (parked.py), of one instance that parked
    choose(drill, ...)      what the choices did in truth, what is left of it, and how well it went

Nothing is scripted: handling.py lets the kernel do what was decided, and the judge of all runs judges it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from types import MappingProxyType
from typing import Literal

from sagasim.core.beliefs import believed
from sagasim.core.errors import listed, quoted
from sagasim.core.handling import Handling
from sagasim.core.harms import Harm
from sagasim.core.history import (
    HarmDone,
)
from sagasim.core.narration import there
from sagasim.core.parked import (
    DECISIONS,
    BadDecision,
    Decision,
    Drill,
    NotParked,
    Seen,
    Told,
    begin,
    parked_instances,
    told,
)
from sagasim.core.phrases import joined
from sagasim.core.world import Mind

__all__ = [
    "BadDecision",
    "Consequences",
    "Decision",
    "Drill",
    "Left",
    "NotParked",
    "Seen",
    "Told",
    "begin",
    "choose",
    "in_words",
    "parked_instances",
    "settled_by",
]

MOST_TRIED = 125
"""So many combinations of decisions are tried for what would have settled it: all of three steps' five each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A step at the end: believed, and true. `differs`: what is believed of it is not so."""

    name: str
    belief: str
    before: int
    times: int
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What the choices did.

    state     settled (what is believed is so), open (somebody still has to look at it), broken
    story     what happened up to the parking, the covered lines included
    followed  what happened then
    harms     what was broken by and after the choices; `already` what was broken before
    otherwise how it would have ended at another moment; empty: the same
    """

    state: Literal["settled", "open", "broken"]
    outcome: str
    parked: tuple[str, ...]
    story: tuple[Told, ...]
    followed: tuple[Told, ...]
    left: tuple[Left, ...]
    resources: Mapping[str, tuple[int, int]]
    harms: tuple[tuple[Harm, str], ...]
    already: tuple[tuple[Harm, str], ...]
    judgement: str
    otherwise: str


def choose(drill: Drill, decisions: Mapping[str, str], *, wait: bool = False) -> Consequences:
    """What comes of these decisions, made in this order. A step that is not named is left as it is.

    `wait`: first let everything arrive that is still on its way. Raises BadDecision.
    """
    made = _checked(drill, decisions)
    handling = Handling(drill, made)
    handling.handle(wait=wait)
    other = None
    if drill.world.instances[drill.number].copies:
        other = Handling(drill, made)
        other.handle(wait=not wait)
    return _consequences(drill, handling, other, wait=wait)


def settled_by(drill: Drill) -> tuple[Mapping[str, Decision], ...]:
    """Decisions that settle it whether or not one waits first, the simplest first; of very many not all are tried."""
    asked = [step for step in drill.seen.steps if step.options]
    offers = [[option.decision for option in step.options] for step in asked]
    found: list[Mapping[str, Decision]] = []
    for made in islice(product(*offers), MOST_TRIED):
        decisions = {
            step.name: decision for step, decision in zip(asked, made, strict=True) if decision != "leave"
        }
        if all(choose(drill, decisions, wait=wait).state == "settled" for wait in (False, True)):
            found.append(decisions)
    return tuple(sorted(found, key=lambda it: (len(it), [DECISIONS.index(each) for each in it.values()])))


def _checked(drill: Drill, decisions: Mapping[str, str]) -> dict[int, Decision]:
    made: dict[int, Decision] = {}
    asked = {step.name: step.options for step in drill.seen.steps if step.options}
    for name, said in decisions.items():
        if name not in asked:
            raise BadDecision(f"Nobody asks about {quoted(name)}; the saga asks about {listed(asked)}.")
        known = {option.decision: option for option in asked[name]}
        decision = next((each for each in known if each == said), None)
        if decision is None:
            raise BadDecision(f"For {name} there is no {quoted(said)}; there is {listed(known)}.")
        if decision != "leave":
            made[drill.bp.index[name]] = decision
    return made


DONE: Mapping[str, str] = MappingProxyType(
    {
        "leak": "the effect of {step} stays behind",
        "missing-effect": "the effect of {step} is missing",
        "double-effect": "{step} has taken effect twice",
        "phantom-undo": "{step} was undone once more than it was done",
        "undone-after-pivot": "{step} was undone although the pivot had committed",
        "wrong-order": "{step} was undone while what builds on it still stood",
        "skipped-undo": "the undo of {step} was not attempted",
        "false-outcome": "the saga reports an end that is not true",
        "effect-after-end": "the effect of {step} changed after everything was thought to be over",
        "stuck": "the saga reaches no end: it hangs at {step}",
        "dirty-read": "{step} had read what was taken back",
        "lost-update": "{step} had overwritten what was taken back",
        "invariant": "'{step}' does not hold",
    }
)
"""What was broken, told to the person who was there."""


def _consequences(drill: Drill, made: Handling, other: Handling | None, *, wait: bool) -> Consequences:
    left = tuple(_left(drill, made))
    state = _state(made, left)
    run_harms = dict(drill.run.harms)
    seqs = {entry.seq for entry in drill.entries}
    already = [harm for harm, seq in run_harms.items() if seq in seqs]
    values = made.kernel.values(drill.world), made.kernel.values(made.world)
    return Consequences(
        state=state,
        outcome=_outcome(made.instance.mind),
        parked=tuple(made.bp.steps[step].name for step in _open(made.instance.mind)),
        story=tuple(
            told(entry, drill.bp.saga)
            for entry in drill.entries
            if entry.instance == drill.number + 1 and not isinstance(entry.event, HarmDone)
        ),
        followed=tuple(made.story),
        left=left,
        resources={
            name: (before, after)
            for name, before, after in zip(drill.bp.resources, values[0], values[1], strict=True)
        },
        harms=tuple((harm, in_words(harm)) for harm in made.harms),
        already=tuple((harm, in_words(harm)) for harm in already),
        judgement=_judgement(state, made, left),
        otherwise=_otherwise(drill, made, other, wait=wait),
    )


def in_words(harm: Harm) -> str:
    """What was broken, as the middle of a sentence."""
    return DONE[harm.harm].format(step=harm.step)


def _outcome(mind: Mind) -> str:
    return mind.phase if mind.ended else "stuck"


def _open(mind: Mind) -> tuple[int, ...]:
    return mind.report if mind.phase == "parked" else ()


def _left(drill: Drill, made: Handling) -> Iterator[Left]:
    before, now = drill.world.instances[drill.number], made.instance
    for index, step in enumerate(made.bp.steps):
        belief, times = believed(now.mind.legs[index]), now.records[index].times
        yield Left(
            name=step.name,
            belief=belief,
            before=before.records[index].times,
            times=times,
            differs=step.has_effect and index not in _open(now.mind) and times != _expected(belief, times),
        )


def _expected(belief: str, times: int) -> int:
    """How often the effect should be there, by what is believed; where that is open, as it is."""
    match belief:
        case "done":
            return 1
        case "idle" | "undone" | "refused" | "failed" | "skipped" | "dead":
            return 0
        case _:
            return times


def _state(made: Handling, left: Iterable[Left]) -> Literal["settled", "open", "broken"]:
    if made.harms or any(each.differs for each in left) or not made.instance.mind.ended:
        return "broken"
    return "open" if made.instance.mind.phase == "parked" else "settled"


def _judgement(state: str, made: Handling, left: Iterable[Left]) -> str:
    mind = made.instance.mind
    outcome = _outcome(mind)
    if state == "settled":
        return f"It is settled: the saga ended {outcome}, and what it believes is true."
    if state == "open":
        names = {made.bp.steps[step].name for step in _open(mind)}
        still = joined([f"{each.name} is {there(each.times)}" for each in left if each.name in names])
        return f"It is not settled: the saga stays parked. In truth {still}. Nothing was made worse."
    broken = _broken(made.harms) or joined(
        [
            f"{each.name} is believed {each.belief}, and is {there(each.times)}"
            for each in left
            if each.differs
        ]
    )
    if outcome == "parked":
        return f"It was made worse: the saga stays parked, and {broken}."
    if outcome == "stuck":
        return f"It was made worse: the saga reaches no end, and nobody is told{f'; {broken}' if broken else ''}."
    return f"It looks settled, and is not: the saga ended {outcome}, and in truth {broken}."


def _broken(harms: Iterable[Harm]) -> str:
    """What was broken; that it was broken after the end says nothing more of a step that is broken anyway."""
    worse = {harm.step for harm in harms if harm.harm != "effect-after-end"}
    return joined([in_words(it) for it in harms if it.harm != "effect-after-end" or it.step not in worse])


def _otherwise(drill: Drill, made: Handling, other: Handling | None, *, wait: bool) -> str:
    """What the moment decided: something was still on its way, and would have landed before, or behind."""
    if other is None:
        return ""
    ends = [
        (_state(it, tuple(_left(drill, it))), _outcome(it.instance.mind), _broken(it.harms))
        for it in (made, other)
    ]
    if ends[0] == ends[1]:
        return ""
    names = sorted({drill.bp.steps[copy.step].name for copy in drill.world.instances[drill.number].copies})
    state, outcome, broken = ends[1]
    when = "Had it come only after what you did" if wait else "Had you waited for it"
    ending = {"parked": "stayed parked", "stuck": "reached no end"}.get(outcome, f"ended {outcome}")
    how = f": {broken}" if broken else ", with nothing broken" if state != "broken" else ""
    return f"A call of {joined(names)} was still on its way. {when}, the saga would have {ending}{how}."
