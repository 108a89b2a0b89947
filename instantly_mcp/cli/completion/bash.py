"""The script for bash: one function, without a call of the program."""

from __future__ import annotations

from collections.abc import Iterator

from .tree import (
    CommandNode,
    known_paths,
    place,
    places_by_values,
)

_BEGIN = """\
_instantly_mcp() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local at="" words="" options="" files="" i IFS=$' \\t\\n'
  # Readline makes a word of the "=" in --option=value.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $before == "=" && $COMP_CWORD -gt 1 ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at/${COMP_WORDS[i]}" in"""

_VALUES = """\
    esac
  done
  case "$at:$before" in"""

_COMMANDS = """\
    *)
      case "$at" in"""

_END = """\
      esac
      if [[ $current == -* || -z $words$files ]]; then
        words=$options files=""
      fi ;;
  esac
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _instantly_mcp instantly-mcp
"""


def bash_script(root: CommandNode) -> str:
    """Return the script, which defines a function and registers it."""
    return "\n".join(
        ["# Printed by instantly-mcp completion bash.", _BEGIN, *_cases(root), _END]
    )


def _cases(root: CommandNode) -> Iterator[str]:
    yield f'      {known_paths(root)}) at="$at/${{COMP_WORDS[i]}}" ;;'
    # Options without a command are options of run.
    yield "      /--*) at=/run ;;"
    yield _VALUES
    for values, places in places_by_values(root).items():
        done = "files=1" if values.is_file else f'words="{" ".join(values.words)}"'
        yield f"    {'|'.join(places)}) {done} ;;"
    yield _COMMANDS
    for node in root.walk():
        words = [*(each.path[-1] for each in node.commands), *node.argument.words]
        options = " ".join(f"--{option.name}" for option in node.options)
        files = " files=1" if node.argument.is_file else ""
        yield (
            f'        "{place(node)}") words="{" ".join(words)}" '
            f'options="{options}"{files} ;;'
        )
