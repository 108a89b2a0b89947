"""Credits, and what they are spent on: verifying addresses."""

from __future__ import annotations

from .call import Refusal
from .world import World

VERIFICATION_COST = 1
"""Credits for each address."""


def spend(world: World, addresses: int) -> None:
    """Pay for verifying so many addresses.

    :raises Refusal: 402 when there are too few credits; then none are spent.
    """
    cost = addresses * VERIFICATION_COST
    if world.credits < cost:
        raise Refusal(402, "No verification credits are left in this workspace")
    world.credits -= cost
