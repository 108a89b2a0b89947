"""Mutants of lists, caching, completion, and what a request hears meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

CALL = "protocol/calls/call.py"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "A cursor of one list is refused by another",
        "protocol/wire/cursor.py",
        "        if sealed_kind != kind:",
        "        if False:",
        "rules.test_lists",
    ),
    mutant(
        "both",
        "An empty cursor is a cursor, and none of ours",
        "protocol/wire/cursor.py",
        "        start = 0 if cursor is None else",
        "        start = 0 if not cursor else",
        "rules.test_lists",
    ),
    mutant(
        "both",
        "A list that fills its pages ends without an empty one",
        "protocol/wire/cursor.py",
        "        if stop >= len(items):",
        "        if stop > len(items):",
        "rules.test_lists",
    ),
    mutant(
        "modern",
        "Lists say how long they may be kept",
        "protocol/methods/modern.py",
        '        sealed["ttlMs"] = LIST_TTL_MS\n',
        "",
        "rules.test_caching",
        suite="--spec-version 2026-07-28 --suite all",
    ),
    mutant(
        "modern",
        "What depends on the caller is private to caches",
        "protocol/methods/resources.py",
        '"private" if described.private else "public"',
        '"public"',
        "rules.test_caching",
    ),
    mutant(
        "modern",
        "Results of tools are not cached",
        "protocol/methods/modern.py",
        "    if method in CACHEABLE:",
        '    if method in CACHEABLE or method == "tools/call":',
        "rules.test_caching",
    ),
    mutant(
        "both",
        "A completion holds a hundred values at most",
        "protocol/methods/prompts.py",
        "values[:MAX_COMPLETIONS]",
        "values[: 2 * MAX_COMPLETIONS]",
        "rules.test_lists",
    ),
    mutant(
        "both",
        "A completion says the true total",
        "protocol/methods/prompts.py",
        '            "total": len(values),',
        '            "total": len(shown),',
        "rules.test_lists",
    ),
    mutant(
        "both",
        "A schema of another dialect is refused",
        "protocol/wire/validation.py",
        '        if schema.get("$schema", DIALECT) != DIALECT:',
        "        if False:",
        "protocol.wire.test_validation",
    ),
    mutant(
        "both",
        "Structured content conforms to the output schema, that of an error as well",
        "protocol/methods/tools.py",
        "or output is None or output.problems(value) is None:",
        "or output is None or True:",
        "protocol.methods.test_tools",
    ),
    mutant(
        "both",
        "Progress strictly increases",
        CALL,
        "progress <= self._last_progress:",
        "progress < self._last_progress:",
        "rules.test_messages",
    ),
    mutant(
        "both",
        "Nothing is reported after completion",
        "protocol/methods/running.py",
        "        call.finished = True\n",
        "        pass\n",
        "rules.test_first_revision",
    ),
    mutant(
        "both",
        "Logs are sent at the client's level and above it",
        CALL,
        "        if severity < LOG_LEVELS.index(self.log_level):",
        "        if severity <= LOG_LEVELS.index(self.log_level):",
        "rules.test_messages",
    ),
    mutant(
        "modern",
        "Logs are sent only to a request that asks for them",
        "protocol/server.py",
        "            log_level=envelope.log_level,",
        '            log_level=envelope.log_level or "debug",',
        "rules.test_messages",
        suite="--spec-version 2026-07-28 --suite all",
    ),
    mutant(
        "both",
        "A malformed traceparent is ignored",
        "protocol/wire/trace.py",
        "not _TRACEPARENT.fullmatch(parent)",
        "not _TRACEPARENT.match(parent)",
        "rules.test_trace",
    ),
    mutant(
        "both",
        "The trace of a request is logged",
        "protocol/server.py",
        "        if turn.trace is not None:",
        "        if False:",
        "rules.test_trace",
    ),
)
