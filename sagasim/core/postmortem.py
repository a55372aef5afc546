"""What happened, told of one finding: the sentence that says why a property broke in this run.

Each sentence has three parts, all read from the history: what struck, what the saga believed and did about
it, and what is true now. One function per harm knows the second and the third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sagasim.core.execution import Run
from sagasim.core.expressions import names_in
from sagasim.core.harms import PROPERTIES, Harm
from sagasim.core.history import (
    CallTimedOut,
    CancelRequested,
    CommandSent,
    CompensationStarted,
    CopyLanded,
    DeadLettered,
    DeadlinePassed,
    Entry,
    EventConsumed,
    EventLost,
    EventPublished,
    FaultStruck,
    NothingChanged,
    OutcomeRecorded,
    SagaEnded,
    SagaHalted,
    SagaResumed,
    StepCommitted,
    StepErred,
    StepRefused,
    UndoCommitted,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.narration import sentence
from sagasim.core.phrases import call_of, counted, joined, kind_of, moment_in_words
from sagasim.core.saga import Coordination, Kind, Saga, Step


def finding_in_words(run: Run, harm: str, step: str) -> str:
    """Why this property is broken in this run, as one sentence. A run that does not show it is said to."""
    seq = next((seq for found, seq in run.harms if found == Harm(harm, step)), None)
    if seq is None:
        return f"This run does not show how it breaks at {step} that {PROPERTIES[harm]}."
    scene = _Scene(run, step, seq)
    return f"{_capital(_causes(scene), scene.saga)}: {_TOLD[harm](scene)}."


def _capital(text: str, saga: Saga) -> str:
    """A sentence begins with a capital letter, unless it begins with somebody's name."""
    first = text.partition(" ")[0]
    is_name = any(first in (step.name, step.service) for step in saga.steps)
    return text if is_name else f"{text[:1].upper()}{text[1:]}"


class _Scene:
    """The part of a run up to the entry that shows the harm, as far as it concerns one step."""

    def __init__(self, run: Run, step: str, seq: int) -> None:
        self.run, self.saga, self.step, self.seq = run, run.saga, step, seq
        self.instance = next(entry.instance for entry in run.history if entry.seq == seq)
        self.past = [entry for entry in run.history if entry.seq < seq]
        self.own = [entry for entry in self.past if entry.instance == self.instance]
        self.orchestrated = run.coordination is Coordination.ORCHESTRATION

    @property
    def definition(self) -> Step:
        return self.saga.step(self.step)

    @property
    def outcome(self) -> str:
        """How this instance ended, as far as it has."""
        ends = [entry.event.outcome for entry in self.own if isinstance(entry.event, SagaEnded)]
        return ends[-1] if ends else "running"

    def belief(self, step: str) -> str:
        """What was last recorded of a step; of one that never was, what its last entry says."""
        said = [
            entry.belief for entry in self.own if getattr(entry.event, "step", "") == step and entry.belief
        ]
        return said[-1] if said else "idle"

    def belief_when_turning(self) -> str:
        """What was believed of the step when the saga decided not to go on."""
        turned = [
            entry.seq for entry in self.own if isinstance(entry.event, CompensationStarted | SagaHalted)
        ]
        recorded = [
            entry.event.belief
            for entry in self.own
            if isinstance(entry.event, OutcomeRecorded) and entry.event.step == self.step
            if not turned or entry.seq < turned[-1]
        ]
        return recorded[-1] if recorded else self.belief(self.step)

    def truth(self, step: str) -> int:
        said = [entry.truth for entry in self.own if getattr(entry.event, "step", "") == step]
        return (said[-1] or 0) if said else 0

    def standing(self) -> list[str]:
        return [step.name for step in self.saga.steps if step.has_effect and self.truth(step.name) > 0]

    def has(
        self, kind: type | tuple[type, ...], step: str | None = None, *, undo: bool | None = None
    ) -> bool:
        return any(self.all(kind, step, undo=undo))

    def all(
        self, kind: type | tuple[type, ...], step: str | None = None, *, undo: bool | None = None
    ) -> Iterator[Entry]:
        """The entries of this instance that are of a kind, of a step, and of its action or its undo."""
        for entry in self.own:
            fits = step is None or getattr(entry.event, "step", None) == step
            if isinstance(entry.event, kind) and fits and getattr(entry.event, "undo", undo) == undo:
                yield entry

    def attempts(self, step: str, *, undo: bool) -> int:
        asked = self.all((CommandSent, EventConsumed), step, undo=undo)
        return max((getattr(entry.event, "attempt", 0) for entry in asked), default=0)

    def effect(self, times: int, stays: str = "stays", lacks: str = "is missing") -> str:
        """What `times` effects of the step amount to: `100 payments.authorised stay`."""
        return amounts(self.definition.effects, times, stays, lacks) or f"the effect of {self.step} {stays}"


