"""How the cost grows: states and seconds against steps (2 to 20) and faults (1 to 4), and the plot of it.

Sagas in a row, in both coordinations. A curve ends where an exploration would need more states than
MOST_STATES; the table says so. The plot is docs/performance-growth.svg, drawn by hand: two logarithmic scales
and eight lines need no library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from math import log10
from pathlib import Path
from typing import NamedTuple

from benchmarks._measuring import Row, cpu_seconds, line_of, machine, report, undisturbed
from sagasim.core.exploration import Exploration, explore
from sagasim.core.saga import Coordination

PLOT = Path(__file__).parent.parent / "docs" / "performance-growth.svg"
STEPS = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
FAULTS = (1, 2, 3, 4)
MOST_STATES = 60_000


class Point(NamedTuple):
    """One exploration to its end."""

    steps: int
    states: int
    seconds: float


Curves = dict[tuple[Coordination, int], list[Point]]


def main() -> None:
    with undisturbed():
        curves = {(c, faults): curve(c, faults) for c in Coordination for faults in FAULTS}
    rows: list[Row] = []
    for (coordination, faults), points in curves.items():
        row: Row = {"coordination": str(coordination), "faults": faults}
        row |= {f"{steps} steps": "-" for steps in STEPS}
        row |= {f"{point.steps} steps": f"{point.states:,} {point.seconds:.2g}s" for point in points}
        rows.append(row)
    report("growth", rows)
    print(f'"-": more than {MOST_STATES:,} states')
    PLOT.write_text(drawn(curves))
    print(f"plot: {PLOT.relative_to(PLOT.parent.parent)}")


def curve(coordination: Coordination, faults: int) -> list[Point]:
    points: list[Point] = []
    for steps in STEPS:
        found: list[Exploration] = []
        saga = line_of(steps)
        seconds = cpu_seconds(
            lambda saga=saga, found=found: found.append(  # type: ignore[misc]
                explore(saga, coordination, faults, most_states=MOST_STATES)
            )
        )
        if not found[0].exhaustive:
            break
        points.append(Point(steps, found[0].states, seconds))
    return points


# the plot

WIDTH, HEIGHT, LEFT, TOP, GAP = 900, 400, 60, 60, 90
PANEL = (WIDTH - LEFT - GAP - 20) / 2
FLOOR = HEIGHT - 50
COLOURS = ("#4c78a8", "#59a14f", "#e08214", "#c23b4b")


def drawn(curves: Curves) -> str:
    """Two panels, states and seconds, on logarithmic scales; a broken line is choreography."""
    here = machine()
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'font-family="system-ui, sans-serif" font-size="12">'
        ),
        "<title>States and seconds against steps and faults</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 22, f"{here['cpu']}, {here['cores']} cores, {here['python']}", "start"),
        *_panel(LEFT, "states", curves, lambda point: float(point.states), 1, 5),
        *_panel(LEFT + PANEL + GAP, "CPU seconds", curves, lambda point: point.seconds, -3, 2),
        *_legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(
    left: float,
    title: str,
    curves: Curves,
    value: Callable[[Point], float],
    lowest: int,
    highest: int,
) -> Iterator[str]:
    def x(steps: int) -> float:
        return left + PANEL * (steps - STEPS[0]) / (STEPS[-1] - STEPS[0])

    def y(number: float) -> float:
        share = (log10(max(number, 10.0**lowest)) - lowest) / (highest - lowest)
        return FLOOR - (FLOOR - TOP) * share

    yield _text(left, TOP - 12, title, "start")
    for power in range(lowest, highest + 1):
        at = y(10.0**power)
        yield f'<line x1="{left}" x2="{left + PANEL:.0f}" y1="{at:.1f}" y2="{at:.1f}" stroke="#dddddd"/>'
        yield _text(left - 6, at + 4, f"{10**power:,}" if power >= 0 else f"{10.0**power:g}", "end")
    for steps in STEPS:
        yield _text(x(steps), FLOOR + 18, str(steps), "middle")
    yield _text(left + PANEL / 2, FLOOR + 36, "steps", "middle")
    for (coordination, faults), points in curves.items():
        colour = COLOURS[faults - 1]
        dashes = ' stroke-dasharray="5 4"' if coordination is Coordination.CHOREOGRAPHY else ""
        places = " ".join(f"{x(point.steps):.1f},{y(value(point)):.1f}" for point in points)
        yield f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'


def _legend() -> Iterator[str]:
    for place, faults in enumerate(FAULTS):
        left = 380 + 80 * place
        colour = COLOURS[faults - 1]
        yield f'<line x1="{left}" x2="{left + 22}" y1="18" y2="18" stroke="{colour}" stroke-width="2"/>'
        yield _text(left + 28, 22, f"{faults} fault{'s' if faults > 1 else ''}", "start")
    yield _text(720, 22, "broken line: choreography", "start")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333333">{escape(text)}</text>'


if __name__ == "__main__":
    main()
