"""The client's label for the log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Secret
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.protocol.wire.client_label import (
    MAX_NAME_CHARS,
    MAX_VERSION_CHARS,
    client_info_in,
    client_label,
)

JSON = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


class LabelTests(SynchronousTestCase):
    def test_usual(self):
        """The names of real clients are shown as they are, but for blanks."""
        for name, version, shown in (
            ("claude-code", "2.0.1", "claude-code/2.0.1"),
            ("Visual Studio Code", "1.99", "Visual_Studio_Code/1.99"),
            ("@modelcontextprotocol/inspector", "", "@modelcontextprotocol/inspector"),
            ("@scope/a-client-of-2026", "20260728", "@scope/a-client-of-2026/20260728"),
            ("claude-ai", None, "claude-ai"),
            ("mcp-remote-fallback-test", "0.0.0", "mcp-remote-fallback-test/0.0.0"),
        ):
            self.assertEqual(client_label(name, version), shown)

    def test_none(self):
        """Without a name there is no label."""
        for name in (None, "", 5, ["x"], {"a": 1}):
            self.assertEqual(client_label(name, "1.0"), "-")

    @given(JSON, JSON)
    def test_one_short_word(self, name, version):
        """The label is one short word of visible ASCII, for any name."""
        label = client_label(name, version)
        self.assertTrue(label.isascii() and label.isprintable() and " " not in label)
        self.assertLessEqual(len(label), MAX_NAME_CHARS + MAX_VERSION_CHARS + 1)
        self.assertGreater(len(label), 0)

    def test_no_line_of_its_own(self):
        """No line and no field can be added to the log."""
        label = client_label('x\n2026 [fake] y principal=root"\u2028\x1b[2J', "1\r2")
        self.assertEqual(label.split(), [label])

    @given(
        st.text("abcdef!$%&'(*+,-./:;<=>?@[]^_`{|}~0123", min_size=10, max_size=30),
        st.text(max_size=40),
        st.text(max_size=40),
        st.booleans(),
    )
    def test_own_key(self, key, before, after, in_version):
        """The caller's own key is removed, wherever it is in the text."""
        text = f"{before}{key}{after}"
        label = client_label("name" if in_version else text, text, Secret(key))
        self.assertNotIn(key, label)

    def test_part_of_a_key(self):
        """A text that is too long is not shown in part: that could be part of a key."""
        key = "abc-def-" * 20
        for padding in range(80):
            label = client_label("x" * padding + key, "y" * padding + key)
            self.assertNotIn("abc", label)

    def test_looks_like_a_key(self):
        """What looks like a key is removed."""
        key = "ZGVhZGJlZWY6MTIzNDU2Nzg5MA=="
        self.assertEqual(client_label(key, "1"), "[redacted]/1")
        self.assertEqual(client_label(f"my-{key}", key), "my-[redacted]/[redacted]")


class StatedTests(SynchronousTestCase):
    def test_both_eras(self):
        """initialize states it in its parameters, later revisions in the envelope."""
        client = {"name": "n", "version": "v"}
        meta = {"io.modelcontextprotocol/clientInfo": client}
        self.assertEqual(client_info_in({"clientInfo": client}), ("n", "v"))
        self.assertEqual(client_info_in({"_meta": meta}), ("n", "v"))

    def test_nothing(self):
        """A message without valid client info has none."""
        nothing: list[JsonObject] = [{}, {"_meta": None}, {"clientInfo": "x"}]
        for params in (*nothing, {"_meta": {}}):
            self.assertIsNone(client_info_in(params))