def amounts(effects: Mapping[str, int], times: int, stays: str, lacks: str) -> str:
    """`100 payments.captured stay and 1 inventory.available is missing`; empty where no resource changes."""
    parts = []
    for name, amount in effects.items():
        total = amount * times
        verb = stays if total > 0 else lacks
        if total:
            parts.append(f"{abs(total)} {name} {verb if abs(total) == 1 else _plural(verb)}")
    return joined(parts)


def _plural(verb: str) -> str:
    known = {"stays": "stay", "is": "are", "appears": "appear", "disappears": "disappear"}
    first, space, rest = verb.partition(" ")
    return f"{known.get(first, first)}{space}{rest}"


# ---------------------------------------------------------------- what struck

STRUCK: Mapping[str, str] = MappingProxyType(
    {
        "refused": "{call} was refused",
        "error": "{call} failed with an error{times}",
        "error-after": "{call} took effect but reported an error{times}",
        "request-lost": "the request for {call} was lost{times}",
        "reply-lost": "the answer of {call} was lost{times}",
        "late": "the call of {call} was late{times}",
        "duplicate": "{call} was delivered twice",
        "reordered": "the call of {call} was overtaken{times}",
        "crash@before": "{service} crashed{times} before {call} took effect",
        "crash@after": "{service} crashed{times} after {call} had taken effect",
        "coordinator-crash@before": "the coordinator crashed{times} before {call} was sent",
        "coordinator-crash@after": "the coordinator crashed{times} after {call} had taken effect unseen",
        "no-effect": "{call} answered yes and changed nothing",
        "key-lost": "{call} was repeated under a new key",
        "poisoned": "the event for {call} became a dead letter",
    }
)

STRUCK_AS_EVENT: Mapping[str, str] = MappingProxyType(
    {
        "request-lost": "the event for {call} was lost{times}",
        "reply-lost": "the event that {call} had happened was lost{times}",
        "late": "the event for {call} was late{times}",
        "duplicate": "the event for {call} was delivered twice",
        "reordered": "the event for {call} was overtaken{times}",
    }
)
"""What is said otherwise in choreography: there are no commands and no answers."""


def _causes(scene: _Scene) -> str:
    """What went wrong before, each cause once, in the order in which it struck."""
    parts = [_cause(scene, *key, count) for key, count in _struck(scene).items()]
    return joined(parts) or "nothing went wrong, and yet"


def _struck(scene: _Scene) -> dict[tuple[str, str, bool, int], int]:
    """How often each kind of thing went wrong, by kind, step, action or undo, and instance."""
    counts: dict[tuple[str, str, bool, int], int] = {}
    for entry in scene.past:
        event = entry.event
        match event:
            case FaultStruck(fault, step, undo):
                kind, edge = kind_of(fault)
                service = scene.saga.step(step).service
                key = f"{kind}@{edge}" if f"{kind}@{edge}" in STRUCK else kind
                place = (kind, service, False) if kind == "outage" else (key, step, undo)
            case StepRefused(step, undo, _, reason) if reason != "refused":
                place = (f"refusal:{reason}", step, undo)
            case CancelRequested():
                place = ("cancelled", "saga", False)
            case DeadlinePassed():
                place = ("deadline", "saga", False)
            case _:
                continue
        counts[*place, entry.instance] = counts.get((*place, entry.instance), 0) + 1
    return counts


