"""The glossary names everything that can be named in a saga file, a finding or a lint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sagasim.core.engine import PRESETS, RULE_NAMES, RULE_VALUES, Rules
from sagasim.core.faults import KINDS
from sagasim.core.harms import PROPERTIES
from sagasim.core.ledger import OUTCOMES
from sagasim.core.lint import RULES
from sagasim.core.saga import Kind, Safeguards

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text()


def section(title: str) -> dict[str, list[str]]:
    """The rows of a section's table by the word in backticks that they begin with."""
    _, _, rest = GLOSSARY.partition(f"## {title}\n")
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", rest.partition("\n## ")[0], re.MULTILINE)
    return {word: [cell.strip() for cell in cells.split(" | ")] for word, cells in rows}


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Faults", KINDS),
        ("Safeguards", tuple(Safeguards.__dataclass_fields__)),
        ("Engine rules", RULE_NAMES),
        ("Presets", tuple(PRESETS)),
        ("Harms", tuple(PROPERTIES)),
        ("Rules of the lint", tuple(RULES)),
    ],
)
def test_a_section_explains_each_of_its_words_and_no_others(title, words):
    assert set(section(title)) == set(words)


def test_kinds_of_steps_and_outcomes_have_their_words():
    assert {kind.value for kind in Kind} <= set(section("The saga"))
    assert {*OUTCOMES, "stuck"} <= set(section("A run"))


def test_the_glossary_states_a_property_in_the_words_of_the_code():
    assert {harm: cells[0] for harm, cells in section("Harms").items()} == dict(PROPERTIES)


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_an_engine_rule_is_listed_with_all_its_values_the_default_first(rule):
    values = re.findall(r"`([^`]+)`", section("Engine rules")[rule][0])

    assert sorted(values) == sorted(RULE_VALUES[rule])
    assert values[0] == getattr(Rules(), rule)


@pytest.mark.parametrize("switch", Safeguards.__dataclass_fields__)
def test_a_safeguard_is_listed_with_its_default_first(switch):
    default = getattr(Safeguards(), switch)
    written = str(default).lower() if isinstance(default, bool) else default

    assert re.findall(r"`([^`]+)`", section("Safeguards")[switch][0])[0] == written


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "default"])
def test_a_preset_cites_where_it_was_read(preset):
    assert "](https://" in section("Presets")[preset][1]
