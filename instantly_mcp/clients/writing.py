"""Text in the languages of configurations, in which every value stays a value."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

NAME = "instantly"
"""The name under which clients list the server."""


def json_text(document: Mapping[str, object]) -> str:
    """Return a document in JSON, indented by two blanks."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def json_line(document: Mapping[str, object]) -> str:
    """Return a document in JSON, in one line without blanks."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def string(text: str) -> str:
    """Return a string as JSON, TOML and Python write it."""
    return json.dumps(text, ensure_ascii=False)


def command(words: Sequence[str]) -> str:
    """Return a command line for a POSIX shell, in which no word is expanded."""
    return " ".join(shlex.quote(word) for word in words)


def steps(*lines: str) -> str:
    """Return numbered steps, a line each."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