def _cause(scene: _Scene, kind: str, target: str, undo: bool, instance: int, count: int) -> str:
    told = f" in saga {instance}" if scene.saga.instances > 1 else ""
    if kind in ("cancelled", "deadline"):
        fault = next((it for it in scene.run.faults if (it.kind, it.instance) == (kind, instance)), None)
        when = f" {moment_in_words(fault.moment, '', past=True)}" if fault and fault.moment else ""
        return (
            f"{'the user cancelled the saga' if kind == 'cancelled' else 'the deadline passed'}{when}{told}"
        )
    if kind == "outage":
        return f"{target} was down{told}"
    call = call_of(target, undo)
    if kind.startswith("refusal:"):
        return f"{call} was refused{told} ({kind.removeprefix('refusal:')})"
    service = scene.saga.step(target).service
    words = STRUCK[kind] if scene.orchestrated else STRUCK_AS_EVENT.get(kind, STRUCK[kind])
    return words.format(call=call, service=service, times=counted(count)) + told


# ---------------------------------------------------------------- what it means, per harm


def _leak(scene: _Scene) -> str:
    says = f"the saga ended {scene.outcome}, and {scene.effect(max(scene.truth(scene.step), 1))}"
    return f"{_why_it_stands(scene)}; {says}"


def _why_it_stands(scene: _Scene) -> str:
    step, believed = scene.step, scene.belief_when_turning()
    undone = [
        entry.seq for kind in (UndoCommitted, NothingChanged) for entry in scene.all(kind, step, undo=True)
    ]
    landed = [entry.seq for entry in scene.all(StepCommitted, step)]
    if undone and landed and landed[-1] > undone[-1]:
        return f"{step} was undone while it was still under way, and took effect afterwards"
    if scene.has(UndoFailureSwallowed, step):
        tries = counted(scene.attempts(step, undo=True))
        return f"the undo of {step} failed{tries}, and the saga went on as if it had worked"
    if scene.has(UndoSkipped, step):
        return f"{_given_up(scene)}, and the undo of {step} was not attempted any more"
    if scene.has(UndoGivenUp, step):
        return f"the undo of {step} was given up, and nobody was told"
    if any(isinstance(e.event, NothingChanged) for e in scene.all(NothingChanged, step, undo=True)):
        return f"so {step} was never undone"
    if scene.has(UndoCommitted, step):
        return f"{step} took effect {len(landed)} times and was undone only once"
    if scene.outcome == "failed":
        return f"the saga gave up without undoing {step}"
    if scene.definition.compensation is None:
        return f"the saga turned back, and {step} has no compensation"
    if scene.orchestrated:
        return f"the saga believed {step} {_believed(believed)} and turned back without undoing it"
    if scene.has(EventLost, step):
        return f"nobody heard of {step}, and nobody asked to undo it"
    return f"{scene.definition.service} believed {step} {_believed(believed)}, and undid nothing"


def _believed(belief: str) -> str:
    return {"idle": "never begun", "running": "still running", "skipped": "never begun"}.get(belief, belief)


def _given_up(scene: _Scene) -> str:
    given_up = [entry.event.step for entry in scene.all(UndoGivenUp) if isinstance(entry.event, UndoGivenUp)]
    if not given_up:
        return "another undo failed"
    tries = scene.attempts(given_up[0], undo=True)
    return f"the undo of {joined(given_up)} was given up after {tries} attempt{'s' if tries != 1 else ''}"


def _missing(scene: _Scene) -> str:
    step = scene.step
    lacks = amounts(scene.definition.effects, -1, "is too much", "is missing")
    so = f"the saga ended completed, and {lacks or f'the effect of {step} is not there'}"
    if scene.has(SagaResumed):
        return f"the saga believed a late success although {step} was undone; {so}"
    if scene.has(UndoCommitted, step):
        return f"{step} was undone, and the saga went on all the same; {so}"
    if scene.has(DeadLettered, step):
        return f"nobody waited for {step}; {so}"
    if scene.has(NothingChanged, step, undo=False):
        return f"the saga believed {step} done; {so}"
    return f"the saga went on although it believed {step} {_believed(scene.belief(step))}; {so}"


