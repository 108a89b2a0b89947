"""Tests for what a request asks to be limited to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.pipeline.credential_errors import RefusalReason, reason_in
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.selection import (
    HEADERS,
    MISTAKEN,
    Selector,
    statements_in,
    workspace_in,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.exchanges import exchange

KEY = "YWxpY2U6a2V5LW9mLWFsaWNl"
OFFERED = ("leads", "emails", "server")


def read_toolsets(text: str) -> tuple[str, ...] | None:
    """Read names as the daemon does."""
    names = text.split(",")
    if not set(names) <= {*OFFERED, "all"}:
        raise ValueError("the valid names are all, leads, emails")
    return None if "all" in names else tuple(n for n in OFFERED if n in names)


SELECTOR = Selector(read_toolsets=read_toolsets)


def narrowed(one: Exchange, rights: Rights = ALL_RIGHTS) -> Rights:
    """Return the rights of a request."""
    return SELECTOR.narrowed(rights, statements_in(one))


def asking(
    header: Mapping[str, str | Sequence[str]] | None = None,
    path: str = "",
    **query: Sequence[str],
) -> Exchange:
    """Return a request with this selection."""
    return exchange(with_headers=header, path=path, query=query)


class SelectionTestCase(SynchronousTestCase):
    def refused(self, one: Exchange, *words: str) -> None:
        """Check that the request is refused with 400 and these words."""

        def read() -> Any:
            statements = statements_in(one)
            SELECTOR.narrowed(ALL_RIGHTS, statements)
            return workspace_in(statements)

        error = self.assertRaises(ProtocolError, read)
        self.assertEqual(error.status, 400)
        self.assertEqual(reason_in(error.data), RefusalReason.SELECTION)
        for word in words:
            self.assertIn(word, error.message)
        self.assertNotIn(KEY, f"{error.message} {error.data}")


class LevelTests(SelectionTestCase):
    def test_nothing_stated(self):
        """A request that states nothing keeps its rights, the same object."""
        self.assertEqual(statements_in(exchange(query={"apiKey": [KEY]})), [])
        self.assertEqual(statements_in(exchange()), ())
        self.assertIs(narrowed(exchange(path_key=KEY)), ALL_RIGHTS)

    def test_every_place(self):
        """Header, path and query each limit the level, and it is known which did."""
        for one, level, by in (
            (asking({"X-MCP-Access": "draft"}), Level.DRAFT, "header"),
            (asking({"X-MCP-Access": "Read-Only"}), Level.READ_ONLY, "header"),
            (asking({"X-MCP-Readonly": "true"}), Level.READ_ONLY, "header"),
            (asking({"X-MCP-Readonly": "1"}), Level.READ_ONLY, "header"),
            (asking({"X-MCP-Readonly": "false"}), Level.FULL, ""),
            (asking({"X-MCP-Access": "full"}), Level.FULL, ""),
            (asking(path="readonly"), Level.READ_ONLY, "path"),
            (asking(path=f"draft/{KEY}"), Level.DRAFT, "path"),
            (asking(access=["draft"]), Level.DRAFT, "query"),
            (asking(readonly=["true"]), Level.READ_ONLY, "query"),
            (asking(readonly=[""]), Level.READ_ONLY, "query"),
            (asking(ReadOnly=["yes"]), Level.READ_ONLY, "query"),
            (asking(readonly=["no"]), Level.FULL, ""),
        ):
            with self.subTest(one=one):
                rights = narrowed(one)
                self.assertEqual((rights.level, rights.level_by), (level, by))

    def test_repeated(self):
        """Of several values in one place the most restrictive counts, as of places."""
        for values in (["draft", "full"], ["full, draft"], ["full,draft", "full"]):
            with self.subTest(values=values):
                one = asking({"X-MCP-Access": values}, access=["full", "full"])
                self.assertIs(narrowed(one).level, Level.DRAFT)
        one = asking({"X-MCP-Access": "full", "X-MCP-Readonly": "true"})
        self.assertIs(narrowed(one).level, Level.READ_ONLY)

    def test_unknown(self):
        """Other values are refused with the valid ones, and are not repeated."""
        for value in (
            "readwrite",
            "",
            " ",
            KEY,
            "draft;",
            "${ACCESS}",
            "full,",
            "true",
        ):
            with self.subTest(value=value):
                valid = "one of read-only, draft, full."
                self.refused(asking({"X-MCP-Access": value}), "X-MCP-Access", valid)
                self.refused(asking(access=[value]), "parameter access", valid)
        for value in ("maybe", "draft", KEY, "true,"):
            valid = "one of true, false."
            self.refused(asking({"X-MCP-Readonly": value}), "X-MCP-Readonly", valid)
            self.refused(asking(readonly=["true", value]), "readonly", valid)
        self.refused(asking({"X-MCP-Readonly": ""}), "one of true, false.")

    def test_names_that_are_mistaken(self):
        """A name that other servers use for this is refused, with the right name."""
        for name, meant in MISTAKEN.items():
            with self.subTest(name=name):
                if name.startswith("x-"):
                    self.refused(asking({name: "true"}), meant)
                else:
                    self.refused(exchange(query={name.title(): ["true"]}), meant)
        for meant in MISTAKEN.values():
            self.assertIn(meant.lower(), {*HEADERS, *HEADERS.values()})


class ToolsetTests(SelectionTestCase):
    def test_every_place(self):
        """A toolset remains that every place names which names any."""
        both = asking({"X-MCP-Toolsets": "leads,emails"}, "x/leads", toolsets=["all"])
        self.assertEqual(narrowed(both).toolsets, ("leads",))
        self.assertEqual(narrowed(asking(toolsets=["emails"])).toolsets, ("emails",))
        self.assertIsNone(narrowed(asking(path="x/all")).toolsets)
        apart = asking({"X-MCP-Toolsets": "leads"}, "x/emails")
        self.assertEqual(narrowed(apart).toolsets, ())
        token = Rights(toolsets=("leads", "server"), token="t")
        self.assertEqual(narrowed(asking(path="x/all"), token), token)

    def test_unknown(self):
        """Unknown names are refused with the valid ones."""
        for value in ("nothing", "leads,", KEY, "", "leads,nothing"):
            with self.subTest(value=value):
                valid = "the valid names are all, leads, emails"
                self.refused(asking({"X-MCP-Toolsets": value}), valid)
                self.refused(asking(toolsets=[value]), valid)
                if value:
                    self.refused(asking(path=f"x/{value}"), valid)

    def test_repeated(self):
        """Two lists in one place are refused: it is not clear what they mean."""
        self.refused(asking({"X-MCP-Toolsets": ["leads", "emails"]}), "once")
        self.refused(asking(toolsets=["leads", "emails"]), "once")
        same = asking({"X-MCP-Toolsets": ["leads", "leads"]})
        self.assertEqual(narrowed(same).toolsets, ("leads",))


class WorkspaceTests(SelectionTestCase):
    def test_every_place(self):
        """Each place may name the workspace, and all must name the same one."""
        for one in (
            asking({"X-MCP-Workspace": "acme"}),
            asking(path=f"w/acme/{KEY}"),
            asking(workspace=["acme"]),
            asking({"X-MCP-Workspace": "acme"}, "w/acme", workspace=["acme", "acme"]),
        ):
            self.assertEqual(workspace_in(statements_in(one)), "acme")
            self.assertIs(narrowed(one), ALL_RIGHTS)
        self.assertIsNone(workspace_in(statements_in(asking(path="readonly"))))

    def test_refused(self):
        """Two workspaces are refused, and what cannot be an alias."""
        self.refused(asking(path="w/acme", workspace=["bolt"]), "two different")
        self.refused(asking({"X-MCP-Workspace": ["acme", "bolt"]}), "once")
        for value in ("", "a b", "é", "x" * 65):
            self.refused(asking({"X-MCP-Workspace": value}), "alias")
            self.refused(asking(workspace=[value]), "alias")


LEVELS = st.sampled_from(Level) | st.none()


class CombinationTests(SelectionTestCase):
    @given(
        setting=st.sampled_from(Level),
        token=st.sampled_from(Level),
        header=LEVELS,
        path=LEVELS,
        query=LEVELS,
    )
    def test_the_lowest_level_wins(
        self,
        setting: Level,
        token: Level,
        header: Level | None,
        path: Level | None,
        query: Level | None,
    ) -> None:
        """Of setting, token, header, path and query the lowest level counts."""
        one = asking(
            None if header is None else {"X-MCP-Access": header.value},
            "" if path is None else path.value,
            **({} if query is None else {"access": [query.value]}),
        )
        selector = Selector(level=setting, read_toolsets=read_toolsets)
        rights = selector.narrowed(Rights(level=token), statements_in(one))
        named = [e for e in (setting, token, header, path, query) if e is not None]
        self.assertEqual(rights.level.rank, min(each.rank for each in named))

    @given(
        st.lists(st.sampled_from(OFFERED), unique=True) | st.none(),
        st.lists(st.sampled_from(OFFERED), unique=True, min_size=1) | st.none(),
        st.lists(st.sampled_from(OFFERED), unique=True, min_size=1) | st.none(),
        st.lists(st.sampled_from(OFFERED), unique=True, min_size=1) | st.none(),
    )
    def test_only_common_toolsets_remain(
        self,
        token: list[str] | None,
        header: list[str] | None,
        path: list[str] | None,
        query: list[str] | None,
    ) -> None:
        """Of token, header, path and query, each limits the toolsets further."""
        one = asking(
            None if header is None else {"X-MCP-Toolsets": ",".join(header)},
            "" if path is None else "x/" + ",".join(path),
            **({} if query is None else {"toolsets": [",".join(query)]}),
        )
        start = Rights(toolsets=None if token is None else tuple(token))
        found = narrowed(one, start).toolsets
        named = [set(e) for e in (token, header, path, query) if e is not None]
        expected = set.intersection(*named) if named else None
        self.assertEqual(None if found is None else set(found), expected)

    @given(
        st.dictionaries(
            st.sampled_from([*HEADERS, *(n for n in MISTAKEN if n[:2] == "x-")]),
            st.lists(st.text(), min_size=1, max_size=2),
        ),
        st.dictionaries(
            st.sampled_from([*HEADERS.values(), *MISTAKEN]) | st.text(max_size=9),
            st.lists(st.text(), min_size=1, max_size=2),
        ),
    )
    def test_any_text(
        self, header: dict[str, list[str]], query: dict[str, list[str]]
    ) -> None:
        """Whatever is stated, the rights are narrowed, or it is 400."""
        one = exchange(with_headers=header, query=query)
        try:
            statements = statements_in(one)
            rights = SELECTOR.narrowed(Rights(level=Level.DRAFT), statements)
            workspace_in(statements)
        except ProtocolError as error:
            self.assertEqual(error.status, 400)
            return
        self.assertTrue(Rights(level=Level.DRAFT).includes(rights))

    @given(
        st.sampled_from(("header", "path", "query")),
        st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=9),
    )
    def test_unknown_anywhere(self, place: str, word: str) -> None:
        """An unknown word is refused in each place, whatever else is stated."""
        if word in {"read-only", "readonly", "draft", "full"}:
            return
        given_there = {
            "header": lambda: asking({"X-MCP-Access": word}, "readonly"),
            "path": lambda: asking({"X-MCP-Access": "draft"}, f"x/{word}"),
            "query": lambda: asking({"X-MCP-Access": "draft"}, access=[word]),
        }
        if place == "path" and word in {*OFFERED, "all"}:
            return
        self.refused(given_there[place]())
