"""No text for models says how to avoid a guard.

A model follows hints literally. A hint defeats a guard if it says how to avoid a check,
which setting disables it, or that a write of unknown outcome may be repeated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.api import error_messages
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.daemon.settings.table import SETTINGS
from instantly_mcp.features.error_hints import in_doubt
from instantly_mcp.features.results import error_object

PACKAGE = Path(__file__).parent.parent / "instantly_mcp"
FOLDERS = ("access", "api", "features", "pipeline", "protocol", "transports", "web")
FOR_OPERATORS = frozenset({"access/exposure.py", "access/workspaces/table.py"})
"""Modules whose texts are for operators, and are never sent to callers."""

_NAMES = "|".join(each.name for each in SETTINGS if "_" in each.name)
_OPTIONS = "|".join(each.name.replace("_", "-") for each in SETTINGS)
SETTING = re.compile(
    r"(?<![\w-])--(?:" + _OPTIONS + r")\b"
    r"|\bINSTANTLY_MCP_|\bMCP_AUTH_|\b(?:" + _NAMES + r")\b"
)
AVOIDANCE = re.compile(
    r"(?:a little|slightly|a bit|somewhat)\b.{0,30}\b(?:again|differ)"
    r"|\b(?:chang|alter|vary|rephras|reword)\w*\b.{0,30}(?:a little|slightly|a bit)"
    r"|\bto send it again\b"
    r"|\b(?:bypass|circumvent|get (?:a)?round|work (?:a)?round)\b"
    r"|\b(?:disable|turn off|switch off|skip|override|ignore)\b.{0,20}"
    r"\b(?:check|guard|limit|confirmation|preview|approval|protection)",
    re.IGNORECASE,
)
DOUBT = re.compile(
    r"unknown|not known|may have|might have|probably|in doubt", re.IGNORECASE
)
REPETITION = re.compile(
    r"\brepeat\b|\brepeating\b|\b(?:call|try|send|run)\b(?: \w+)? again|again in",
    re.IGNORECASE,
)


def sentences() -> Iterator[tuple[str, str]]:
    """Yield the name of a file and a text in its code that is not a docstring."""
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            name = str(path.relative_to(PACKAGE))
            if name not in FOR_OPERATORS:
                for text in texts_of(ast.parse(path.read_text())):
                    yield name, text


def texts_of(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module; a formatted text is one text."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}"
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        else:
            yield from texts_of(node)


class SentenceTests(SynchronousTestCase):
    def test_collects(self) -> None:
        """The texts of tools, hints and errors are found."""
        found = {text for _, text in sentences()}
        self.assertGreater(len(found), 1000)
        self.assertIn("Nothing was sent. Call again with the same arguments.", found)

    def test_no_setting(self) -> None:
        """No text names a setting or an option: those are for the operator."""
        for name, text in sentences():
            # A single word may be the setting itself, as a key of a table.
            if " " in text:
                fix = f"{name}: do not name a setting to callers: {text}"
                self.assertIsNone(SETTING.search(text), fix)

    def test_no_way_to_avoid_a_guard(self) -> None:
        """No text says how to avoid a guard."""
        for name, text in sentences():
            fix = f"{name}: say what is wrong, not how to avoid the check: {text}"
            self.assertIsNone(AVOIDANCE.search(text), fix)

    def test_no_repetition_in_doubt(self) -> None:
        """No text about an unknown outcome suggests to repeat the call."""
        for name, text in sentences():
            if DOUBT.search(text):
                fix = f"{name}: say where to check, do not suggest to repeat: {text}"
                self.assertIsNone(REPETITION.search(text), fix)

    def test_patterns(self) -> None:
        """The patterns find such texts, and leave other texts alone."""
        for bad in (
            "If it is not there, change the text a little to send it again.",
            "Vary the subject slightly and call again.",
            "Skip the check with force.",
            "Work around the limit with smaller batches.",
        ):
            self.assertIsNotNone(AVOIDANCE.search(bad), bad)
        self.assertIsNotNone(SETTING.search("Start it with --no-auth."))
        self.assertIsNone(SETTING.search("claude mcp add --transport http"))
        self.assertIsNotNone(SETTING.search("set key_in_session to true"))
        doubtful = "It may have taken effect: look before you repeat it."
        self.assertTrue(DOUBT.search(doubtful) and REPETITION.search(doubtful))


class DoubtTests(SynchronousTestCase):
    """What a model reads after a write whose outcome is unknown."""

    def test_every_write_and_every_reason(self) -> None:
        """The hint does not suggest to repeat the write, and says what to check."""
        seen = 0
        for operation in OPERATIONS:
            for reason in Reason:
                for status in (None, 200, 500, 502):
                    error = ApiError(
                        reason=reason,
                        message="",
                        operation_id=operation.id,
                        status=status,
                        retry_after=30,
                    )
                    if not in_doubt(error):
                        continue
                    seen += 1
                    described = error_object(error)
                    self.assertNotIn("again", described["hint"])
                    self.assertIn("check", described["hint"].lower())
                    self.assertFalse(operation.effect.read_only)
        self.assertGreater(seen, 50)

    def test_messages(self) -> None:
        """The messages of the API client do not suggest it either."""
        for operation in OPERATIONS:
            if operation.effect.read_only:
                continue
            for error in (
                error_messages.outcome_unknown(operation, "It broke."),
                error_messages.too_large(operation, 10_000_000),
            ):
                self.assertTrue(in_doubt(error))
                said = error.message.replace("it was not sent again", "")
                self.assertNotIn("again", said)
                self.assertNotIn("Ask for less", said)
                self.assertIn(error_messages.where_it_shows(operation), said)
