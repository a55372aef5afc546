"""What the composer is told about a draft: what it means, what is wrong, and what could be written in it.

A draft is a text that may not be a saga yet. As far as it can be read as plain data it has `data`, as written:
no default is filled in. Everything here is a function of the text; nothing is looked up or kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode

from sagasim.composer.eventmap import event_map
from sagasim.composer.telling import sentence
from sagasim.core.changes import Edit, apply_fix, told
from sagasim.core.codec import edited_text, saga_from_data, saga_hash, saga_to_data
from sagasim.core.document import MOST_DEPTH, Document, read_document
from sagasim.core.engine import PRESETS, RULE_NAMES, Rules, rules_of
from sagasim.core.errors import BadSaga
from sagasim.core.faults import text_of
from sagasim.core.lint import Problem, check
from sagasim.core.problems import RULES
from sagasim.core.saga import Saga

REMEMBERED = 64
"""Answers; a saga that is undone and redone, or that several people look at, is checked once."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, and what it means as far as it means something.

    `document` is None where the text is not even plain data; `refusal` says why there is no `saga`.
    """

    text: str
    document: Document | None = None
    saga: Saga | None = None
    refusal: BadSaga | None = None

    @property
    def data(self) -> Any:
        return self.document.data if self.document else None

    def line_of(self, path: str) -> int | None:
        return self.document.line_of(path) if self.document else None


def read_draft(text: str) -> Draft:
    """The draft of a text, whatever the text is."""
    document: Document | None = None
    try:
        document = read_document(text)
        return Draft(text, document, saga_from_data(document.data))
    except BadSaga as bad:
        line = bad.line or (document.line_of(bad.path) if document else None)
        return Draft(text, document, refusal=BadSaga(bad.sentence, path=bad.path, line=line))


def redrawn(text: str, data: object) -> Draft:
    """The draft whose text follows data that somebody has changed; comments stay. Raises BadSaga."""
    if not isinstance(data, dict):
        raise BadSaga("the data of a saga is a mapping of keys to values")
    _refuse_depth(data, 0)
    return read_draft(edited_text(text, cast("dict[str, Any]", data), as_written=True))


def repaired(text: str, edit: object) -> Draft:
    """The draft after an edit that the lint or the explorer has offered. Raises BadSaga."""
    draft = read_draft(text)
    if draft.saga is None:
        raise cast("BadSaga", draft.refusal)
    if not isinstance(edit, Mapping):
        raise BadSaga("an edit is a mapping of keys to new values")
    _refuse_depth(edit, 0)
    changed = apply_fix(draft.saga, _shaped(draft.saga, cast("Edit", edit)))
    return read_draft(edited_text(text, saga_to_data(changed)))


def _shaped(saga: Saga, edit: Edit) -> Edit:
    """The edit, once a saga file could say the same: apply_fix trusts the values that it is handed."""
    data = saga_to_data(saga)
    steps = edit.get("steps", {})
    if isinstance(steps, Mapping):
        data["steps"] = [_merged(step, steps.get(step["name"], {})) for step in data["steps"]]
    saga_from_data(
        {
            **data,
            **_merged(data, {key: it for key, it in edit.items() if key != "steps"}),
            "steps": data["steps"],
        }
    )
    return edit


def _merged(old: dict[str, Any], new: object) -> dict[str, Any]:
    """Key by key, and one level further down; `None` takes a key away."""
    if not isinstance(new, Mapping):
        raise BadSaga("an edit names keys and their new values")
    merged = dict(old)
    for key, it in new.items():
        if it is None:
            merged.pop(key, None)
        elif isinstance(it, Mapping) and isinstance(old.get(key, {}), dict):
            merged[key] = _merged(old.get(key, {}), it)
        else:
            merged[key] = it
    return merged


def _refuse_depth(value: object, depth: int) -> None:
    """What comes as JSON may be nested deeper than any text that we would read."""
    if depth > MOST_DEPTH:
        raise BadSaga(f"it is nested more than {MOST_DEPTH} deep; a saga needs 6")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        _refuse_depth(each, depth + 1)


# ---------------------------------------------------------------- the answer


def answer(draft: Draft, run_address: str = "") -> dict[str, Any]:
    """All that the composer shows beside a draft that is a saga. `run_address`: where a run of it starts."""
    assert draft.saga is not None
    said = _said(draft.saga)
    problems = [
        {**each, "line": _line(draft, str(each["step"])), "show_url": _show_url(each, run_address)}
        for each in said["problems"]
    ]
    return {"text": draft.text, "data": draft.data, **said, "problems": problems}


def refusal(draft: Draft) -> dict[str, Any]:
    """The same beside a draft that is none: why, and what the other views can still follow."""
    assert draft.refusal is not None
    return {**told_refusal(draft.refusal), "text": draft.text, "data": _mapping(draft.data)}


def told_refusal(bad: BadSaga) -> dict[str, Any]:
    return {"detail": sentence(bad.sentence), "path": bad.path, "line": bad.line}


def _mapping(data: object) -> Any:
    return data if isinstance(data, dict) else None


@lru_cache(maxsize=REMEMBERED)
def _said(saga: Saga) -> dict[str, Any]:
    return {
        "hash": saga_hash(saga),
        "problems": [_problem(each, saga) for each in check(saga)],
        "services": _services(saga),
        "resources": [{"name": it, "initial": saga.resources.get(it, 0)} for it in saga.resource_names()],
        "events": event_map(saga),
        "engine": engine_told(saga),
    }


def forget() -> None:
    """Takes away what is remembered, for whoever measures."""
    _said.cache_clear()


def problems_of(saga: Saga) -> list[dict[str, Any]]:
    """Every problem as plain data."""
    found: list[dict[str, Any]] = _said(saga)["problems"]
    return found


def _problem(found: Problem, saga: Saga) -> dict[str, Any]:
    begins_with_name = found.sentence.partition(" ")[0].rstrip(",") in saga.step_names
    return {
        "rule": found.rule,
        "says": RULES[found.rule],
        "severity": found.severity,
        "step": found.step,
        "sentence": f"{found.sentence}." if begins_with_name else sentence(found.sentence),
        "fix": found.fix,
        "fix_text": told(found.fix) if found.fix is not None else None,
        "proof": list(text_of(found.proof)) if found.proof is not None else None,
        "coordination": found.coordination,
        "harm": found.harm.harm if found.harm else None,
    }


def _line(draft: Draft, step: str) -> int | None:
    """Where the step of a problem stands in the text."""
    assert draft.saga is not None
    return (
        draft.line_of(f"steps[{draft.saga.step_names.index(step)}]")
        if step in draft.saga.step_names
        else None
    )


def _show_url(problem: Mapping[str, Any], address: str) -> str | None:
    if problem["proof"] is None or not address:
        return None
    query = [("fault", fault) for fault in problem["proof"]]
    return f"{address}?{urlencode([*query, ('coordination', problem['coordination'])])}"


def _services(saga: Saga) -> list[dict[str, Any]]:
    """Every participant: its steps, and whether the file says more about it than its name."""
    declared = {service.name for service in saga.services}
    names = dict.fromkeys(step.service for step in saga.steps)
    return [
        {
            "name": name,
            "steps": [step.name for step in saga.steps if step.service == name],
            "declared": name in declared,
        }
        for name in names
    ]


def engine_told(saga: Saga) -> dict[str, Any]:
    """Each rule, its value, and who says so: the preset, the file (here), or the default."""
    rules, preset = rules_of(saga), PRESETS[saga.engine.preset]
    return {
        "preset": preset.name,
        "rules": {
            rule: {
                "value": getattr(rules, rule),
                "from": "here"
                if rule in saga.engine.overrides
                else "preset"
                if rule in preset.differs
                else "default",
            }
            for rule in RULE_NAMES
        },
        "presets": presets_told(),
        "sources": {name: it.source for name, it in PRESETS.items()},
    }


def presets_told() -> dict[str, dict[str, object]]:
    """Every preset with all its rules, those of the default filled in."""
    return {name: {**asdict(Rules()), **it.differs} for name, it in PRESETS.items()}
