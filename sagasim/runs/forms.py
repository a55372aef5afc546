"""What people type to start a run, and the sentence that is said where it cannot be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.datastructures import MultiValueDict

from sagasim.composer.telling import sentence as sentence  # noqa: PLC0414  # others take it from here
from sagasim.core.errors import BadFault
from sagasim.core.faults import FaultPlan, Moment, parse_moment, parse_plan
from sagasim.core.saga import Coordination
from sagasim.runs.services import BOTH, Plan

if TYPE_CHECKING:
    from sagasim.composer.models import SagaVersion

MOST_FAULTS = 50
MOST_MOMENTS = 500
MOST_SEED = 2**31 - 1

COORDINATIONS = {
    "both": BOTH,
    "orchestration": (Coordination.ORCHESTRATION,),
    "choreography": (Coordination.CHOREOGRAPHY,),
}


ALL = ", ".join(COORDINATIONS)


class RunForm(forms.Form):
    """Faults come one by one (`fault`, repeated) or a line each (`faults`, for the form without script)."""

    coordination = forms.ChoiceField(
        choices=[(name, name) for name in COORDINATIONS],
        initial="both",
        required=False,
        error_messages={"invalid_choice": f"There is no coordination %(value)s; there are {ALL}."},
    )
    faults = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000)
    seed = forms.IntegerField(
        required=False,
        initial=0,
        error_messages={"invalid": f"A seed is a whole number from 0 to {MOST_SEED}."},
    )
    order = forms.CharField(required=False, max_length=20_000)

    def __init__(
        self, posted: MultiValueDict[str, str] | None = None, *, version: SagaVersion, **kwargs: Any
    ) -> None:
        super().__init__(posted, **kwargs)
        self.version = version
        self.placed = tuple(it.strip() for it in posted.getlist("fault") if it.strip()) if posted else ()

    def clean_coordination(self) -> tuple[Coordination, ...]:
        return COORDINATIONS[self.cleaned_data["coordination"] or "both"]

    def clean_seed(self) -> int:
        seed: int | None = self.cleaned_data["seed"]
        if seed is not None and not 0 <= seed <= MOST_SEED:
            raise forms.ValidationError(f"A seed is a whole number from 0 to {MOST_SEED}.")
        return seed or 0

    def clean_faults(self) -> FaultPlan:
        texts = [*self.placed, *(line.strip() for line in self.cleaned_data["faults"].splitlines())]
        texts = list(dict.fromkeys(text for text in texts if text))
        if len(texts) > MOST_FAULTS:
            raise forms.ValidationError(f"{len(texts)} faults; a run takes at most {MOST_FAULTS}.")
        try:
            return parse_plan(texts, self.version.meaning)
        except BadFault as bad:
            raise forms.ValidationError(sentence(bad)) from bad

    def clean_order(self) -> tuple[Moment, ...]:
        texts = [it.strip() for it in self.cleaned_data["order"].split(",") if it.strip()]
        if len(texts) > MOST_MOMENTS:
            raise forms.ValidationError(f"{len(texts)} moments; an order has at most {MOST_MOMENTS}.")
        try:
            return tuple(parse_moment(text, self.version.meaning) for text in texts)
        except BadFault as bad:
            raise forms.ValidationError(sentence(bad)) from bad

    @property
    def plan(self) -> Plan:
        said = self.cleaned_data
        return Plan(faults=said["faults"], seed=said["seed"], order=said["order"])

    @property
    def refusal(self) -> str:
        """Why this cannot be run, in one sentence; empty where it can."""
        return first_sentence(self)

    @property
    def typed(self) -> dict[str, Any]:
        """Everything as it was typed, so that nobody types it twice."""
        return {
            "coordination": self.data.get("coordination") or self.initial.get("coordination") or "both",
            "faults": self.data.get("faults") or self.initial.get("faults") or "",
            "placed": list(self.placed or self.initial.get("placed") or ()),
            "seed": self.data.get("seed") or self.initial.get("seed") or "",
            "order": self.data.get("order") or self.initial.get("order") or "",
        }


class WhatIfForm(forms.Form):
    """What happens at a line of a stored run: a fault, a service killed or started again, a cancel."""

    DOES = ("place", "kill", "restart", "cancel")

    does = forms.ChoiceField(
        choices=[(it, it) for it in DOES],
        required=False,
        error_messages={"invalid_choice": "A what-if can place, kill, restart or cancel, not %(value)s."},
    )
    fault = forms.CharField(required=False, max_length=1000)
    service = forms.CharField(required=False, max_length=1000)
    from_seq = forms.IntegerField(
        required=False,
        error_messages={"invalid": "from_seq is the number of the line at which the page stands."},
    )

    def clean_does(self) -> str:
        return self.cleaned_data["does"] or "place"

    def clean_from_seq(self) -> int:
        return max(0, self.cleaned_data["from_seq"] or 0)

    @property
    def refusal(self) -> str:
        return first_sentence(self)


def first_sentence(form: forms.Form) -> str:
    for errors in form.errors.values():
        for error in errors:
            return str(error)
    return ""
