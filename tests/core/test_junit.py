from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from sagasim.core.codec import saga_from_data
from sagasim.core.exploration import explore
from sagasim.core.harms import HARMS
from sagasim.core.junit import junit_of
from sagasim.core.saga import Coordination
from sagasim.core.verdict import Fixed, ToldFinding, Verdict, verdict_of

HOSTILE = '1 <2> & "so" ]]>'


def a_verdict() -> Verdict:
    saga = saga_from_data(
        {
            "sagasim": 1,
            "name": "shop",
            "engine": {"compensates": "completed"},
            "steps": [
                {
                    "name": "charge",
                    "compensation": "refund",
                    "effects": {"paid": 100},
                    "retry": {"attempts": 1},
                }
            ],
            "invariants": [{"name": HOSTILE, "finally": "paid == 0 or paid == 1"}],
        }
    )
    explorations = [explore(saga, each, 1) for each in Coordination]
    return verdict_of(
        explorations, file="a & b.yaml", seconds=1, remedy=lambda *_: Fixed(change="<x>", verified=True)
    )


def suites(excuse: str = "") -> tuple[Verdict, list[ET.Element]]:
    verdict = a_verdict()

    def excused(finding: ToldFinding) -> str:
        return excuse if finding.harm == "leak" else ""

    text = junit_of(verdict, timestamp="2026-01-02T03:04:05", excused=excused)
    return verdict, list(ET.fromstring(text))


def test_every_coordination_is_a_suite_and_every_harm_has_a_case():
    verdict, found = suites()
    assert [suite.get("name") for suite in found] == list(verdict.coordinations)
    for suite in found:
        harms = {str(case.get("name")).replace(":", " ").split()[0] for case in suite.iter("testcase")}
        assert harms == set(HARMS)


def test_a_finding_is_a_failure_with_its_sentence():
    verdict, found = suites()
    messages = {failure.get("message") for suite in found for failure in suite.iter("failure")}
    leak = next(each for each in verdict.findings if each.harm == "leak")
    assert leak.sentence in messages
    assert sum(int(suite.get("failures", "")) for suite in found) == len(verdict.findings)


def test_what_is_excused_is_skipped_and_fails_nothing():
    verdict, found = suites("known")
    leaks = [each for each in verdict.findings if each.harm == "leak"]
    assert leaks
    assert sum(int(suite.get("skipped", "")) for suite in found) == len(leaks)
    assert sum(len(list(suite.iter("failure"))) for suite in found) == len(verdict.findings) - len(leaks)


def test_the_numbers_add_up_and_the_strict_schema_has_its_attributes_and_its_order():
    _, found = suites("known")
    for suite in found:
        cases = list(suite.iter("testcase"))
        assert suite.get("tests") == str(len(cases))
        wanted = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"}
        assert wanted <= set(suite.keys())
        order = [child.tag for child in suite if child.tag != "testcase"]
        assert order == ["properties", "system-out", "system-err"]
        for case in cases:
            assert {"name", "classname", "time"} == set(case.keys())
            assert len(list(case)) <= 1


def test_a_name_that_xml_would_read_is_only_a_name():
    _, found = suites()
    names = [str(case.get("name")) for suite in found for case in suite.iter("testcase")]
    assert f"invariant at {HOSTILE}" in names


def test_a_character_that_xml_cannot_carry_is_replaced():
    verdict = a_verdict()
    finding = replace(verdict.findings[0], step="a\x1b[31m\x00\ud800b")
    text = junit_of(replace(verdict, findings=(finding,)), timestamp="", excused=lambda _: "")
    assert "a\ufffd[31m\ufffd\ufffdb" in text
    ET.fromstring(text)