def _double(scene: _Scene) -> str:
    times = scene.truth(scene.step)
    total = amounts(scene.definition.effects, times, "is there", "is gone")
    once = amounts(scene.definition.effects, 1, "is right", "is right")
    told = f"its effect is there{counted(times)}"
    return f"{_how_again(scene)}; {told}{f' ({total}; {once})' if total else ''}"


def _how_again(scene: _Scene) -> str:
    """What brought the effect about once more."""
    step, last = scene.step, scene.past[-1]
    first = scene.has(StepCommitted, step)
    own = next((entry for entry in reversed(scene.own) if isinstance(entry.event, StepCommitted)), last)
    cause = next((entry for entry in scene.own if entry.seq == own.because), None)
    guard = "" if scene.definition.safeguards.idempotent else f", because {step} does not recognise its key"
    if cause is not None and isinstance(cause.event, CopyLanded):
        copies = {"second": "the second copy", "abandoned": "the abandoned call"}
        copy = copies.get(cause.event.copy, "the late call")
        after = " after the saga had ended" if scene.has(SagaEnded) else ""
        return f"{copy} took effect as well{after}{guard}"
    heard = scene.has(CallTimedOut, step, undo=False) and first
    told = "nobody knew whether it had happened, and the retry" if heard else "the retry"
    return f"{told} took effect once more{guard}"


def _phantom(scene: _Scene) -> str:
    step = scene.step
    undos, commits = (len(list(scene.all(kind, step))) for kind in (UndoCommitted, StepCommitted))
    effects = {name: -amount for name, amount in scene.definition.undo_adds.items()}
    so = (
        amounts(effects, -1, "is too much", "is missing")
        or f"the effect of {step} is there {commits - undos} times"
    )
    if commits == 0:
        accepted = scene.definition.safeguards.undo_of_nothing
        return f"the undo of {step} took away what had never been there (undo_of_nothing: {accepted}); {so}"
    return f"{step} took effect{counted(commits) or ' once'} and was undone{counted(undos)}; {so}"


def _after_pivot(scene: _Scene) -> str:
    pivots = [it.name for it in scene.saga.steps if it.kind is Kind.PIVOT and scene.truth(it.name) > 0]
    beliefs = joined([f"{name} {_believed(_believed_then(scene, name))}" for name in pivots])
    return f"the saga believed {beliefs}, and undid {scene.step}; in truth {joined(pivots)} had committed"


def _believed_then(scene: _Scene, step: str) -> str:
    recorded = [
        e.event.belief for e in scene.all(OutcomeRecorded, step) if isinstance(e.event, OutcomeRecorded)
    ]
    return recorded[-1] if recorded else scene.belief(step)


def _wrong_order(scene: _Scene) -> str:
    builders = [it.name for it in scene.saga.steps if scene.step in it.builds_on and scene.truth(it.name) > 0]
    verb = "builds" if len(builders) == 1 else "build"
    return f"the undo of {scene.step} began while {joined(builders)}, which {verb} on it, still stood"


def _skipped(scene: _Scene) -> str:
    times = scene.truth(scene.step)
    so = f"; {scene.effect(times)}" if times > 0 else ""
    return f"{_given_up(scene)}, and the undo of {scene.step} was not attempted any more{so}"


def _false_outcome(scene: _Scene) -> str:
    pivots = [it.name for it in scene.saga.steps if it.kind is Kind.PIVOT and scene.truth(it.name) > 0]
    truth = f"{joined(pivots)} has committed" if pivots else f"{joined(scene.standing())} took effect"
    return f"the saga says that it {scene.outcome}, while in truth {truth}"


def _after_end(scene: _Scene) -> str:
    changes = scene.all((StepCommitted, UndoCommitted), scene.step)
    undone = isinstance(list(changes)[-1].event, UndoCommitted)
    call = call_of(scene.step, undone)
    change = scene.definition.undo_adds if undone else scene.definition.effects
    so = amounts(change, 1, "appears", "disappears") or "its effect changes"
    return (
        f"the saga had ended {scene.outcome} when {call} took effect at last; {so}, and nobody looks any more"
    )


