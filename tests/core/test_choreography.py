"""The rules of the participants among themselves, row by row: what reaches one of them, and what comes of it.

Every row was derived from docs/model.md (section 6, and 3 for what a fault means there), by hand. Where a row says
nothing about the engine or the steps, the defaults are in force. situations.py says how to read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from sagasim.core import choreography
from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.choreography import Troupe
from sagasim.core.history import HistoryEvent
from sagasim.core.saga import Coordination
from tests.core.situations import (
    CHAIN,
    FORK,
    NO_PIVOT,
    PAST,
    Data,
    guard,
    message,
    own,
    pivot,
    rule,
    saga_of,
    told,
    troupe,
    troupe_text,
    undoable,
)

DIAMOND = (undoable("a"), undoable("b", "a"), undoable("c", "a"), undoable("d", "b", "c"))
THREE = (undoable("a"), undoable("b", "a"), undoable("c", "a"), undoable("d", "a"))
"""Three branches that nothing joins."""
BESIDE = (undoable("a"), pivot("p", "a"), undoable("c", "a"))


class Row(NamedTuple):
    """`reaches`: `b error` (what came of its call), `b.refused>a` (an event), `cancelled`, `deadline`, `begin`."""

    sentence: str
    was: str
    reaches: str
    now: str
    happened: str
    engine: Data = {}  # noqa: RUF012  # a NamedTuple's default: nobody changes it
    steps: dict[str, Data] = {}  # noqa: RUF012
    of: Sequence[Data] = CHAIN


NO_UNDO: Data = {"compensation": None, "kind": "compensatable"}

FORWARD = (
    Row("who waits for nothing begins",
        "running: - - - -", "begin", "running: sent - - -", ""),
    Row("each of them",
        "running: - - -", "begin", "running: sent sent -", "", of=FORK),
    Row("whoever waits for what is published begins",
        "running: sent - - -", "a done", "running: done sent<a - -", "a is done; a told done"),
    Row("a join waits for the other event",
        "running: sent sent -", "m done", "running: sent done -<m", "m is done; m told done", of=FORK),
    Row("and begins with the last of them",
        "running: sent done -<m", "l done", "running: done done sent<l<m", "l is done; l told done", of=FORK),
    Row("completed when every step is done",
        "running: done done<a done<b sent<p", "r done", "completed: done done<a done<b done<p",
        "r is done; r told done; ended completed"),
    Row("not before",
        "running: done sent<a done<a sent#2<a", "b done", "running: done done<a done<a sent#2<a",
        "b is done; b told done", of=THREE),
    Row("an event of its own name lets a step begin",
        "running: sent - - -", "a done", "running: done sent<a sent<a -", "a is done; a told done",
        steps=own("p", starts_on=["ADone"])),
)  # fmt: skip

SKIPPED = "p heard b refused; skipped p; p told skipped; r heard p skipped; skipped r; r told skipped"

CALLS = (
    Row("an error is redelivered",
        "running: done sent<a - -", "b error", "running: done sent#2<a - -", "again b#2"),
    Row("until the last attempt: then it is a refusal",
        "running: done sent#3<a - -", "b error", "running: done refused<a skipped skipped | b.refused>a",
        f"b is refused; b told refused; {SKIPPED}"),
    Row("a single attempt",
        "running: done sent<a - -", "b error", "running: done refused<a skipped skipped | b.refused>a",
        f"b is refused; b told refused; {SKIPPED}", steps=own("b", retry={"attempts": 1})),
    Row("a rule to retry knows no last attempt",
        "running: done sent#3<a - -", "b error", "running: done sent#4<a - -", "again b#4", rule(on_error="retry")),
    Row("a step's own neither",
        "running: done sent#3<a - -", "b error", "running: done sent#4<a - -", "again b#4",
        steps=own("b", on_error="retry")),
    Row("redeliveries count on until no fault can last longer",
        "running: done sent#5<a - -", "b error", "running: done sent#5<a - -", "again b#5", rule(on_error="retry")),
    Row("a step's own rule wins over the engine's",
        "running: done sent#3<a - -", "b error", "failed: done dead<a - - failing given up",
        "b is dead; ended failed", rule(on_error="retry"), own("b", on_error="abandon")),
    Row("also for a retriable step",
        "running: done done<a done<b sent#3<p", "r error", "failed: done done<a done<b dead<p failing given up",
        "r is dead; ended failed", steps=own("r", on_error="abandon")),
    Row("a retriable step is redelivered until it works",
        "running: done sent#3<a", "r error", "running: done sent#4<a", "again r#4", of=NO_PIVOT),
    Row("so is what comes after a committed pivot",
        "running: done sent#3<p", "c error", "running: done sent#4<p", "again c#4", rule(on_error="abandon"),
        of=PAST),
    Row("the engine may go on after an error",
        "running: done sent#3<a - -", "b error", "running: done done<a sent<b -", "b is done; b told done",
        rule(on_error="continue")),
    Row("who has committed and reports an error is redelivered, however often",
        "running: done sent#3<a - -", "b again", "running: done sent#4<a - -", "again b#4"),
    Row("a refusal is final",
        "running: done sent<a - -", "b refused", "running: done refused<a skipped skipped | b.refused>a",
        f"b is refused; b told refused; {SKIPPED}"),
    Row("unless a rule asks again",
        "running: done sent<a - -", "b refused", "running: done sent#2<a - -", "again b#2",
        rule(on_refusal="retry")),
    Row("or goes on",
        "running: done sent<a - -", "b refused", "running: done done<a sent<b -", "b is done; b told done",
        rule(on_refusal="continue")),
    Row("or gives up",
        "running: done sent<a - -", "b refused", "failed: done dead<a - - failing given up",
        "b is dead; ended failed", rule(on_refusal="abandon")),
    Row("a step's own rule for it wins",
        "running: done sent<a - -", "b refused", "running: done sent#2<a - -", "again b#2",
        rule(on_refusal="abandon"), own("b", on_refusal="retry")),
    Row("the rule for errors is none for refusals",
        "running: done sent<a - -", "b refused", "running: done refused<a skipped skipped | b.refused>a",
        f"b is refused; b told refused; {SKIPPED}", rule(on_error="abandon")),
    Row("a refusal after the pivot is for a person, who is told what stands and what cannot go on",
        "running: done done<a done<b sent<p", "r refused",
        "parked: done done<a done<b dead<p tells a b p r alarm", "r is dead; ended parked a b p r"),
    Row("of any step behind it",
        "running: done sent<p", "c refused", "parked: done dead<p tells p c alarm", "c is dead; ended parked p c",
        of=PAST),
    Row("and of a retriable step",
        "running: done sent<a", "r refused", "parked: done dead<a tells a r alarm", "r is dead; ended parked a r",
        rule(on_refusal="abandon"), of=NO_PIVOT),
    Row("its own rule wins: it publishes the refusal",
        "running: done done<a done<b sent<p", "r refused", "running: done done<a done<b refused<p | r.refused>p",
        "r is refused; r told refused", steps=own("r", on_refusal="compensate")),
    Row("a dead letter is told, and the saga parked",
        "running: done sent<a - -", "b dead", "parked: done dead<a - - tells a b alarm",
        "dead letter b, alarm; b is dead; ended parked a b"),
    Row("without an alarm nobody knows",
        "running: done sent<a - -", "b dead", "running: done dead<a - -", "dead letter b; b is dead",
        steps=guard("b", dead_letter_alarm=False)),
    Row("an alarm is not taken back by one who has none",
        "running: done dead<a sent<a - alarm", "c dead", "parked: done dead<a dead<a - tells a b c alarm",
        "dead letter c; c is dead; ended parked a b c", steps=guard("c", dead_letter_alarm=False), of=DIAMOND),
    Row("others go on before the saga is parked",
        "running: done sent<a sent<a -", "b dead", "running: done dead<a sent<a - alarm",
        "dead letter b, alarm; b is dead", of=DIAMOND),
    Row("committed, and nobody is told",
        "running: done sent<a - -", "b unpublished", "running: done done/unheard<a - -",
        "b is done; lost b done: BDone"),
    Row("which nobody misses of the last step",
        "running: done done<a done<b sent<p", "r unpublished", "completed: done done<a done<b done/unheard<p",
        "r is done; lost r done: RDone; ended completed"),
    Row("an event that never comes",
        "running: done sent<a - -", "b lost", "running: done -/never<a - -", "lost b start: ADone"),
    Row("all of those that it waited for",
        "running: done done sent<l<m", "p lost", "running: done done -/never<l<m", "lost p start: LDone, MDone",
        of=FORK),
    Row("who must not stand undoes itself when it ends, and publishes no `done`",
        "running: refused sent#2>p! skipped", "m done", "running: refused done/undo>p! skipped", "m is done",
        of=FORK),
    Row("or has nothing to do",
        "running: refused sent#2>p! skipped", "m done", "compensated: refused undone>p! skipped",
        "m is done; m is undone; m told undone; ended compensated", steps=own("m", **NO_UNDO), of=FORK),
    Row("or was refused",
        "running: refused sent#2>p! skipped", "m refused", "compensated: refused refused>p! skipped",
        "m is refused; m told refused; ended compensated", of=FORK),
    Row("but a pivot that commits, stands",
        "running: done>c^ sent#2<a! refused<a", "p done", "running: done>c^ done<a! refused<a",
        "p is done; p told done", of=BESIDE),
    Row("and what is behind one",
        "running: done sent#2<p!", "c done", "completed: done done<p!", "c is done; c told done; ended completed",
        of=PAST),
)  # fmt: skip

TURNED = "running: done done/undo<a>p refused<b skipped"

UNDOS = (
    Row("undone, and published backward",
        TURNED, "b done", "running: done undone<a>p refused<b skipped | b.undone>a", "b is undone; b told undone"),
    Row("the first step is undone: the saga is compensated",
        "running: done/undo>b undone<a>p refused<b skipped", "a done",
        "compensated: undone>b undone<a>p refused<b skipped", "a is undone; a told undone; ended compensated"),
    Row("undone, and nobody is told",
        TURNED, "b unpublished", "running: done undone/unheard<a>p refused<b skipped",
        "b is undone; lost b undone: BUndone"),
    Row("which nobody misses of the first step",
        "running: done/undo>b undone<a>p refused<b skipped", "a unpublished",
        "compensated: undone/unheard>b undone<a>p refused<b skipped",
        "a is undone; lost a undone: AUndone; ended compensated"),
    Row("an undo that is never asked for",
        TURNED, "b lost", "running: done done/never<a>p refused<b skipped", "lost b undo: nothing"),
    Row("a dead letter is an undo given up, and the alarm tells the others",
        TURNED, "b dead", "running: done given-up<a>p refused<b skipped | b.undo_failed>a alarm",
        "dead letter b.undo, alarm; gave up b; b is given-up; b told undo_failed"),
    Row("without an alarm nobody goes on",
        TURNED, "b dead", "running: done given-up<a>p refused<b skipped",
        "dead letter b.undo; gave up b; b is given-up", steps=guard("b", dead_letter_alarm=False)),
    Row("nor is it an end when it was the last",
        "running: done/undo>b undone<a>p refused<b skipped", "a dead",
        "running: given-up>b undone<a>p refused<b skipped", "dead letter a.undo; gave up a; a is given-up",
        steps=guard("a", dead_letter_alarm=False)),
    Row("an error is redelivered, five times in all",
        "running: done done/undo#4<a>p refused<b skipped", "b error",
        "running: done done/undo#5<a>p refused<b skipped", "again b.undo#5"),
    Row("a refused undo too",
        TURNED, "b refused", "running: done done/undo#2<a>p refused<b skipped", "again b.undo#2"),
    Row("then it is given up, and counts as undone for its neighbours",
        "running: done done/undo#5<a>p refused<b skipped", "b error",
        "running: done given-up<a>p refused<b skipped | b.undo_failed>a alarm",
        "gave up b; b is given-up; b told undo_failed"),
    Row("an undo that is through and reports an error is redelivered, however often",
        "running: done done/undo#5<a>p refused<b skipped", "b again",
        "running: done done/undo#6<a>p refused<b skipped", "again b.undo#6"),
    Row("the attempts are the step's own",
        "running: done done/undo#2<a>p refused<b skipped", "b error",
        "running: done given-up<a>p refused<b skipped | b.undo_failed>a alarm",
        "gave up b; b is given-up; b told undo_failed", steps=own("b", undo_retry={"attempts": 2})),
    Row("stop: nothing is published, the steps before it are not attempted, the saga has failed",
        "running: done done/undo#5<a>p refused<b skipped", "b error",
        "failed: undo-skipped given-up<a>p refused<b skipped failing given up",
        "gave up b; b is given-up; never undid a; ended failed", rule(on_undo_failure="stop")),
    Row("when others are through",
        "running: done done/undo#5<a>d done/undo<a>d refused<b<c", "b error",
        "running: done given-up<a>d done/undo<a>d refused<b<c failing given up", "gave up b; b is given-up",
        rule(on_undo_failure="stop"), of=DIAMOND),
    Row("who publish as ever",
        "running: done given-up<a>d done/undo<a>d refused<b<c failing given up", "c done",
        "running: done given-up<a>d undone<a>d refused<b<c | c.undone>a failing given up",
        "c is undone; c told undone", rule(on_undo_failure="stop"), of=DIAMOND),
    Row("a step without a compensation has nothing that could be skipped",
        "running: done done/undo#5<a>p refused<b skipped", "b error",
        "failed: done given-up<a>p refused<b skipped failing given up",
        "gave up b; b is given-up; ended failed", rule(on_undo_failure="stop"), own("a", **NO_UNDO)),
    Row("or it is said to have worked",
        "running: done done/undo#5<a>p refused<b skipped", "b error",
        "running: done undone<a>p refused<b skipped | b.undone>a",
        "swallowed b; b is undone; b told undone", rule(on_undo_failure="swallow")),
    Row("or it is tried for ever",
        "running: done done/undo#5<a>p refused<b skipped", "b error",
        "running: done done/undo#6<a>p refused<b skipped", "again b.undo#6", rule(on_undo_failure="retry")),
    Row("and attempts count on until no fault can last longer",
        "running: done done/undo#7<a>p refused<b skipped", "b error",
        "running: done done/undo#7<a>p refused<b skipped", "again b.undo#7", rule(on_undo_failure="retry")),
    Row("a step's own rule wins for the undo",
        "running: done done/undo#5<a>p refused<b skipped", "b error",
        "running: done undone<a>p refused<b skipped | b.undone>a",
        "swallowed b; b is undone; b told undone", rule(on_undo_failure="stop"),
        own("b", on_undo_failure="swallow")),
    Row("when all is through, the person is told which undos were given up",
        "running: done/undo>b given-up<a>p refused<b skipped alarm", "a done",
        "parked: undone>b given-up<a>p refused<b skipped tells b alarm", "a is undone; a told undone; ended parked b"),
)  # fmt: skip

EVENTS = (
    Row("who stood before the one that was refused is undone",
        "running: done refused<a skipped skipped | b.refused>a", "b.refused>a",
        "running: done/undo>b refused<a skipped skipped", "a heard b refused"),
    Row("before one that was undone",
        "running: done undone<a>p refused<b skipped | b.undone>a", "b.undone>a",
        "running: done/undo>b undone<a>p refused<b skipped", "a heard b undone"),
    Row("that never began",
        "running: done done<a^ skipped skipped | p.skipped>b", "p.skipped>b",
        "running: done done/undo<a>p^ skipped skipped", "b heard p skipped"),
    Row("that gave its undo up",
        "running: done given-up<a>p refused<b skipped | b.undo_failed>a alarm", "b.undo_failed>a",
        "running: done/undo>b given-up<a>p refused<b skipped alarm", "a heard b undo_failed"),
    Row("a step without a compensation has nothing to do, and says so",
        "running: done refused<a skipped skipped | b.refused>a", "b.refused>a",
        "compensated: undone>b refused<a skipped skipped",
        "a heard b refused; a is undone; a told undone; ended compensated", steps=own("a", **NO_UNDO)),
    Row("backward through it, too",
        "running: done done<a refused<b skipped | p.refused>b", "p.refused>b",
        "running: done undone<a>p refused<b skipped | b.undone>a", "b heard p refused; b is undone; b told undone",
        steps=own("b", **NO_UNDO)),
    Row("a join that one branch lets down never begins, whatever else it heard",
        "running: done sent<a done<a -<c", "b refused",
        "running: done refused<a done<a skipped | b.refused>a d.skipped>c",
        "b is refused; b told refused; d heard b refused; skipped d; d told skipped", of=DIAMOND),
    Row("while another branch stands, the abort goes forward",
        "running: done refused<a done<a skipped | b.refused>a d.skipped>c", "b.refused>a",
        "running: done>b^ refused<a done<a skipped | a.aborting>c d.skipped>c", "a heard b refused; a told aborting",
        of=DIAMOND),
    Row("a step that has committed passes it on and waits for what is behind it",
        "running: done>b^ refused<a done<a sent#2 | a.aborting>c", "a.aborting>c",
        "running: done>b^ refused<a done<a^ sent#2 | c.aborting>d", "c heard a aborting; c told aborting",
        of=DIAMOND),
    Row("behind the last there is nothing to wait for",
        "running: done>b^ refused<a done<a refused<a | a.aborting>c d.refused>a", "a.aborting>c",
        "running: done>b^ refused<a done/undo<a refused<a | d.refused>a", "c heard a aborting", of=THREE),
    Row("nor where it is known that it is closed",
        "running: done>b^ refused<a done<a>d skipped | a.aborting>c", "a.aborting>c",
        "running: done>b^ refused<a done/undo<a>d skipped", "c heard a aborting", of=DIAMOND),
    Row("it is passed on once",
        "running: done>b^ refused<a sent#2<a! refused<a | d.refused>a", "d.refused>a",
        "running: done>b>d^ refused<a sent#2<a! refused<a", "a heard d refused", of=THREE),
    Row("when the last of them is closed, the step is undone",
        "running: done>b>d^ refused<a undone<a! refused<a | c.undone>a", "c.undone>a",
        "running: done/undo>b>c>d^ refused<a undone<a! refused<a", "a heard c undone", of=THREE),
    Row("a step that waits never begins after an abort",
        "running: done^ done<a^ sent<b - | b.aborting>p", "b.aborting>p",
        "running: done^ done<a^ skipped skipped | p.skipped>b",
        "p heard b aborting; skipped p; p told skipped; r heard p skipped; skipped r; r told skipped"),
    Row("nor one whose event is late",
        "running: done>b^ refused<a held<a refused<a | a.aborting>c", "a.aborting>c",
        "running: done>b^ refused<a skipped refused<a | c.skipped>a", "c heard a aborting; skipped c; c told skipped",
        of=THREE),
    Row("one in flight will undo itself",
        "running: done>b^ refused<a sent#2<a refused<a | a.aborting>c", "a.aborting>c",
        "running: done>b^ refused<a sent#2<a! refused<a", "c heard a aborting", of=THREE),
    Row("so will one that learns that nothing can stand behind it",
        "running: refused sent#2 skipped | p.skipped>m", "p.skipped>m",
        "running: refused sent#2>p! skipped", "m heard p skipped", of=FORK),
    Row("or never begins",
        "running: refused sent skipped | p.skipped>m", "p.skipped>m", "compensated: refused skipped skipped",
        "m heard p skipped; skipped m; m told skipped; ended compensated", of=FORK),
    Row("an abort dies at a committed pivot",
        "running: done>c^ done<a refused<a | a.aborting>p", "a.aborting>p", "running: done>c^ done<a refused<a",
        "p heard a aborting", of=BESIDE),
    Row("and behind it",
        "running: done done<p refused<p | c.refused>p", "c.refused>p", "running: done>c done<p refused<p",
        "p heard c refused", of=(*PAST[:1], undoable("b", "p"), undoable("c", "p"))),
    Row("also where a neighbour is closed",
        "running: done done<p skipped | d.skipped>c", "d.skipped>c", "running: done done<p>d skipped",
        "c heard d skipped", of=(*PAST, undoable("d", "c"))),
    Row("a closed step hears nothing more",
        "running: refused skipped skipped | p.skipped>m", "p.skipped>m", "compensated: refused skipped skipped",
        "m heard p skipped; ended compensated", of=FORK),
    Row("one that is being undone is not undone again",
        "running: done refused<a done/undo<a>d^ skipped | a.aborting>c", "a.aborting>c",
        "running: done refused<a done/undo<a>d^ skipped", "c heard a aborting", of=DIAMOND),
    Row("nor by its neighbour",
        "running: done/undo>b>d^ refused<a undone<a refused<a | c.undone>a", "c.undone>a",
        "running: done/undo>b>c>d^ refused<a undone<a refused<a", "a heard c undone", of=THREE),
    Row("a dead letter that nobody needs any more is a step that never began",
        "running: done>b^ refused<a dead<a refused<a | a.aborting>c", "a.aborting>c",
        "running: done>b^ refused<a skipped refused<a | c.skipped>a", "c heard a aborting; skipped c; c told skipped",
        of=THREE),
    Row("what one participant tells another arrives in order",
        "running: done done/undo<a sent#2<b - | b.aborting>p", "b done",
        "running: done undone<a sent#2<b - | b.undone>a b.aborting>p b.undone>p", "b is undone; b told undone"),
)  # fmt: skip

ON_P = own("a", compensates_on=["PRefused"])

EXPLICIT = (
    Row("who names its events gets them",
        "running: done done<a sent<b -", "p refused",
        "running: done done<a refused<b skipped | p.refused>a p.refused>b",
        "p is refused; p told refused; r heard p refused; skipped r; r told skipped", steps=ON_P),
    Row("and is undone at once, whatever stands behind it",
        "running: done done<a refused<b skipped | p.refused>a p.refused>b", "p.refused>a",
        "running: done/undo done<a refused<b skipped | p.refused>b", "a heard p refused", steps=ON_P),
    Row("not by its neighbour",
        "running: done done/undo<a>p refused<b skipped", "b done", "running: done undone<a>p refused<b skipped",
        "b is undone; b told undone", steps=ON_P),
    Row("not by an abort",
        "running: done refused<a done<a | a.aborting>c", "a.aborting>c", "running: done refused<a done<a",
        "c heard a aborting", steps=own("c", compensates_on=["Never"]), of=THREE[:3]),
    Row("one that has not begun never begins after an abort, as ever",
        "running: done refused<a sent<a | a.aborting>c", "a.aborting>c",
        "running: done refused<a skipped | c.skipped>a",
        "c heard a aborting; skipped c; c told skipped", steps=own("c", compensates_on=["Never"]), of=THREE[:3]),
    Row("nor after its own event",
        "running: sent sent", "l refused", "running: refused sent | l.refused>m", "l is refused; l told refused",
        steps=own("m", compensates_on=["LRefused"]), of=FORK[:2]),
    Row("which reaches it",
        "running: refused sent | l.refused>m", "l.refused>m", "compensated: refused skipped",
        "m heard l refused; skipped m; m told skipped; ended compensated",
        steps=own("m", compensates_on=["LRefused"]), of=FORK[:2]),
    Row("in flight it will undo itself",
        "running: refused sent#2 | l.refused>m", "l.refused>m", "running: refused sent#2!", "m heard l refused",
        steps=own("m", compensates_on=["LRefused"]), of=FORK[:2]),
    Row("it is undone once",
        "running: refused done/undo | l.refused>m", "l.refused>m", "running: refused done/undo", "m heard l refused",
        steps=own("m", compensates_on=["LRefused"]), of=FORK[:2]),
    Row("another event of the same step is not meant",
        "running: done done/undo<a>p refused<b skipped | b.aborting>a", "b.aborting>a",
        "running: done done/undo<a>p refused<b skipped", "a heard b aborting", steps=ON_P),
    Row("even a success may be what undoes it",
        "running: done sent<a - -", "b done", "running: done done<a sent<b - | b.done>a", "b is done; b told done",
        steps=own("a", compensates_on=["BDone"])),
    Row("and then it is undone by it",
        "running: done done<a sent<b - | b.done>a", "b.done>a", "running: done/undo done<a sent<b -", "a heard b done",
        steps=own("a", compensates_on=["BDone"])),
    Row("or keeps it from beginning",
        "running: done done<a sent<a -<b | b.done>c", "b.done>c",
        "running: done done<a skipped skipped | c.skipped>a d.skipped>b",
        "c heard b done; skipped c; c told skipped; d heard c skipped; skipped d; d told skipped",
        steps=own("c", compensates_on=["BDone"]), of=DIAMOND),
)  # fmt: skip

INTERRUPTED = (
    Row("a cancel is noticed by the first participant, and is an abort",
        "running: done sent<a - -", "cancelled", "running: done^ sent<a - - | a.aborting>b",
        "cancel: compensate; a told aborting"),
    Row("so is the deadline",
        "running: done sent<a - -", "deadline", "running: done^ sent<a - - | a.aborting>b",
        "deadline: compensate; a told aborting", rule(on_cancel="ignore")),
    Row("who has not begun never begins",
        "running: sent - - -", "cancelled", "compensated: skipped skipped skipped skipped",
        "cancel: compensate; skipped a; a told skipped; b heard a skipped; skipped b; b told skipped; "
        "p heard b skipped; skipped p; p told skipped; r heard p skipped; skipped r; r told skipped; "
        "ended compensated"),
    Row("one in flight undoes itself later",
        "running: sent#2 - - -", "cancelled", "running: sent#2! - - -", "cancel: compensate"),
    Row("all first participants notice it",
        "running: sent#2 done -<m", "cancelled", "running: sent#2! done^ -<m | m.aborting>p",
        "cancel: compensate; m told aborting", of=FORK),
    Row("a first step that has no one behind it is undone",
        "running: done sent#2", "cancelled", "running: done/undo sent#2!", "cancel: compensate", of=FORK[:2]),
    Row("a committed pivot does not mind",
        "running: done sent<p", "cancelled", "running: done sent<p", "cancel: compensate", of=PAST),
    Row("nor a saga that has ended",
        "compensated: refused skipped skipped skipped", "cancelled", "compensated: refused skipped skipped skipped",
        "cancel: compensate"),
    Row("a cancel may be ignored",
        "running: done sent<a - -", "cancelled", "running: done sent<a - -", "cancel: ignore",
        rule(on_cancel="ignore")),
    Row("and the deadline",
        "running: done sent<a - -", "deadline", "running: done sent<a - -", "deadline: ignore",
        rule(on_deadline="ignore")),
    Row("abandon: nothing new begins",
        "running: done sent<a - -", "cancelled", "failed: done -<a - - failing abandoned",
        "cancel: abandon; ended failed", rule(on_cancel="abandon")),
    Row("not even what has its event, late",
        "running: done held<a sent#2<a -", "deadline", "running: done -<a sent#2<a - failing abandoned",
        "deadline: abandon", rule(on_deadline="abandon"), of=DIAMOND),
    Row("what runs is waited for",
        "running: done sent#2<a - -", "cancelled", "running: done sent#2<a - - failing abandoned",
        "cancel: abandon", rule(on_cancel="abandon")),
    Row("and stands as it is",
        "running: done sent#2<a - - failing abandoned", "b done", "failed: done done<a -<b - failing abandoned",
        "b is done; b told done; ended failed", rule(on_cancel="abandon")),
    Row("unless it is a pivot that commits: then the saga must complete",
        "running: done done<a sent#2<b - failing abandoned", "p done", "running: done done<a done<b sent<p",
        "p is done; p told done", rule(on_cancel="abandon")),
    Row("which may be its end",
        "running: done done sent#2<l<m failing abandoned", "p done", "completed: done done done<l<m",
        "p is done; p told done; ended completed", rule(on_cancel="abandon"), of=FORK),
    Row("not while another branch still runs",
        "running: done sent#2<a sent#2<a failing abandoned", "p done",
        "running: done done<a sent#2<a failing abandoned",
        "p is done; p told done", rule(on_cancel="abandon"), of=BESIDE),
    Row("after a committed pivot abandoning changes nothing",
        "running: done done<a done<b sent<p", "cancelled", "running: done done<a done<b sent<p", "cancel: abandon",
        rule(on_cancel="abandon")),
)  # fmt: skip

ROWS = (*FORWARD, *CALLS, *UNDOS, *EVENTS, *EXPLICIT, *INTERRUPTED)


def react(bp: Blueprint, was: Troupe, reaches: str, out: list[HistoryEvent]) -> Troupe:
    if reaches == "begin":
        return choreography.begin(bp, out)
    if ">" in reaches:
        return choreography.receive(bp, was, message(bp, reaches), out)
    first, _, answer = reaches.partition(" ")
    if not answer:
        return choreography.interrupt(bp, was, first, out)
    return choreography.hear(bp, was, bp.index[first], answer, out)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence.replace(" ", "-"))
def test_the_participants_react_as_their_row_says(row: Row) -> None:
    bp = blueprint(saga_of(row.of, row.steps, row.engine), Coordination.CHOREOGRAPHY)
    was, out = troupe(bp, row.was), list[HistoryEvent]()
    assert troupe_text(bp, was) == row.was  # the row is written as it is read
    now = react(bp, was, row.reaches, out)
    assert troupe_text(bp, now) == row.now
    assert told(out) == [sentence.strip() for sentence in row.happened.split(";") if sentence]


@pytest.mark.parametrize(
    ("now", "again"),
    [
        ("running: done done<a done<a -<b<c", ["b"]),
        ("running: done sent<a done<a -", ["b"]),
        ("running: done - - -", []),
        ("running: done skipped done<a -", []),
    ],
)
def test_a_second_event_is_taken_up_by_those_who_began_and_have_no_key(now: str, again: list[str]) -> None:
    saga = saga_of(DIAMOND, guard("b", idempotent=False), {})
    bp = blueprint(saga, Coordination.CHOREOGRAPHY)
    assert [bp.steps[step].name for step in choreography.hear_again(bp, troupe(bp, now), 0)] == again


HANGS = (
    ("at a call that is retried without end", "running: done sent#5<a - -", "b", CHAIN),
    ("at an undo that is", "running: done done/undo#7<a>p refused<b skipped", "b", CHAIN),
    ("at the owner of a lost event", "running: done done/unheard<a - -", "b", CHAIN),
    ("the last of them", "running: done/unheard done/unheard -", "m", FORK),
    ("at an undo given up of which nobody was told", "running: done given-up<a>p refused<b skipped", "b", CHAIN),
    ("at a refusal that the one before does not react to", "running: done refused<a skipped skipped", "b", CHAIN),
    ("at an undo of which the same is true", "running: done undone<a>p refused<b skipped", "b", CHAIN),
    ("at the later of two", "running: done refused<a refused<a skipped", "c", DIAMOND),
    ("before a dead letter", "running: done dead<a - -", "a", CHAIN),
    ("before an event that never came", "running: done done<a -/never<b -", "b", CHAIN),
    ("at the last of those before it", "running: done done dead<l<m", "m", FORK),
    ("at the first step itself, if nothing was before it", "running: dead - - -", "a", CHAIN),
    ("at a success that nobody waits for", "running: done done<a done<a skipped", "c", THREE),
    ("at a refusal that nobody heard", "running: refused done skipped", "l", FORK),
    ("at the last success", "running: done done<a - -", "b", CHAIN),
    ("at the beginning", "running: - - - -", "a", CHAIN),
)  # fmt: skip


@pytest.mark.parametrize(("sentence", "now", "where", "of"), HANGS)
def test_a_saga_without_an_end_hangs(sentence: str, now: str, where: str, of: Sequence[Data]) -> None:
    bp = blueprint(saga_of(of, {}, {}), Coordination.CHOREOGRAPHY)
    assert bp.steps[choreography.step_that_hangs(bp, troupe(bp, now))].name == where, sentence
