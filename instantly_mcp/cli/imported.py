"""Commands whose module is imported when the command is chosen.

All commands together import all of the server. For a command that needs little of it,
this took most of its time.
"""

from __future__ import annotations

from importlib import import_module

from attrs import frozen

from .interfaces import Subcommand


@frozen
class Imported:
    """Makes the options of a command, like the class that it names.

    :param path: of the class below ``instantly_mcp.cli``, such as ``wait.WaitOptions``.
    """

    path: str

    def __call__(self) -> Subcommand:
        """Import the module and return the options, not yet parsed."""
        module, _, name = self.path.rpartition(".")
        options: Subcommand = getattr(import_module(f"{__package__}.{module}"), name)()
        return options
