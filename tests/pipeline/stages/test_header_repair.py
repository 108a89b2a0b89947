"""Header repair: a header with one possible meaning is repaired, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.exchange import Exchange, Headers, Note, Route
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.pipeline.stages.header_repair import HeaderRepair
from tests.support.exchanges import exchange

BOTH = "application/json, text/event-stream"
PING = b'{"jsonrpc":"2.0","id":"a","method":"ping"}'


def bare(
    values: Mapping[str, Sequence[str]],
    method: str = "POST",
    route: Route = Route.MCP,
    body: bytes = PING,
) -> Exchange:
    """Return an exchange that has exactly these headers."""
    return Exchange(
        id="test", method=method, route=route, headers=Headers(values), body=body
    )


class HeaderRepairTestCase(SynchronousTestCase):
    """Runs the stage."""

    stage = HeaderRepair()

    def passed(self, one: Exchange) -> Exchange:
        """Return the exchange that must come out."""
        outcome = self.successResultOf(self.stage.process(one))
        assert isinstance(outcome, Exchange), outcome
        return outcome

    def refused(self, one: Exchange) -> Answer:
        """Return the answer that must come out."""
        outcome = self.successResultOf(self.stage.process(one))
        assert isinstance(outcome, Answer), outcome
        return outcome


class AcceptTests(HeaderRepairTestCase):
    """What becomes of Accept."""

    def test_provides_interface(self) -> None:
        """HeaderRepair is a stage."""
        self.assertTrue(verifyObject(IStage, self.stage))

    def test_unchanged(self) -> None:
        """Where there is nothing to repair the same exchange goes on."""
        for accept in (BOTH, "text/event-stream, application/json", "a/b, " + BOTH):
            one = exchange(body=PING, with_headers={"accept": accept})
            self.assertIs(self.passed(one), one)

    def test_repairs_accept(self) -> None:
        """Event streams alone and wildcards become both types, with a note."""
        for accept in ("text/event-stream", "*/*", "application/*"):
            one = self.passed(exchange(body=PING, with_headers={"accept": accept}))
            self.assertEqual(one.headers.all("accept"), (BOTH,))
            self.assertTrue(one.accepts_json and one.accepts_stream)
            self.assertEqual(one.notes, (Note("accept-repaired"),))

    def test_only_json_stays_only_json(self) -> None:
        """A client that names JSON alone cannot be sent an event stream, however long
        the answer takes; a wildcard beside it covers both types.
        """
        for accept in ("application/json", "Application/JSON;q=0.9, text/html"):
            one = self.passed(exchange(body=PING, with_headers={"accept": accept}))
            self.assertTrue(one.accepts_json)
            self.assertFalse(one.accepts_stream)
            self.assertEqual(one.headers.get("accept"), accept)
        wide = exchange(body=PING, with_headers={"accept": "application/json, */*"})
        self.assertTrue(self.passed(wide).accepts_stream)

    def test_missing_accept(self) -> None:
        """No Accept at all is read as both."""
        one = self.passed(bare({"content-type": ("application/json",)}))
        self.assertEqual(one.headers.get("accept"), BOTH)
        self.assertEqual(one.notes, (Note("accept-repaired"),))

    def test_two_accept_lines(self) -> None:
        """Two Accept lines are one list."""
        lines = ["application/json", "text/event-stream"]
        one = exchange(body=PING, with_headers={"accept": lines})
        self.assertIs(self.passed(one), one)

    def test_zero_weight(self) -> None:
        """A q=0 is honored, and Accept is left as it is."""
        no_stream = "application/json, text/event-stream;q=0"
        one = self.passed(exchange(body=PING, with_headers={"accept": no_stream}))
        self.assertTrue(one.accepts_json)
        self.assertFalse(one.accepts_stream)
        self.assertEqual(one.headers.get("accept"), no_stream)
        no_json = "text/event-stream, application/json;q=0"
        one = self.passed(exchange(body=PING, with_headers={"accept": no_json}))
        self.assertFalse(one.accepts_json)
        self.assertTrue(one.accepts_stream)

    def test_not_acceptable(self) -> None:
        """Who excludes both types gets 406, as a JSON-RPC error with the id."""
        for accept in ("text/html", "*/*;q=0"):
            answer = self.refused(exchange(body=PING, with_headers={"accept": accept}))
            self.assertEqual(answer.status, 406)
            self.assertEqual(loads(answer.body)["id"], "a")

    def test_messages(self) -> None:
        """On /messages, where the answer's type is fixed, any Accept passes."""
        one = exchange(
            body=PING, route=Route.MESSAGES, with_headers={"accept": "text/html"}
        )
        self.assertIs(self.passed(one), one)

    def test_get_left_alone(self) -> None:
        """A GET keeps its headers; it wants a stream only if it says so by name."""
        for accept, wanted in (
            ("text/event-stream", True),
            (BOTH, True),
            ("*/*", False),
            ("text/html,application/xhtml+xml,*/*;q=0.8", False),
            ("application/json", False),
            ("text/event-stream;q=0", False),
        ):
            given_headers = {"accept": (accept,), "content-type": ("text/plain",)}
            one = bare(given_headers, method="GET", body=b"")
            out = self.passed(one)
            self.assertIs(out.headers, one.headers)
            self.assertEqual(out.accepts_stream, wanted, accept)
            self.assertEqual(out.notes, ())

    def test_get_without_accept(self) -> None:
        """A GET without Accept wants no stream, and is not refused."""
        for method in ("GET", "HEAD", "DELETE"):
            one = self.passed(bare({}, method=method, body=b""))
            self.assertFalse(one.accepts_stream)

    @given(st.text(max_size=60))
    def test_every_accept_is_decided(self, accept: str) -> None:
        """Any Accept is passed with something to answer in, or refused with 406."""
        one = exchange(body=PING, with_headers={"accept": accept})
        outcome = self.successResultOf(self.stage.process(one))
        if isinstance(outcome, Exchange):
            self.assertTrue(outcome.accepts_json or outcome.accepts_stream)
        else:
            assert isinstance(outcome, Answer)
            self.assertEqual(outcome.status, 406)


