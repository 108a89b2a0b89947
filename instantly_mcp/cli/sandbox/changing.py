"""Commands that change a workspace: reset, advance, snapshot, restore."""

from __future__ import annotations

from twisted.python import usage

from ...daemon.sandbox.client import SandboxClient
from .reaching import ReachOptions

_WHERE = "(--url URL | --ready-file FILE)"
_NAMED = [["name", None, "snapshot", "The name of the snapshot."]]


class ResetOptions(ReachOptions):
    """The options of ``sandbox reset``."""

    synopsis = f"instantly-mcp sandbox reset {_WHERE} [--namespace NAME]"
    longdesc = "Returns a workspace to its beginning; other workspaces do not change."
    examples = ("instantly-mcp sandbox reset --ready-file ready.json",)

    def act(self, client: SandboxClient) -> int:
        """Reset the workspace."""
        client.post("reset", {})
        print(f"{client.key} begins again.")
        return 0


class AdvanceOptions(ReachOptions):
    """The options of ``sandbox advance``."""

    synopsis = f"instantly-mcp sandbox advance {_WHERE} [--days N] [--hours N]"
    longdesc = "Lets time pass in a workspace: campaigns send, people reply."
    examples = ("instantly-mcp sandbox advance --ready-file ready.json --days 1",)
    optParameters = [
        ["days", None, "0", "Number of days."],
        ["hours", None, "0", "Number of hours, added to the days."],
    ]

    def act(self, client: SandboxClient) -> int:
        """Advance the time, and print the new one.

        :raises usage.UsageError: for what is not a number.
        """
        try:
            days, hours = float(self["days"]), float(self["hours"])
        except ValueError:
            raise usage.UsageError("--days and --hours must be numbers") from None
        seconds = 86400 * days + 3600 * hours
        if not 0 < seconds < float("inf"):
            raise usage.UsageError("give --days or --hours")
        now = client.post("clock", {"advance_seconds": seconds})["now"]
        print(f"{client.key}: it is {now}.")
        return 0


class SnapshotOptions(ReachOptions):
    """The options of ``sandbox snapshot``."""

    synopsis = f"instantly-mcp sandbox snapshot {_WHERE} [--name NAME]"
    longdesc = "Keeps the state of a workspace in the memory of the server."
    examples = ("instantly-mcp sandbox snapshot --ready-file ready.json --name begun",)
    optParameters = _NAMED

    def act(self, client: SandboxClient) -> int:
        """Keep the state."""
        client.post("snapshot", {"name": self["name"]})
        print(f"{client.key}: kept as {self['name']}.")
        return 0


class RestoreOptions(ReachOptions):
    """The options of ``sandbox restore``."""

    synopsis = f"instantly-mcp sandbox restore {_WHERE} [--name NAME]"
    longdesc = "Returns a workspace to a snapshot; the list of its calls is empty then."
    examples = ("instantly-mcp sandbox restore --ready-file ready.json --name begun",)
    optParameters = _NAMED

    def act(self, client: SandboxClient) -> int:
        """Return to the state."""
        now = client.post("restore", {"name": self["name"]})["now"]
        print(f"{client.key}: restored {self['name']}; it is {now}.")
        return 0
