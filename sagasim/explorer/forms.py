"""How far somebody wants to explore, and the sentence that is said where it cannot be."""

from __future__ import annotations

from typing import Any

from django import forms

from sagasim.core.faults import EXPLORED_KINDS, KINDS
from sagasim.core.saga import Coordination
from sagasim.explorer.services import BOTH, LONGEST_SECONDS, MOST_FAULTS, MOST_SECONDS, MOST_STATES
from sagasim.runs.placing import KIND_SENTENCES

COORDINATIONS = {"both": BOTH, **{str(each): (each,) for each in Coordination}}


class ExploreForm(forms.Form):
    """What is not said is as it is explored by default: any two faults, all kinds, both coordinations."""

    faults = forms.TypedChoiceField(
        choices=[(number, number) for number in range(1, MOST_FAULTS + 1)],
        coerce=int,
        required=False,
        error_messages={"invalid_choice": f"Up to 1 to {MOST_FAULTS} faults can be explored, not %(value)s."},
    )
    coordination = forms.ChoiceField(
        choices=[(name, name) for name in COORDINATIONS],
        required=False,
        error_messages={
            "invalid_choice": f"There is no coordination %(value)s; there are {', '.join(COORDINATIONS)}."
        },
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind, kind) for kind in KINDS],
        required=False,
        error_messages={"invalid_choice": f"There is no kind %(value)s; the kinds are {', '.join(KINDS)}."},
    )
    most_states = forms.IntegerField(
        min_value=1,
        max_value=MOST_STATES,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            f"The limit of states is a number from 1 to {MOST_STATES:,}.",
        ),
    )
    most_seconds = forms.FloatField(
        min_value=0.1,
        max_value=LONGEST_SECONDS,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), f"The limit of time is 0.1 to {LONGEST_SECONDS:g} seconds."
        ),
    )

    def clean_faults(self) -> int:
        return int(self.cleaned_data["faults"] or 2)

    def clean_coordination(self) -> tuple[Coordination, ...]:
        return COORDINATIONS[self.cleaned_data["coordination"] or "both"]

    def clean_kinds(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["kinds"]) or EXPLORED_KINDS

    def clean_most_states(self) -> int:
        return int(self.cleaned_data["most_states"] or MOST_STATES)

    def clean_most_seconds(self) -> float:
        return float(self.cleaned_data["most_seconds"] or MOST_SECONDS)

    @property
    def refusal(self) -> str:
        """Why it cannot be explored like this, in one sentence; empty where it can."""
        return next((str(each[0]) for each in self.errors.values()), "")

    # what the template writes down

    fault_choices = tuple(range(1, MOST_FAULTS + 1))
    coordination_choices = tuple(COORDINATIONS)
    kind_choices = tuple((kind, KIND_SENTENCES[kind]) for kind in KINDS)

    @property
    def typed(self) -> dict[str, Any]:
        """Everything as it was typed, so that nobody types it twice."""
        said: Any = self.data or self.initial
        kinds = said.getlist("kinds") if hasattr(said, "getlist") else said.get("kinds")
        return {
            "faults": _number(said.get("faults"), 2),
            "coordination": said.get("coordination") or "both",
            "kinds": tuple(kinds or EXPLORED_KINDS),
            "most_states": said.get("most_states") or MOST_STATES,
            "most_seconds": said.get("most_seconds") or f"{MOST_SECONDS:g}",
        }


def _number(said: Any, otherwise: int) -> Any:
    text = str(said or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else said or otherwise
