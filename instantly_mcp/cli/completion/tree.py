"""The commands and options of a command line, as data for the shells' scripts.

They are read from the options classes that parse command lines, so a script offers
what the program of the same version accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, frozen

from ..options import ANYTHING, CommandOptions, OptionValues, values_of

_NOTES = re.compile(r"\s*\[(default: .*|repeatable)\]")


@frozen
class OptionNode:
    """An option.

    :param name: without its dashes.
    :param takes: its values; ``None`` if it takes none.
    """

    name: str
    help: str
    takes: OptionValues | None


@frozen
class CommandNode:
    """A command.

    :param path: the words that name it, without the name of the program.
    :param argument: what its words that are not options are.
    """

    path: tuple[str, ...]
    help: str
    options: Sequence[OptionNode]
    commands: Sequence[CommandNode] = ()
    argument: OptionValues = ANYTHING

    def walk(self) -> Iterator[CommandNode]:
        """Yield this command and all below it."""
        yield self
        for command in self.commands:
            yield from command.walk()


def tree_of(
    options: CommandOptions, help: str = "", path: tuple[str, ...] = ()
) -> CommandNode:
    """Return the command that these options parse, and all commands below it."""
    rows: Sequence[Any] = getattr(options, "subCommands", ())
    return CommandNode(
        path=path,
        help=help,
        options=list(_options(options)),
        commands=[
            tree_of(make(), about, (*path, name)) for name, _, make, about in rows
        ],
        argument=options.argument,
    )


def with_implied(root: CommandNode, name: str) -> CommandNode:
    """Return the program with the options of the command that it implies.

    :param name: of the command that runs when a command line begins with an option.
    """
    (implied,) = (each for each in root.commands if each.path == (name,))
    return evolve(root, options=[*root.options, *implied.options])


def _options(options: CommandOptions) -> Iterator[OptionNode]:
    known = values_of(options)
    for written in options.longOpt:
        name = written.removesuffix("=")
        takes = known.get(name, ANYTHING) if written.endswith("=") else None
        about = " ".join(str(options.docs[name]).split())
        yield OptionNode(name, _NOTES.sub("", about), takes)


def known_paths(root: CommandNode) -> str:
    """Return the paths of all commands below the program, as alternatives of a case."""
    return "|".join(place(node) for node in root.walk() if node.path)


def place(node: CommandNode) -> str:
    """Return a command as the scripts name it, such as ``/token/add``."""
    return "".join(f"/{word}" for word in node.path)


def places_by_values(root: CommandNode) -> dict[OptionValues, list[str]]:
    """Return for each set of values the options with it, such as ``/run:--config``."""
    found: dict[OptionValues, list[str]] = {}
    for node in root.walk():
        for option in node.options:
            if option.takes is not None:
                written = f"{place(node)}:--{option.name}"
                found.setdefault(option.takes, []).append(written)
    return found
