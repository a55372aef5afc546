"""A verdict as JUnit XML, so that the tools of a build show its sentences.

One test suite per coordination. A finding is a failed test case; a property that nothing breaks is a passed
one; what is not to fail the build (known, or not asked for) is a skipped one. The attributes are those that
the strict schema of Ant's JUnit report wants.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

from sagasim.core.harms import PROPERTIES
from sagasim.core.verdict import ToldFinding, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry, not even escaped."""


def junit_of(
    verdict: Verdict, *, timestamp: str, excused: Callable[[ToldFinding], str], must_end: bool = False
) -> str:
    """The XML as text. `excused` says why a finding does not fail the build; empty: it does.

    A verdict that was cut short passes nothing: a property of which nothing was found is skipped. With
    `must_end` the cut itself is a failure.
    """
    root = ET.Element("testsuites")
    for number, coordination in enumerate(verdict.coordinations):
        root.append(_suite(verdict, coordination, number, timestamp, excused, must_end))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(
    verdict: Verdict,
    coordination: str,
    number: int,
    timestamp: str,
    excused: Callable[[ToldFinding], str],
    must_end: bool,
) -> ET.Element:
    findings = [each for each in verdict.findings if each.coordination == coordination]
    broken = {each.harm for each in findings}
    cases = [_case(verdict, each, excused(each)) for each in findings]
    cases += [
        _holds(verdict, coordination, f"{harm}: {sentence}")
        for harm, sentence in PROPERTIES.items()
        if harm not in broken
    ]
    if not verdict.exhaustive and must_end:
        cases.append(_cut_short(verdict, coordination))
    suite = ET.Element(
        "testsuite",
        name=coordination,
        package=verdict.saga,
        id=str(number),
        timestamp=timestamp,
        hostname="localhost",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{verdict.seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="scope", value=verdict.scope)
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = verdict.scope
    ET.SubElement(suite, "system-err")
    return suite


def _named(verdict: Verdict, coordination: str, name: str) -> ET.Element:
    classname = f"{verdict.saga}.{coordination}"
    return ET.Element("testcase", name=_legal(name), classname=classname, time="0")


def _holds(verdict: Verdict, coordination: str, name: str) -> ET.Element:
    """A property of which nothing was found; as far as it goes."""
    case = _named(verdict, coordination, name)
    if not verdict.exhaustive:
        ET.SubElement(case, "skipped", message=f"nothing found so far: {verdict.scope}")
    return case


def _cut_short(verdict: Verdict, coordination: str) -> ET.Element:
    case = _named(verdict, coordination, "unexplored: every plan was explored to the end")
    ET.SubElement(case, "failure", message=verdict.scope, type="unexplored").text = verdict.scope
    return case


def _case(verdict: Verdict, finding: ToldFinding, excuse: str) -> ET.Element:
    case = _named(verdict, finding.coordination, f"{finding.harm} at {finding.step}")
    if excuse:
        ET.SubElement(case, "skipped", message=_legal(f"{excuse}: {finding.sentence}"))
        return case
    failure = ET.SubElement(case, "failure", message=_legal(finding.sentence), type=finding.harm)
    fix = [f"fix: {finding.fix.change}"] if finding.fix else []
    faults = f"faults: {', '.join(finding.faults) or 'none'}"
    failure.text = _legal("\n".join((finding.sentence, faults, *fix, f"replay: {finding.replay}")))
    return case


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
