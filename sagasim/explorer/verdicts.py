"""The verdict on a draft while it is edited: any 1, then any 2 faults, in both coordinations, in slices.

A call works for a slice of time and tells what is known; who wants to know more calls again, who has edited
meanwhile does not. So several editors share one worker fairly, nothing needs to be cancelled, and a draft
leaves no trace but here: the worker goes on where it was if it still knows the text, else it begins anew and
says so. Nothing here is stored; what is stored of the same saga already is told at once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from time import monotonic
from typing import Any

from sagasim.core.codec import saga_from_text, saga_hash
from sagasim.core.errors import CoreError
from sagasim.core.inquiry import Inquiry
from sagasim.core.saga import Coordination, Saga
from sagasim.explorer.models import Exploration
from sagasim.explorer.questions import answer_to, question_of
from sagasim.explorer.telling import findings_told

LEVELS = (1, 2)
MOST_STATES, MOST_SECONDS = 200_000, 5.0
KEPT_OPEN, KEPT_STATES = 4, 300_000
"""So many drafts are kept half explored, with no more states than these together."""
KEPT_ANSWERS = 512

Answer = dict[str, Any]


def look(text: str, slice_s: float) -> Answer:
    """What is known of this draft after working on it for a slice.

    faults, done, exhaustive, scope, states, coordinations, findings as in consumers.py; `hash`, and `begun`:
    it was begun with this call. Or only `error`: the text is no saga, and why.
    """
    try:
        return _answer(text, monotonic() + slice_s)
    except CoreError as refused:
        return {"error": str(refused)}


def _answer(text: str, until: float) -> Answer:
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    draft = _open.pop(key, None)
    is_new = draft is None
    if draft is None:
        saga = saga_from_text(text)
        digest = saga_hash(saga)
        if digest in _answers:
            _answers.move_to_end(digest)
            return {**_answers[digest], "begun": False}
        stored = answer_to(question_of(digest, LEVELS[-1]))
        if stored is not None:
            _remember(digest, _as_told(stored))
            return {**_answers[digest], "begun": False}
        draft = _Draft(saga, digest)
    draft.work(until)
    answer = draft.told()
    if draft.is_over:
        _remember(draft.hash, answer)
    else:
        _open[key] = draft
        while len(_open) > 1 and (len(_open) > KEPT_OPEN or _kept_states() > KEPT_STATES):
            _open.popitem(last=False)
    return {**answer, "begun": is_new}


class _Draft:
    """One draft under way, from one level to the next."""

    def __init__(self, saga: Saga, digest: str) -> None:
        self.saga, self.hash = saga, digest
        self.spent = 0.0
        self.levels = list(LEVELS)
        self.known: Answer | None = None
        self.inquiry = self._next_level()

    def _next_level(self) -> Inquiry:
        return Inquiry(self.saga, faults=self.levels.pop(0), most_states=MOST_STATES)

    @property
    def is_over(self) -> bool:
        """Nothing more will be found out: all is explored, or a limit was met."""
        return (
            (self.inquiry.is_over and not self.levels) or self.spent >= MOST_SECONDS or self.inquiry.left <= 0
        )

    def work(self, until: float) -> None:
        """Goes on until then, to the end of a level, or to the limit; what is known is told in between."""
        began = monotonic()
        if self.inquiry.is_over and not self.is_over:
            self.inquiry = self._next_level()
        spent = self.spent
        while not self.inquiry.is_over and monotonic() < until and self.spent < MOST_SECONDS:
            self.inquiry.advance()
            self.spent = spent + monotonic() - began

    def told(self) -> Answer:
        """The verdict where a level is at its end; before that the findings of the level before."""
        if self.inquiry.is_exhaustive or self.is_over:
            self.known = self._verdict()
            return self.known
        standing = self.inquiry.progress()
        return {
            "hash": self.hash,
            "faults": self.inquiry.faults,
            "done": False,
            "exhaustive": False,
            "scope": f"exploring {_plans(self.inquiry.faults)}: {standing.states:,} states so far",
            "states": standing.states,
            "coordinations": {
                name.value: {"findings": it.findings, "states": it.states}
                for name, it in standing.coordinations.items()
            },
            "findings": self.known["findings"] if self.known else [],
        }

    def _verdict(self) -> Answer:
        verdict = self.inquiry.verdict(file=f"{self.saga.name}.yaml", seconds=0)
        explorations = {each.coordination: each for each in self.inquiry.explorations()}
        findings = []
        for told in verdict.findings:
            finding = explorations[Coordination(told.coordination)].found(told.harm, told.step)
            findings.append(
                {
                    "harm": told.harm,
                    "step": told.step,
                    "coordination": told.coordination,
                    "sentence": told.sentence,
                    "faults": list(told.faults),
                    "order": [str(moment) for moment in finding.order] if finding else [],
                }
            )
        if not verdict.exhaustive and self.known is not None:  # what fewer faults do was known to the end
            there = {(it["harm"], it["step"], it["coordination"]) for it in findings}
            findings += [
                it
                for it in self.known["findings"]
                if (it["harm"], it["step"], it["coordination"]) not in there
            ]
        return {
            "hash": self.hash,
            "faults": verdict.faults,
            "done": True,
            "exhaustive": verdict.exhaustive,
            "scope": verdict.scope,
            "states": verdict.states,
            "coordinations": {
                name: {"findings": count, "states": states}
                for name, (states, count) in verdict.coordinations.items()
            },
            "findings": findings,
        }


def _as_told(row: Exploration) -> Answer:
    """The same answer, where it is stored already: of the gallery, or of what was explored and then opened."""
    verdict = row.verdict or {}
    wanted = ("harm", "step", "coordination", "sentence", "faults", "order")
    return {
        "hash": row.hash,
        "faults": row.faults,
        "done": True,
        "exhaustive": row.exhaustive,
        "scope": row.more["scope"],
        "states": row.states,
        "coordinations": verdict["coordinations"],
        "findings": [{name: each[name] for name in wanted} for each in findings_told(row)],
    }


def _plans(faults: int) -> str:
    return "any 1 fault" if faults == 1 else f"any {faults} faults"


def _kept_states() -> int:
    return sum(draft.inquiry.progress().states for draft in _open.values())


def _remember(digest: str, answer: Answer) -> None:
    _answers[digest] = answer
    while len(_answers) > KEPT_ANSWERS:
        _answers.popitem(last=False)


_open: OrderedDict[str, _Draft] = OrderedDict()
_answers: OrderedDict[str, Answer] = OrderedDict()
