"""What can happen next, world by world: the choices of the kernel, the faults that it offers, and their order.

situations.py and worlds.py say how a world is read; every expectation was derived from docs/model.md
(sections 3, 6 and 7) by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sagasim.core.faults import KINDS
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import BLANK, Copy, Record
from sagasim.core.participant import Strike
from sagasim.core.saga import Coordination
from sagasim.core.world import Choice, World
from tests.core.situations import CHAIN, FORK, PAST, Data, own, rule, undoable
from tests.core.worlds import (
    BY_ALL,
    BY_ONE,
    KNOWN,
    ONCE,
    ONE,
    Seen,
    choice_text,
    instance_of,
    kernel_of,
    world,
)

STRANGERS = (undoable("l"), {**undoable("m"), "service": "t"})
"""Two branches of different services."""
SHARED = (
    {**undoable("take"), "effects": {"stock": -1}, "safeguards": {"semantic_lock": "wait"}},
    {"name": "look", "service": "t", "reads": ["stock"], "after": []},
)


def choices(kernel: Kernel, it: World) -> list[str]:
    return [choice_text(kernel.bp, choice) for choice in kernel.choices(it)]


def faults(kernel: Kernel, it: World) -> list[str]:
    return [choice_text(kernel.bp, choice) for choice in kernel.faults(it)]


# ---------------------------------------------------------------- what happens without a further fault


@pytest.mark.parametrize(
    ("of", "believed", "offered"),
    [
        (CHAIN, "forward: sent - - -", ["perform a"]),
        (CHAIN, "forward: done sent#3? - -", ["perform b#3"]),
        (CHAIN, "forward: done ~silence#2? - -", ["hear b#2"]),
        (FORK, "forward: sent ~done -", ["perform l", "hear m"]),
        (CHAIN, "compensating(compensate): done/due done/undo#3 refused -", ["perform b.undo#3"]),
        (CHAIN, "compensating(compensate): done/due done/~error refused -", ["hear b.undo"]),
        (CHAIN, "completed: done done done done", []),
    ],
)
def test_what_a_coordinator_waits_for(of: Sequence[Data], believed: str, offered: list[str]) -> None:
    kernel = kernel_of(of, BY_ONE)
    assert choices(kernel, world(kernel.bp, believed)) == offered


@pytest.mark.parametrize(
    ("of", "believed", "offered"),
    [
        (CHAIN, "running: done sent<a - -", ["perform b"]),
        (CHAIN, "running: done held<a - -", ["perform b"]),
        (CHAIN, "running: done ~again#2<a - -", ["hear b#2"]),
        (CHAIN, "running: done done/unheard<a - -", []),
        (CHAIN, "running: done -/never<a - -", []),
        (CHAIN, "running: done done/undo<a>p refused<b skipped", ["perform b.undo"]),
        (
            CHAIN,
            "running: done undone<a sent#2<b - | b.undone>a b.aborting>p b.undone>p",
            ["perform p#2", "receive b.undone>a", "receive b.aborting>p"],
        ),
    ],
)
def test_what_participants_wait_for(of: Sequence[Data], believed: str, offered: list[str]) -> None:
    """Events between the same two arrive in order; what is over, though nobody was told, is over."""
    kernel = kernel_of(of, BY_ALL)
    assert choices(kernel, world(kernel.bp, believed)) == offered


def test_a_copy_lands_when_its_caller_has_given_up() -> None:
    kernel = kernel_of(CHAIN, BY_ONE)
    copies = (
        Copy(0, False, 1, "late", True),
        Copy(0, True, 2, "late", True),
        Copy(1, False, 1, "late", False),
    )
    seen = Seen("compensating(compensate): unknown/undo#3 refused - -", copies=copies)
    assert choices(kernel, world(kernel.bp, seen)) == [
        "perform a.undo#3",
        "land late a",
        "land late a.undo#2",
    ]


NO_STOCK = own("a", refuses_when="stock < 1")


@pytest.mark.parametrize(
    ("coordination", "believed", "true", "engine", "steps", "offered"),
    [
        (
            BY_ONE,
            "compensating(compensate): unknown/undo#7",
            BLANK,
            "undo",
            {"undo_of_nothing": "reject"},
            False,
        ),
        (
            BY_ONE,
            "compensating(compensate): unknown/undo#6",
            BLANK,
            "undo",
            {"undo_of_nothing": "reject"},
            True,
        ),
        (
            BY_ONE,
            "compensating(compensate): unknown/undo#7",
            ONCE,
            "undo",
            {"undo_of_nothing": "reject"},
            True,
        ),
        (BY_ONE, "compensating(compensate): unknown/undo#7", BLANK, "undo", {}, True),
        (BY_ALL, "running: done/undo#7", BLANK, "undo", {"undo_of_nothing": "reject"}, False),
        (BY_ALL, "running: done/undo#7", ONCE, "undo", {"undo_of_nothing": "reject"}, True),
        (BY_ONE, "forward: sent#5", BLANK, "refusal", {}, False),
        (BY_ONE, "forward: sent#4", BLANK, "refusal", {}, True),
        (BY_ONE, "forward: sent#5", KNOWN, "refusal", {}, True),
        (BY_ALL, "running: sent#5", BLANK, "refusal", {}, False),
        (BY_ALL, "running: sent#5", KNOWN, "refusal", {}, True),
    ],
)
def test_a_retry_that_can_only_lead_back_is_not_tried(
    coordination: Coordination, believed: str, true: Record, engine: str, steps: Data, offered: bool
) -> None:
    """Two attempts beyond the last bounded one no fault strikes any more: what fails then, fails for ever."""
    rules = rule(on_undo_failure="retry") if engine == "undo" else rule(on_refusal="retry")
    kernel = kernel_of(ONE, coordination, rules, own("a", refuses_when="stock < 1", safeguards=steps))
    assert bool(choices(kernel, world(kernel.bp, Seen(believed, {"a": true})))) is offered


def test_an_event_that_is_always_late_arrives_at_last() -> None:
    kernel = kernel_of(ONE, BY_ALL, rule(on_error="retry"), given=["a:late*for-ever"])
    assert choices(kernel, world(kernel.bp, "running: sent#5")) == ["perform a#5"]


def test_whoever_waits_for_a_pending_record_waits() -> None:
    """A semantic lock: until the other saga has ended, the call is not offered, nor a late copy of it."""
    kernel = kernel_of(SHARED, BY_ONE, instances=2)
    holds = Seen("forward: done ~done", {"take": KNOWN})
    needs = Seen("forward: done sent", {"take": KNOWN}, copies=(Copy(1, False, 1, "late", True),))
    ended = Seen("completed: done done", {"take": KNOWN, "look": Record(memory="done")})
    late = (Copy(0, False, 1, "late", True), Copy(0, True, 1, "late", True))
    assert choices(kernel, world(kernel.bp, holds, "forward: sent sent")) == ["1: hear look"]
    assert choices(kernel, world(kernel.bp, ended, "forward: sent sent")) == [
        "2: perform take",
        "2: perform look",
    ]
    assert choices(kernel, world(kernel.bp, needs, "forward: sent -")) == [
        "1: perform look",
        "1: land late look",
    ]
    waiting = Seen("compensating(compensate): done/undo refused", {"take": ONCE}, copies=late)
    offered = choices(kernel, world(kernel.bp, holds, waiting))
    assert offered == ["1: hear look", "2: perform take.undo", "2: land late take.undo"]
    assert faults(kernel, world(kernel.bp, holds, "forward: sent sent")) == [
        "1: interrupt cancelled",
        "2: interrupt cancelled",
    ]


def test_a_saga_of_which_every_record_is_locked_waits_as_well() -> None:
    kernel = kernel_of(SHARED[:1], BY_ONE, instances=2)
    holds = Seen("forward: ~done", {"take": KNOWN})
    assert choices(kernel, world(kernel.bp, holds, "forward: sent")) == ["1: hear take"]


def test_whoever_fails_at_a_pending_record_is_called() -> None:
    fail = own("take", safeguards={"semantic_lock": "fail"})
    kernel = kernel_of(SHARED, BY_ONE, steps=fail, instances=2)
    holds = Seen("forward: done ~done", {"take": KNOWN})
    assert choices(kernel, world(kernel.bp, holds, "forward: sent sent")) == [
        "1: hear look",
        "2: perform take",
        "2: perform look",
    ]


def test_the_deadline_passes_when_nothing_else_is_due() -> None:
    stuck = "running: done done/unheard<a - -"
    kernel = kernel_of(CHAIN, BY_ALL, deadline_ms=60_000)
    assert choices(kernel, world(kernel.bp, stuck)) == ["expire deadline"]
    assert choices(kernel, world(kernel.bp, "running: done sent#2<a - -")) == ["perform b#2"]
    assert choices(kernel, world(kernel.bp, Seen(stuck, interrupted=("deadline",)))) == []
    assert choices(kernel, world(kernel.bp, Seen(stuck, interrupted=("cancelled",)))) == ["expire deadline"]
    twice = kernel_of(CHAIN, BY_ALL, deadline_ms=60_000, instances=2)
    assert choices(twice, world(twice.bp, stuck, stuck)) == ["1: expire deadline", "2: expire deadline"]
    without = kernel_of(CHAIN, BY_ALL)
    assert choices(without, world(without.bp, stuck)) == []


# ---------------------------------------------------------------- what can strike


def twice(*kinds: str, call: str = "a") -> set[str]:
    """Each of these once, and for ever."""
    return {f"{call}:{kind}{times}" for kind in kinds for times in ("", "*for-ever")}


ANYWHERE = ("error", "error-after", "reply-lost", "late", "reordered", "crash@before", "crash@after")
COORDINATOR = ("coordinator-crash@before", "coordinator-crash@after")
DOWN = {"s:outage@a.before", "s:outage@a.before*for-ever"}


@pytest.mark.parametrize(
    ("coordination", "believed", "offered"),
    [
        (BY_ONE, "forward: sent",
         twice(*ANYWHERE, *COORDINATOR, "request-lost") | DOWN | {"a:refused", "a:duplicate"}),
        (BY_ALL, "running: sent", twice(*ANYWHERE) | DOWN | {"a:refused", "a:duplicate", "a:poisoned"}),
        (BY_ONE, "forward: sent#2?",
         twice(*ANYWHERE, *COORDINATOR, "request-lost", call="a#2") | {"a#2:refused", "a#2:duplicate"}),
        (BY_ALL, "running: sent#2", twice(*ANYWHERE, call="a#2") | {"a#2:refused", "a#2:duplicate", "a#2:poisoned"}),
        (BY_ONE, "compensating(compensate): done/undo",
         twice(*ANYWHERE, *COORDINATOR, "request-lost", "refused", call="a.undo")
         | {"a.undo:duplicate", "s:outage@a.undo.before", "s:outage@a.undo.before*for-ever"}),
        (BY_ALL, "running: done/undo#2",
         twice(*ANYWHERE, "refused", call="a.undo#2") | {"a.undo#2:duplicate", "a.undo#2:poisoned"}),
        (BY_ONE, "forward: sent#3?", set()),
        (BY_ONE, "forward: ~error", set()),
        (BY_ALL, "running: held", set()),
        (BY_ONE, "completed: done", set()),
    ],
)  # fmt: skip
def test_what_strikes_a_call(coordination: Coordination, believed: str, offered: set[str]) -> None:
    """Every kind but two, once and for ever, at the first two attempts, at every moment of the kind."""
    kernel = kernel_of(ONE, coordination, rule(on_cancel="ignore"))
    found = faults(kernel, world(kernel.bp, believed))
    assert sorted(found) == sorted(offered)
    assert found == sorted(found, key=lambda fault: (len(fault), fault))  # what is found first is told


def test_what_is_asked_for_is_what_is_offered() -> None:
    sent = "forward: sent"
    for kinds, offered in (
        (("refused",), ["a:refused"]),
        (("no-effect", "key-lost"), ["a:key-lost", "a:no-effect"]),
        (("cancelled",), ["interrupt cancelled"]),
        (("deadline", "cancelled"), ["interrupt cancelled", "interrupt deadline"]),
        (("deadline", "refused"), ["a:refused", "interrupt deadline"]),
        ((), []),
    ):
        kernel = kernel_of(ONE, BY_ONE, kinds=kinds, deadline_ms=1000)
        assert faults(kernel, world(kernel.bp, sent)) == offered
    everything = kernel_of(ONE, BY_ONE, kinds=KINDS)
    asked = set(faults(everything, world(everything.bp, sent)))
    usual = kernel_of(ONE, BY_ONE)
    assert asked - set(faults(usual, world(usual.bp, sent))) == {"a:no-effect", "a:key-lost"}


def test_a_broker_that_delivers_at_most_once_may_lose_an_event() -> None:
    lossy = kernel_of(ONE, BY_ALL, services={"s": {"delivery": "at-most-once"}}, kinds=["request-lost"])
    assert faults(lossy, world(lossy.bp, "running: sent")) == ["a:request-lost", "a:request-lost*for-ever"]


@pytest.mark.parametrize(
    ("steps", "true", "missing"),
    [
        ({}, BLANK, set()),
        ({"may_refuse": False}, BLANK, {"a#2:refused"}),
        ({}, KNOWN, {"a#2:refused", "a#2:error", "a#2:error*for-ever", "a#2:poisoned"}),
        ({}, Record(memory="refused"), {"a#2:refused", "a#2:error", "a#2:error*for-ever", "a#2:poisoned"}),
        ({}, ONCE, set()),
    ],
)
def test_who_knows_the_key_answers_before_anything_else(steps: Data, true: Record, missing: set[str]) -> None:
    usual, kernel = kernel_of(ONE, BY_ALL), kernel_of(ONE, BY_ALL, steps={"a": steps})
    sent = "running: sent#2"
    expected = set(faults(usual, world(usual.bp, sent))) - missing
    assert set(faults(kernel, world(kernel.bp, Seen(sent, {"a": true})))) == expected


def test_an_undo_that_is_known_is_not_refused_either() -> None:
    kernel = kernel_of(ONE, BY_ONE, kinds=["refused"])
    undoing = "compensating(compensate): done/undo#2"
    gone = Record(1, 1, "done", True, True)
    assert faults(kernel, world(kernel.bp, Seen(undoing, {"a": gone}))) == []
    again = ["a.undo#2:refused", "a.undo#2:refused*for-ever"]
    assert faults(kernel, world(kernel.bp, Seen(undoing, {"a": KNOWN}))) == again


ERROR, OUTAGE = Strike("error", "", 0), Strike("outage", "once", 0)


@pytest.mark.parametrize(
    ("of", "seen", "down", "offered"),
    [
        (ONE, Seen("forward: sent#2?", struck={"a": ERROR}), (), []),
        (FORK, Seen("forward: sent sent -", struck={"l": ERROR}), (), ["m:refused"]),
        (STRANGERS, Seen("forward: sent sent"), (0,), ["m:refused"]),
        (STRANGERS, Seen("forward: sent sent"), (1,), ["l:refused"]),
        (FORK, Seen("forward: sent sent -"), (0,), []),
        (FORK, Seen("forward: sent#2? sent -", struck={"l": OUTAGE}), (), []),
        (STRANGERS, Seen("forward: sent#2? sent", struck={"l": OUTAGE}), (), ["m:refused"]),
    ],
)
def test_never_two_faults_on_one_call(
    of: Sequence[Data], seen: Seen, down: tuple[int, ...], offered: list[str]
) -> None:
    """What a fault strikes that goes on, and what is down, is not struck by another."""
    kernel = kernel_of(of, BY_ONE, kinds=["refused"])
    assert faults(kernel, world(kernel.bp, seen, down=down)) == offered


def test_an_outage_of_one_instance_is_one_of_all() -> None:
    kernel = kernel_of(STRANGERS, BY_ONE, kinds=["refused"], instances=2)
    down = Seen("forward: sent#2? sent", struck={"l": OUTAGE})
    assert faults(kernel, world(kernel.bp, down, "forward: sent sent")) == ["1: m:refused", "2: m:refused"]


@pytest.mark.parametrize(
    ("given", "believed", "true", "offered"),
    [
        ("a:error", "forward: sent", BLANK, []),
        ("a:error", "forward: sent#2?", BLANK, ["a#2:refused"]),
        ("a:error*for-ever", "forward: sent#2?", BLANK, []),
        ("a.undo:error*for-ever", "forward: sent", BLANK, ["a:refused"]),
        ("a.undo:error*for-ever", "compensating(compensate): unknown/undo", BLANK, []),
        ("s:outage*for-ever", "forward: sent", BLANK, []),
        ("a:no-effect", "forward: sent", BLANK, []),
    ],
)
def test_what_the_design_gives_is_not_struck_by_another(
    given: str, believed: str, true: Record, offered: list[str]
) -> None:
    kernel = kernel_of(ONE, BY_ONE, kinds=["refused"], given=[given])
    it = world(kernel.bp, Seen(believed, {"a": true}))
    assert faults(kernel, it) == offered
    assert len(list(kernel.strikes_on(0, it.instances[0].mind.legs[0], true))) == len(offered)


def test_each_call_has_faults_of_its_own() -> None:
    kernel = kernel_of(FORK, BY_ONE, kinds=["refused", "duplicate"], steps=own("l", may_refuse=False))
    assert faults(kernel, world(kernel.bp, "forward: sent sent -")) == [
        "l:duplicate",
        "m:refused",
        "m:duplicate",
    ]
    assert faults(kernel, world(kernel.bp, "forward: done sent#2? -")) == ["m#2:refused", "m#2:duplicate"]


def test_what_the_design_gives_in_vain_leaves_room_for_another() -> None:
    """A poisoned event is no command; who knows the key does not refuse; a first answer is no error."""
    command = kernel_of(ONE, BY_ONE, kinds=["refused"], given=["a:poisoned"])
    assert faults(command, world(command.bp, "forward: sent")) == ["a:refused"]
    refusing = kernel_of(ONE, BY_ONE, kinds=["late"], given=["a#2:refused"])
    again = Seen("forward: sent#2?", {"a": KNOWN})
    assert faults(refusing, world(refusing.bp, again)) == ["a#2:late", "a#2:late*for-ever"]
    assert faults(refusing, world(refusing.bp, "forward: sent#2?")) == []


# ---------------------------------------------------------------- what the user and the clock can do


@pytest.mark.parametrize(
    ("of", "seen", "kind", "engine", "may"),
    [
        (CHAIN, Seen("forward: done sent - -"), "cancelled", {}, True),
        (CHAIN, Seen("forward: done sent - -"), "deadline", {}, True),
        (CHAIN, Seen("forward: done sent - -", interrupted=("cancelled",)), "cancelled", {}, False),
        (CHAIN, Seen("forward: done sent - -", interrupted=("cancelled",)), "deadline", {}, True),
        (CHAIN, Seen("halting(cancel): done sent - -"), "deadline", {}, False),
        (CHAIN, Seen("compensating(compensate): done/undo refused - -"), "cancelled", {}, False),
        (CHAIN, Seen("compensated: undone refused - -"), "cancelled", {}, False),
        (CHAIN, Seen("forward: done done sent -"), "cancelled", {}, True),
        (CHAIN, Seen("forward: done done unknown sent"), "cancelled", {}, True),
        (CHAIN, Seen("forward: done done done sent"), "cancelled", {}, False),
        (CHAIN, Seen("forward: done done done sent"), "deadline", {}, False),
        (CHAIN, Seen("forward: done sent - -"), "cancelled", {"on_cancel": "ignore"}, False),
        (CHAIN, Seen("forward: done sent - -"), "deadline", {"on_cancel": "ignore"}, True),
        (CHAIN, Seen("forward: done sent - -"), "deadline", {"on_deadline": "ignore"}, False),
        (CHAIN, Seen("forward: done sent - -"), "cancelled", {"on_deadline": "ignore"}, True),
        (CHAIN, Seen("forward: done sent - -"), "cancelled", {"on_cancel": "abandon"}, True),
    ],
)
def test_when_a_coordinator_may_be_interrupted(
    of: Sequence[Data], seen: Seen, kind: str, engine: Data, may: bool
) -> None:
    kernel = kernel_of(of, BY_ONE, engine, deadline_ms=60_000)
    assert kernel.may_interrupt(instance_of(kernel.bp, seen), kind) is may


@pytest.mark.parametrize(
    ("of", "seen", "kind", "engine", "may"),
    [
        (CHAIN, Seen("running: done sent<a - -"), "cancelled", {}, True),
        (CHAIN, Seen("running: done sent<a - -"), "deadline", {}, True),
        (CHAIN, Seen("running: done^ sent<a - -", interrupted=("cancelled",)), "cancelled", {}, False),
        (CHAIN, Seen("running: done^ sent<a - -"), "deadline", {}, False),
        (CHAIN, Seen("running: done done<a done<b sent<p"), "cancelled", {}, True),
        (PAST, Seen("running: done sent<p"), "cancelled", {}, False),
        (CHAIN, Seen("running: done/undo>b refused<a skipped skipped"), "cancelled", {}, False),
        (CHAIN, Seen("compensated: undone>b refused<a skipped skipped"), "cancelled", {}, False),
        (CHAIN, Seen("running: done sent<a - -"), "cancelled", {"on_cancel": "ignore"}, False),
        (CHAIN, Seen("running: done sent<a - -"), "cancelled", {"on_cancel": "abandon"}, True),
        (CHAIN, Seen("running: done done<a done<b sent<p"), "cancelled", {"on_cancel": "abandon"}, False),
    ],
)
def test_when_participants_may_be_interrupted(
    of: Sequence[Data], seen: Seen, kind: str, engine: Data, may: bool
) -> None:
    """Only where it would change anything: at a committed pivot that starts the saga it dies at once."""
    kernel = kernel_of(of, BY_ALL, engine, deadline_ms=60_000)
    assert kernel.may_interrupt(instance_of(kernel.bp, seen), kind) is may


@pytest.mark.parametrize("coordination", Coordination)
def test_a_deadline_passes_only_where_there_is_one(coordination: Coordination) -> None:
    kernel = kernel_of(CHAIN, coordination)
    believed = "forward: done sent - -" if coordination is BY_ONE else "running: done sent<a - -"
    instance = instance_of(kernel.bp, Seen(believed))
    assert (kernel.may_interrupt(instance, "cancelled"), kernel.may_interrupt(instance, "deadline")) == (
        True,
        False,
    )


# ---------------------------------------------------------------- how long a fault is in writing


def test_letters_are_those_of_the_shortest_or_the_likely_text() -> None:
    kernel = kernel_of((undoable("a"), undoable("ship", "a")), BY_ONE)

    def struck(step: int, undo: bool, attempt: int, kind: str, edge: str = "", times: int = 1) -> int:
        return kernel.letters(Choice("perform", 0, step, undo, attempt, Strike(kind, edge, times)))

    assert struck(0, False, 1, "refused") == len("a:refused")
    assert struck(1, True, 2, "error", times=0) == len("ship.undo#2:error*for-ever")
    assert struck(1, False, 1, "crash", "after") == len("ship:crash@after")
    assert struck(1, False, 1, "late") == len("ship:late@a.after")
    assert struck(1, False, 1, "duplicate") == len("ship:duplicate@a.after")
    assert struck(0, False, 1, "reordered", times=3) == len("a:reordered*3@a.after")
    assert kernel.letters(Choice("interrupt", 0, subject="cancelled")) == len("saga:cancelled@ship.before")
    assert kernel.letters(Choice("interrupt", 0, subject="deadline")) == len("saga:deadline@ship.before")
