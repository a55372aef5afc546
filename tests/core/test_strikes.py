"""What strikes for how long, what lands when, what passes by itself: single rules of the kernel, from outside."""

from __future__ import annotations

from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_from_text
from sagasim.core.execution import run
from sagasim.core.exploration import explore
from sagasim.core.faults import parse_plan
from sagasim.core.history import CallTimedOut, CopyLanded, StepCommitted, StepRefused
from sagasim.core.kernel import Kernel
from sagasim.core.participant import Strike
from sagasim.core.saga import Coordination, Saga
from sagasim.core.world import Choice


def saga_with(text: str) -> Saga:
    return saga_from_text(f"sagasim: 1\nname: small\n{text}")


def test_an_outage_outlasts_the_bounded_attempts_and_no_more() -> None:
    saga = saga_with(
        "steps:\n  - {name: a, service: s, compensation: undo_a, on_unknown: retry, retry: {attempts: 3}}"
    )
    once = run(saga, Coordination.ORCHESTRATION, parse_plan(["s:outage"], saga))
    for_ever = run(saga, Coordination.ORCHESTRATION, parse_plan(["a:request-lost*for-ever"], saga))
    assert [sum(isinstance(e.event, CallTimedOut) for e in each.history) for each in (once, for_ever)] == [
        3,
        4,
    ]
    assert (once.outcome, for_ever.outcome) == ("completed", "completed")


def test_an_outage_ends_when_its_call_is_through() -> None:
    saga = saga_with(
        "steps:\n  - {name: a, service: s, compensation: undo_a}\n  - {name: b, service: t, compensation: undo_b}"
    )
    for coordination in Coordination:
        shown = run(saga, coordination, parse_plan(["t:outage"], saga))
        kinds = [entry.kind for entry in shown.history]
        assert kinds.count("OutageBegan") == kinds.count("OutageEnded") == 1, coordination
        assert kinds.index("OutageBegan") < kinds.index("OutageEnded")
    for_ever = run(saga, Coordination.ORCHESTRATION, parse_plan(["t:outage*for-ever"], saga))
    assert "OutageEnded" not in [entry.kind for entry in for_ever.history]


def test_a_late_copy_is_refused_where_the_business_would_say_no_by_then() -> None:
    saga = saga_with(
        "resources: {stock.left: 1}\n"
        "steps:\n"
        "  - {name: a, service: s, compensation: undo_a, retry: {attempts: 1}, on_unknown: continue,\n"
        "     refuses_when: 'stock.left < 1', effects: {stock.left: -1}}\n"
        "  - {name: b, service: t, compensation: undo_b, effects: {stock.left: -1}}\n"
    )
    shown = run(saga, Coordination.ORCHESTRATION, parse_plan(["a:late@b.after"], saga))
    assert StepRefused("a", False, 1, "stock.left < 1") in [entry.event for entry in shown.history]
    early = run(saga, Coordination.ORCHESTRATION, parse_plan(["a:late@b.before"], saga))
    assert early.ledger["a"] == 1


def test_late_calls_without_a_key_land_together_each_with_its_own_effect() -> None:
    saga = saga_with(
        "steps:\n  - {name: a, service: s, compensation: undo_a, safeguards: {idempotent: false, tombstone: false}}"
    )
    kernel = Kernel(blueprint(saga, Coordination.ORCHESTRATION), tidy=True)
    world, _ = kernel.begin()
    late = Strike("late", "", 0)
    for _ in range(3):
        (call,) = kernel.choices(world)
        struck = call._replace(strike=late) if call.attempt == 1 else call
        world, _ = kernel.apply(world, struck)
        hear = next(choice for choice in kernel.choices(world) if choice.verb == "hear")
        world, _ = kernel.apply(world, hear)
    (copy,) = world.instances[0].copies
    assert (copy.times, copy.ready) == (3, True)
    landed, events = kernel.apply(world, next(it for it in kernel.choices(world) if it.verb == "land"))
    assert [event for event in events if isinstance(event, StepCommitted)][-1].times == 3
    assert landed.instances[0].records[0].times == 3


def test_a_second_event_makes_a_second_event_where_nobody_deduplicates() -> None:
    saga = saga_with(
        "services: {s: {safeguards: {idempotent: false}}}\n"
        "steps:\n  - {name: a, service: s, compensation: undo_a}\n  - {name: b, service: s, compensation: undo_b}"
    )
    shown = run(saga, Coordination.CHOREOGRAPHY, parse_plan(["a:duplicate@b.after"], saga))
    landed = [entry.event for entry in shown.history if isinstance(entry.event, CopyLanded)]
    assert landed == [CopyLanded("a", False, 1, "second"), CopyLanded("b", False, 1, "second")]
    assert shown.ledger == {"a": 2, "b": 2}


def test_the_deadline_passes_by_itself_where_nothing_else_is_due() -> None:
    text = (
        "services: {s: {safeguards: {outbox: false}}}\n"
        "steps:\n  - {name: a, service: s, compensation: undo_a}\n  - {name: b, service: t, compensation: undo_b}\n"
    )
    kinds = ("reply-lost",)
    stuck = explore(saga_with(text), Coordination.CHOREOGRAPHY, 1, kinds=kinds)
    assert ("stuck", "a") in {(each.harm, each.step) for each in stuck.findings}
    saved = explore(saga_with(text + "deadline_ms: 60000\n"), Coordination.CHOREOGRAPHY, 1, kinds=kinds)
    assert ("stuck", "a") not in {(each.harm, each.step) for each in saved.findings}
    kernel = Kernel(blueprint(saga_with(text + "deadline_ms: 60000\n"), Coordination.CHOREOGRAPHY), tidy=True)
    world, _ = kernel.begin()
    world, _ = kernel.apply(world, kernel.choices(world)[0]._replace(strike=Strike("reply-lost")))
    world, _ = kernel.apply(world, kernel.choices(world)[0])
    assert kernel.choices(world) == [Choice("expire", 0, subject="deadline")]
