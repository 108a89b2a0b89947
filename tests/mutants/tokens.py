"""Mutants of connection tokens: who is admitted, and what ends with a token."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

ADMISSION = "access/tokens/admission.py"
BOOK = "access/tokens/book.py"
GATEKEEPER = "access/gatekeeper.py"
MCP = "daemon/mcp.py"
STORE = "state/stores/tokens.py"
CONTEXT = "features/workspace/context.py"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "A token that has ended is refused",
        ADMISSION,
        "        if token.state in _ENDED:\n            return _ended",
        "        if False:\n            return _ended",
        "access.tokens.test_admission",
    ),
    mutant(
        "both",
        "A token that has ended does not replace the server secret",
        ADMISSION,
        "return None if token is None or token.state in _ENDED else token",
        "return token",
        "access.tokens.test_admission",
    ),
    mutant(
        "both",
        "A token together with another key is refused",
        ADMISSION,
        "        if any(key.value != found.value for key in presented):",
        "        if False:",
        "access.tokens.test_admission",
    ),
    mutant(
        "both",
        "From the first token on, the operator's key is lent to no one",
        GATEKEEPER,
        "        default = None if self._requires_token else self._default\n",
        "        default = self._default\n",
        "access.tokens.test_admission",
    ),
    mutant(
        "both",
        "From the first token on, raw keys are refused",
        GATEKEEPER,
        "        if self.refuses_keys:\n            return token_required()\n"
        "        if self._requires_token",
        "        if self._requires_token",
        "access.tokens.test_admission",
    ),
    mutant(
        "legacy",
        "A session outlives neither the operator's key nor a key that is refused",
        GATEKEEPER,
        "        if self.refuses_keys or (lent and self._requires_token):",
        "        if False:",
        "access.tokens.test_admission",
    ),
    mutant(
        "both",
        "A token that expired stays so when the clock is set back",
        BOOK,
        "        self._store(self._change(expired))\n",
        "",
        "access.tokens.test_book",
    ),
    mutant(
        "both",
        "A token that is stored as ended is not changed again",
        STORE,
        " AND state = 'valid'",
        "",
        "state.stores.test_tokens",
    ),
    mutant(
        "both",
        "Rights that a caller holds are narrowed with its token",
        BOOK,
        'return rights.narrowed(token.level, token.toolsets, by="token")',
        "return rights",
        "access.tokens.test_book",
    ),
    mutant(
        "both",
        "A call whose token has ended sends nothing more",
        CONTEXT,
        "            return fail(refused)\n",
        "            pass\n",
        "features.workspace.test_ended_tokens",
    ),
    mutant(
        "legacy",
        "The sessions of a token end with it",
        MCP,
        "            self.sessions.end_all(is_theirs, token.state.value)\n",
        "",
        "daemon.test_tokens",
    ),
    mutant(
        "modern",
        "The listen streams of a token end with it",
        MCP,
        "        self.server_features.changes.end_listening(is_theirs)\n",
        "",
        "daemon.test_tokens",
    ),
    mutant(
        "both",
        "The first token disconnects the callers without one",
        MCP,
        "        self.books.tokens.on_first.append(self.disconnect)\n",
        "",
        "daemon.test_tokens",
    ),
)
