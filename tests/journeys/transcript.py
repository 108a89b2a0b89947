"""Reads the transcripts of ``docs/journeys/``.

A transcript is a Markdown page. Its fenced blocks are what a person sees:

``console``
    Commands after ``$``, each with its output. Commands of all blocks share a shell. A
    command that keeps running, such as a server, stands in a block of its own with a
    name, ``console server``; its output is compared as far as the page shows it, and
    Ctrl-C ends it after the last block.

``mcp``
    The calls of a client. The first line names the server after ``#``: a URL, or the
    command of a stdio server. A call is a line such as ``> list_leads {"limit": 1}``,
    followed by its result. In it, ``?`` begins a question of the server, and ``!`` the
    answer of the user.

Other blocks are for readers only. In expected output, ``…`` stands for any text within
a line, and a line of ``…`` alone for any number of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

FENCE = "```"
ELLIPSIS = "…"


@frozen(kw_only=True)
class Entry:
    """Something typed, and what the page shows after it.

    :param line: the line of the page on which it stands, from 1.
    :param text: what is typed, without the prompt.
    :param expected: the lines after it.
    """

    line: int
    text: str
    expected: Sequence[str]


@frozen(kw_only=True)
class Block:
    """One fenced block.

    :param kind: ``console`` or ``mcp``.
    :param name: the second word after the fence; empty for none.
    :param server: the server of a block of calls; empty for commands.
    """

    kind: str
    name: str = ""
    server: str = ""
    entries: Sequence[Entry]


PROMPTS = {"console": "$ ", "mcp": "> "}
MORE = "> "
"""What shells show before the other lines of a command."""


class TranscriptError(ValueError):
    """The page is not a transcript; names the line."""


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the blocks that are played.

    :raises TranscriptError: for a block that does not end, output without a command,
        or calls without a server.
    """
    lines = enumerate(page.splitlines(), 1)
    for number, line in lines:
        if not line.startswith(FENCE):
            continue
        body = list(_body(lines, number))
        kind, _, name = line.removeprefix(FENCE).strip().partition(" ")
        if kind in PROMPTS:
            yield _block(kind, name, body, number)


def _body(lines: Iterator[tuple[int, str]], start: int) -> Iterator[tuple[int, str]]:
    for number, line in lines:
        if line == FENCE:
            return
        yield number, line
    raise TranscriptError(f"line {start}: the block does not end")


def _block(kind: str, name: str, body: Sequence[tuple[int, str]], start: int) -> Block:
    server = ""
    if kind == "mcp":
        if not body or not body[0][1].startswith("# "):
            raise TranscriptError(f"line {start}: the block names no server")
        server, body = body[0][1].removeprefix("# "), body[1:]
    entries = tuple(_entries(body, PROMPTS[kind]))
    if not entries:
        raise TranscriptError(f"line {start}: the block has no entry")
    return Block(kind=kind, name=name, server=server, entries=entries)


def _entries(body: Sequence[tuple[int, str]], prompt: str) -> Iterator[Entry]:
    """Yield the entries with what follows each.

    A command goes on after a backslash at the end of its line, and in lines after
    `MORE`, as shells show it.
    """
    at = 0
    while at < len(body):
        number, line = body[at]
        if not line.startswith(prompt):
            raise TranscriptError(f"line {number}: output without a command before it")
        typed = [line.removeprefix(prompt)]
        at += 1
        while at < len(body) and (
            typed[-1].endswith("\\")
            or (prompt != MORE and body[at][1].startswith(MORE))
        ):
            typed.append(body[at][1].removeprefix(MORE))
            at += 1
        expected = []
        while at < len(body) and not body[at][1].startswith(prompt):
            expected.append(body[at][1])
            at += 1
        yield Entry(line=number, text="\n".join(typed), expected=tuple(expected))


def matches(expected: Sequence[str], shown: Sequence[str], *, whole: bool) -> bool:
    """Whether the output is as the page shows it.

    :param whole: the output is complete; otherwise more may follow.
    """
    pattern = "".join(map(_pattern, expected)) + ("" if whole else r"(?:.*\n)*")
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in shown)) is not None


def _pattern(line: str) -> str:
    if line.strip() == ELLIPSIS:
        return r"(?:.*\n)*?"
    parts = map(re.escape, line.rstrip().split(ELLIPSIS))
    return ".*".join(parts) + r"[ \t]*\n"
