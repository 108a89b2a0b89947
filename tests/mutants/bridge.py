"""Mutants of the relay between a stdio client and a daemon."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

REPEATS = "bridge/relay/repeats.py"
CALL = "bridge/relay/call.py"
REPLIES = "bridge/relay/replies.py"
LINK = "bridge/relay/link.py"
SETTINGS = "bridge/settings.py"
HTTP = "bridge/http/daemon_http.py"

LOST = "bridge.relay.test_lost"
LEGACY = "bridge.relay.test_legacy"
SET = "bridge.test_settings"
PROBLEMS = "bridge.test_problems"

MUTANTS: Sequence[Mutant] = (
    both(
        "A relay repeats no tool that may write",
        REPEATS,
        'book.tool(request.params.get("name")).reads',
        "True",
        LOST,
    ),
    both(
        "A relay counts a tool of which it knows nothing as one that writes",
        "bridge/messages/tool_book.py",
        "    reads: bool = False",
        "    reads: bool = True",
        LOST,
    ),
    both(
        "A relay says that the outcome of a lost write is unknown",
        CALL,
        "        if what.in_doubt and not repeatable:",
        "        if False:",
        LOST,
    ),
    both(
        "A relay does not call a daemon lost that limits the client",
        "bridge/relay/failures.py",
        "            is_lost=not error.is_limit,",
        "            is_lost=True,",
        "bridge.relay.test_limits",
    ),
    both(
        "A relay does not call a daemon lost for which one message is too large",
        REPLIES,
        "        if status in TOO_LARGE and error is None:",
        "        if False:",
        "bridge.relay.test_limits",
    ),
    both(
        "A relay notices that a resumed stream is another one",
        REPLIES,
        "            if _stream_of(event.id) != _stream_of(self._resumed_after):",
        "            if False:",
        LEGACY,
    ),
    both(
        "A relay notifies its client when the daemon is back",
        LINK,
        "            self.returned()",
        "            pass",
        LOST,
    ),
    both(
        "A relay sends no token in plain HTTP to another computer",
        SETTINGS,
        "    if exposed and not target.allow_http:",
        "    if False:",
        SET,
    ),
    both(
        "A relay never shows its token, though a server repeats it",
        HTTP,
        'return text if self.token is None else self.token.cut_from(text, "[token]")',
        "return text",
        PROBLEMS,
    ),
)