def _stuck(scene: _Scene) -> str:
    standing = scene.standing()
    verb = "stands" if len(standing) == 1 else "stand"
    meanwhile = f"; meanwhile {joined(standing)} {verb}" if standing else ""
    return f"{_why_no_end(scene)}; no end is reached, and nobody is told{meanwhile}"


def _lost_in_words(scene: _Scene, lost: EventLost) -> str:
    if lost.word in ("start", "undo"):
        return f"the event that {lost.step} waits for never comes"
    return f"{scene.definition.service} never publishes {lost.event}"


def _why_no_end(scene: _Scene) -> str:
    step = scene.step
    if not scene.orchestrated:
        lost = [entry.event for entry in scene.own if isinstance(entry.event, EventLost)]
        dead = [
            entry.event.step for entry in scene.all(DeadLettered) if isinstance(entry.event, DeadLettered)
        ]
        if lost:
            return _lost_in_words(scene, lost[-1])
        if scene.has(UndoGivenUp, step):
            return f"the undo of {step} was given up"
        if scene.belief(step) == "undoing":
            return f"the undo of {step} is tried again and again, and cannot work"
        if dead:
            return f"{joined(dead)} will never begin, and {step} waits for it"
        if not scene.has(EventPublished, step):
            return f"{scene.definition.service} never published what became of {step}"
        return f"nobody reacts to what {step} published last"
    undo = scene.has(CommandSent, step, undo=True)
    reasons = [
        entry.event.reason
        for entry in scene.all(StepErred, step, undo=undo)
        if isinstance(entry.event, StepErred)
    ]
    why = f" ({reasons[-1]})" if reasons and reasons[-1] != "error" else ""
    return f"{call_of(step, undo)} is tried again and again, and cannot work{why}"


def _taken_back(scene: _Scene) -> str:
    """dirty-read and lost-update: the scene is the one who took the change back."""
    undone = list(scene.all(UndoCommitted)) or scene.past
    owner = getattr(undone[-1].event, "step", "")
    other = scene.definition
    common = [name for name in scene.saga.step(owner).effects if name in (*other.reads, *other.effects)]
    did = "read" if set(common) & set(other.reads) else "wrote"
    return (
        f"{scene.step} {did} {joined(common)} between {owner} of saga {scene.instance} and its undo; "
        "what it built on has been taken back"
    )


def _invariant(scene: _Scene) -> str:
    invariant = next(it for it in scene.saga.invariants if it.name == scene.step)
    values = {name: scene.saga.resources.get(name, 0) for name in names_in(invariant.expression)}
    for entry in scene.past:
        values.update((name, value) for name, value in entry.resources if name in values)
    when = _moment_of(scene, invariant.when)
    told = joined([f"{name} = {value}" for name, value in values.items()])
    return f"{when}, '{invariant.name}' ({invariant.expression}) does not hold: {told}"


def _moment_of(scene: _Scene, when: str) -> str:
    if when == "finally":
        return f"when the saga has ended {scene.outcome}"
    if not scene.past or len(scene.past) == 1:
        return "at the very start"
    changes = [e for e in scene.past if isinstance(e.event, StepCommitted | UndoCommitted)]
    if not changes:
        return "at the very start"
    happened, _, so = sentence(changes[-1].event, scene.saga).partition(": ")
    return f"when {happened} ({so})" if so else f"when {happened}"


_TOLD: Mapping[str, Callable[[_Scene], str]] = MappingProxyType(
    {
        "leak": _leak,
        "missing-effect": _missing,
        "double-effect": _double,
        "phantom-undo": _phantom,
        "undone-after-pivot": _after_pivot,
        "wrong-order": _wrong_order,
        "skipped-undo": _skipped,
        "false-outcome": _false_outcome,
        "effect-after-end": _after_end,
        "stuck": _stuck,
        "dirty-read": _taken_back,
        "lost-update": _taken_back,
        "invariant": _invariant,
    }
)
