"""Why an effect is there that should not be, or not there that should: one function per harm.

Each says what the saga believed and did about it, and then what is true now.
"""

from __future__ import annotations

from sagasim.core.evidence import Evidence, believed_as
from sagasim.core.history import (
    CallTimedOut,
    CopyLanded,
    DeadLettered,
    EventLost,
    NothingChanged,
    SagaEnded,
    SagaResumed,
    StepCommitted,
    UndoCommitted,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.phrases import amounts, call_of, counted


def leak(evidence: Evidence) -> str:
    says = f"the saga ended {evidence.outcome}, and {evidence.effect(max(evidence.truth(evidence.step), 1))}"
    return f"{_why_it_stands(evidence)}; {says}"


def _why_it_stands(evidence: Evidence) -> str:
    step, believed = evidence.step, evidence.belief_when_turning()
    undone = [
        entry.seq for kind in (UndoCommitted, NothingChanged) for entry in evidence.all(kind, step, undo=True)
    ]
    landed = [entry.seq for entry in evidence.all(StepCommitted, step)]
    if undone and landed and landed[-1] > undone[-1]:
        return f"{step} was undone while it was still under way, and took effect afterwards"
    if evidence.has(UndoFailureSwallowed, step):
        tries = counted(evidence.attempts(step, undo=True))
        return f"the undo of {step} failed{tries}, and the saga went on as if it had worked"
    if evidence.has(UndoSkipped, step):
        return f"{evidence.undo_given_up()}, and the undo of {step} was not attempted any more"
    if evidence.has(UndoGivenUp, step):
        return f"the undo of {step} was given up, and nobody was told"
    if evidence.has(NothingChanged, step, undo=True):
        return f"so {step} was never undone"
    if evidence.has(UndoCommitted, step):
        return f"{step} took effect {len(landed)} times and was undone only once"
    if evidence.outcome == "failed":
        return f"the saga gave up without undoing {step}"
    if evidence.definition.compensation is None:
        return f"the saga turned back, and {step} has no compensation"
    if evidence.orchestrated:
        return f"the saga believed {step} {believed_as(believed)} and turned back without undoing it"
    if evidence.has(EventLost, step):
        return f"nobody heard of {step}, and nobody asked to undo it"
    return f"{evidence.definition.service} believed {step} {believed_as(believed)}, and undid nothing"


def missing_effect(evidence: Evidence) -> str:
    step = evidence.step
    lacks = amounts(evidence.definition.effects, -1, "is too much", "is missing")
    so = f"the saga ended completed, and {lacks or f'the effect of {step} is not there'}"
    if evidence.has(SagaResumed):
        return f"the saga believed a late success although {step} was undone; {so}"
    if evidence.has(UndoCommitted, step):
        return f"{step} was undone, and the saga went on all the same; {so}"
    if evidence.has(DeadLettered, step):
        return f"nobody waited for {step}; {so}"
    if evidence.has(NothingChanged, step, undo=False):
        return f"the saga believed {step} done; {so}"
    return f"the saga went on although it believed {step} {believed_as(evidence.belief(step))}; {so}"


def double_effect(evidence: Evidence) -> str:
    times = evidence.truth(evidence.step)
    total = amounts(evidence.definition.effects, times, "is there", "is gone")
    once = amounts(evidence.definition.effects, 1, "is right", "is right")
    told = f"its effect is there{counted(times)}"
    return f"{_how_again(evidence)}; {told}{f' ({total}; {once})' if total else ''}"


def _how_again(evidence: Evidence) -> str:
    """What brought the effect about once more."""
    step, last = evidence.step, evidence.past[-1]
    first = evidence.has(StepCommitted, step)
    own = next((entry for entry in reversed(evidence.own) if isinstance(entry.event, StepCommitted)), last)
    cause = next((entry for entry in evidence.own if entry.seq == own.because), None)
    guard = (
        "" if evidence.definition.safeguards.idempotent else f", because {step} does not recognise its key"
    )
    if cause is not None and isinstance(cause.event, CopyLanded):
        copies = {"second": "the second copy", "abandoned": "the abandoned call"}
        copy = copies.get(cause.event.copy, "the late call")
        after = " after the saga had ended" if evidence.has(SagaEnded) else ""
        return f"{copy} took effect as well{after}{guard}"
    heard = evidence.has(CallTimedOut, step, undo=False) and first
    told = "nobody knew whether it had happened, and the retry" if heard else "the retry"
    return f"{told} took effect once more{guard}"


def phantom_undo(evidence: Evidence) -> str:
    step = evidence.step
    undos, commits = (len(list(evidence.all(kind, step))) for kind in (UndoCommitted, StepCommitted))
    effects = {name: -amount for name, amount in evidence.definition.undo_adds.items()}
    so = (
        amounts(effects, -1, "is too much", "is missing")
        or f"the effect of {step} is there {commits - undos} times"
    )
    if commits == 0:
        accepted = evidence.definition.safeguards.undo_of_nothing
        return f"the undo of {step} took away what had never been there (undo_of_nothing: {accepted}); {so}"
    return f"{step} took effect{counted(commits) or ' once'} and was undone{counted(undos)}; {so}"


def effect_after_end(evidence: Evidence) -> str:
    *_, last = evidence.all((StepCommitted, UndoCommitted), evidence.step)
    undone = isinstance(last.event, UndoCommitted)
    call = call_of(evidence.step, undone)
    change = evidence.definition.undo_adds if undone else evidence.definition.effects
    so = amounts(change, 1, "appears", "disappears") or "its effect changes"
    return f"the saga had ended {evidence.outcome} when {call} took effect at last; {so}, and nobody looks any more"
