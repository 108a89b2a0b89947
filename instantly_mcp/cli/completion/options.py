"""The options of ``instantly-mcp completion``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.python import usage

from ..options import CommandOptions, OptionValues
from .bash import bash_script
from .fish import fish_script
from .tree import CommandNode, tree_of, with_implied
from .zsh import zsh_script

SHELLS: Mapping[str, Callable[[CommandNode], str]] = {
    "bash": bash_script,
    "zsh": zsh_script,
    "fish": fish_script,
}


class CompletionOptions(CommandOptions):
    """The options of ``completion``: the name of the shell."""

    synopsis = f"instantly-mcp completion {'|'.join(SHELLS)}"
    longdesc = (
        "Prints the script with which a shell completes commands, options and values. "
        "It is made from the options of this version: print it again after an upgrade."
    )
    examples = (
        'eval "$(instantly-mcp completion bash)"  # in ~/.bashrc',
        'eval "$(instantly-mcp completion zsh)"   # in ~/.zshrc, after compinit',
        "instantly-mcp completion fish > ~/.config/fish/completions/instantly-mcp.fish",
    )
    argument = OptionValues(tuple(SHELLS))
    parent: CommandOptions

    def parseArgs(self, shell: str = "", *rest: str) -> None:
        """Read the name of the shell."""
        super().parseArgs(*rest)
        if shell not in SHELLS:
            raise usage.UsageError(f"name one shell: {', '.join(SHELLS)}")
        self["shell"] = shell

    def run(self) -> int:
        """Print the script."""
        root = with_implied(tree_of(self.parent), "run")
        print(SHELLS[self["shell"]](root), end="")
        return 0
