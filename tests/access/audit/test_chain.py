"""The chain of the audit file: what it finds, and the one thing that it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.audit.chain import (
    ORIGIN,
    REPAIRED,
    Chain,
    ChainHead,
    Verifier,
    after_part,
    opened,
    parse,
)

KEY = bytes(range(32))
RESERVED = {"seq", "mac", "kind", "part", "previous", "open", "targets"}
FACTS = st.dictionaries(
    st.text(min_size=1).filter(lambda name: name not in RESERVED),
    st.text() | st.integers(-(2**53), 2**53) | st.none() | st.lists(st.text()),
    max_size=4,
)


def written(
    facts: Sequence[JsonObject], head: ChainHead = ORIGIN
) -> tuple[bytes, ChainHead]:
    """Return a file with these lines after its first one, and its head."""
    chain, text = Chain(KEY, head), b""
    for each in (opened(head), *facts):
        sealed = chain.seal(each)
        chain.head = sealed.head
        text += sealed.text
    return text, chain.head


def verified(*files: bytes, key: bytes = KEY) -> Verifier:
    """Verify files, the oldest first."""
    verifier = Verifier(key)
    for number, data in enumerate(files):
        verifier.begin(f"file {number}")
        for raw in BytesIO(data):
            verifier.read(raw)
    verifier.end()
    return verifier


def reasons(*files: bytes) -> list[str]:
    """Return what verifying finds."""
    return [each.reason for each in verified(*files).defects]


class ParseTests(SynchronousTestCase):
    """Lines that someone else wrote."""

    def test_lists(self) -> None:
        """A line whose lists are something else is not a line: readers rely on it."""
        for facts, sound in (
            ({"open": [{"targets": ["a"]}], "targets": []}, True),
            ({"open": 5}, False),
            ({"open": ["a"]}, False),
            ({"open": [{"targets": 5}]}, False),
            ({"targets": None}, False),
        ):
            line = Chain(KEY).seal(facts).text.removesuffix(b"\n")
            self.assertEqual(parse(line) is not None, sound, facts)


class ChainTests(SynchronousTestCase):
    """Every change but a missing end is found."""

    @given(st.lists(FACTS, max_size=6))
    def test_intact(self, facts: list[JsonObject]) -> None:
        """A chain as it was written has no defect, and ends at its head."""
        text, head = written(facts)
        verifier = verified(text)
        self.assertEqual(verifier.defects, [])
        self.assertEqual(verifier.head, head)
        self.assertEqual(verifier.head.seq, len(facts) + 1)

    @given(st.lists(FACTS, max_size=4), st.data())
    def test_any_changed_byte(self, facts: list[JsonObject], data: st.DataObject):
        """A byte that was changed anywhere is found, unless it is the last newline."""
        text, _ = written(facts)
        place = data.draw(st.integers(0, len(text) - 2))
        byte = data.draw(st.integers(0, 255).filter(lambda b: b != text[place]))
        changed = text[:place] + bytes([byte]) + text[place + 1 :]
        verifier = verified(changed)
        self.assertTrue(verifier.defects or verifier.part, changed)

    @given(st.lists(FACTS, min_size=1, max_size=5), st.data())
    def test_any_removed_line(self, facts: list[JsonObject], data: st.DataObject):
        """A line that is missing before the last one is found."""
        lines = written(facts)[0].splitlines(keepends=True)
        del lines[data.draw(st.integers(0, len(lines) - 2))]
        self.assertNotEqual(reasons(b"".join(lines)), [])

    @given(st.lists(FACTS, min_size=1, max_size=5), st.data())
    def test_any_order(self, facts: list[JsonObject], data: st.DataObject):
        """Lines in another order are found, and so is a line that occurs twice."""
        lines = written(facts)[0].splitlines(keepends=True)
        moved = data.draw(st.permutations(lines))
        if moved != lines:
            self.assertNotEqual(reasons(b"".join(moved)), [])
        twice = data.draw(st.integers(0, len(lines) - 1))
        lines.insert(data.draw(st.integers(0, len(lines))), lines[twice])
        self.assertNotEqual(reasons(b"".join(lines)), [])

    @given(st.lists(FACTS, min_size=1, max_size=5), st.data())
    def test_missing_end(self, facts: list[JsonObject], data: st.DataObject):
        """A missing end leaves a valid chain that lacks the head that was noted."""
        text, head = written(facts)
        lines = text.splitlines(keepends=True)
        kept = data.draw(st.integers(1, len(lines) - 1))
        verifier = verified(b"".join(lines[:kept]))
        self.assertEqual(verifier.defects, [])
        self.assertNotEqual(verifier.head, head)

    @given(FACTS)
    def test_line_of_another_chain(self, last: JsonObject):
        """A line of another chain is found, although key, number and facts are equal.

        A daemon on a copy of the state directory writes such lines.
        """
        lines = written([{"n": 1}, last])[0].splitlines(keepends=True)
        others = written([{"n": 2}, last])[0].splitlines(keepends=True)
        self.assertNotEqual(reasons(b"".join([*lines[:2], others[2]])), [])

    def test_other_key(self):
        """Lines sealed under another key are found."""
        text, _ = written([{"kind": "intent"}])
        self.assertEqual(len(verified(text, key=bytes(32)).defects), 2)

    def test_place(self):
        """One changed line is one defect, with its file and line."""
        text, _ = written([{"n": 1}, {"n": 2}, {"n": 3}])
        (found,) = verified(text.replace(b'"n":2', b'"n":5')).defects
        self.assertEqual((found.file, found.line), ("file 0", 3))
        self.assertEqual(found.reason, "was changed, or is not from this server")

    def test_facts_cannot_end_a_line(self):
        """Text of a caller cannot begin a line of its own, nor name its HMAC."""
        facts = {"tool": 'a\n{"seq":9}\u2028b', "client": f'","mac":"{"0" * 64}"}}'}
        text, _ = written([facts])
        self.assertEqual(text.count(b"\n"), 2)
        self.assertEqual(reasons(text), [])

    def test_key_is_hidden(self):
        """The key appears in no representation."""
        self.assertNotIn("\\x01", repr(Chain(KEY)) + repr(Verifier(KEY)))


class FileTests(SynchronousTestCase):
    """A chain over several files."""

    def setUp(self):
        self.first, head = written([{"n": 1}, {"n": 2}])
        self.second, self.head = written([{"n": 3}], head)

    def test_goes_on(self):
        """The next file continues the numbers and the chain."""
        verifier = verified(self.first, self.second)
        self.assertEqual(verifier.defects, [])
        self.assertEqual((verifier.first, verifier.head), (1, self.head))

    def test_alone(self):
        """A later file can be verified alone, and says where it begins."""
        verifier = verified(self.second)
        self.assertEqual(verifier.defects, [])
        self.assertEqual(verifier.first, 4)

    def test_missing_file(self):
        """A file that is missing between two others is found."""
        third, _ = written([], self.head)
        self.assertEqual(
            [each.file for each in verified(self.first, third).defects], ["file 1"]
        )

    def test_shortened_file(self):
        """A file that lacks its end is found by the next one."""
        shorter = self.first.splitlines(keepends=True)[:-1]
        self.assertNotEqual(reasons(b"".join(shorter), self.second), [])

    def test_beginning(self):
        """A file whose first lines are missing is found, however many they are."""
        lines = self.second.splitlines(keepends=True)
        (found,) = reasons(b"".join(lines[1:]))[:1]
        self.assertIn("lines before it are missing", found)


class PartTests(SynchronousTestCase):
    """A line of which a crash left only a part."""

    def setUp(self):
        text, head = written([{"n": 1}])
        self.text = text
        self.part = Chain(KEY, head).seal({"n": 2}).text[:20]
        self.after = (
            Chain(KEY, head).seal(after_part({"kind": REPAIRED}, self.part)).text
        )
        self.usual = Chain(KEY, head).seal({"n": 2}).text

    def test_at_the_end(self):
        """A part at the end is kept for the next start, and is not a defect."""
        verifier = verified(self.text + self.part)
        self.assertEqual(verifier.defects, [])
        self.assertEqual(verifier.part, self.part)

    def test_recorded(self):
        """A part is accepted when the line after it has its digest."""
        self.assertEqual(reasons(self.text + self.part + b"\n" + self.after), [])

    @given(st.binary(max_size=30).filter(lambda part: b"\n" not in part))
    def test_other_parts(self, other: bytes) -> None:
        """No other part is accepted, nor one that no line records."""
        if other != self.part:
            replaced = self.text + other + b"\n" + self.after
            self.assertNotEqual(reasons(replaced), [])
        unrecorded = self.text + other + b"\n" + self.usual
        self.assertEqual(reasons(unrecorded), ["cannot be read"])

    def test_of_the_first_line(self):
        """A part of the first line is followed by a complete first line."""
        facts = after_part(opened(ORIGIN), self.part)
        first = Chain(KEY).seal(facts).text
        self.assertEqual(reasons(self.part + b"\n" + first), [])
        self.assertNotEqual(reasons(first), [])

    def test_before_another_file(self):
        """A part at the end of a file that is not the last one is reported."""
        head = verified(self.text).head
        after, _ = written([], head)
        (found,) = verified(self.text + self.part, after).defects
        self.assertEqual((found.file, found.line), ("file 0", 3))

    def test_missing(self):
        """The line about a part is not accepted without the part."""
        self.assertEqual(len(reasons(self.text + self.after)), 1)

    def test_unreadable_last_line(self):
        """A complete line that cannot be read is a defect at the end as well."""
        (found,) = verified(self.text + b"x\n").defects
        self.assertEqual((found.line, found.reason), (3, "cannot be read"))
