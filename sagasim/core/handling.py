"""What a person does about a parked saga, done by the kernel and the participants.

A retry is the next attempt of the same call, with the same key, at the same participant. An undo by hand carries no
key, so nobody deduplicates it and nobody refuses it. What a person reports as settled, or skips, the saga hears as
an answer, and goes on by its own rules. What is still on its way lands behind all that, or before it for who waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.harms import Harm, Judge
from sagasim.core.history import (
    HistoryEvent,
    ReplyReceived,
    SagaEnded,
    UndoGivenUp,
)
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import Leg
from sagasim.core.narration import sentence
from sagasim.core.orchestration import Coordinator
from sagasim.core.parked import Decision, Drill, Told, capital
from sagasim.core.participant import Call, receive
from sagasim.core.world import Choice, Instance, Mind, World, put, with_instance, with_legs

WORD = (ReplyReceived, UndoGivenUp)
"""What a saga writes when it hears an answer; where the answer is a person's word, nobody tried anything."""

MOST_STEPS = 10_000
"""What follows from the choices ends long before; this only keeps a mistake of ours from running for ever."""


class Handling:
    """One way of handling a parked saga, step by step."""

    def __init__(self, drill: Drill, made: Mapping[int, Decision]) -> None:
        self.made, self.number = made, drill.number
        self.world = drill.world._replace(down=())  # by the time that a person comes, everything works again
        self.bp = _with_skips(drill.bp, made)
        self.kernel = Kernel(self.bp)
        self.judge = Judge(self.kernel)
        self.story: list[Told] = []
        self.harms: list[Harm] = []
        self.legs: tuple[Leg, ...] = self.instance.mind.legs
        self.report: tuple[int, ...] = self.instance.mind.report
        self._left = MOST_STEPS

    @property
    def instance(self) -> Instance:
        return self.world.instances[self.number]

    def handle(self, *, wait: bool) -> None:
        """Acts, lets the saga hear of it, and plays on until nothing is left to happen."""
        if wait:
            self._land_everything()
        answers = {step: self._act(step, decision) for step, decision in self.made.items()}
        if self._goes_on(answers):
            self._reopen(answers)
        elif self.made:
            self._close_by_hand(answers)
        self._play_on()
        self._land_everything()

    # acting

    def _act(self, step: int, decision: Decision) -> str:
        """Does what was decided; returns what the saga hears of it."""
        name = self.bp.steps[step].name
        undo = self.legs[step].belief == "given-up"
        match decision:
            case "retry":
                self._say(f"You had {'the undo of ' if undo else ''}{name} tried again.", "retry", name)
                return self._retry(step, undo)
            case "by-hand":
                self._say(f"You took the effect of {name} away by hand.", "by-hand", name)
                self._undo_by_hand(step)
                return "done"
            case "skip":
                words = f"to end without undoing {name}" if undo else f"to go on without {name}"
                self._say(f"You told the saga {words}.", "skip", name)
                return "refused"
            case _:
                self._say(
                    f"You told the saga that {name} is {'undone' if undo else 'done'}.", "resolved", name
                )
                return "done"

    def _retry(self, step: int, undo: bool) -> str:
        """The next attempt of the same call. Its faults have stopped by now, but for what the design has given."""
        leg = self._waiting(step, "sent")
        self._believe(step, leg)
        self._apply(Choice("perform", self.number, step, undo, leg.attempt))
        answer = self.instance.mind.legs[step].call
        heard = "did not answer" if answer in ("silence", "held", "lost") else f"answered: {answer}"
        self._say(f"{self.bp.steps[step].service} {heard}.", "answer", self.bp.steps[step].name)
        self._believe(step, self.legs[step])
        return answer

    def _undo_by_hand(self, step: int) -> None:
        """Nobody knows the key of what a person does: it is done, whatever was done before."""
        own, before = self.bp.steps[step], self.instance
        record = before.records[step]
        guards = replace(own.safeguards, idempotent=False, undo_of_nothing="apply", tombstone=False)
        unknown = record._replace(undo_memory=False)
        now, _, event = receive(replace(own, safeguards=guards), unknown, Call(True, 1))
        records = put(before.records, step, record._replace(undone=now.undone))
        after = with_instance(self.world, self.number, before._replace(records=records))
        self._note(Choice("land", self.number, step, True), [event], after)

    # what the saga makes of it

    def _goes_on(self, answers: Mapping[int, str]) -> bool:
        """Going back, every answer is heard. Going forward, nothing may be in the way any more."""
        blocked = [step for step in self.report if self.legs[step].belief != "done"]
        if any(self.legs[step].belief == "given-up" for step in blocked):
            return bool(set(answers) & set(blocked))
        if not blocked or "by-hand" in self.made.values():  # who undoes does not go on
            return False
        return all(answers.get(step) == "done" or self.made.get(step) == "skip" for step in blocked)

    def _reopen(self, answers: Mapping[int, str]) -> None:
        """The saga is no longer parked: the answers are on their way to it."""
        legs = list(self.legs)
        for step, answer in answers.items():
            by_hand = (
                self.legs[step].belief == "done"
            )  # nobody asks again what is done: it can only be undone
            legs[step] = Leg("undone") if by_hand else self._waiting(step, answer)
        back = any(leg.belief == "given-up" for leg in self.legs)
        mind = self.instance.mind
        opened: Mind
        if isinstance(mind, Coordinator):
            opened = Coordinator(
                "compensating" if back else "forward", tuple(legs), "compensate" if back else ""
            )
        else:
            still = any(step not in answers for step in self.report)  # somebody is still asked about it
            opened = mind._replace(phase="running", legs=tuple(legs), alarm=still, report=())
        self.world = with_instance(self.world, self.number, self.instance._replace(mind=opened))
        for step in answers:
            leg = self.instance.mind.legs[step]
            if leg.call and leg.call != "held":
                hear = Choice("hear", self.number, step, leg.undoing == "running", leg.attempt)
                self._apply(hear, told=(ReplyReceived,) if self.made[step] == "retry" else WORD)

    def _close_by_hand(self, answers: Mapping[int, str]) -> None:
        """The saga does not go on: it stays parked for what is open, or a person has undone all of it."""
        legs = list(self.legs)
        for step, answer in answers.items():
            if self.made[step] == "by-hand":
                legs[step] = Leg("undone")
            elif answer == "done":
                legs[step] = Leg("done")
        mind = with_legs(self.instance.mind, tuple(legs))
        report = tuple(step for step in self.report if legs[step].belief != "undone")
        phase = "parked" if report else "compensated"
        was = with_instance(
            self.world, self.number, self.instance._replace(mind=mind._replace(phase="halting"))
        )
        now = self.instance._replace(mind=mind._replace(phase=phase, report=report))
        names = tuple(self.bp.steps[step].name for step in report)
        self.world = was
        self._note(
            Choice("hear", self.number), [SagaEnded(phase, names)], with_instance(was, self.number, now)
        )

    def _play_on(self) -> None:
        """By itself and without a fault, the earliest of what can happen first; what is late lands last."""
        while self._left:
            self._left -= 1
            choices = [each for each in self.kernel.choices(self.world) if each.verb != "land"]
            if not choices:
                return
            self._apply(choices[0])

    def _land_everything(self) -> None:
        while self._left:
            self._left -= 1
            landing = next((it for it in self.kernel.choices(self.world) if it.verb == "land"), None)
            if landing is None:
                return
            self._apply(landing)
            self._play_on()

    # the story

    def _waiting(self, step: int, answer: str) -> Leg:
        """The step with a call open again, the next after its last attempt."""
        belief = self.legs[step].belief
        undo = belief == "given-up"
        attempt = self.bp.attempts(step, undo) + 1
        if undo:
            return Leg("done", answer, attempt, False, "running")
        return Leg("running", answer, attempt, belief == "unknown")

    def _believe(self, step: int, leg: Leg) -> None:
        mind = with_legs(self.instance.mind, put(self.instance.mind.legs, step, leg))
        self.world = with_instance(self.world, self.number, self.instance._replace(mind=mind))

    def _apply(self, choice: Choice, *, told: tuple[type, ...] = ()) -> None:
        """Lets the kernel do it; what is `told` already is not said again."""
        after, events = self.kernel.apply(self.world, choice)
        self._note(choice, [event for event in events if not isinstance(event, told)], after)

    def _note(self, choice: Choice, events: list[HistoryEvent], after: World) -> None:
        for event in events:
            self._say(
                capital(f"{sentence(event, self.bp.saga)}.", self.bp.saga),
                type(event).__name__,
                getattr(event, "step", ""),
            )
        for harm in self.judge.harms(self.world, choice, events, after):
            if harm not in self.harms:
                self.harms.append(harm)
        self.world = after

    def _say(self, text: str, kind: str, step: str) -> None:
        self.story.append(Told(at_ms=None, kind=kind, step=step, sentence=text))


def _with_skips(bp: Blueprint, made: Mapping[int, Decision]) -> Blueprint:
    """To skip is a rule for one step: go on without it, or do not undo it and say so."""
    skipped = {bp.steps[step].name for step, decision in made.items() if decision == "skip"}
    if not skipped:
        return bp
    steps = tuple(
        replace(step, on_refusal="continue", on_undo_failure="stop") if step.name in skipped else step
        for step in bp.saga.steps
    )
    return blueprint(replace(bp.saga, steps=steps), bp.coordination)
