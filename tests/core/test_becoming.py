"""What one thing that happens makes of a world: belief and truth, what goes on striking, and what is under way.

Rules of docs/model.md (sections 3 and 7), a row each, derived by hand; situations.py and worlds.py say how a
world is read. What a participant does is test_participant.py's business, what is believed then that of
test_orchestration.py and test_choreography.py; here they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from sagasim.core.choreography import Message, Troupe
from sagasim.core.faults import parse_fault
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import BLANK, Copy, Record
from sagasim.core.participant import Strike
from sagasim.core.saga import Coordination
from sagasim.core.striking import strike_of
from sagasim.core.world import Choice, Mark, World
from tests.core.situations import CHAIN, FORK, Data, guard, own, rule, told, undoable
from tests.core.worlds import BY_ALL, BY_ONE, KNOWN, ONCE, ONE, Seen, choice_text, kernel_of, seen_in, world


class Row(NamedTuple):
    sentence: str
    was: Seen
    then: str
    now: Seen
    happened: str
    engine: Data = {}  # noqa: RUF012  # a NamedTuple's default: nobody changes it
    steps: dict[str, Data] = {}  # noqa: RUF012
    of: Sequence[Data] = ONE
    rest: Data = {}  # noqa: RUF012
    down: tuple[int, ...] = ()
    down_now: tuple[int, ...] = ()


def chosen(kernel: Kernel, it: World, then: str) -> Choice:
    """The choice of this text; a fault needs not be one that is explored."""
    if ":" in then and not then[0].isdigit():
        fault = parse_fault(then, kernel.bp.saga)
        name = fault.moment.step if fault.kind == "outage" and fault.moment else fault.target
        step = kernel.bp.index[name]
        leg = it.instances[0].mind.legs[step]
        return Choice("perform", 0, step, leg.undoing == "running", leg.attempt, strike_of(fault))
    offered = {choice_text(kernel.bp, choice): choice for choice in kernel.choices(it)}
    return offered[then]


def check(row: Row, coordination: Coordination, *, tidy: bool) -> None:
    kernel = kernel_of(row.of, coordination, row.engine, row.steps, tidy=tidy, **row.rest)
    before = world(kernel.bp, row.was, down=row.down)
    after, events = kernel.apply(before, chosen(kernel, before, row.then))
    assert told(events) == [sentence.strip() for sentence in row.happened.split(";") if sentence]
    assert seen_in(kernel.bp, after.instances[0]) == row.now
    assert after.down == row.down_now


def late(step: int = 0, attempt: int = 1, *, undo: bool = False, ready: bool = True, times: int = 1) -> Copy:
    return Copy(step, undo, attempt, "late", ready, times)


SENT, SILENT = Seen("forward: sent"), Seen("forward: ~silence")
NO_KEY = guard("a", idempotent=False)
ERROR = Strike("error", "", 0)
LATE_FOR_EVER = Strike("late", "", 0)
DOWN_ONCE = Strike("outage", "once", 0)
EMPTY = own("a", refuses_when="stock < 1")

CALLS = (
    Row("a call is answered", SENT, "perform a", Seen("forward: ~done", {"a": KNOWN}), "committed a#1, now 1"),
    Row("an undo", Seen("compensating(compensate): done/undo#2", {"a": ONCE}), "perform a.undo#2",
        Seen("compensating(compensate): done/~done#2", {"a": Record(1, 1, "", True, True)}), "undid a#2, now 0"),
    Row("a doubt stays with it", Seen("forward: sent#2?"), "perform a#2",
        Seen("forward: ~done#2?", {"a": KNOWN}), "committed a#2, now 1"),
    Row("an error comes before any effect", SENT, "a:error", Seen("forward: ~error"),
        "fault a:error at a#1; erred a#1: error"),
    Row("and strikes as often as it says", SENT, "a:error*3",
        Seen("forward: ~error", struck={"a": Strike("error", "", 2)}), "fault a:error*3 at a#1; erred a#1: error"),
    Row("once less each time", Seen("forward: sent#2?", struck={"a": Strike("error", "", 2)}), "perform a#2",
        Seen("forward: ~error#2?", struck={"a": Strike("error")}), "fault a#2:error*2 at a#2; erred a#2: error"),
    Row("to its end", Seen("forward: sent#3?", struck={"a": Strike("error")}), "perform a#3",
        Seen("forward: ~error#3?"), "fault a#3:error at a#3; erred a#3: error"),
    Row("or for ever", SENT, "a:error*for-ever", Seen("forward: ~error", struck={"a": ERROR}),
        "fault a:error*for-ever at a#1; erred a#1: error"),
    Row("again and again", Seen("forward: sent#2?", struck={"a": ERROR}), "perform a#2",
        Seen("forward: ~error#2?", struck={"a": ERROR}), "fault a#2:error*for-ever at a#2; erred a#2: error"),
    Row("a lost reply is lost after the effect", SENT, "a:reply-lost", Seen("forward: ~silence", {"a": KNOWN}),
        "committed a#1, now 1; fault a:reply-lost at a#1"),
    Row("so is an error after it", SENT, "a:error-after", Seen("forward: ~error", {"a": KNOWN}),
        "committed a#1, now 1; fault a:error-after at a#1"),
    Row("and a crash", SENT, "a:crash@after", Seen("forward: ~silence", {"a": KNOWN}),
        "committed a#1, now 1; fault a:crash@after at a#1"),
    Row("the coordinator may crash then", SENT, "a:coordinator-crash@after", Seen("forward: ~crashed", {"a": KNOWN}),
        "committed a#1, now 1; fault a:coordinator-crash@after at a#1"),
    Row("or before it sends", SENT, "a:coordinator-crash@before", Seen("forward: ~crashed"),
        "fault a:coordinator-crash@before at a#1"),
    Row("a late call leaves a copy that waits for its caller", SENT, "a:late",
        Seen("forward: ~silence", copies=(late(ready=False),)), "fault a:late at a#1"),
    Row("an undo too", Seen("compensating(compensate): done/undo#2"), "a.undo#2:late",
        Seen("compensating(compensate): done/~silence#2", copies=(late(0, 2, undo=True, ready=False),)),
        "fault a.undo#2:late at a.undo#2"),
    Row("a queue that delivers again after a crash as well", SENT, "a:crash@before",
        Seen("forward: ~silence", copies=(late(ready=False),)), "fault a:crash@before at a#1"),
    Row("a second copy waits for nobody", SENT, "a:duplicate",
        Seen("forward: ~done", {"a": KNOWN}, copies=(Copy(0, False, 1, "second", True),)),
        "committed a#1, now 1; fault a:duplicate at a#1"),
    Row("one fault, one bundle: where there is a key the copies are one",
        Seen("forward: sent#2?", struck={"a": LATE_FOR_EVER}, copies=(late(ready=False),)), "perform a#2",
        Seen("forward: ~silence#2?", struck={"a": LATE_FOR_EVER}, copies=(late(0, 2, ready=False),)),
        "fault a#2:late*for-ever at a#2"),
    Row("where there is none they are two",
        Seen("forward: sent#2?", struck={"a": LATE_FOR_EVER}, copies=(late(ready=False),)), "perform a#2",
        Seen("forward: ~silence#2?", struck={"a": LATE_FOR_EVER}, copies=(late(0, 2, ready=False, times=2),)),
        "fault a#2:late*for-ever at a#2", steps=NO_KEY),
    Row("another fault's are its own", Seen("forward: sent#2?", copies=(late(),)), "a#2:late",
        Seen("forward: ~silence#2?", copies=(late(), late(0, 2, ready=False))),
        "fault a#2:late at a#2"),
    Row("an outage is one fault, and goes on", SENT, "s:outage@a.before",
        Seen("forward: ~silence", struck={"a": DOWN_ONCE}), "fault s:outage@a.before at a#1; outage of s at a"),
    Row("for this call", Seen("forward: sent#2?", struck={"a": DOWN_ONCE}), "perform a#2",
        Seen("forward: ~silence#2?", struck={"a": DOWN_ONCE}), "fault s:outage@a.before at a#2"),
    Row("and any other of the service, of which it takes no note",
        Seen("forward: sent#2? sent -", struck={"l": DOWN_ONCE}), "perform m",
        Seen("forward: sent#2? ~silence -", struck={"l": DOWN_ONCE}), "fault s:outage@m.before at m#1", of=FORK),
    Row("for ever it is the service that is down", SENT, "s:outage@a.before*for-ever", Seen("forward: ~silence"),
        "fault s:outage@a.before*for-ever at a#1; outage of s at a", down_now=(0,)),
    Row("for everyone", Seen("forward: sent#4?"), "perform a#4", Seen("forward: ~silence#4?"),
        "fault s:outage@a.before*for-ever at a#4", down=(0,), down_now=(0,)),
    Row("until one attempt beyond the last", Seen("forward: sent#5?"), "perform a#5",
        Seen("forward: ~done#5?", {"a": KNOWN}), "committed a#5, now 1", down=(0,), down_now=(0,)),
    Row("of an undo, too", Seen("compensating(compensate): done/undo#7", {"a": ONCE}), "perform a.undo#7",
        Seen("compensating(compensate): done/~done#7", {"a": Record(1, 1, "", True, True)}), "undid a#7, now 0",
        down=(0,), down_now=(0,)),
    Row("through its own attempts", Seen("compensating(compensate): done/undo#6", {"a": ONCE}), "perform a.undo#6",
        Seen("compensating(compensate): done/~silence#6", {"a": ONCE}),
        "fault s:outage@a.undo.before*for-ever at a.undo#6", down=(0,), down_now=(0,)),
    Row("what there is none of here does not strike", SENT, "a:poisoned", Seen("forward: ~done", {"a": KNOWN}),
        "committed a#1, now 1"),
    Row("nor what may not be refused", SENT, "a:refused", Seen("forward: ~done", {"a": KNOWN}),
        "committed a#1, now 1", steps=own("a", may_refuse=False)),
    Row("but its undo may be", Seen("compensating(compensate): done/undo", {"a": ONCE}), "a.undo:refused",
        Seen("compensating(compensate): done/~refused", {"a": ONCE}),
        "fault a.undo:refused at a.undo#1; refused a.undo#1: refused", steps=own("a", may_refuse=False)),
    Row("what the design gives strikes", SENT, "perform a", Seen("forward: ~error"),
        "fault a:error at a#1; erred a#1: error", rest={"given": ["a:error"]}),
    Row("where it says", Seen("forward: sent#2?"), "perform a#2", Seen("forward: ~done#2?", {"a": KNOWN}),
        "committed a#2, now 1", rest={"given": ["a:error"]}),
    Row("and what it says", Seen("compensating(compensate): done/undo", {"a": ONCE}), "perform a.undo",
        Seen("compensating(compensate): done/~done", {"a": Record(1, 1, "", True, True)}), "undid a#1, now 0",
        rest={"given": ["a:error*for-ever"]}),
    Row("an answer that is known is given before anything else",
        Seen("forward: sent#2?", {"a": KNOWN}, {"a": ERROR}), "perform a#2",
        Seen("forward: ~done#2?", {"a": KNOWN}, {"a": ERROR}), "repeated a#2 done"),
    Row("the business says no", SENT, "perform a", Seen("forward: ~refused", {"a": Record(memory="refused")}),
        "refused a#1: stock < 1", steps=EMPTY),
    Row("not of what may not refuse", SENT, "perform a", Seen("forward: ~done", {"a": KNOWN}), "committed a#1, now 1",
        steps=own("a", refuses_when="stock < 1", may_refuse=False)),
    Row("nor while its condition is false", SENT, "perform a", Seen("forward: ~done", {"a": KNOWN}),
        "committed a#1, now 1", steps=EMPTY, rest={"resources": {"stock": 1}}),
    Row("nor of an undo", Seen("compensating(compensate): done/undo", {"a": ONCE}), "perform a.undo",
        Seen("compensating(compensate): done/~done", {"a": Record(1, 1, "", True, True)}), "undid a#1, now 0",
        steps=EMPTY),
)  # fmt: skip

ANSWERS = (
    Row("a late copy may land as soon as nobody waits for it, before the next attempt arrives",
        Seen("forward: ~silence", copies=(late(ready=False),)), "hear a",
        Seen("forward: sent#2?", copies=(late(),)), "silence of a#1; again a#2; sent a#2"),
    Row("or when its caller has given up",
        Seen("forward: ~silence#3?", copies=(late(ready=False),)), "hear a#3",
        Seen("compensating(compensate): unknown/undo", copies=(late(),)),
        "silence of a#3; a is unknown; halted by a: compensate; turned back: a; sent a.undo#1"),
    Row("or has had another answer",
        Seen("forward: ~done#2? -", {"a": KNOWN}, copies=(late(ready=False),)), "hear a#2",
        Seen("forward: done sent", {"a": KNOWN}, copies=(late(),)), "heard a#2 done; a is done; sent b#1",
        of=(undoable("a"), undoable("b", "a"))),
    Row("that of another step goes on waiting",
        Seen("forward: ~done ~silence -", {"l": KNOWN}, copies=(late(1, ready=False),)), "hear l",
        Seen("forward: done ~silence -", {"l": KNOWN}, copies=(late(1, ready=False),)), "heard l#1 done; l is done",
        of=FORK),
    Row("an undo's waits for the undo",
        Seen("compensating(compensate): unknown/~silence#5", copies=(late(), late(undo=True, ready=False))),
        "hear a.undo#5", Seen("parked: given-up tells a", copies=(late(), late(undo=True))),
        "silence of a.undo#5; gave up a; a is given-up; ended parked a"),
    Row("a fault for ever goes on, and its copies wait to land together",
        Seen("forward: ~silence#3?", struck={"a": LATE_FOR_EVER}, copies=(late(0, 3, ready=False),)), "hear a#3",
        Seen("forward: sent#4?", struck={"a": LATE_FOR_EVER}, copies=(late(0, 3, ready=False),)),
        "silence of a#3; again a#4; sent a#4", rule(on_unknown="retry")),
    Row("to one attempt beyond the last, and then its copies land",
        Seen("forward: ~silence#4?", struck={"a": LATE_FOR_EVER}, copies=(late(0, 4, ready=False),)), "hear a#4",
        Seen("forward: sent#5?", copies=(late(0, 4),)), "silence of a#4; again a#5; sent a#5",
        rule(on_unknown="retry")),
    Row("however often it would still strike, its copies land then",
        Seen("forward: ~silence#4?", struck={"a": Strike("late", "", 5)}, copies=(late(0, 4, ready=False),)),
        "hear a#4", Seen("forward: sent#5?", struck={"a": Strike("late", "", 5)}, copies=(late(0, 4),)),
        "silence of a#4; again a#5; sent a#5", rule(on_unknown="retry")),
    Row("an undo has more attempts",
        Seen("compensating(compensate): unknown/~silence#4", struck={"a": Strike("late", "", 5)},
             copies=(late(0, 4, undo=True, ready=False),)), "hear a.undo#4",
        Seen("compensating(compensate): unknown/undo#5", struck={"a": Strike("late", "", 5)},
             copies=(late(0, 4, undo=True, ready=False),)), "silence of a.undo#4; again a.undo#5; sent a.undo#5"),
    Row("what is under way of an undo waits for the undo",
        Seen("forward: ~done -", {"a": KNOWN}, copies=(late(undo=True, ready=False),)), "hear a",
        Seen("forward: done sent", {"a": KNOWN}, copies=(late(undo=True, ready=False),)),
        "heard a#1 done; a is done; sent b#1", of=(undoable("a"), undoable("b", "a"))),
    Row("so does one that strikes some times more", Seen("forward: ~error#4?", struck={"a": Strike("error", "", 2)}),
        "hear a#4", Seen("forward: sent#5?", struck={"a": Strike("error", "", 2)}),
        "heard a#4 error; again a#5; sent a#5", rule(on_error="retry")),
    Row("an outage lasts through the attempts of its call", Seen("forward: ~silence#2?", struck={"a": DOWN_ONCE}),
        "hear a#2", Seen("forward: sent#3?", struck={"a": DOWN_ONCE}), "silence of a#2; again a#3; sent a#3"),
    Row("and no longer", Seen("forward: ~silence#3?", struck={"a": DOWN_ONCE}), "hear a#3", Seen("forward: sent#4?"),
        "silence of a#3; again a#4; sent a#4", rule(on_unknown="retry")),
    Row("through all those of an undo", Seen("compensating(compensate): unknown/~silence#4", struck={"a": DOWN_ONCE}),
        "hear a.undo#4", Seen("compensating(compensate): unknown/undo#5", struck={"a": DOWN_ONCE}),
        "silence of a.undo#4; again a.undo#5; sent a.undo#5"),
    Row("an undo is another call", Seen("forward: ~error#3", struck={"a": ERROR}), "hear a#3",
        Seen("compensating(compensate): unknown/undo"),
        "heard a#3 error; a is unknown; halted by a: compensate; turned back: a; sent a.undo#1"),
    Row("what is forgotten on its way stays on its way",
        Seen("forward: ~refused sent#2? -", struck={"m": ERROR}, copies=(late(1, ready=False),)), "hear l",
        Seen("compensating(compensate): refused unknown/undo -",
             copies=(late(1), Copy(1, False, 2, "abandoned", True))),
        "heard l#1 refused; l is refused; halted by l: compensate; abandoned m#2; m is unknown; turned back: m; "
        "sent m.undo#1", rule(on_sibling_failure="abandon"), of=FORK),
    Row("an answer under way is not",
        Seen("forward: ~refused ~done -"), "hear l",
        Seen("compensating(compensate): refused unknown/undo -"),
        "heard l#1 refused; l is refused; halted by l: compensate; abandoned m#1; m is unknown; turned back: m; "
        "sent m.undo#1", rule(on_sibling_failure="abandon"), of=FORK),
)  # fmt: skip

UNDOING = "compensating(compensate): unknown/undo"

LANDINGS = (
    Row("a late copy takes effect", Seen(UNDOING, copies=(late(),)), "land late a", Seen(UNDOING, {"a": KNOWN}),
        "landed late a#1; committed a#1, now 1; stray a done: ignored"),
    Row("each of them where there is no key", Seen(UNDOING, copies=(late(0, 3, times=3),)), "land late a#3",
        Seen(UNDOING, {"a": Record(3)}), "landed late a#3; committed a#3, now 1; committed a#3, now 2; "
        "committed a#3, now 3; stray a done: ignored", steps=NO_KEY),
    Row("one of two alike", Seen(UNDOING, copies=(late(), late())), "land late a",
        Seen(UNDOING, {"a": KNOWN}, copies=(late(),)), "landed late a#1; committed a#1, now 1; stray a done: ignored"),
    Row("a late undo", Seen(UNDOING + "#2", {"a": ONCE}, copies=(late(undo=True),)), "land late a.undo",
        Seen(UNDOING + "#2", {"a": Record(1, 1, "", True, True)}),
        "landed late a.undo#1; undid a#1, now 0; stray a.undo done: ignored"),
    Row("an effect after its undo is refused",
        Seen("compensated: undone", {"a": Record(0, 0, "", True, True)}, copies=(late(),)),
        "land late a", Seen("compensated: undone", {"a": Record(0, 0, "", True, True)}),
        "landed late a#1; refused a#1: its undo came first; stray a refused: ignored"),
    Row("or by the business, by then", Seen(UNDOING, copies=(late(),)), "land late a",
        Seen(UNDOING, {"a": Record(memory="refused")}),
        "landed late a#1; refused a#1: stock < 1; stray a refused: ignored", steps=EMPTY),
    Row("which has no say in an undo", Seen(UNDOING + "#2", {"a": ONCE}, copies=(late(undo=True),)), "land late a.undo",
        Seen(UNDOING + "#2", {"a": Record(1, 1, "", True, True)}),
        "landed late a.undo#1; undid a#1, now 0; stray a.undo done: ignored", steps=EMPTY),
    Row("its answer may be taken for one that is waited for",
        Seen("forward: done sent", {"a": KNOWN}, {"b": ERROR}, copies=(Copy(0, False, 1, "second", True),)),
        "land second a", Seen("completed: done done", {"a": KNOWN}, copies=(Copy(1, False, 1, "abandoned", True),)),
        "landed second a#1; repeated a#1 done; stray a done: taken for b; b is done; ended completed",
        rule(on_stray_reply="advance"), of=(undoable("a"), undoable("b", "a"))),
)  # fmt: skip


@pytest.mark.parametrize("row", [*CALLS, *ANSWERS, *LANDINGS], ids=lambda row: row.sentence.replace(" ", "-"))
def test_a_coordinated_world_becomes_what_its_row_says(row: Row) -> None:
    check(row, BY_ONE, tidy=False)


BEGAN = Seen("running: sent")
NO_OUTBOX = guard("a", outbox=False)
LOSSY = {"services": {"s": {"delivery": "at-most-once"}}}
PAIR = (undoable("a"), undoable("b", "a"))

AMONG_PARTICIPANTS = (
    Row("an event is taken up", BEGAN, "perform a", Seen("running: ~done", {"a": KNOWN}),
        "took up a#1; committed a#1, now 1"),
    Row("a late one is held, and leaves no copy", BEGAN, "a:late*for-ever", Seen("running: held"),
        "fault a:late*for-ever at a#1"),
    Row("and then taken up, come what may", Seen("running: held", struck={"a": ERROR}), "perform a",
        Seen("running: ~done", {"a": KNOWN}, {"a": ERROR}), "took up a#1; committed a#1, now 1"),
    Row("an error is redelivered", BEGAN, "a:error*3", Seen("running: ~error", struck={"a": Strike("error", "", 2)}),
        "took up a#1; fault a:error*3 at a#1; erred a#1: error"),
    Row("the outbox sends again what was lost", BEGAN, "a:reply-lost*for-ever", Seen("running: ~done", {"a": KNOWN}),
        "took up a#1; committed a#1, now 1; fault a:reply-lost*for-ever at a#1"),
    Row("without one nobody is told", BEGAN, "a:reply-lost", Seen("running: ~unpublished", {"a": KNOWN}),
        "took up a#1; committed a#1, now 1; fault a:reply-lost at a#1", steps=NO_OUTBOX),
    Row("unless it was a refusal", BEGAN, "a:reply-lost", Seen("running: ~refused", {"a": Record(memory="refused")}),
        "took up a#1; refused a#1: stock < 1; fault a:reply-lost at a#1",
        steps=own("a", refuses_when="stock < 1", safeguards={"outbox": False})),
    Row("a dead letter", BEGAN, "a:poisoned", Seen("running: ~dead"), "took up a#1; fault a:poisoned at a#1"),
    Row("a broker may lose it", BEGAN, "a:request-lost", Seen("running: ~lost"), "fault a:request-lost at a#1",
        rest=LOSSY),
    Row("an outage holds it up", BEGAN, "s:outage@a.before", Seen("running: held"),
        "fault s:outage@a.before at a#1; outage of s at a"),
    Row("for ever it ends as a dead letter", BEGAN, "s:outage@a.before*for-ever", Seen("running: ~dead"),
        "took up a#1; fault s:outage@a.before*for-ever at a#1; outage of s at a", down_now=(0,)),
    Row("or loses it, where it is delivered at most once", BEGAN, "s:outage@a.before", Seen("running: ~lost"),
        "fault s:outage@a.before at a#1; outage of s at a", rest=LOSSY),
    Row("committed and an error: it is redelivered", BEGAN, "a:error-after",
        Seen("running: ~again", {"a": KNOWN}), "took up a#1; committed a#1, now 1; fault a:error-after at a#1"),
    Row("deduplicated then, and never published without an outbox", BEGAN, "a:error-after",
        Seen("running: ~unpublished", {"a": KNOWN}), "took up a#1; committed a#1, now 1; fault a:error-after at a#1",
        steps=NO_OUTBOX),
    Row("who has committed never publishes a refusal", Seen("running: sent#2", {"a": ONCE}), "perform a#2",
        Seen("running: ~done#2", {"a": ONCE}), "took up a#2; refused a#2: stock < 1",
        steps=own("a", refuses_when="stock < 1", safeguards={"idempotent": False, "sticky_refusal": False})),
    Row("nor after an error", Seen("running: sent#2", {"a": ONCE}), "a#2:error", Seen("running: ~again#2", {"a": ONCE}),
        "took up a#2; fault a#2:error at a#2; erred a#2: error", steps=NO_KEY),
    Row("but an undo may be refused", Seen("running: done/undo", {"a": ONCE}), "a.undo:refused",
        Seen("running: done/~refused", {"a": ONCE}),
        "took up a.undo#1; fault a.undo:refused at a.undo#1; refused a.undo#1: refused"),
    Row("a second event is handed on by who does not deduplicate, to who does not either",
        Seen("running: done done<a", {"a": ONCE, "b": ONCE}, copies=(Copy(0, False, 1, "second", True),)),
        "land second a",
        Seen("running: done done<a", {"a": Record(2), "b": ONCE}, copies=(Copy(1, False, 1, "second", True),)),
        "landed second a#1; committed a#1, now 2",
        steps={**NO_KEY, **guard("b", idempotent=False)}, of=PAIR),
    Row("and ends with who does", Seen("running: done done<a", {"a": KNOWN, "b": ONCE},
        copies=(Copy(0, False, 1, "second", True),)), "land second a",
        Seen("running: done done<a", {"a": KNOWN, "b": ONCE}), "landed second a#1; repeated a#1 done",
        steps=guard("b", idempotent=False), of=PAIR),
    Row("nor does a refused one cascade",
        Seen("running: undone done<a", {"a": Record(1, 1, "", False, True), "b": ONCE},
             copies=(Copy(0, False, 1, "second", True),)), "land second a",
        Seen("running: undone done<a", {"a": Record(1, 1, "", False, True), "b": ONCE}),
        "landed second a#1; refused a#1: its undo came first",
        steps={**NO_KEY, **guard("b", idempotent=False)}, of=PAIR),
    Row("an event reaches its listener", Seen("running: done refused<a skipped skipped | b.refused>a", {"a": KNOWN}),
        "receive b.refused>a", Seen("running: done/undo>b refused<a skipped skipped", {"a": KNOWN}),
        "a heard b refused", of=CHAIN),
    Row("the deadline passes by itself", Seen("running: done done/unheard<a - -", {"a": KNOWN, "b": KNOWN}),
        "expire deadline", Seen("running: done^ done/unheard<a - - | a.aborting>b", {"a": KNOWN, "b": KNOWN},
        interrupted=("deadline",)), "deadline: compensate; a told aborting", of=CHAIN, rest={"deadline_ms": 60_000}),
)  # fmt: skip


@pytest.mark.parametrize("row", AMONG_PARTICIPANTS, ids=lambda row: row.sentence.replace(" ", "-"))
def test_a_world_of_participants_becomes_what_its_row_says(row: Row) -> None:
    check(row, BY_ALL, tidy=False)


REORDERED = Copy(0, False, 1, "late", False)

TIDY = (
    Row("a fault for ever that leaves nothing behind takes one stride", SENT, "a:error*for-ever",
        Seen("forward: ~error#3", struck={"a": ERROR}), "fault a:error*for-ever at a#1; erred a#1: error"),
    Row("an undo's has attempts of its own", Seen("compensating(compensate): done/undo", {"a": ONCE}),
        "a.undo:error*for-ever", Seen("compensating(compensate): done/~error#5", {"a": ONCE}, {"a": ERROR}),
        "fault a.undo:error*for-ever at a.undo#1; erred a.undo#1: error"),
    Row("it never goes backward", Seen("forward: sent#4?", struck={"a": ERROR}), "perform a#4",
        Seen("forward: ~error#4?", struck={"a": ERROR}), "fault a#4:error*for-ever at a#4; erred a#4: error"),
    Row("so does one that takes effect once", SENT, "a:reply-lost*for-ever",
        Seen("forward: ~silence#3", {"a": KNOWN}, {"a": Strike("reply-lost", "", 0)}),
        "committed a#1, now 1; fault a:reply-lost*for-ever at a#1"),
    Row("not where every attempt takes effect", SENT, "a:reply-lost*for-ever",
        Seen("forward: ~silence", {"a": ONCE}, {"a": Strike("reply-lost", "", 0)}),
        "committed a#1, now 1; fault a:reply-lost*for-ever at a#1", steps=NO_KEY),
    Row("nor where each leaves a copy", SENT, "a:late*for-ever",
        Seen("forward: ~silence", struck={"a": LATE_FOR_EVER}, copies=(late(ready=False),)),
        "fault a:late*for-ever at a#1", steps=NO_KEY),
    Row("but an error that leaves nothing does", SENT, "a:error*for-ever",
        Seen("forward: ~error#3", struck={"a": ERROR}), "fault a:error*for-ever at a#1; erred a#1: error",
        steps=NO_KEY),
    Row("one that strikes some times goes step by step", SENT, "a:error*2",
        Seen("forward: ~error", struck={"a": Strike("error")}), "fault a:error*2 at a#1; erred a#1: error"),
    Row("what is the same from here on goes by one name", SENT, "a:crash@after*2",
        Seen("forward: ~silence", {"a": KNOWN}, {"a": Strike("reply-lost")}),
        "committed a#1, now 1; fault a:crash@after*2 at a#1"),
    Row("before the effect, too", SENT, "a:crash@before*for-ever",
        Seen("forward: ~silence#3", struck={"a": LATE_FOR_EVER}, copies=(late(ready=False),)),
        "fault a:crash@before*for-ever at a#1"),
    Row("an overtaken copy is a late one", SENT, "a:reordered", Seen("forward: ~silence", copies=(REORDERED,)),
        "fault a:reordered at a#1"),
    Row("how often it took makes no difference when it is done", Seen("forward: sent#3?"), "perform a#3",
        Seen("forward: ~done", {"a": KNOWN}), "committed a#3, now 1"),
    Row("but it does when it is not", Seen("forward: sent#2?"), "a#2:error", Seen("forward: ~error#2?"),
        "fault a#2:error at a#2; erred a#2: error"),
    Row("a copy of what is known changes nothing, and is forgotten",
        Seen("forward: ~done -", {"a": KNOWN}, copies=(late(ready=False),)), "hear a",
        Seen("forward: done sent", {"a": KNOWN}), "heard a#1 done; a is done; sent b#1", of=PAIR),
    Row("unless its answer would be heard",
        Seen("forward: ~done -", {"a": KNOWN}, copies=(late(ready=False),)), "hear a",
        Seen("forward: done sent", {"a": KNOWN}, copies=(late(),)), "heard a#1 done; a is done; sent b#1",
        rule(on_stray_reply="advance"), of=PAIR),
    Row("after the end nobody hears it",
        Seen("forward: ~done", {"a": KNOWN}, copies=(late(ready=False),)), "hear a",
        Seen("completed: done", {"a": KNOWN}), "heard a#1 done; a is done; ended completed",
        rule(on_stray_reply="advance")),
    Row("what struck the saga is forgotten with its end", Seen("halting(cancel-abandon): ~done", {"a": KNOWN},
        interrupted=("cancelled",)), "hear a", Seen("failed: done", {"a": KNOWN}),
        "heard a#1 done; a is done; ended failed"),
    Row("and what is down", Seen("forward: ~done", {"a": KNOWN}), "hear a", Seen("completed: done", {"a": KNOWN}),
        "heard a#1 done; a is done; ended completed", down=(0,)),
    Row("not before", Seen("forward: ~done -", {"a": KNOWN}), "hear a", Seen("forward: done sent", {"a": KNOWN}),
        "heard a#1 done; a is done; sent b#1", of=PAIR, down=(0,), down_now=(0,)),
)  # fmt: skip


@pytest.mark.parametrize("row", TIDY, ids=lambda row: row.sentence.replace(" ", "-"))
def test_an_exploration_drops_what_can_make_no_difference(row: Row) -> None:
    check(row, BY_ONE, tidy=True)


def test_among_participants_a_redelivered_event_is_published_again() -> None:
    """Where the key is known the redelivery does nothing else: an exploration takes it at once."""
    again = Row("", BEGAN, "a:error-after", Seen("running: ~done", {"a": KNOWN}),
                "took up a#1; committed a#1, now 1; fault a:error-after at a#1")  # fmt: skip
    check(again, BY_ALL, tidy=True)
    keyless = again._replace(steps=NO_KEY, now=Seen("running: ~again", {"a": ONCE}))
    check(keyless, BY_ALL, tidy=True)


@pytest.mark.parametrize(
    ("coordination", "steps", "engine", "copy", "record", "ended", "inert"),
    [
        (BY_ONE, {}, {}, late(), BLANK, False, False),
        (BY_ONE, {}, {}, late(), KNOWN, False, True),
        (BY_ONE, {}, {}, late(), Record(memory="refused"), False, True),
        (BY_ONE, {}, {}, late(), Record(0, 0, "", False, True), False, True),
        (BY_ONE, {}, {}, late(), ONCE, False, False),
        (BY_ONE, {}, {}, late(undo=True), Record(1, 1, "", True, False), False, True),
        (BY_ONE, {}, {}, late(undo=True), Record(1, 1, "done", False, True), False, False),
        (BY_ONE, {}, {"on_stray_reply": "advance"}, late(), KNOWN, False, False),
        (BY_ONE, {}, {"on_stray_reply": "resurrect"}, late(), KNOWN, True, True),
        (BY_ALL, {}, {"on_stray_reply": "advance"}, late(), KNOWN, False, True),
        (BY_ALL, {}, {}, late(), BLANK, False, False),
        (BY_ALL, {"kind": "read", "compensation": None}, {}, late(), BLANK, False, True),
        (BY_ONE, {"kind": "read", "compensation": None}, {}, late(), BLANK, False, False),
    ],
)
def test_a_copy_is_inert_if_it_changes_nothing_whenever_it_lands(
    coordination: Coordination,
    steps: Data,
    engine: Data,
    copy: Copy,
    record: Record,
    ended: bool,
    inert: bool,
) -> None:
    kernel = kernel_of(ONE, coordination, engine, {"a": steps})
    assert kernel.is_inert(copy, record, ended=ended) is inert


def test_every_interruption_is_remembered_in_one_order() -> None:
    kernel = kernel_of(CHAIN, BY_ALL, deadline_ms=60_000)
    running = world(kernel.bp, Seen("running: done sent#2<a - -", interrupted=("deadline",)))
    after, _ = kernel.apply(running, Choice("interrupt", 0, subject="cancelled"))
    assert seen_in(kernel.bp, after.instances[0]) == Seen(
        "running: done^ sent#2<a - - | a.aborting>b", interrupted=("cancelled", "deadline")
    )


@pytest.mark.parametrize(
    ("coordination", "believed", "then", "now", "happened"),
    [
        (BY_ONE, "forward: done sent - -", Choice("interrupt", 1, subject="cancelled"),
         Seen("halting(cancel): done sent - -", interrupted=("cancelled",)),
         ["cancel: compensate", "halted by nobody: cancel"]),
        (BY_ONE, "forward: done sent - -", Choice("interrupt", 1, subject="deadline"),
         Seen("halting(cancel): done sent - -", interrupted=("deadline",)),
         ["deadline: compensate", "halted by nobody: cancel"]),
        (BY_ALL, "running: done refused<a skipped skipped | b.refused>a",
         Choice("receive", 1, 0, subject=Message(1, "refused", 0)),
         Seen("running: done/undo>b refused<a skipped skipped"), ["a heard b refused"]),
        (BY_ONE, "forward: ~done - - -", Choice("hear", 1, 0, False, 1), Seen("forward: done sent - -"),
         ["heard a#1 done", "a is done", "sent b#1"]),
        (BY_ONE, "forward: sent - - -", Choice("perform", 1, 0, False, 1, Strike("error", "", 2)),
         Seen("forward: ~error - - -", struck={"a": Strike("error")}),
         ["fault a:error*2 at a#1", "erred a#1: error"]),
    ],
)  # fmt: skip
def test_what_happens_to_one_instance_leaves_the_others_as_they_were(
    coordination: Coordination, believed: str, then: Choice, now: Seen, happened: list[str]
) -> None:
    kernel = kernel_of(CHAIN, coordination, instances=3, deadline_ms=60_000)
    before = world(kernel.bp, believed, believed, believed)
    after, events = kernel.apply(before, then)
    assert told(events) == happened
    assert seen_in(kernel.bp, after.instances[1]) == now
    assert (after.instances[0], after.instances[2]) == (before.instances[0], before.instances[2])


def test_what_a_cancel_forgets_stays_on_its_way_only_where_a_command_was_sent() -> None:
    """Among participants an event that nobody has taken up yet is not taken up at all."""
    kernel = kernel_of(CHAIN, BY_ALL, rule(on_cancel="abandon"))
    struck = world(kernel.bp, Seen("running: done sent<a - -", struck={"b": ERROR}))
    after, events = kernel.apply(struck, Choice("interrupt", 0, subject="cancelled"))
    assert seen_in(kernel.bp, after.instances[0]) == Seen("failed: done -<a - - failing abandoned")
    assert told(events) == ["cancel: abandon", "ended failed"]


# ---------------------------------------------------------------- several instances

STOCK = (
    {**undoable("take"), "effects": {"stock": -1}},
    {"name": "look", "service": "t", "reads": ["stock"], "after": ["take"]},
)


def test_whoever_fails_at_a_pending_record_is_refused() -> None:
    kernel = kernel_of(STOCK, BY_ONE, steps=guard("take", semantic_lock="fail"), instances=2)
    holds, refused = Seen("forward: done sent", {"take": KNOWN}), Record(memory="refused")
    before = world(kernel.bp, holds, "forward: sent -")
    after, events = kernel.apply(before, Choice("perform", 1, 0, False, 1))
    assert told(events) == [
        "lock on stock at take fails",
        "refused take#1: stock is pending for another saga",
    ]
    assert seen_in(kernel.bp, after.instances[1]) == Seen("forward: ~refused -", {"take": refused})
    assert after.instances[0] == before.instances[0]
    after, events = kernel.apply(before, Choice("perform", 0, 1, False, 1))
    assert told(events) == ["nothing at look#1: a read"]  # what one holds oneself is no lock
    assert seen_in(kernel.bp, after.instances[0]).believed == "forward: done ~done"


def test_a_copy_fails_at_a_pending_record_too_but_no_undo_does() -> None:
    kernel = kernel_of(STOCK, BY_ONE, steps=guard("take", semantic_lock="fail"), instances=2)
    holds = Seen("forward: done sent", {"take": KNOWN}, copies=(Copy(1, False, 1, "second", True),))
    copies = (late(), late(undo=True))
    before = world(kernel.bp, holds, Seen("compensating(compensate): unknown/undo -", copies=copies))
    _, events = kernel.apply(before, Choice("land", 1, 0, False, 1, None, copies[0]))
    refused = ["lock on stock at take fails", "refused take#1: stock is pending for another saga"]
    assert told(events)[1:3] == refused
    for then in (Choice("land", 1, 0, True, 1, None, copies[1]), Choice("perform", 1, 0, True, 1)):
        _, events = kernel.apply(before, then)
        assert "nothing at take.undo#1: there was nothing to undo" in told(events)
        assert not any("lock" in sentence for sentence in told(events))
    _, events = kernel.apply(before, Choice("land", 0, 1, False, 1, None, holds.copies[0]))
    assert told(events)[1] == "nothing at look#1: a read"


def test_whoever_reads_or_overwrites_what_may_be_taken_back_is_marked_until_it_is() -> None:
    kernel = kernel_of(STOCK, BY_ONE, instances=2)
    other = Seen("forward: done sent", {"take": KNOWN})
    before = world(kernel.bp, other, "forward: sent -")
    wrote, _ = kernel.apply(before, Choice("perform", 1, 0, False, 1))
    assert wrote.marks == (Mark("lost-update", 1, 0, 0, 0),)
    read, _ = kernel.apply(world(kernel.bp, other, "forward: done sent"), Choice("perform", 1, 1, False, 1))
    assert read.marks == (Mark("dirty-read", 1, 1, 0, 0),)
    copy = late(1)
    again = world(kernel.bp, other, Seen("forward: done sent#2?", copies=(copy,)))
    landed, _ = kernel.apply(again, Choice("land", 1, 1, False, 1, None, copy))
    assert landed.marks == read.marks
    assert seen_in(kernel.bp, landed.instances[1]) == Seen(
        "forward: done sent#2?", {"look": Record(memory="done")}
    )
    back = Seen("compensating(compensate): done/undo refused", {"take": KNOWN})
    undone, _ = kernel.apply(
        world(kernel.bp, back, "forward: done sent", marks=read.marks), Choice("perform", 0, 0, True, 1)
    )
    assert undone.marks == ()


def test_an_undo_asks_for_nothing_and_overwrites_nothing() -> None:
    """Neither one that found nothing to undo, nor one of two effects."""
    kernel = kernel_of(STOCK, BY_ONE, steps={"take": {"reads": ["stock"], **NO_KEY["a"]}}, instances=2)
    other = Seen("forward: done sent", {"take": ONCE})
    for record in (BLANK, Record(2)):
        undoing = Seen("compensating(compensate): unknown/undo -", {"take": record})
        after, _ = kernel.apply(world(kernel.bp, other, undoing), Choice("perform", 1, 0, True, 1))
        assert after.marks == ()
    before = world(kernel.bp, other, "forward: sent -")
    both, _ = kernel.apply(before, Choice("perform", 1, 0, False, 1))
    assert both.marks == (Mark("dirty-read", 1, 0, 0, 0), Mark("lost-update", 1, 0, 0, 0))


def test_what_has_ended_takes_nothing_back() -> None:
    kernel = kernel_of(STOCK, BY_ONE, instances=2)
    marks = (Mark("dirty-read", 0, 1, 1, 0), Mark("dirty-read", 1, 1, 0, 0))
    last = Seen("forward: done ~done", {"take": KNOWN})
    after, _ = kernel.apply(
        world(kernel.bp, last, "forward: done sent", marks=marks), Choice("hear", 0, 1, False, 1)
    )
    assert after.marks == (Mark("dirty-read", 0, 1, 1, 0),)


def test_the_end_of_one_saga_is_not_that_of_another() -> None:
    kernel = kernel_of(ONE, BY_ONE, tidy=True, instances=2)
    ends = Seen("halting(cancel-abandon): ~done", {"a": KNOWN}, copies=(late(),), interrupted=("cancelled",))
    before = world(kernel.bp, ends, ends)
    after, _ = kernel.apply(before, Choice("hear", 1, 0, False, 1))
    assert after.instances[0] == before.instances[0]
    assert seen_in(kernel.bp, after.instances[1]) == Seen("failed: done", {"a": KNOWN})


def test_a_service_is_down_until_the_last_saga_has_ended() -> None:
    kernel = kernel_of(ONE, BY_ONE, tidy=True, instances=2)
    hears = Choice("hear", 0, 0, False, 1)
    for other, down in (("forward: sent", (0,)), ("completed: done", ())):
        after, _ = kernel.apply(world(kernel.bp, "forward: ~done", other, down=(0,)), hears)
        assert after.down == down
    run = kernel_of(ONE, BY_ONE)
    kept, _ = run.apply(world(run.bp, "forward: ~done", down=(0,)), hears)
    assert kept.down == (0,)


def test_at_the_beginning_every_instance_has_begun_and_nothing_is_true() -> None:
    for coordination, believed in ((BY_ONE, "forward: sent -"), (BY_ALL, "running: sent -")):
        kernel = kernel_of(PAIR, coordination, instances=2)
        start, events = kernel.begin()
        assert start == world(kernel.bp, believed, believed)
        assert told(events)[0] == "SagaStarted(correlation='tiny')"
        assert isinstance(start.instances[0].mind, Troupe) is (coordination is BY_ALL)
        assert kernel.values(start) == ()
