"""Cursors of list tools are sealed: bound to list, caller and arguments."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import dumps
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.tools.running.cursors import (
    MAX_CURSOR_BYTES,
    MAX_TOKEN_CHARS,
    STARTING_AFTER,
    ListCursors,
)
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.cases import ToolTestCase
from tests.features.workspace.memory.test_name_cache import ID, page
from tests.support.instantly import api_error
from tests.support.seals import new_seal

LISTS = {
    "list_campaigns": "listCampaign",
    "list_accounts": "listAccount",
    "list_leads": "listLeads",
    "list_lead_lists": "listLeadList",
    "list_emails": "listEmail",
    "list_background_jobs": "listBackgroundJob",
}
SEAL = new_seal()
FILTERS = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name not in ("limit", STARTING_AFTER)),
    st.one_of(st.integers(), st.text(max_size=5), st.lists(st.text(max_size=3))),
    max_size=4,
)
CURSORS = st.text(min_size=1, max_size=100)


def call_of(key: str) -> Call:
    """Return a call of the owner of this key."""
    credential = Credential(secret=Secret(key), source="test")
    return Call(caller=Caller(revision=V2025_11_25, credential=credential))


class SealedTests(ToolTestCase):
    def setUp(self) -> None:
        """Answer every list with one item and a cursor."""
        super().setUp()
        item = {"id": "x", "email": "x@example.com", "name": "X"}
        reply = {"items": [item], "next_starting_after": "C&1"}
        for operation in LISTS.values():
            self.instantly.answers(operation, reply)

    def token(self, tool_name: str, **arguments: Any) -> str:
        """Return the cursor that a list gives out."""
        token: str = self.value(tool_name, **arguments)["page"]["next_cursor"]
        return token

    def refused(self, tool_name: str, **arguments: Any) -> Any:
        """Return the error of a call that sends nothing."""
        before = len(self.instantly.executed)
        error = self.failure(tool_name, **arguments)
        self.assertEqual(error["code"], "bad_cursor")
        self.assertIn("without starting_after", error["hint"])
        self.assertEqual(len(self.instantly.executed), before)
        return error

    def test_every_list(self) -> None:
        """Each list takes its own cursor, and refuses those of others and invented."""
        tokens = {name: self.token(name) for name in LISTS}
        for name, operation in LISTS.items():
            self.value(name, starting_after=tokens[name], limit=7)
            asked = self.instantly.calls(operation)[-1]
            limit = 14 if name == "list_emails" else 7  # It groups mail by thread.
            self.assertEqual((asked[STARTING_AFTER], asked["limit"]), ("C&1", limit))
            others = [token for other, token in tokens.items() if other != name]
            for bad in (*others, "C&1", ID, tokens[name][:-2], "x" * 3000):
                error = self.refused(name, starting_after=bad)
                self.assertIn(f"not a cursor of {name}", error["message"])

    def test_other_arguments(self) -> None:
        """A cursor goes on with the same arguments only; limit may change."""
        token = self.token("list_leads", campaign=ID)
        for other in ({}, {"list_id": ID}, {"campaign": ID, "in_list": True}):
            error = self.refused("list_leads", starting_after=token, **other)
            self.assertIn("other arguments", error["message"])
        self.value("list_leads", starting_after=token, campaign=ID, limit=1)

    def test_a_name_and_its_id(self) -> None:
        """A campaign's name and its id are the same argument."""
        self.instantly.answers("listCampaign", page((ID, "Spring sale")))
        self.context.names.trusted = None
        token = self.token("list_leads", campaign="Spring sale")
        self.value("list_leads", starting_after=token, campaign=ID)

    def test_short(self) -> None:
        """A cursor costs a model few tokens, whatever the arguments are."""
        token = self.token("list_leads", ids=["i" * 30] * 100)
        self.assertLess(len(token), 170)

    def test_no_longer_accepted(self) -> None:
        """A cursor that Instantly refuses is the reason, and not an id or argument."""
        token = self.token("list_campaigns")
        for reason in (Reason.INVALID_REQUEST, Reason.NOT_FOUND):
            self.instantly.answers("listCampaign", api_error(reason))
            error = self.failure("list_campaigns", starting_after=token)
            self.assertEqual(error["code"], "bad_cursor")
            self.assertIn("no longer accepts this cursor", error["message"])
            self.assertEqual(error["hint"], "Start again without starting_after.")
        self.instantly.answers("listCampaign", api_error(Reason.TIMEOUT))
        error = self.failure("list_campaigns", starting_after=token)
        self.assertEqual(error["code"], "timeout")

    def test_what_instantly_says(self) -> None:
        """What Instantly says of a refused cursor is marked as untrusted text."""
        token, said = self.token("list_campaigns"), "Obey (this)!"
        error = api_error(Reason.INVALID_REQUEST, message=f"400: {said}", said=said)
        self.instantly.answers("listCampaign", error)
        got = self.run_tool("list_campaigns", starting_after=token)
        self.assertEqual(got.structured["untrusted"]["fields"], ["error.message"])
        self.assertIn("cursor: 400: Obey", self.error_of(got)["message"])

    def test_a_page_that_was_cut(self) -> None:
        """The cursor of a page that was cut to size is sealed, too."""
        campaigns = [{"id": f"c{n}", "name": "x" * 9000} for n in range(20)]
        self.instantly.answers("listCampaign", {"items": campaigns})
        got = self.value("list_campaigns")
        last = got["items"][-1]["id"]
        self.assertEqual(self.cursor(got), last)
        self.value("list_campaigns", starting_after=got["page"]["next_cursor"])
        asked = self.instantly.calls("listCampaign")[-1]
        self.assertEqual(asked[STARTING_AFTER], last)

    def test_a_default_page(self) -> None:
        """Without a limit a page is cut at 16 kB, with one at 48 kB; both go on."""
        campaigns = [{"id": f"c{n}", "name": "x" * 3_000} for n in range(100)]
        self.instantly.answers("listCampaign", {"items": campaigns})
        for arguments, most in (({}, 16_000), ({"limit": 100}, 48_000)):
            got = self.value("list_campaigns", **arguments)
            self.assertTrue(most - 5_000 < len(dumps(got)) <= most)
            self.assertEqual(self.cursor(got), got["items"][-1]["id"])
            self.assertIn(f"{most // 1000} kB", got["notice"])

    def test_a_cursor_without_end(self) -> None:
        """A cursor that is too long is left out, and the result says so."""
        reply = {"items": [{"id": "x"}], "next_starting_after": "x" * 5000}
        self.instantly.answers("listCampaign", reply)
        got = self.value("list_campaigns")
        self.assertEqual(got["page"], {"has_more": True, "returned": 1})
        self.assertIn("cursor of the next page", got["notice"])


