"""What happened, told of one finding: the sentence that says why a property broke in this run.

Each sentence has three parts, all read from the history: what struck (causes.py), what the saga believed and did
about it, and what is true now (effectharms.py, courseharms.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sagasim.core import courseharms, effectharms
from sagasim.core.causes import causes
from sagasim.core.evidence import Evidence
from sagasim.core.execution import Run
from sagasim.core.harms import PROPERTIES, Harm
from sagasim.core.saga import Saga

_TOLD: Mapping[str, Callable[[Evidence], str]] = MappingProxyType(
    {
        "leak": effectharms.leak,
        "missing-effect": effectharms.missing_effect,
        "double-effect": effectharms.double_effect,
        "phantom-undo": effectharms.phantom_undo,
        "undone-after-pivot": courseharms.undone_after_pivot,
        "wrong-order": courseharms.wrong_order,
        "skipped-undo": courseharms.skipped_undo,
        "false-outcome": courseharms.false_outcome,
        "effect-after-end": effectharms.effect_after_end,
        "stuck": courseharms.stuck,
        "dirty-read": courseharms.taken_back,
        "lost-update": courseharms.taken_back,
        "invariant": courseharms.invariant,
    }
)
"""What the saga believed and did, and what is true now, per harm."""


def finding_in_words(run: Run, harm: str, step: str) -> str:
    """Why this property is broken in this run, as one sentence. A run that does not show it is said to."""
    seq = next((seq for found, seq in run.harms if found == Harm(harm, step)), None)
    if seq is None:
        return f"This run does not show how it breaks at {step} that {PROPERTIES[harm]}."
    evidence = Evidence(run, step, seq)
    return f"{_capital(causes(evidence), evidence.saga)}: {_TOLD[harm](evidence)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinding:
    """A property that a run broke, the entry that shows it, and why."""

    harm: str
    step: str
    seq: int
    sentence: str


def findings_of(it: Run) -> tuple[RunFinding, ...]:
    """What a run broke, in the order in which it did."""
    return tuple(
        RunFinding(harm=harm, step=step, seq=seq, sentence=finding_in_words(it, harm, step))
        for (harm, step), seq in it.harms
    )


def _capital(text: str, saga: Saga) -> str:
    """A sentence begins with a capital letter, unless it begins with somebody's name."""
    first = text.partition(" ")[0]
    is_name = any(first in (step.name, step.service) for step in saga.steps)
    return text if is_name else f"{text[:1].upper()}{text[1:]}"
