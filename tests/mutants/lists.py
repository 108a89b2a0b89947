"""Mutants of lists, caching, completion, progress and log messages."""

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
        "An empty cursor is an invalid cursor",
        "protocol/wire/cursor.py",
        "        start = 0 if cursor is None else",
        "        start = 0 if not cursor else",
        "rules.test_lists",
    ),
    mutant(
        "both",
        "A list that fills its last page does not end with an empty page",
        "protocol/wire/cursor.py",
        "        if stop >= len(items):",
        "        if stop > len(items):",
        "rules.test_lists",
    ),
    mutant(
        "modern",
        "Lists have a ttlMs",
        "protocol/methods/modern.py",
        '        sealed["ttlMs"] = LIST_TTL_MS\n',
        "",
        "rules.test_caching",
        suite="--spec-version 2026-07-28 --suite all",
    ),
    mutant(
        "modern",
        "What depends on the caller has the cache scope private",
        "protocol/methods/resources.py",
        '"private" if described.private else "public"',
        '"public"',
        "rules.test_caching",
    ),
    mutant(
        "modern",
        "Results of tools are not cached",
        "protocol/methods/modern.py",
        "    if context.request.method in CACHEABLE:",
        '    if context.request.method in {*CACHEABLE, "tools/call"}:',
        "rules.test_caching",
    ),
    mutant(
        "both",
        "A completion has at most 100 values",
        "protocol/methods/prompts.py",
        "values[:MAX_COMPLETIONS]",
        "values[: 2 * MAX_COMPLETIONS]",
        "rules.test_lists",
    ),
    mutant(
        "both",
        "A completion states the total of all matches",
        "protocol/methods/prompts.py",
        '            "total": len(values),',
        '            "total": len(shown),',
        "rules.test_lists",
    ),
    mutant(
        "both",
        "A schema of another dialect is refused",
        "protocol/arguments/validation.py",
        '        if schema.get("$schema", DIALECT) != DIALECT:',
        "        if False:",
        "protocol.arguments.test_validation",
    ),
    mutant(
        "both",
        "Structured content conforms to the output schema, also in an error",
        "protocol/primitives/tool.py",
        '        structured={"error": error},',
        "        structured=error,",
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
        "No progress is sent after the result",
        "protocol/methods/running.py",
        "        call.finished = True\n",
        "        pass\n",
        "rules.test_first_revision",
    ),
    mutant(
        "both",
        "Log messages below the client's level are not sent",
        CALL,
        "        if severity < LOG_LEVELS.index(self.log_level):",
        "        if severity <= LOG_LEVELS.index(self.log_level):",
        "rules.test_messages",
    ),
    mutant(
        "modern",
        "Log messages are sent only for requests that ask for them",
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
        "        if context.trace is not None:",
        "        if False:",
        "rules.test_trace",
    ),
)
