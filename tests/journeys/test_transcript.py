"""How pages of ``docs/journeys/`` are read and compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from .transcript import Entry, TranscriptError, blocks_of, matches

PAGE = """\
Text.

```console server
$ serve --now
ready
```

```sh
$ not played
```

```console
$ one \\
  two
a
$ three <<END
> 3
> END
```

```mcp
# http://127.0.0.1:3000/mcp
> list_campaigns {"limit": 1}
? Really?
! {"ok": true}
done
```
"""

LINES = st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1))


class BlocksTests(SynchronousTestCase):
    """Which parts of a page are played."""

    def test_page(self):
        """Commands, servers and calls are played; other blocks are not."""
        serve = Entry(line=4, text="serve --now", expected=["ready"])
        one = Entry(line=13, text="one \\\n  two", expected=["a"])
        three = Entry(line=16, text="three <<END\n3\nEND", expected=[])
        answers = ["? Really?", '! {"ok": true}', "done"]
        call = Entry(line=23, text='list_campaigns {"limit": 1}', expected=answers)
        url = "http://127.0.0.1:3000/mcp"
        self.assertEqual(
            [
                (
                    block.kind,
                    block.name,
                    block.server,
                    list(map(_as_lists, block.entries)),
                )
                for block in blocks_of(PAGE)
            ],
            [
                ("console", "server", "", [_as_lists(serve)]),
                ("console", "", "", [_as_lists(one), _as_lists(three)]),
                ("mcp", "", url, [_as_lists(call)]),
            ],
        )

    def test_refused(self):
        """A page that cannot be played is refused, with the line."""
        for page, reason in {
            "```console\n$ a\n": "line 1: the block does not end",
            "\n```console\nb\n```\n": "line 3: output without a command before it",
            "```mcp\n> a\n```\n": "line 1: the block names no server",
            "```console\n```\n": "line 1: the block has no entry",
        }.items():
            error = self.assertRaises(TranscriptError, list, blocks_of(page))
            self.assertEqual(str(error), reason)


class MatchesTests(SynchronousTestCase):
    """When output is as the page shows it."""

    @given(LINES)
    def test_same(self, lines):
        """The same lines fit, and do not fit with one more."""
        self.assertTrue(matches(lines, lines, whole=True))
        self.assertFalse(matches(lines, [*lines, "more"], whole=True))
        self.assertTrue(matches(lines, [*lines, "more"], whole=False))

    @given(LINES, LINES, LINES)
    def test_any_lines(self, before, between, after):
        """A line of the sign alone stands for any number of lines."""
        shown = [*before, *between, *after]
        self.assertTrue(matches([*before, "…", *after], shown, whole=True))

    def test_within_a_line(self):
        """The sign stands for any text within one line."""
        self.assertTrue(matches(["a … c"], ["a bb c"], whole=True))
        self.assertFalse(matches(["a … c"], ["a b", " c"], whole=True))
        self.assertFalse(matches(["a.c"], ["abc"], whole=True))


def _as_lists(entry: Entry) -> tuple[int, str, list[str]]:
    return entry.line, entry.text, list(entry.expected)
