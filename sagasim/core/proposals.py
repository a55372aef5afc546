"""What could repair a finding: changes to try, the most specific first. remedies.py finds out which one does.

Repair where the weak value is said: the safeguards of the finding's own step, of the steps that its faults
strike, their own rules, the engine's rules, then the other steps, rules that a step has not yet, retries, and
last what is missing in the design.
"""

from __future__ import annotations

from collections.abc import Iterator

from sagasim.core.changes import STEP_RULES, Edit, compensation_of, of_engine, of_step
from sagasim.core.engine import rules_of
from sagasim.core.exploration import Finding
from sagasim.core.expressions import names_in
from sagasim.core.saga import Coordination, Delivery, Kind, Saga, Step
from sagasim.core.switches import RULES, SAFEGUARDS, Switch


def proposals(saga: Saga, finding: Finding, kinds: tuple[str, ...]) -> Iterator[list[Edit]]:
    """The changes to try, in tiers: within a tier none is more specific than the others."""
    close, struck, far = _concerned(saga, finding)
    own_first = [*close, *struck]
    for steps in (close, struck):
        yield [edit for step in steps for edit in _safeguards(step, finding, kinds)]
    yield [edit for step in own_first for edit in _own_rules(step, finding)]
    yield list(_engine(saga, finding, kinds))
    yield list(_deliveries(saga, finding, own_first))
    yield [edit for step in far for edit in _safeguards(step, finding, kinds)]
    yield [edit for step in far for edit in _own_rules(step, finding)]
    yield [edit for step in own_first for edit in _rules_of_its_own(saga, step, finding)]
    yield [edit for step in (*own_first, *far) for edit in _retries(step)]
    yield [edit for step in (*own_first, *far) for edit in _design(saga, step, finding)]


def _concerned(saga: Saga, finding: Finding) -> tuple[list[Step], list[Step], list[Step]]:
    """The finding's own steps (an invariant has none), those that its faults strike, and the others."""
    targets = {fault.target for fault in finding.faults}
    close = [step for step in saga.steps if step.name == finding.step and finding.harm != "invariant"]
    if finding.harm in ("dirty-read", "lost-update"):  # the lock belongs to whoever wrote first
        touched = {name for step in close for name in (*step.effects, *step.reads)}
        close = [step for step in saga.steps if touched & set(step.effects)]
    struck = [step for step in saga.steps if {step.name, step.service} & targets and step not in close]
    far = [step for step in saga.steps if step not in close and step not in struck]
    if finding.harm == "invariant":
        names = _weighed(saga, finding.step)
        far.sort(key=lambda step: not names & set(step.effects))  # stable: those that it is about come first
    return close, struck, far


def _weighed(saga: Saga, invariant: str) -> set[str]:
    return {name for its in saga.invariants if its.name == invariant for name in names_in(its.expression)}


def _is_in_force(switch: Switch, finding: Finding, kinds: tuple[str, ...]) -> bool:
    asked = not switch.kinds or any(kind in kinds for kind in switch.kinds)
    return asked and finding.coordination in switch.coordinations and switch.may_cure(finding.harm)


def _safeguards(step: Step, finding: Finding, kinds: tuple[str, ...]) -> Iterator[Edit]:
    for switch in sorted(SAFEGUARDS, key=lambda safeguard: safeguard.rank(finding.harm)):
        if _is_in_force(switch, finding, kinds) and getattr(step.safeguards, switch.key) not in switch.sound:
            for value in switch.sound:
                yield of_step(step.name, "safeguards", value, switch.key)


def _own_rules(step: Step, finding: Finding) -> Iterator[Edit]:
    """Where a step has a rule of its own that could be the cause: a sound one, or the engine's."""
    for switch in RULES:
        if switch.key in STEP_RULES and switch.may_cure(finding.harm):
            own = getattr(step, switch.key)
            if own is not None:
                yield from (of_step(step.name, switch.key, value) for value in switch.sound if value != own)
                yield of_step(step.name, switch.key, None)


def _engine(saga: Saga, finding: Finding, kinds: tuple[str, ...]) -> Iterator[Edit]:
    rules = rules_of(saga)
    for switch in sorted(RULES, key=lambda rule: rule.rank(finding.harm)):
        current = getattr(rules, switch.key)
        if _is_in_force(switch, finding, kinds) and current != switch.sound[0]:
            better = switch.sound[: switch.sound.index(current)] if current in switch.sound else switch.sound
            yield from (of_engine(switch.key, value) for value in better)
            if current in switch.sound:
                yield from (
                    of_engine(switch.key, value) for value in switch.sound if value not in (*better, current)
                )


def _rules_of_its_own(saga: Saga, step: Step, finding: Finding) -> Iterator[Edit]:
    """A step may be treated better than the engine treats the others."""
    rules = rules_of(saga)
    for switch in RULES:
        if switch.key in STEP_RULES and switch.may_cure(finding.harm) and getattr(step, switch.key) is None:
            current = getattr(rules, switch.key)
            yield from (of_step(step.name, switch.key, value) for value in switch.sound if value != current)


def _deliveries(saga: Saga, finding: Finding, steps: list[Step]) -> Iterator[Edit]:
    """A broker that does not lose events."""
    if finding.coordination is Coordination.CHOREOGRAPHY:
        concerned = [step.service for step in steps]
        for service in sorted(saga.services, key=lambda its: its.name not in concerned):
            if service.delivery is Delivery.AT_MOST_ONCE:
                yield {"services": {service.name: {"delivery": Delivery.AT_LEAST_ONCE.value}}}


def _retries(step: Step) -> Iterator[Edit]:
    """Retries help against what passes; what lasts for ever outlasts every budget."""
    for key, retry, usual in (("retry", step.retry, 3), ("undo_retry", step.undo_retry, 5)):
        for attempts in dict.fromkeys((usual, 2 * usual)):
            if attempts > retry.attempts:
                yield of_step(step.name, key, attempts, "attempts")
    if set(step.retry.upon) != {"error", "unknown"}:
        yield of_step(step.name, "retry", ["error", "unknown"], "upon")


def _design(saga: Saga, step: Step, finding: Finding) -> Iterator[Edit]:
    """What is missing altogether: a compensation, or the events by which neighbours find each other."""
    undoable = step.kind is Kind.COMPENSATABLE and not step.irreversible
    if undoable and step.compensation is None and finding.harm in ("leak", "invariant"):
        yield compensation_of(step)
    if finding.coordination is Coordination.CHOREOGRAPHY:
        if step.compensates_on is not None:
            yield of_step(step.name, "compensates_on", None)
            heard = set(step.compensates_on)
            behind = (saga.step(name) for name in saga.step_names if step.name in saga.step(name).after)
            for other in behind:
                missing = [it for it in (other.publishes.refused, other.publishes.undone) if it not in heard]
                if missing:
                    yield of_step(step.name, "compensates_on", [*step.compensates_on, *missing])
        if step.starts_on is not None:
            yield of_step(step.name, "starts_on", None)
