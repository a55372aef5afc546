"""The sequence diagram of a run as Mermaid and as SVG.

The SVG stands alone: text is text, names are escaped, it says in words what it shows, and it follows the
reader's light or dark. An undo is dashed, a lost message stops half way, an unknown has a dotted border.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from textwrap import wrap

from sagasim.core.execution import Run
from sagasim.core.sequence import Arrow, Note, Sequence, sequence_of

# ---------------------------------------------------------------- Mermaid


def mermaid_of(run: Run) -> str:
    """A Mermaid `sequenceDiagram`."""
    sequence = sequence_of(run)
    alias = {name: f"p{number}" for number, name in enumerate(sequence.participants)}
    lines = ["sequenceDiagram", f"  %% {_for_mermaid(sequence.description)}"]
    lines += [f"  participant {alias[name]} as {_for_mermaid(name)}" for name in sequence.participants]
    everybody = ",".join((alias[sequence.participants[0]], alias[sequence.participants[-1]]))
    for item in sequence.items:
        at = f"{item.at_ms} ms"
        if isinstance(item, Arrow):
            head = _head(item)
            text = f"{_for_mermaid(item.label)}{_fate(item)} ({at})"
            lines.append(f"  {alias[item.sender]}{head}{alias[item.receiver]}: {text}")
        else:
            over = alias.get(item.at, everybody)
            mark = "? " if item.tone == "unknown" else "! " if item.tone in ("fault", "broken") else ""
            lines.append(f"  Note over {over}: {mark}{_for_mermaid(item.text)} ({at})")
    return "\n".join(lines) + "\n"


def _head(arrow: Arrow) -> str:
    line = "--" if arrow.undo else "-"
    return f"{line}x" if arrow.fate == "lost" else f"{line})" if arrow.fate == "late" else f"{line}>>"


def _fate(arrow: Arrow) -> str:
    return {"lost": " is lost", "late": " is late"}.get(arrow.fate, "")


def _for_mermaid(text: str) -> str:
    """Mermaid takes `;` and `#` for syntax, and some words for keywords at the end of a line."""
    return re.sub(r"[^\w .,:?!'()/=+*-]", lambda sign: f"#{ord(sign.group())};", " ".join(text.split()))


# ---------------------------------------------------------------- SVG

LEFT, LANE, TOP, ROW, LINE = 76, 208, 92, 30, 15
NOTE_LETTERS = 27
WIDE_LETTERS = 60

_ROOT = 'role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="12"'
_STYLE = """
  .title { font-size: 15px; font-weight: 600 } .wire { stroke-width: 1.5 } .middle { text-anchor: middle }
  .paper { fill: #ffffff } .ink { fill: #1a1d21 } .quiet { fill: #5c6570 } .lane { stroke: #b4bcc6 }
  .box { fill: #eef2f7; stroke: #7c8794 } .wire { stroke: #004491; fill: none } .tip { fill: #004491 }
  .undo .wire { stroke: #5b3603; stroke-dasharray: 6 4 } .undo .tip { fill: #5b3603 }
  .cross { stroke: #b3341a; fill: none }
  .plain rect { fill: #f4f6f8; stroke: #8a93a0 } .effect rect { fill: #dcf2ec; stroke: #1b7c69 }
  .undone rect { fill: #f6ecdd; stroke: #5b3603; stroke-dasharray: 6 3 }
  .unknown rect { fill: #eee9f6; stroke: #6f50a3; stroke-dasharray: 2 3 }
  .fault rect { fill: #fdeee9; stroke: #b3341a } .broken rect { fill: #b3341a; stroke: #7c1f0c }
  .broken text { fill: #ffffff } .end rect { fill: #1a1d21; stroke: #1a1d21 } .end text { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14171a } .ink { fill: #e8ecf0 } .quiet { fill: #a4adb8 } .lane { stroke: #4b5560 }
    .box { fill: #232a31; stroke: #7c8794 } .wire { stroke: #7ea3e6 } .tip { fill: #7ea3e6 }
    .undo .wire { stroke: #e1a536 } .undo .tip { fill: #e1a536 } .cross { stroke: #ff7a5c }
    .plain rect { fill: #232a31; stroke: #7a7a7a } .effect rect { fill: #12392f; stroke: #5af5d2 }
    .undone rect { fill: #3a2c12; stroke: #e1a536 } .unknown rect { fill: #2f2742; stroke: #c5aaf7 }
    .fault rect { fill: #43201a; stroke: #ff7a5c } .end rect { fill: #e8ecf0; stroke: #e8ecf0 }
    .end text { fill: #14171a }
  }
"""


def svg_of(run: Run) -> str:
    """An SVG document that can be read alone."""
    sequence = sequence_of(run)
    places = {name: LEFT + LANE // 2 + LANE * number for number, name in enumerate(sequence.participants)}
    width = LEFT + LANE * len(places) + 20
    body, height = _body(sequence, places)
    lanes = [
        f'<line class="lane" x1="{x}" y1="{TOP - 12}" x2="{x}" y2="{height - 14}"/>' for x in places.values()
    ]
    heads = [line for name, x in places.items() for line in _participant(name, x)]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_ROOT}>',
            f'<title id="title">{_text(sequence.title)}</title>',
            f'<desc id="desc">{_text(sequence.description)}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<text class="ink title" x="12" y="24">{_text(sequence.title)}</text>',
            *lanes,
            *heads,
            *body,
            "</svg>",
            "",
        )
    )


def _text(text: str) -> str:
    """Escaped, and without what XML cannot carry."""
    return escape("".join(sign if sign.isprintable() else "\ufffd" for sign in text))


def _participant(name: str, x: int) -> Iterator[str]:
    short = name if len(name) <= NOTE_LETTERS - 4 else f"{name[: NOTE_LETTERS - 5]}\u2026"
    yield f'<rect class="box" x="{x - LANE // 2 + 8}" y="44" width="{LANE - 16}" height="28" rx="5"/>'
    yield f'<text class="ink" x="{x}" y="63" text-anchor="middle" font-weight="600">{_text(short)}</text>'


def _body(sequence: Sequence, places: dict[str, int]) -> tuple[list[str], int]:
    """Everything that happens, from the top down, with the time at its left; and how high that is."""
    y, shown = TOP + 6, -1
    drawn: list[str] = []
    for item in sequence.items:
        if item.at_ms != shown:
            y += 8
            drawn.append(
                f'<text class="quiet" x="{LEFT - 14}" y="{y + 13}" text-anchor="end">{item.at_ms:,} ms</text>'
            )
            shown = item.at_ms
        lines, size = _arrow(item, places, y) if isinstance(item, Arrow) else _note(item, places, y)
        drawn.extend(lines)
        y += size
    return drawn, y + 28


def _arrow(arrow: Arrow, places: dict[str, int], y: int) -> tuple[list[str], int]:
    start, end = places[arrow.sender], places[arrow.receiver]
    label = f"{arrow.label}{_fate(arrow)}"
    if start == end:  # a service that reacts to its own event, or to a redelivery
        return _loop(arrow, label, start, y), ROW + 8
    forward = 1 if end > start else -1
    stop = end if arrow.fate == "arrives" else start + (end - start) // 2
    line, middle = y + 20, (start + stop) // 2
    anchor = "middle" if len(label) * 6 < abs(stop - start) else "start" if forward > 0 else "end"
    x = middle if anchor == "middle" else start + 6 * forward
    drawn = [
        f'<g class="{"undo" if arrow.undo else "call"}">',
        f'<text class="ink" x="{x}" y="{y + 14}" text-anchor="{anchor}">{_text(label)}</text>',
        f'<line class="wire" x1="{start}" y1="{line}" x2="{stop - 6 * forward}" y2="{line}"/>',
        _tip(arrow, stop, line, forward),
        "</g>",
    ]
    return drawn, ROW


def _tip(arrow: Arrow, x: int, y: int, forward: int) -> str:
    if arrow.fate == "lost":
        return f'<path class="cross" d="M{x - 5} {y - 5}l10 10m0 -10l-10 10" stroke-width="2.5"/>'
    if arrow.fate == "late":
        return f'<circle class="wire" cx="{x}" cy="{y}" r="4"/>'
    back = -8 * forward
    return f'<path class="tip" d="M{x} {y}l{back} -4v8z"/>'


def _loop(arrow: Arrow, label: str, x: int, y: int) -> list[str]:
    return [
        f'<g class="{"undo" if arrow.undo else "call"}">',
        f'<path class="wire" d="M{x} {y + 10}h26v14h-18"/>',
        f'<path class="tip" d="M{x} {y + 24}l8 -4v8z"/>',
        f'<text class="ink" x="{x + 32}" y="{y + 21}">{_text(label)}</text>',
        "</g>",
    ]


def _note(note: Note, places: dict[str, int], y: int) -> tuple[list[str], int]:
    here = places.get(note.at)
    mark = "? " if note.tone == "unknown" else "! " if note.tone in ("fault", "broken") else ""
    first, last = min(places.values()), max(places.values())
    room = (last - first + LANE - 16) // 7
    lines = wrap(f"{mark}{note.text}", NOTE_LETTERS if here is not None else min(WIDE_LETTERS * 2, room)) or [
        ""
    ]
    width = LANE - 16 if here is not None else last - first + LANE - 16
    x = here if here is not None else (first + last) // 2
    height = LINE * len(lines) + 8
    drawn = [
        f'<g class="{note.tone}">',
        f'<rect x="{x - width // 2}" y="{y + 2}" width="{width}" height="{height}" rx="4"/>',
        *(
            f'<text class="ink middle" x="{x}" y="{y + 15 + LINE * number}">{_text(line)}</text>'
            for number, line in enumerate(lines)
        ),
        "</g>",
    ]
    return drawn, height + 6
