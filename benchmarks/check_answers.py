"""What one edit in the composer costs the server: the whole answer of /sagas/check, as a function of text and data.

The worst gallery saga of each size, and long sagas made for this. *text*: somebody typed. *data*: somebody
changed the drawing, so that the text has to follow. Nothing is remembered between two answers.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks._measuring import Row, cpu_seconds, report, undisturbed
from sagasim.composer import checking
from sagasim.composer.gallery import pairs
from sagasim.core.codec import saga_from_data, saga_to_yaml

LONG = (40, 100, 200)


def main() -> None:
    texts = [exhibit.text for pair in pairs() for exhibit in pair] + [long_saga(steps) for steps in LONG]
    worst: dict[int, Row] = {}
    with undisturbed():
        for text in texts:
            row = measured(text)
            steps = int(str(row["steps"]))
            if steps not in worst or float(str(row["data, ms"])) > float(str(worst[steps]["data, ms"])):
                worst[steps] = row
    report("check_answers", [worst[steps] for steps in sorted(worst)])


def measured(text: str) -> Row:
    draft = checking.read_draft(text)
    changed = {**draft.data, "deadline_ms": 77_777}
    steps = len(draft.saga.steps) if draft.saga else 0
    return {
        "steps": steps,
        "problems": len(checking.answer(draft)["problems"]),
        "text, ms": ms(lambda: checking.answer(checking.read_draft(text))),
        "data, ms": ms(lambda: checking.answer(checking.redrawn(text, changed))),
    }


def ms(answer: Callable[[], object]) -> float:
    def anew() -> None:
        checking.forget()
        answer()

    return round(1000 * min(cpu_seconds(anew) for _ in range(5)), 1)


def long_saga(steps: int) -> str:
    """A fan-out of half of the steps, and the rest in a row."""
    said = [
        {"name": f"s{n}", "service": f"v{n % 7}", "compensation": "u", "effects": {"r.x": 1}}
        | ({"after": ["s0"]} if 0 < n < steps // 2 else {})
        for n in range(steps)
    ]
    return saga_to_yaml(saga_from_data({"sagasim": 1, "name": "long", "steps": said}))


if __name__ == "__main__":
    main()
