"""Credits, which verifying an e-mail address costs."""

from __future__ import annotations

from .errors import SandboxError
from .world import World

VERIFICATION_COST = 1
"""Credits for each address."""


def spend(world: World, addresses: int) -> None:
    """Pay for verifying a number of addresses.

    :raises SandboxError: 402 when the credits do not suffice; none is spent then.
    """
    cost = addresses * VERIFICATION_COST
    if world.credits < cost:
        raise SandboxError(402, "This workspace has no verification credits left")
    world.credits -= cost
