"""Credits, which verifying an e-mail address costs."""

from __future__ import annotations

from .errors import SandboxError
from .world import World

CREDITS_PER_ADDRESS = 1
"""Credits for each address."""


def spend_credits(world: World, addresses: int) -> None:
    """Pay for verifying a number of addresses.

    :raises SandboxError: 402 when the credits do not suffice; none is spent then.
    """
    cost = addresses * CREDITS_PER_ADDRESS
    if world.credits < cost:
        raise SandboxError(402, "This workspace has no verification credits left")
    world.credits -= cost
