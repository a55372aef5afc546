"""The one change that repairs a finding, verified by exploring again.

Changes are tried the most specific first (proposals.py). One that still shows the harm when the finding's own
plan is run again is dropped at once; the others are explored, as far as the harm stays away. A change that
makes something else worse is offered only where no other helps. What the design declares as broken (`given`)
is no switch: `hint` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sagasim.core.blueprint import blueprint
from sagasim.core.changes import Edit, apply_fix, told
from sagasim.core.exploration import Exploration, Finding
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.harms import Harm
from sagasim.core.loads import Load, load_bearing
from sagasim.core.proposals import proposals
from sagasim.core.saga import Coordination, Saga
from sagasim.core.switches import RULES, SAFEGUARDS, Switch
from sagasim.core.trials import Trial, shows

__all__ = ["RULES", "SAFEGUARDS", "Fix", "Load", "Remedies", "Switch", "apply_fix", "fix_for", "load_bearing"]

MOST_STATES = 60_000
"""How many worlds all verifications of one `Remedies` may expand together."""
MOST_TRIALS = 12
"""How many changes are explored for one finding."""
MOST_PER_TRIAL = 40_000
"""No single change may use up what the others need."""
PORTION = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One change and what becomes of the saga with it.

    change    as people write it: `safeguards of charge: outbox: true`; `edit` the same as part of a saga file
    verified  explored to the end, and the harm stays away; False: it stays away as far as the limit allowed
    saga      the changed saga
    cures     what was found before and is no longer (known where `verified`)
    remains   what is found still
    adds      what is found now and was not before, or took more faults: only where no change does without
    """

    change: str
    verified: bool
    saga: Saga
    edit: Edit
    cures: tuple[Harm, ...] = ()
    remains: tuple[Harm, ...] = ()
    adds: tuple[Harm, ...] = ()


def fix_for(
    saga: Saga,
    finding: Finding,
    *,
    faults: int,
    kinds: Iterable[str] = EXPLORED_KINDS,
    most_states: int = MOST_STATES,
) -> Fix | None:
    """The fix of one finding; for several, `Remedies` explores each change only once."""
    return Remedies(saga, faults, kinds=kinds, most_states=most_states).fix(finding)


class Remedies:
    """The fixes of one saga's findings, at up to `faults` faults of these kinds.

    `known` are explorations that were done anyway; what is known already is not explored again. All
    verifications share what they find, and together expand at most `most_states` worlds. `watch` is called
    before each portion of them; what it raises ends the search for a fix.
    """

    def __init__(
        self,
        saga: Saga,
        faults: int,
        *,
        kinds: Iterable[str] = EXPLORED_KINDS,
        most_states: int = MOST_STATES,
        known: Iterable[Exploration] = (),
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        self.saga, self.faults, self.kinds = saga, faults, tuple(kinds)
        self.left = most_states
        self._watch = watch
        self._known = {
            each.coordination: {Harm(it.harm, it.step): len(it.faults) for it in each.findings}
            for each in known
        }
        self._trials: dict[tuple[Coordination, str], Trial] = {}

    def fix(self, finding: Finding) -> Fix | None:
        """The most specific change with which this finding is gone and nothing else is worse.

        Where there is none, the one with which it is gone and that repairs more than it makes worse. Where
        there is neither, None.
        """
        mixed: list[Trial] = []
        undecided: list[Trial] = []
        for tier in self._promising(finding):
            cured = []
            for trial in tier:
                verdict = self._verdict(trial, finding)
                if verdict == "cured":
                    cured.append(trial)
                elif verdict == "worse":
                    mixed.append(trial)
                elif verdict == "undecided":
                    undecided.append(trial)
                if cured and not cured[-1].harms:
                    break
            if cured:
                return self._told(min(cured, key=lambda trial: len(trial.harms)), finding)
        better = [trial for trial in mixed if self._is_better(trial, finding)]
        if better:
            return self._told(min(better, key=lambda trial: len(trial.harms)), finding)
        return self._told(undecided[0], finding) if undecided else None

    def _promising(self, finding: Finding) -> Iterator[list[Trial]]:
        """Per tier, the changes with which the finding's own plan does no harm; only so many in all."""
        tried = 0
        for tier in proposals(self.saga, finding, self.kinds):
            trials = (self._trial(finding.coordination, edit) for edit in tier)
            promising = [trial for trial in trials if trial is not None and not trial.shows(finding)]
            yield promising[: MOST_TRIALS - tried]
            tried += len(promising)
            if tried >= MOST_TRIALS:
                return

    def hint(self, finding: Finding) -> str:
        """Why no single change repairs a finding, in one sentence where that is known; else empty.

        Either the design itself is declared as broken (`given`), or there is more than one cause.
        """
        for text in self.saga.given:
            repaired = replace(self.saga, given=tuple(other for other in self.saga.given if other != text))
            if not shows(blueprint(repaired, finding.coordination), finding):
                return (
                    "It comes from what the design declares as broken: "
                    f"repair it, and take {text} out of `given`."
                )
        for tier in self._promising(finding):
            for trial in tier:
                if (finding.harm, finding.step) in trial.harms:
                    return (
                        f"There is more than one cause: with `{told(trial.edit)}` these faults do no harm, "
                        "but others still do."
                    )
        return ""

    def _trial(self, coordination: Coordination, edit: Edit) -> Trial | None:
        """The changed saga; None where the change changes nothing."""
        key = (coordination, told(edit))
        if key not in self._trials:
            saga = apply_fix(self.saga, edit)
            if saga == self.saga:
                return None
            self._trials[key] = Trial(edit, blueprint(saga, coordination), self.faults, self.kinds)
        return self._trials[key]

    def _verdict(
        self, trial: Trial, finding: Finding, *, to_the_end: bool = False
    ) -> Literal["cured", "worse", "fails", "undecided"]:
        """Explores as far as it takes to know."""
        before = self._before(finding.coordination)
        while True:
            if (finding.harm, finding.step) in trial.harms:
                return "fails"
            if trial.worse_than(before) and (trial.done or not to_the_end):
                return "worse"
            if trial.done:
                return "cured"
            if self.left <= 0 or trial.expanded >= MOST_PER_TRIAL:
                return "undecided"
            self._advance(trial)

    def _is_better(self, trial: Trial, finding: Finding) -> bool:
        before = self._before(finding.coordination)
        if self._verdict(trial, finding, to_the_end=True) != "worse":
            return False
        return len(trial.worse_than(before)) < len(trial.cured_of(before))

    def _before(self, coordination: Coordination) -> Mapping[Harm, int]:
        if coordination not in self._known:
            trial = Trial({}, blueprint(self.saga, coordination), self.faults, self.kinds)
            while not trial.done and self.left > 0:
                self._advance(trial)
            self._known[coordination] = dict(trial.harms)
        return self._known[coordination]

    def _advance(self, trial: Trial) -> None:
        self._watch()
        self.left -= trial.advance(min(PORTION, self.left))

    def _told(self, trial: Trial, finding: Finding) -> Fix:
        before = self._before(finding.coordination)
        return Fix(
            change=told(trial.edit),
            verified=trial.done,
            saga=trial.bp.saga,
            edit=trial.edit,
            cures=trial.cured_of(before) if trial.done else (),
            remains=tuple(harm for harm in trial.harms if harm in before),
            adds=trial.worse_than(before),
        )
