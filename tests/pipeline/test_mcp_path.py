"""Tests for the paths under ``/mcp``, with which a caller limits itself."""

from __future__ import annotations

from itertools import product
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.key_form import MIN_KEY_LENGTH
from instantly_mcp.pipeline.mcp_path import LEVELS, NO_PATH, McpPath, read_path
from instantly_mcp.protocol.wire.errors import ProtocolError

KEY = "YWxpY2U6a2V5L+9mLWFsaWNl=="
WORDS = ("w", "x", "readonly", "read-only", "Draft", "full", "leads", KEY, "", "a%20b")


class PathTests(SynchronousTestCase):
    def test_every_combination(self):
        """Each part may be there or not; they are read in the order of the grammar."""
        for workspace, toolsets, level, key in product(
            (None, "acme"),
            (None, "leads,emails"),
            (None, "readonly", "draft", "READ-ONLY", "full"),
            (None, KEY),
        ):
            parts = [
                *(["w", workspace] if workspace else []),
                *(["x", toolsets] if toolsets else []),
                *([level] if level else []),
                *([quote(key, safe="")] if key else []),
            ]
            expected = McpPath(
                workspace=workspace, toolsets=toolsets, level=level, key=key
            )
            if not parts:
                continue
            for end in ("", "/"):
                with self.subTest(parts=parts, end=end):
                    self.assertEqual(read_path("/".join(parts) + end), expected)
            self.assertEqual(expected.selects, expected != McpPath(key=key))

    def test_no_key_is_a_reserved_word(self):
        """A word of the grammar is shorter than any key, so nothing is ambiguous."""
        for word in (*LEVELS, "w", "x"):
            self.assertLess(len(word), MIN_KEY_LENGTH)

    def test_a_key_with_slashes(self):
        """An encoded slash belongs to the key, also where it begins like a part."""
        for key in ("ab/cd/efghijkl==", "x/leads/abcdefghij", "readonly/abcdefghijk"):
            path = read_path(quote(key, safe=""))
            self.assertEqual(path, McpPath(key=key))

    def test_encoded_words(self):
        """An encoded word limits as much as a plain one."""
        self.assertEqual(read_path("%72eadonly"), McpPath(level="readonly"))
        self.assertEqual(
            read_path("%78/leads%2Cemails"), McpPath(toolsets="leads,emails")
        )

    def test_wrong_order(self):
        """Parts in another order, or without their value, are 400 with the grammar."""
        for rest in (
            "readonly/draft",
            "readonly/x/leads",
            "x/leads/w/acme",
            f"{KEY}/readonly",
            f"{KEY}/x/leads",
            "w",
            "x/",
            "w/x/leads",
            "w/readonly",
            "x/leads/x/emails",
            "leads/readonly",
            f"readonly/{KEY}/draft",
        ):
            with self.subTest(rest=rest):
                error = self.assertRaises(ProtocolError, read_path, rest)
                self.assertEqual(error.status, 400)
                self.assertIn("/mcp[/w/WORKSPACE][/x/TOOLSETS]", error.message)
                self.assertNotIn(KEY, error.message)
                self.assertEqual(error.data, {"reason": "selection_unknown"})

    def test_what_is_not_served(self):
        """A path with unknown parts or empty ones is not served."""
        for rest in (
            "/readonly",
            "readonly//",
            "a/b",
            f"readonly/{KEY}/b",
            "/",
            "x//b",
        ):
            with self.subTest(rest=rest):
                self.assertIsNone(read_path(rest))

    def test_not_text(self):
        """A part that is not UTF-8 is 400."""
        for rest in ("%ff%fe", "readonly/%ff", "x/%fe"):
            error = self.assertRaises(ProtocolError, read_path, rest)
            self.assertEqual(error.status, 400)

    def test_repr(self):
        """The repr shows no part, because any may be a misplaced key."""
        path = McpPath(workspace=KEY, toolsets=KEY, level=KEY, key=KEY)
        self.assertNotIn(KEY, repr(path))
        self.assertFalse(NO_PATH.selects)

    @given(st.text() | st.text("/%wx2F-readonlyDRAFT7a"))
    def test_any_text(self, rest: str) -> None:
        """Any path is read, is not served, or is refused without being repeated."""
        try:
            path = read_path(rest)
        except ProtocolError as error:
            self.assertEqual(error.status, 400)
            if len(rest) > len("WORKSPACE"):
                self.assertNotIn(rest, error.message)
            return
        if path is not None:
            parts = (path.workspace, path.toolsets, path.level, path.key)
            self.assertNotIn("", parts)
            self.assertNotEqual(parts, (None,) * 4)

    @given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
    def test_a_level_is_never_lost(self, parts: list[str]) -> None:
        """A path with a level is read with it, or is refused: it is never ignored."""
        try:
            path = read_path("/".join(parts))
        except ProtocolError:
            return
        levels = [part for part in parts if part.lower() in LEVELS]
        if path is None or not levels:
            return
        for value in (path.toolsets, path.workspace):
            if value in levels:
                levels.remove(value)
        self.assertEqual(levels, [path.level] if path.level else [])
