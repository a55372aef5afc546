"""How a verdict looks: the short word and the sign of each harm, and how the kinds of fault stand in groups.

A word fits into a cell of the matrix and a sign stands beside it, so that nothing is told by colour alone. The
full property is harms.py's; the colours are css/tokens.css's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Look:
    """`tone`: how bad it is, as a name for CSS; `path` draws the sign in a box of 16."""

    word: str
    tone: str
    path: str


HOLDS = Look("holds", "holds", "M3 8.6 6.4 12 13 4.6")
UNREACHED = Look("not reached", "unreached", "M4 8h8")

LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "leak": Look(
            "leak", "grave", "M8 2.2C5.6 5.6 4.2 7.6 4.2 9.7a3.8 3.8 0 0 0 7.6 0C11.8 7.6 10.4 5.6 8 2.2z"
        ),
        "missing-effect": Look(
            "missing", "grave", "M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6zM3.6 12.4l8.8-8.8"
        ),
        "double-effect": Look("double", "grave", "M2.8 3h7.4v7.4H2.8zM5.8 13.2h7.4V5.8"),
        "phantom-undo": Look(
            "phantom",
            "grave",
            "M12.6 12.8V8a4.6 4.6 0 0 0-9.2 0v4.8l2.3-1.6L8 12.8l2.3-1.6zM6.4 7.4v.1m3.2-.1v.1",
        ),
        "undone-after-pivot": Look("undone", "grave", "M13 3v10M10.5 8h-7M6.5 5 3.5 8l3 3"),
        "effect-after-end": Look("after end", "grave", "M4 3v10M6.5 8h6m-3-3 3 3-3 3"),
        "false-outcome": Look("false", "grave", "M3 6h10M3 10h10M10.8 3 5.2 13"),
        "stuck": Look("stuck", "stuck", "M8 2.8v6.4m0 3.6v.1"),
        "invariant": Look("invariant", "grave", "M8 2.4 14.2 13H1.8zM8 6.4v3m0 1.9v.1"),
        "lost-update": Look("lost", "odd", "M2.5 6h8M7.5 3l3 3-3 3M13.5 10.5h-6"),
        "dirty-read": Look("dirty", "odd", "M1.8 8S4 4 8 4s6.2 4 6.2 4-2.2 4-6.2 4-6.2-4-6.2-4zM3 13 13 3"),
        "wrong-order": Look("order", "odd", "M5 13V3M2.5 5.5 5 3l2.5 2.5M11 3v10M8.5 10.5 11 13l2.5-2.5"),
        "skipped-undo": Look(
            "skipped", "odd", "M2.5 10a5.5 5.5 0 0 1 11 0M13.7 6.5 13.5 10l-3.3-1M8 12.5v.1"
        ),
    }
)

KIND_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "answers no": ("refused", "error", "error-after"),
        "nobody knows": ("request-lost", "reply-lost", "late", "crash", "coordinator-crash"),
        "delivered wrong": ("duplicate", "reordered", "poisoned"),
        "on request": ("no-effect", "key-lost"),
    }
)
"""The kinds that strike a call, by what the caller learns; a column each."""


def look_of(harm: str) -> Look:
    """The look of a cell: of the worst that follows, or of nothing."""
    return LOOKS[harm] if harm else HOLDS
