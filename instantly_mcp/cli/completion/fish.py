"""The script for fish, with the descriptions of commands and options."""

from __future__ import annotations

from collections.abc import Iterator

from .tree import CommandNode, OptionNode, known_paths, place

_BEGIN = """\
function __instantly_mcp_at
    set -l at ""
    for word in (commandline -opc)[2..-1]
        switch "$at/$word"
            case {paths}
                set at "$at/$word"
            # Options without a command are options of run.
            case '/--*'
                set at /run
        end
    end
    test "$at" = "$argv[1]"
end
complete -c instantly-mcp -f"""


def fish_script(root: CommandNode) -> str:
    """Return the script, for ``~/.config/fish/completions/instantly-mcp.fish``."""
    paths = known_paths(root).replace("|", " ")
    begin = _BEGIN.replace("{paths}", paths)
    return "\n".join(
        ["# Printed by instantly-mcp completion fish.", begin, *_lines(root), ""]
    )


def _lines(root: CommandNode) -> Iterator[str]:
    for node in root.walk():
        where = f"complete -c instantly-mcp -n '__instantly_mcp_at \"{place(node)}\"'"
        for command in node.commands:
            yield f"{where} -a {command.path[-1]} -d {quoted(command.help)}"
        if node.argument.words:
            yield f"{where} -a {quoted(' '.join(node.argument.words))}"
        if node.argument.is_file:
            yield f"{where} -F"
        for option in node.options:
            yield f"{where} {_option(option)} -d {quoted(option.help)}"


def _option(option: OptionNode) -> str:
    name = f"-l {option.name}"
    if option.takes is None:
        return name
    if option.takes.is_file:
        return f"{name} -r -F"
    return f"{name} -x -a {quoted(' '.join(option.takes.words))}"


def quoted(text: str) -> str:
    """Return a text in single quotes of fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
