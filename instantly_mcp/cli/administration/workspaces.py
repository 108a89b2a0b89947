"""``instantly-mcp workspace``: the workspaces that connection tokens can reach."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from twisted.python import usage

from ..._json_codec import Json
from ...daemon.control.commands.workspaces import (
    AddWorkspace,
    ImportWorkspaces,
    RemoveWorkspace,
)
from ...daemon.control.dispatch import NoArguments
from ...daemon.settings.sources.secret_files import may_be_key
from ..options import FILE, CommandGroup
from .columns import in_columns, printable
from .one_word import OneWordOptions
from .options import AdminOptions

MAX_TABLE_BYTES = 512 * 1024


class _AddedOptions(OneWordOptions):
    """What commands that add workspaces have in common."""

    def shown(self, value: Json) -> Iterable[str]:
        """Say what was added."""
        for alias in value.get("added", ()):
            yield f"added {alias}"
        for alias in value.get("valid", ()):
            yield f"would add {alias}"
        for warning in value["warnings"]:
            yield printable(warning)


class WorkspaceAddOptions(_AddedOptions):
    """Options of ``workspace add``."""

    synopsis = (
        "instantly-mcp workspace add ALIAS "
        "(--api-key-file FILE | --under ALIAS --id ID)"
    )
    examples = (
        "instantly-mcp workspace add acme --api-key-file /etc/instantly-mcp/acme.key",
        "instantly-mcp workspace add birch --under agency --id WORKSPACE_ID",
    )
    takes = {"api-key-file": FILE}
    word = "the alias of the workspace"
    longdesc = (
        "The daemon reads the key from the file, at its start and when it receives "
        "SIGHUP; the key is not copied. With --under it uses the key of an admin "
        "workspace and sends the id as x-as-workspace."
    )
    command = "workspace.add"
    optParameters = [
        ["api-key-file", None, None, "The file that holds the workspace's key."],
        ["under", None, None, "The alias of the admin workspace whose key is used."],
        ["id", None, None, "The workspace's id at Instantly."],
    ]

    def request(self) -> object:
        """Return the request; the path of the file is made absolute."""
        file = self["api-key-file"]
        if file is not None and may_be_key(Path(file)):
            raise usage.UsageError(
                "--api-key-file takes the name of the file that holds the key"
            )
        return AddWorkspace(
            alias=self.given,
            api_key_file=None if file is None else os.path.abspath(file),
            under=self["under"],
            id=self["id"],
        )


class WorkspaceImportOptions(_AddedOptions):
    """Options of ``workspace import``."""

    synopsis = "instantly-mcp workspace import FILE.csv [--dry-run]"
    examples = (
        "instantly-mcp workspace import clients.csv --dry-run",
        "instantly-mcp workspace import clients.csv",
    )
    argument = FILE
    word = "the name of the CSV file"
    longdesc = (
        "The first line names the columns: alias,api_key_file,under,id. Relative paths "
        "in the file begin at its folder. Every line is checked, with its key file, "
        "before anything is written: all workspaces are added, or none."
    )
    optFlags = [["dry-run", None, "Check the file, and add nothing."]]

    @property
    def command(self) -> str:  # type: ignore[override]
        """The command of the daemon."""
        return "workspace.check" if self["dry-run"] else "workspace.import"

    def request(self) -> object:
        """Return the request, with the content of the file."""
        try:
            with open(self.given, "rb") as file:
                content = file.read(MAX_TABLE_BYTES + 1)
            if len(content) > MAX_TABLE_BYTES:
                raise usage.UsageError("the file is larger than 512 KiB")
            table = content.decode()
        except OSError as error:
            raise usage.UsageError(
                f"the file cannot be read: {error.strerror}"
            ) from None
        except UnicodeDecodeError:
            raise usage.UsageError("the file is not UTF-8 text") from None
        folder = os.path.dirname(os.path.abspath(self.given))
        return ImportWorkspaces(table=table, folder=folder)


class WorkspaceListOptions(AdminOptions):
    """Options of ``workspace list``."""

    synopsis = "instantly-mcp workspace list"
    examples = ("instantly-mcp workspace list",)
    command = "workspace.list"
    reads = True

    def request(self) -> object:
        """Return the request."""
        return NoArguments()

    def shown(self, value: Json) -> Iterable[str]:
        """Show one line for each workspace, which says why it cannot be used."""
        rows = value["workspaces"]
        if not rows:
            yield "no workspace; add one with instantly-mcp workspace add"
            return
        yield from in_columns(
            ("ALIAS", "KEY", "ID", "STATE"),
            [
                (
                    each["alias"],
                    each["api_key_file"] or f"that of {each['under']}",
                    each["id"] or "",
                    each["trouble"] or "ok",
                )
                for each in rows
            ],
        )


class WorkspaceRemoveOptions(OneWordOptions):
    """Options of ``workspace remove``."""

    synopsis = "instantly-mcp workspace remove ALIAS"
    examples = ("instantly-mcp workspace remove acme",)
    longdesc = (
        "The workspace is removed from this server. At Instantly nothing changes."
    )
    word = "the alias of the workspace"
    command = "workspace.remove"

    def request(self) -> object:
        """Return the request."""
        return RemoveWorkspace(alias=self.given)

    def shown(self, value: Json) -> Iterable[str]:
        """Say what was removed."""
        return [f"removed {value['removed']}"]


class WorkspaceOptions(CommandGroup):
    """The commands about workspaces."""

    group = "workspace"
    synopsis = "instantly-mcp workspace COMMAND [options]"
    examples = (
        "instantly-mcp workspace import clients.csv",
        "instantly-mcp workspace list",
    )
    subCommands = (
        ("add", None, WorkspaceAddOptions, "Add a workspace."),
        ("import", None, WorkspaceImportOptions, "Add the workspaces of a CSV file."),
        ("list", None, WorkspaceListOptions, "List the workspaces."),
        ("remove", None, WorkspaceRemoveOptions, "Remove a workspace."),
    )
