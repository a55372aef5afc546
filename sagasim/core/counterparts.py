"""Which steps of two versions of a saga are the same, though one may have another name by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sagasim.core.phrases import are, joined
from sagasim.core.saga import Saga, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparts:
    """Which steps of two versions are the same: by name, or renamed; and which only one of them has."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    only_one: tuple[str, ...] = ()
    only_other: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What changed between the versions, where anything did."""
        parts = [f"{old} is now called {new}" for old, new in self.renamed.items()]
        if self.only_one:
            parts.append(f"{joined(self.only_one)} {are(len(self.only_one))} gone")
        if self.only_other:
            parts.append(f"{joined(self.only_other)} {are(len(self.only_other))} new")
        return f"{'; '.join(parts)}." if parts else ""


def counterparts_of(one: Saga, other: Saga) -> Counterparts:
    """Steps with one name are the same; of the others those that do the same, where only one pair can be meant."""
    gone = [step for step in one.steps if step.name not in other.step_names]
    new = [step for step in other.steps if step.name not in one.step_names]
    renamed: dict[str, str] = {}
    for step in gone:
        same = [it for it in new if _do_the_same(step, it)]
        if len(same) == 1 and sum(_do_the_same(it, same[0]) for it in gone) == 1:
            renamed[step.name] = same[0].name
    return Counterparts(
        renamed=renamed,
        only_one=tuple(step.name for step in gone if step.name not in renamed),
        only_other=tuple(step.name for step in new if step.name not in renamed.values()),
    )


def _do_the_same(one: Step, other: Step) -> bool:
    """Whether two steps differ in their names alone. An action that is called as its step says nothing."""
    if (one.service, one.kind, one.compensation) != (other.service, other.kind, other.compensation):
        return False
    return one.action in (other.action, one.name) or other.action == other.name