class ContentTypeTests(HeaderRepairTestCase):
    """What becomes of Content-Type and Content-Encoding."""

    def test_json_with_parameters(self) -> None:
        """JSON with parameters, in any case, is JSON."""
        for value in (
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/json;charset=UTF-8",
            " application/json ",
        ):
            one = exchange(body=PING, with_headers={"content-type": value})
            self.assertIs(self.passed(one), one)

    def test_missing_type(self) -> None:
        """A body that looks like JSON and has no type is JSON, with a note."""
        for body in (PING, b" \r\n\t[1]", b"{broken"):
            for missing in ({}, {"content-type": ("",)}):
                one = self.passed(bare({"accept": (BOTH,), **missing}, body=body))
                self.assertEqual(one.headers.get("content-type"), "application/json")
                self.assertEqual(one.notes, (Note("content-type-assumed"),))

    def test_missing_type_of_nothing(self) -> None:
        """An empty body passes: the decoder refuses it."""
        self.passed(bare({"accept": (BOTH,)}, body=b""))

    def test_missing_type_of_something(self) -> None:
        """A body without type that does not look like JSON is refused with 415."""
        self.assertEqual(self.refused(bare({}, body=b"id=1&method=ping")).status, 415)

    def test_other_types(self) -> None:
        """Types that a foreign page can send without a preflight are refused: 415."""
        for value in (
            "text/plain",
            "text/plain; application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json-rpc",
            "application/jsonp",
            "application/json, text/plain",
            "text/json",
        ):
            for route in (Route.MCP, Route.MESSAGES):
                one = exchange(
                    body=PING, route=route, with_headers={"content-type": value}
                )
                answer = self.refused(one)
                self.assertEqual(answer.status, 415, value)
                self.assertEqual(loads(answer.body)["id"], "a")

    def test_two_types(self) -> None:
        """Two Content-Type lines are refused."""
        twice = ["application/json", "application/json"]
        one = exchange(body=PING, with_headers={"content-type": twice})
        self.assertEqual(self.refused(one).status, 415)

    def test_encoding(self) -> None:
        """A compressed body is refused with 415; identity is not compressed."""
        for value in ("gzip", "GZIP", "br", "identity, gzip", "x"):
            one = exchange(body=PING, with_headers={"content-encoding": value})
            answer = self.refused(one)
            self.assertEqual(answer.status, 415)
            self.assertIn(("Accept-Encoding", "identity"), answer.headers)
        for value in ("identity", "Identity", ""):
            one = exchange(body=PING, with_headers={"content-encoding": value})
            self.assertIs(self.passed(one), one)

    def test_both_repairs(self) -> None:
        """Two repairs leave two notes."""
        one = self.passed(bare({}))
        self.assertEqual(
            [note.topic for note in one.notes],
            ["content-type-assumed", "accept-repaired"],
        )
