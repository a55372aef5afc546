"""An exercise as its page shows it: what is seen of a parked saga, what can be decided, and what came of it.

core/drill.py decides all of it; here are the words and the states of a table row. Nothing is stored: an exercise
is a function of its run and of what the address says was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sagasim.core.drill import Consequences, Drill, begin, choose, parked_instances, settled_by
from sagasim.core.errors import CoreError
from sagasim.core.narration import there
from sagasim.core.parked import DECISIONS, Option, Told
from sagasim.core.phrases import joined
from sagasim.runs.models import Clock, Run, Status
from sagasim.runs.services import execute

BELIEFS: Mapping[str, tuple[str, str]] = {
    "idle": ("idle", "not begun"),
    "running": ("running", "running"),
    "done": ("done", "done"),
    "refused": ("failed", "refused"),
    "failed": ("failed", "failed"),
    "unknown": ("unknown", "unknown"),
    "undoing": ("undoing", "undoing"),
    "undone": ("undone", "undone"),
    "given-up": ("stuck", "undo given up"),
    "undo-skipped": ("stuck", "undo skipped"),
    "skipped": ("skipped", "skipped"),
    "dead": ("stuck", "dead letter"),
}
"""Per belief its state and its word; static/js/runs/words.js has the same, which a test ties."""

ASKED = "step."
"""What a step's choice is called in an address: `step.charge=retry`."""

LABELS = {
    "leave": "Leave it",
    "retry": "Retry",
    "skip": "Skip",
    "by-hand": "Compensate by hand",
    "resolved": "Mark resolved",
}


class NoExercise(CoreError):
    """There is nothing to decide in this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step: believed, and once it is uncovered, true."""

    name: str
    service: str
    state: str
    word: str
    asks: bool
    before: str = ""
    now: str = ""
    differs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a story, with what is believed of its step from then on (no word: nothing new)."""

    at: str
    sentence: str
    step: str
    state: str
    word: str
    is_covered: bool
    is_yours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing that can be decided about a step."""

    value: str
    label: str
    says: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A step that somebody has to decide about."""

    name: str
    field: str
    word: str
    state: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """Everything that the page says; `told` only once it was decided.

    `instance` is the one that is asked about, `instances` all that parked, where there are several.
    """

    instance: int
    instances: tuple[int, ...]
    asks: str
    reported: tuple[Line, ...]
    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    waits: bool
    told: Consequences | None
    resources: tuple[tuple[str, int, int], ...]
    followed: tuple[Line, ...]
    story: tuple[Line, ...]
    advice: str


def exercise_of(run: Run, query: Mapping[str, str]) -> Exercise:
    """What is seen of this run, and what comes of what the address decides. Raises CoreError."""
    if run.clock == Clock.WALL:
        raise NoExercise("This run was recorded from a real saga: what is true of it is not known here.")
    if run.status != Status.FINISHED:
        raise NoExercise("This run is not over yet; an exercise needs one that ended parked.")
    executed = execute(run)
    drill = begin(executed, _instance(query.get("instance", "")))
    parked = parked_instances(executed)
    decided = {key.removeprefix(ASKED): value for key, value in query.items() if key.startswith(ASKED)}
    waits = query.get("wait") == "1"
    told = choose(drill, decided, wait=waits) if "decide" in query else None
    return Exercise(
        instance=drill.seen.instance,
        instances=parked if executed.saga.instances > 1 else (),
        asks=drill.seen.asks,
        reported=_lines(drill.seen.reported),
        rows=_rows(drill, told),
        questions=_questions(drill, decided),
        waits=waits,
        told=told,
        resources=tuple((name, was, now) for name, (was, now) in told.resources.items()) if told else (),
        followed=_lines(told.followed) if told else (),
        story=_lines(told.story) if told else (),
        advice=_advice(drill) if told else "",
    )


def _instance(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise NoExercise(f"There is no instance {text[:20]!r}; an instance is a number from 1 on.")
    return int(text)


def _advice(drill: Drill) -> str:
    """What would have settled it, in one sentence."""
    ways = settled_by(drill)
    if not ways:
        return "Nothing that can be decided here settles it for certain."
    told = joined([f"{LABELS[decision].lower()} for {step}" for step, decision in ways[0].items()])
    more = len(ways) - 1
    others = f"; so {'do' if more > 1 else 'does'} {more} other way{'s' if more > 1 else ''}" if more else ""
    return f"This settles it, whatever is still on its way: {told}{others}."


def _lines(story: Iterable[Told]) -> tuple[Line, ...]:
    lines = []
    for each in story:
        state, word = BELIEFS.get(each.belief, ("", ""))
        lines.append(
            Line(
                at="" if each.at_ms is None else f"{each.at_ms:,} ms",
                sentence=each.sentence.rstrip("."),
                step=each.step,
                state=state,
                word=word,
                is_covered=each.covered,
                is_yours=each.kind in DECISIONS,
            )
        )
    return tuple(lines)


def _rows(drill: Drill, told: Consequences | None) -> tuple[Row, ...]:
    left = {each.name: each for each in told.left} if told else {}
    rows = []
    for step in drill.seen.steps:
        now = left.get(step.name)
        state, word = BELIEFS[now.belief if now else step.belief]
        rows.append(
            Row(
                name=step.name,
                service=step.service,
                state=state,
                word=word,
                asks=bool(step.options),
                before=there(now.before) if now else "",
                now=there(now.times) if now else "",
                differs=now.differs if now else False,
            )
        )
    return tuple(rows)


def _questions(drill: Drill, decided: Mapping[str, str]) -> tuple[Question, ...]:
    """Those that keep the saga from going on come first."""
    questions = (
        Question(
            name=step.name,
            field=f"{ASKED}{step.name}",
            state=BELIEFS[step.belief][0],
            word=BELIEFS[step.belief][1],
            offers=tuple(_offer(option, decided.get(step.name, "leave")) for option in step.options),
        )
        for step in drill.seen.steps
        if step.options
    )
    return tuple(sorted(questions, key=lambda each: -len(each.offers)))


def _offer(option: Option, chosen: str) -> Offer:
    _, _, says = option.says.partition(": ")
    return Offer(
        value=option.decision,
        label=LABELS[option.decision],
        says=f"{says[:1].upper()}{says[1:]}" if says else option.says,
        is_chosen=option.decision == chosen,
    )
