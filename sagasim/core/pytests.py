"""A finding as a test: text for pytest that fails as long as the saga file has the finding, and passes after it.

The test stands on `sagasim.testing` and on the saga file alone. It asks twice: what these very faults do, and
whether any other plan with as few of them does the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from types import MappingProxyType

from sagasim.core.execution import run
from sagasim.core.exploration import Finding
from sagasim.core.faults import UNASKED, text_of
from sagasim.core.postmortem import finding_in_words
from sagasim.core.saga import Saga

HOLDS: Mapping[str, str] = MappingProxyType(
    {
        "leak": "leaves nothing behind",
        "missing-effect": "is there when the saga completes",
        "double-effect": "takes effect once",
        "phantom-undo": "is undone only where it was done",
        "undone-after-pivot": "is not undone after the pivot",
        "wrong-order": "is undone after what builds on it",
        "skipped-undo": "has its undo attempted",
        "false-outcome": "tells the truth about its end",
        "effect-after-end": "changes nothing after the end",
        "stuck": "does not hang",
        "dirty-read": "reads nothing that is taken back",
        "lost-update": "overwrites nothing that is taken back",
        "invariant": "holds",
    }
)
"""What a test says of a step (or of an invariant) that a finding denies."""

WIDTH = 96
NUMBERS = ("no", "one", "two", "three", "four")
"""Explorations go no further."""


def test_text(saga: Saga, finding: Finding, file: str = "") -> str:  # noqa: PT028  # it writes tests
    """The text of a test module. `file` is where the saga file is, seen from the test: beside it, by default."""
    name = file or f"{saga.name}.yaml"
    harm, step = _literal(finding.harm), _literal(finding.step)
    coordination = _literal(finding.coordination.value)
    slug = _slug(f"{finding.step} {HOLDS[finding.harm]}")
    lines = [
        f'"""{saga.name}: found by sagasim."""',
        "",
        "from pathlib import Path",
        "",
        "from sagasim.testing import explore, replay, why",
        "",
        f"SAGA = Path(__file__).parent / {_literal(name)}",
        "",
        "",
        f"def test_{slug}():",
        *(f"    {line}" for line in _remark(_why(saga, finding))),
        *_call("run", "replay", f"SAGA, {coordination}", _replayed(finding)),
        f"    assert not run.shows({harm}, {step}), why(run, {harm}, {step})",
        "",
        "",
        f"def test_{slug}_{_slug(_however(len(finding.faults)))}():",
        *_call("known", "explore", f"SAGA, {coordination}", _explored(finding)),
        "    assert known.exhaustive",
        f"    found = known.found({harm}, {step})",
        "    assert found is None, [str(fault) for fault in found.faults]",
        "",
    ]
    return "\n".join(lines)


test_text.__test__ = False  # type: ignore[attr-defined]  # and pytest shall not take it for one


def _however(faults: int) -> str:
    if faults == 0:
        return "without any fault"
    number = NUMBERS[faults] if faults < len(NUMBERS) else str(faults)
    return f"whatever {number} {'fault does' if faults == 1 else 'faults do'}"


def _why(saga: Saga, finding: Finding) -> str:
    shown = run(saga, finding.coordination, finding.faults, order=finding.order)
    return finding_in_words(shown, finding.harm, finding.step)


def _replayed(finding: Finding) -> dict[str, Iterable[str]]:
    said: dict[str, Iterable[str]] = {"faults": text_of(finding.faults)}
    if finding.order:
        said["order"] = [str(moment) for moment in finding.order]
    return said


def _explored(finding: Finding) -> dict[str, Iterable[str] | int]:
    said: dict[str, Iterable[str] | int] = {"faults": len(finding.faults)}
    kinds = list(dict.fromkeys(fault.kind for fault in finding.faults))
    if set(kinds) & set(UNASKED):  # not explored unless they are asked for
        said["kinds"] = kinds
    return said


def _call(result: str, function: str, first: str, said: Mapping[str, Iterable[str] | int]) -> Iterator[str]:
    """The call on one line where it fits, else one line for each argument."""
    told = {key: _value(value) for key, value in said.items()}
    line = f"    {result} = {function}({', '.join([first, *(f'{key}={it}' for key, it in told.items())])})"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"    {result} = {function}("
    for part in (first, *(f"{key}={it}" for key, it in told.items())):
        yield f"        {part},"
    yield "    )"


def _value(value: Iterable[str] | int) -> str:
    return str(value) if isinstance(value, int) else f"[{', '.join(map(_literal, value))}]"


def _literal(text: str) -> str:
    """The text as Python writes it, in double quotes where that needs nothing escaped."""
    plain = repr(text)
    inner = plain[1:-1]
    return f'"{inner}"' if plain.startswith("'") and not set(inner) & set("\"'\\") else plain


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "it"


def _remark(text: str) -> list[str]:
    """The text as comment lines. What is not printable could end a comment, and is left out."""
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return [f"# {line}" for line in wrap(plain, WIDTH - 6, break_long_words=False, break_on_hyphens=False)]
