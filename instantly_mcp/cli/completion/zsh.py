"""The script for zsh, with the descriptions of commands and options."""

from __future__ import annotations

from collections.abc import Iterator

from .tree import (
    CommandNode,
    known_paths,
    place,
    places_by_values,
)

# `path` and `words` are variables of zsh itself.
_BEGIN = """\
_instantly_mcp() {
  local at="" word before=${words[CURRENT-1]} files="" taken=""
  local -a commands options arguments
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in"""

_VALUES = """\
    esac
  done
  if [[ $PREFIX == --*=* ]]; then
    before=${PREFIX%%=*}
    compset -P '*='
  fi
  case "$at:$before" in"""

_COMMANDS = """\
  esac
  if [[ -n $files ]]; then _files; return; fi
  if [[ -n $taken ]]; then compadd -a arguments; return; fi
  case "$at" in"""

_END = """\
  esac
  if [[ $PREFIX != -* ]]; then
    (( $#commands )) && { _describe command commands; return }
    (( $#arguments )) && { compadd -a arguments; return }
    [[ -n $files ]] && { _files; return }
  fi
  _describe -o option options
}
if [[ ${funcstack[1]-} == _instantly-mcp ]]; then
  _instantly_mcp "$@"
else
  compdef _instantly_mcp instantly-mcp
fi
"""


def zsh_script(root: CommandNode) -> str:
    """Return the script, to be evaluated after compinit, or put into ``$fpath``."""
    head = ["#compdef instantly-mcp", "# Printed by instantly-mcp completion zsh."]
    return "\n".join([*head, _BEGIN, *_cases(root), _END])


def _cases(root: CommandNode) -> Iterator[str]:
    yield f"      ({known_paths(root)}) at+=/$word ;;"
    # Options without a command are options of run.
    yield "      (/--*) at=/run ;;"
    yield _VALUES
    for values, places in places_by_values(root).items():
        words = " ".join(values.words)
        done = "files=1" if values.is_file else f"taken=1 arguments=({words})"
        yield f"    ({'|'.join(places)}) {done} ;;"
    yield _COMMANDS
    for node in root.walk():
        yield f"    ({place(node) or chr(39) * 2})"
        below = " ".join(quoted(each.path[-1], each.help) for each in node.commands)
        yield f"      commands=({below})"
        named = (quoted(f"--{each.name}", each.help) for each in node.options)
        yield f"      options=({' '.join(named)})"
        words = " ".join(node.argument.words)
        files = " files=1" if node.argument.is_file else ""
        yield f"      arguments=({words}){files} ;;"


def quoted(name: str, help: str) -> str:
    """Return a word of zsh: a name and its description."""
    whole = f"{name}:{help}" if help else name
    return "'" + whole.replace("'", "'\\''") + "'"
