"""An agency with twenty clients: each has a workspace, and its own key to it.

`ADMIN_KEY` is the key of the agency's admin workspace. With ``x-as-workspace`` it
reaches the workspace of each client, and no other one. The key of a client reaches the
workspace of that client alone. Both ways lead to the same world.

The ids of two clients differ, as those of two keys do, and the names of a client's
campaigns and lists begin with the client's name. So a test sees it when something of
one client appears in an answer for another.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from .errors import SandboxError
from .ids import fixed_id
from .world import World

ADMIN_KEY = "sandbox-agency"
"""The key of the admin workspace."""

REVOKED_PREFIX = "sandbox-revoked"
"""Keys that begin with this are refused, as a key is that was deleted at Instantly."""

_NAMES = (
    "Amber",
    "Blue",
    "Cherry",
    "Denim",
    "Ebony",
    "Flame",
    "Green",
    "Honey",
    "Indigo",
    "Jade",
    "Khaki",
    "Lemon",
    "Maroon",
    "Navy",
    "Olive",
    "Plum",
    "Quartz",
    "Ruby",
    "Silver",
    "Teal",
)


@frozen
class Client:
    """A client of the agency.

    :param name: the name of the client's workspace.
    :param id: the value of ``x-as-workspace``.
    :param key: the key that the client's workspace has itself.
    :param alias: a name that the workspace may have at the MCP server.
    """

    name: str
    id: str
    key: str = field(repr=False)
    alias: str

    def mark(self, world: World) -> None:
        """Give the workspace its name, and begin its campaigns' and lists' names so."""
        world.name = self.name
        for campaign in world.campaigns.values():
            campaign.shown["name"] = f"{self.name}: {campaign.shown['name']}"
        for lead_list in world.lists.values():
            lead_list["name"] = f"{self.name}: {lead_list['name']}"


def _client(name: str) -> Client:
    alias = f"client-{name.lower()}"
    return Client(name, fixed_id("agency", alias), f"sandbox-{alias}", alias)


CLIENTS: tuple[Client, ...] = tuple(map(_client, _NAMES))
"""The twenty clients."""

_BY_ID: Mapping[str, Client] = {each.id: each for each in CLIENTS}
_BY_KEY: Mapping[str, Client] = {each.key: each for each in CLIENTS}


def client_of(key: str, workspace: str) -> Client | None:
    """Return the client whose workspace a call is for.

    :param workspace: the value of ``x-as-workspace``; empty if it was not sent.
    :returns: ``None`` for the admin workspace, and for all other keys.
    :raises SandboxError: 401 for a revoked key, 403 for a workspace that the key does
        not reach.
    """
    if key.startswith(REVOKED_PREFIX):
        raise SandboxError(401, "Invalid API key")
    own = _BY_KEY.get(key)
    if key != ADMIN_KEY and own is None:
        return None
    if not workspace:
        return own
    asked = _BY_ID.get(workspace)
    if asked is None or own not in {None, asked}:
        raise SandboxError(403, "The API key has no access to this workspace")
    return asked
