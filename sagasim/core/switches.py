"""The switches of a saga and its engine: which value is sound, and which harm it holds back.

model.md says what each safeguard and each rule does; these two tables say what rests on it. They decide what
is tried to repair a finding, and in which order; that a switch really holds something back is always shown by
exploring, never believed from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sagasim.core.saga import Coordination

ORCHESTRATION = (Coordination.ORCHESTRATION,)
CHOREOGRAPHY = (Coordination.CHOREOGRAPHY,)
BOTH = (*ORCHESTRATION, *CHOREOGRAPHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A safeguard or a rule: which values are sound (the best first), which are weak, and what it holds back.

    holds_back     the harms that can appear where the value is weak, the most typical first; a user's
                   invariant may rest on any switch
    coordinations  where it is in force
    kinds          it matters only where one of these faults is explored; empty: always
    """

    key: str
    sound: tuple[bool | str, ...]
    weak: tuple[bool | str, ...]
    holds_back: tuple[str, ...]
    coordinations: tuple[Coordination, ...] = BOTH
    kinds: tuple[str, ...] = ()

    def may_cure(self, harm: str) -> bool:
        return harm == "invariant" or harm in self.holds_back

    def rank(self, harm: str) -> int:
        """How much the harm is this switch's own business: `holds_back` begins with that."""
        return self.holds_back.index(harm) if harm in self.holds_back else 0


SAFEGUARDS: tuple[Switch, ...] = (
    Switch(
        key="idempotent",
        sound=(True,),
        weak=(False,),
        holds_back=("double-effect", "phantom-undo", "leak", "effect-after-end", "undone-after-pivot"),
    ),
    Switch(
        key="tombstone",
        sound=(True,),
        weak=(False,),
        holds_back=("leak", "effect-after-end", "double-effect", "undone-after-pivot"),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="undo_of_nothing",
        sound=("accept",),
        weak=("apply", "reject"),
        holds_back=("phantom-undo", "skipped-undo", "stuck", "leak", "effect-after-end", "missing-effect"),
    ),
    Switch(
        key="sticky_refusal",
        sound=(True,),
        weak=(False,),
        holds_back=("leak", "effect-after-end", "stuck", "undone-after-pivot"),
    ),
    Switch(
        key="intent_log",
        sound=(True,),
        weak=(False,),
        holds_back=("leak", "effect-after-end", "double-effect", "undone-after-pivot"),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="outbox",
        sound=(True,),
        weak=(False,),
        holds_back=("stuck", "leak", "missing-effect"),
        coordinations=CHOREOGRAPHY,
    ),
    Switch(
        key="dead_letter_alarm",
        sound=(True,),
        weak=(False,),
        holds_back=("stuck", "leak"),
        coordinations=CHOREOGRAPHY,
    ),
    Switch(
        key="semantic_lock",
        sound=("fail", "wait"),
        weak=("none",),
        holds_back=("dirty-read", "lost-update"),
    ),
    Switch(
        key="natural_key",
        sound=(True,),
        weak=(False,),
        holds_back=("double-effect", "phantom-undo", "leak", "effect-after-end"),
        kinds=("key-lost",),
    ),
)

_UNDONE_TOO_LITTLE = ("leak", "effect-after-end", "false-outcome", "missing-effect")

RULES: tuple[Switch, ...] = (
    Switch(
        key="compensates",
        sound=("unknown", "attempted"),
        weak=("completed", "all"),
        holds_back=(*_UNDONE_TOO_LITTLE, "phantom-undo", "skipped-undo", "stuck"),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="on_undo_failure",
        sound=("park", "retry"),
        weak=("stop", "swallow"),
        holds_back=("skipped-undo", "stuck", "wrong-order", *_UNDONE_TOO_LITTLE),
    ),
    Switch(
        key="errors_are",
        sound=("unknown",),
        weak=("failed",),
        holds_back=_UNDONE_TOO_LITTLE,
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="belief",
        sound=("join",),
        weak=("last",),
        holds_back=_UNDONE_TOO_LITTLE,
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="pivot_unknown",
        sound=("resolve",),
        weak=("compensate", "continue"),
        holds_back=("undone-after-pivot", "wrong-order", *_UNDONE_TOO_LITTLE),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="on_unknown",
        sound=("compensate", "retry"),
        weak=("abandon", "continue"),
        holds_back=(*_UNDONE_TOO_LITTLE, "undone-after-pivot"),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="on_error",
        sound=("compensate", "retry"),
        weak=("abandon", "continue"),
        holds_back=(*_UNDONE_TOO_LITTLE, "undone-after-pivot", "stuck"),
    ),
    Switch(
        key="on_refusal",
        sound=("compensate",),
        weak=("abandon", "continue", "retry"),
        holds_back=(*_UNDONE_TOO_LITTLE, "undone-after-pivot", "stuck"),
    ),
    Switch(
        key="on_cancel",
        sound=("compensate",),
        weak=("abandon", "ignore"),
        holds_back=_UNDONE_TOO_LITTLE,
        kinds=("cancelled",),
    ),
    Switch(
        key="on_deadline",
        sound=("compensate",),
        weak=("abandon", "ignore"),
        holds_back=(*_UNDONE_TOO_LITTLE, "stuck"),
    ),
    Switch(
        key="on_sibling_failure",
        sound=("wait",),
        weak=("abandon",),
        holds_back=(*_UNDONE_TOO_LITTLE, "double-effect", "undone-after-pivot"),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="order",
        sound=("reverse",),
        weak=("reverse-start", "parallel"),
        holds_back=("wrong-order",),
        coordinations=ORCHESTRATION,
    ),
    Switch(
        key="on_recover",
        sound=("resend",),
        weak=("compensate", "wait"),
        holds_back=(*_UNDONE_TOO_LITTLE, "undone-after-pivot"),
        coordinations=ORCHESTRATION,
        kinds=("coordinator-crash",),
    ),
    Switch(
        key="on_stray_reply",
        sound=("ignore",),
        weak=("advance", "resurrect"),
        holds_back=(*_UNDONE_TOO_LITTLE, "wrong-order", "undone-after-pivot", "double-effect"),
        coordinations=ORCHESTRATION,
    ),
)
