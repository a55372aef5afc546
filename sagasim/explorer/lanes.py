"""Where an exploration waits and runs: a lane is a queue, and how much of a processor its processes get.

    quick    everything begins here, with any 1 fault: the first findings, after a fifth of a second. By then it is
             known how heavy the rest will be, and what is small is explored to its end
    middle   what takes some seconds; here a search never waits for one that takes a minute
    long     what takes longer than that
    idle     what nobody asked for: the gallery, so that the front page has verdicts

Whoever has had as much of a processor as its lane gives, and keeps another one waiting there, leaves for the next
lane, and begins anew in it: that happens where it was foreseen wrongly, since nothing is heavier than was foreseen
as a rule.
"""

from __future__ import annotations

from sagasim.explorer.models import Lane

TURN_S: dict[str, float | None] = {Lane.QUICK: 0.5, Lane.MIDDLE: 12.0, Lane.LONG: None, Lane.IDLE: None}
"""Seconds of a processor, not of the clock: what is small on an idle machine is small on a busy one."""
STAYS_S = 1.0
"""What is foreseen to take no longer goes on in the quick lane."""


def lane_for(seconds: float) -> Lane:
    """Where the rest of an exploration belongs, which is foreseen to take so long."""
    if seconds <= STAYS_S:
        return Lane.QUICK
    return Lane.MIDDLE if seconds <= (TURN_S[Lane.MIDDLE] or 0) else Lane.LONG


def lane_after(lane: str) -> Lane:
    """Where an exploration goes on that took more than its turn."""
    return Lane.MIDDLE if lane == Lane.QUICK else Lane.LONG
