"""Findings as they are shown: grouped by harm, each with its faults in words, and the changes that repair them.

One change often repairs many findings; it is then offered once, with all that it does away with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sagasim.core.errors import CoreError
from sagasim.core.exploration import Finding
from sagasim.core.faults import parse_fault, parse_moment, parse_plan
from sagasim.core.harms import HARMS, PROPERTIES
from sagasim.core.phrases import fault_in_words
from sagasim.core.pytests import test_text
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import Fixed, ToldFinding, Verdict
from sagasim.explorer.looks import Look, look_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A fault as it is written, and in words."""

    text: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """A finding and what a person does about it.

    `turn` is the point of no return, and `turn_at_ms` when it passes; `hint` what is said where no single
    change repairs it; `adds` what the fix makes worse. What is not known yet is empty.
    """

    key: str
    harm: str
    step: str
    coordination: str
    sentence: str
    chips: tuple[Chip, ...]
    fix: Fixed | None
    command: str
    address: str
    turn: str = ""
    turn_at_ms: int | None = None
    hint: str = ""
    adds: tuple[str, ...] = ()
    pytest: str = ""

    @property
    def look(self) -> Look:
        return look_of(self.harm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All findings of one harm, and the property that they break."""

    harm: str
    must_hold: str
    look: Look
    findings: tuple[ShownFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change and the findings that it repairs. `key` is that of one of them: whoever applies it, names it."""

    text: str
    verified: bool
    key: str
    repairs: tuple[ShownFinding, ...]
    of: int

    @property
    def repairs_all(self) -> bool:
        return len(self.repairs) == self.of


def key_of(finding: ToldFinding) -> str:
    """What names a finding in an address: `orchestration:leak:charge`."""
    return f"{finding.coordination}:{finding.harm}:{finding.step}"


def shown(
    verdict: Verdict, saga: Saga, more: Mapping[str, Mapping[str, Any]], coordination: str = ""
) -> tuple[ShownFinding, ...]:
    """The findings of a coordination, or of all. `more` has, by key, what the verdict itself does not say."""
    return tuple(
        _shown(each, saga, more.get(key_of(each), {}))
        for each in verdict.findings
        if coordination in ("", each.coordination)
    )


def _shown(finding: ToldFinding, saga: Saga, more: Mapping[str, Any]) -> ShownFinding:
    turn, told_fix = more.get("point_of_no_return"), more.get("fix")
    fix: Mapping[str, Any] = told_fix if isinstance(told_fix, Mapping) else {}
    known: Mapping[str, Any] = turn if isinstance(turn, Mapping) else {}
    at_ms = known.get("at_ms")
    return ShownFinding(
        key=key_of(finding),
        harm=finding.harm,
        step=finding.step,
        coordination=finding.coordination,
        sentence=finding.sentence,
        chips=chips(finding.faults, saga),
        fix=finding.fix,
        command=finding.replay,
        address=urlencode({"finding": key_of(finding)}),
        turn=str(known.get("sentence", "")),
        turn_at_ms=at_ms if isinstance(at_ms, int) else None,
        hint=str(more.get("hint") or ""),
        adds=_harms(fix.get("adds", ())),
        pytest=_test_of(finding, saga, more),
    )


def _test_of(told: ToldFinding, saga: Saga, more: Mapping[str, Any]) -> str:
    """The finding as a test; nothing where its plan does not fit the saga any more."""
    try:
        finding = Finding(
            harm=told.harm,
            step=told.step,
            coordination=Coordination(told.coordination),
            faults=parse_plan(told.faults, saga),
            order=tuple(parse_moment(text, saga) for text in more.get("order", ())),
        )
    except CoreError:
        return ""
    return test_text(saga, finding)


def _harms(told: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(f"{each['harm']} at {each['step']}" for each in told)


def chips(faults: Iterable[str], saga: Saga) -> tuple[Chip, ...]:
    """The faults of a plan, each in words; a fault that the saga no longer knows stands for itself."""
    return tuple(Chip(text=text, words=_words(text, saga)) for text in faults)


def _words(text: str, saga: Saga) -> str:
    try:
        return fault_in_words(parse_fault(text, saga), saga)
    except CoreError:
        return text


def groups(findings: Sequence[ShownFinding]) -> tuple[Group, ...]:
    """By harm, in the order of the contract."""
    return tuple(
        Group(harm=harm, must_hold=PROPERTIES[harm], look=look_of(harm), findings=its)
        for harm in HARMS
        if (its := tuple(each for each in findings if each.harm == harm))
    )


def changes(findings: Sequence[ShownFinding]) -> tuple[Change, ...]:
    """Each change that repairs something, the one that repairs most first."""
    by_change: dict[tuple[str, bool], list[ShownFinding]] = {}
    for each in findings:
        if each.fix is not None:
            by_change.setdefault((each.fix.change, each.fix.verified), []).append(each)
    told = [
        Change(text=text, verified=verified, key=its[0].key, repairs=tuple(its), of=len(findings))
        for (text, verified), its in by_change.items()
    ]
    return tuple(sorted(told, key=lambda it: (-len(it.repairs), it.text)))
