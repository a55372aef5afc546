"""The failure matrix as an SVG that stands alone: words and signs, light and dark, nothing by colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import cast

from sagasim.explorer.squares import Grid, Square

WIDTH, HEIGHT, HEAD, STEP, PART = 92, 26, 44, 150, 60
MARGIN, TITLE = 16, 56
SIGN = 12
LONGEST_NAME = 20

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #171b22 }
.soft { fill: #525c6b } .strong { font-weight: 600 } .title { font-size: 18px; font-weight: 600 }
rect { fill: none; stroke: none } .ground { fill: #fff }
.harm { fill: #fdeae5; stroke: #ec4f27 } .odd { stroke-dasharray: 4 3 } .stuck { stroke-width: 3 }
.unreached { fill: #eef0f3 } path { fill: none; stroke: #525c6b; stroke-width: 1.8 }
.harm-sign { stroke: #c0401f } .holds-sign { stroke: #1d7a68 } line { stroke: #dde1e7 }
@media (prefers-color-scheme: dark) {
  text { fill: #e8eaee } .soft { fill: #a3acba } .ground { fill: #171a20 } line { stroke: #2b303a }
  .harm { fill: #3a201a; stroke: #c0401f } .unreached { fill: #22262e } .harm-sign { stroke: #ff8a66 }
  .holds-sign { stroke: #5af5d2 } path { stroke: #a3acba }
}
""".strip()


def svg_of(title: str, scope: str, grids: Sequence[tuple[str, Grid]]) -> str:
    """One matrix per coordination, one below the other."""
    widest = max(STEP + PART + WIDTH * len(grid.kinds) for _, grid in grids)
    width, y, body = widest + 2 * MARGIN, TITLE + MARGIN, []
    for coordination, grid in grids:
        body += [f'<g transform="translate({MARGIN} {y})">', *_grid(coordination, grid), "</g>"]
        y += HEAD + HEIGHT * (len(grid.rows) + len(_aside(grid)) + 1) + MARGIN
    said = f"{title}: failure matrix. {scope}"
    return "\n".join(
        (
            _opening(width, y, said),
            f"<title>{escape(said)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{width}" height="{y}"/>',
            _text(MARGIN, MARGIN + 14, title, "title"),
            _text(MARGIN, MARGIN + 36, scope, "soft"),
            *body,
            "</svg>\n",
        )
    )


def _opening(width: int, height: int, said: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(said)}">'


def _grid(coordination: str, grid: Grid) -> Iterator[str]:
    yield _text(0, 30, coordination, "strong")
    for place, kind in enumerate(grid.kinds):
        yield _text(STEP + PART + place * WIDTH + 4, 30, kind[:15], "soft")
    y = HEAD - 6
    for row in grid.rows:
        yield (
            f'<line x1="0" y1="{y}" x2="{STEP + PART + WIDTH * len(grid.kinds)}" y2="{y}"/>'
            if row.span
            else ""
        )
        if row.span:
            yield _text(0, y + 17, _cut(row.name), "strong")
        yield _text(STEP, y + 17, row.part, "soft")
        for place, it in enumerate(row.squares):
            yield from _square(STEP + PART + place * WIDTH, y, cast("Square", it))
        y += HEIGHT
    for heading, square in _aside(grid):
        yield _text(0, y + 17, _cut(heading, 2 * LONGEST_NAME), "soft")
        yield from _square(STEP + PART, y, square)
        y += HEIGHT


def _aside(grid: Grid) -> list[tuple[str, Square]]:
    outages = [(f"{it.heading}: outage", cast("Square", it.square)) for it in grid.outages]
    return outages + [(f"saga: {it.heading}", cast("Square", it.square)) for it in grid.saga]


def _square(x: int, y: int, square: Square) -> Iterator[str]:
    look = square.look
    yield f"<g><title>{escape(square.says)}</title>"
    if square.state in ("harm", "unreached"):
        size = f'x="{x + 1}" y="{y + 2}" width="{WIDTH - 4}" height="{HEIGHT - 4}" rx="4"'
        yield f'<rect class="{square.state} {look.tone}" {size}/>'
    if square.state in ("harm", "holds", "later"):
        sign = "harm-sign" if square.harm else "holds-sign"
        place = f"translate({x + 5} {y + 7}) scale({SIGN / 16})"
        yield f'<path class="{sign}" transform="{place}" d="{look.path}"/>'
        yield _text(x + 21, y + 17, look.word, "strong" if square.state == "harm" else "soft")
    else:
        yield _text(x + WIDTH // 2 - 4, y + 17, "–" if square.state == "absent" else "·", "soft")
    yield "</g>"


def _text(x: int, y: int, text: str, kind: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _cut(text: str, most: int = LONGEST_NAME) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
