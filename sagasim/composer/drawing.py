"""The design of a saga as a diagram: Mermaid and SVG. Steps from left to right, as they wait for one another.

No run and no fault is in it; those are drawn in core/diagrams.py. The SVG stands alone: it says in words what it
shows, names in it are text, and it follows the reader's light or dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from sagasim.core.saga import Kind, Saga, Step

WIDE, HIGH, GAP_X, GAP_Y, EDGE, TOP = 184, 84, 56, 24, 24, 64
LETTERS = 22
LETTERS_IN_ALL = 26
SIGNS = {Kind.COMPENSATABLE: "↶", Kind.PIVOT: "◆", Kind.RETRIABLE: "↻", Kind.READ: "○"}

# ---------------------------------------------------------------- Mermaid

_SHAPES = {
    Kind.COMPENSATABLE: ('["', '"]'),
    Kind.PIVOT: ('{{"', '"}}'),
    Kind.RETRIABLE: ('(["', '"])'),
    Kind.READ: ('>"', '"]'),
}


def mermaid_of(saga: Saga) -> str:
    """A Mermaid `flowchart`; a compensation is a line of its step's box."""
    number = {name: f"s{place}" for place, name in enumerate(saga.step_names)}
    lines = ["flowchart LR", f"  %% {_for_mermaid(_described(saga))}"]
    for step in saga.steps:
        opened, closed = _SHAPES[step.kind]
        undo = f"<br/>undo: {_for_mermaid(step.compensation)}" if step.compensation else ""
        told = f"{step.name}<br/>{_for_mermaid(step.service)}, {step.kind}{undo}"
        lines.append(f"  {number[step.name]}{opened}{told}{closed}")
    lines += [f"  {number[before]} --> {number[step.name]}" for step in saga.steps for before in step.after]
    return "\n".join(lines) + "\n"


def _for_mermaid(text: str) -> str:
    """Mermaid takes quotes, `;`, `#` and brackets for syntax."""
    return re.sub(r"[^\w .,:?!'/=+*-]", lambda sign: f"#{ord(sign.group())};", " ".join(text.split()))


# ---------------------------------------------------------------- SVG

_STYLE = """
  .paper { fill: #ffffff } .ink { fill: #171b22 } .soft { fill: #525c6b }
  .box { fill: #f7f8fa; stroke: #6b7482; stroke-width: 1.5 } .pivot { stroke-width: 3.5 }
  .retriable { stroke-dasharray: 9 3 } .read { stroke-dasharray: 2 3 }
  .way { fill: none; stroke: #525c6b; stroke-width: 1.5 } .tip { fill: #525c6b }
  .name { font-weight: 600; font-size: 14px } .title { font-weight: 600; font-size: 18px }
  .undo { fill: #5b3603 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0f1115 } .ink { fill: #e8eaee } .soft { fill: #a3acba }
    .box { fill: #171a20; stroke: #8b94a3 } .way { stroke: #a3acba } .tip { fill: #a3acba }
    .undo { fill: #e1a536 }
  }
"""
_ROOT = 'role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="12"'


def svg_of(saga: Saga) -> str:
    """An SVG document that can be read alone."""
    at = _places(saga)
    width = 2 * EDGE + WIDE + max(x for x, _ in at.values())
    height = TOP + EDGE + HIGH + max(y for _, y in at.values())
    size = f'width="{width}" height="{height}"'
    title = saga.title or saga.name
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} {_ROOT}>',
            f'<title id="title">{_text(title)}</title>',
            f'<desc id="desc">{_text(_described(saga))}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<text class="ink title" x="{EDGE}" y="38">{_text(_short(title, width // 10))}</text>',
            *(
                line
                for step in saga.steps
                for before in step.after
                for line in _way(at[before], at[step.name])
            ),
            *(line for step in saga.steps for line in _box(step, at[step.name])),
            "</svg>",
            "",
        )
    )


def _places(saga: Saga) -> dict[str, tuple[int, int]]:
    """A column for each step, behind all that it waits for; within a column, the order of the file."""
    column: dict[str, int] = {}
    waiting = list(saga.steps)
    while waiting:
        ready = [step for step in waiting if all(name in column for name in step.after)]
        for step in ready:
            column[step.name] = 1 + max((column[name] for name in step.after), default=-1)
        waiting = [step for step in waiting if step.name not in column]
    rows: dict[int, int] = {}
    at: dict[str, tuple[int, int]] = {}
    for name in saga.step_names:
        row = rows[column[name]] = rows.get(column[name], -1) + 1
        at[name] = (column[name] * (WIDE + GAP_X), row * (HIGH + GAP_Y))
    return at


def _box(step: Step, at: tuple[int, int]) -> Iterator[str]:
    x, y = EDGE + at[0], TOP + at[1]
    yield f"<g><title>{_text(_told(step))}</title>"
    yield f'<rect class="box {step.kind}" x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="8"/>'
    yield f'<text class="ink name" x="{x + 12}" y="{y + 26}">{_text(_short(step.name, LETTERS))}</text>'
    kind = f"{SIGNS[step.kind]} {step.service}"
    yield f'<text class="soft" x="{x + 12}" y="{y + 46}">{_text(_short(kind, LETTERS_IN_ALL))}</text>'
    last = f"undo: {step.compensation}" if step.compensation else str(step.kind)
    css = "undo" if step.compensation else "soft"
    yield f'<text class="{css}" x="{x + 12}" y="{y + 66}">{_text(_short(last, LETTERS_IN_ALL))}</text></g>'


def _way(start: tuple[int, int], end: tuple[int, int]) -> Iterator[str]:
    x, y = EDGE + start[0] + WIDE, TOP + start[1] + HIGH // 2
    to_x, to_y = EDGE + end[0] - 8, TOP + end[1] + HIGH // 2
    bend = max(GAP_X // 2, (to_x - x) // 2)
    yield f'<path class="way" d="M{x},{y} C{x + bend},{y} {to_x - bend},{to_y} {to_x},{to_y}"/>'
    yield f'<path class="tip" d="M{to_x + 8},{to_y} l-9,-5 v10 z"/>'


def _described(saga: Saga) -> str:
    return f"{len(saga.steps)} steps: {'; '.join(_told(step) for step in saga.steps)}."


def _told(step: Step) -> str:
    after = f" after {', '.join(step.after)}" if step.after else " first"
    undo = f", undone by {step.compensation}" if step.compensation else ""
    return f"{step.name} of {step.service} ({step.kind}){after}{undo}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(text: str) -> str:
    """Escaped, and without what XML cannot carry."""
    return escape("".join(sign if sign.isprintable() else "�" for sign in text))


DRAWINGS: Final = {
    "mermaid": (mermaid_of, "text/vnd.mermaid; charset=utf-8"),
    "svg": (svg_of, "image/svg+xml"),
}
"""What draws a saga, and what comes of it."""