class BindingTests(SynchronousTestCase):
    """For any cursor, arguments, tool and caller."""

    @given(cursor=CURSORS, filters=FILTERS)
    def test_round_trip(self, cursor: str, filters: dict[str, Any]) -> None:
        """The list that gave a cursor out takes it, in any order of arguments."""
        cursors, call = ListCursors(SEAL, "list_x"), call_of("a")
        token = cursors.token(cursor, {**filters, "limit": 1}, call)
        turned = dict(reversed(filters.items()))
        opened = cursors.opened({**turned, "limit": 2, STARTING_AFTER: token}, call)
        self.assertEqual(opened, {**filters, "limit": 2, STARTING_AFTER: cursor})

    @given(cursor=CURSORS, filters=FILTERS, others=FILTERS)
    def test_bound(
        self, cursor: str, filters: dict[str, Any], others: dict[str, Any]
    ) -> None:
        """Another tool, caller or argument is refused."""
        cursors, call = ListCursors(SEAL, "list_x"), call_of("a")
        token = cursors.token(cursor, filters, call)
        given = {**filters, STARTING_AFTER: token}
        wrong = [
            (ListCursors(SEAL, "list_y"), given, call),
            (cursors, given, call_of("b")),
            (ListCursors(new_seal(), "list_x"), given, call),
        ]
        if others != filters:
            wrong.append((cursors, {**others, STARTING_AFTER: token}, call))
        for each, arguments, caller in wrong:
            with self.assertRaises(CallRefusedError):
                each.opened(arguments, caller)

    @given(st.text(max_size=200))
    def test_invented(self, text: str) -> None:
        """No text that a model invents is taken as a cursor."""
        with self.assertRaises(CallRefusedError):
            ListCursors(SEAL, "list_x").opened({STARTING_AFTER: text}, call_of("a"))

    def test_longest(self) -> None:
        """The longest cursor that is sealed fits the longest token that is read."""
        cursors, call = ListCursors(SEAL, "list_x"), call_of("a")
        token = cursors.token("x" * MAX_CURSOR_BYTES, {}, call)
        assert token is not None
        self.assertLessEqual(len(token), MAX_TOKEN_CHARS)
        self.assertIsNone(cursors.token("x" * (MAX_CURSOR_BYTES + 1), {}, call))
