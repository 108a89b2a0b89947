"""What a check of the upstream reports to an operator."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import ITransport
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._credential import Secret
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.http.bounded_reply import HeadTooLarge
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.self_check.upstream import UpstreamCheck
from tests.support.cases import ClockedTestCase
from tests.support.instantly import RecordingInstantly

NOW = 1_800_000_000.0
KEY = Secret("canary-0123456789-abcd")


@define(eq=False)
class Answered:
    """A response whose body is not read."""

    headers: Headers
    code: int = 401
    transport: StringTransport = field(factory=StringTransport)

    def deliverBody(self, protocol):
        """Connect the reader."""
        protocol.makeConnection(self.transport)


@implementer(IAgent)
@define(eq=False)
class OneReply:
    """An agent with a single response."""

    reply: Deferred[Any]
    asked: list[tuple[bytes, bytes, Headers]] = field(factory=list)

    def request(self, method, uri, headers=None, bodyProducer=None):
        """Say it."""
        self.asked.append((method, uri, headers))
        return self.reply


def refused(reason: Reason) -> ApiError:
    """Return the client's error for a key that is rejected."""
    return ApiError(reason=reason, message="A sentence.", operation_id="getWorkspace")


class UpstreamCheckTests(ClockedTestCase):
    def setUp(self) -> None:
        """Use an upstream that works."""
        super().setUp()
        self.findings = Findings()
        self.answered = Answered(Headers({"Date": [formatdate(NOW, usegmt=True)]}))
        self.agent = OneReply(succeed(self.answered))
        self.instantly = RecordingInstantly().answers(
            "getWorkspace", {"name": "Acme\x1b"}
        )

    def look(self, key: Secret | None = None) -> Deferred[None]:
        """Look at it."""
        check = UpstreamCheck(
            agent=self.agent,
            instantly=self.instantly,
            url="https://api.example.com",
            clock=self.clock,
            wall=lambda: NOW + 5,
            findings=self.findings,
        )
        return check.run(key)

    def test_interfaces(self):
        """The fakes provide the interfaces that they replace."""
        self.assertTrue(verifyObject(IAgent, self.agent))
        self.assertTrue(verifyObject(ITransport, self.answered.transport))

    def test_well(self):
        """A response of any status counts, without a key and without its body."""
        self.successResultOf(self.look())
        self.assertEqual(
            self.findings.fine,
            [
                "upstream https://api.example.com answers (401)",
                "this machine's clock agrees with the upstream's",
            ],
        )
        ((method, url, headers),) = self.agent.asked
        self.assertEqual(method, b"GET")
        self.assertEqual(url, b"https://api.example.com/api/v2/workspaces/current")
        self.assertFalse(headers.hasHeader("Authorization"))
        self.assertTrue(self.answered.transport.disconnecting)
        self.assertEqual(self.instantly.executed, [])

    def test_clock(self):
        """A clock that is minutes off is a warning that says by how much."""
        for seconds, words in ((-295, "300 s ahead of"), (305, "300 s behind")):
            date = formatdate(NOW + seconds, usegmt=True)
            self.agent = OneReply(succeed(Answered(Headers({"Date": [date]}))))
            self.successResultOf(self.look())
            self.assertIn(words, self.findings.warnings.pop())

    def test_no_date(self):
        """Without a date in the response the clock is not reported."""
        for headers in (Headers(), Headers({"Date": ["soon"]})):
            self.agent = OneReply(succeed(Answered(headers)))
            self.successResultOf(self.look())
        self.assertEqual(len(self.findings.fine), 2)

    def test_unreachable(self):
        """No connection is a failure, and the key is not tried."""
        self.agent = OneReply(fail(ConnectionRefusedError()))
        self.successResultOf(self.look(KEY))
        (line,) = self.findings.failures
        self.assertIn("IMCP-UPSTREAM https://api.example.com cannot be reached", line)
        self.assertIn("connect refused", line)
        self.assertEqual(self.instantly.executed, [])

    def test_deadline(self):
        """The check ends when the upstream does not answer in time."""
        self.agent = OneReply(Deferred())
        looking = self.look()
        self.clock.advance(UpstreamCheck.TIMEOUT_SECONDS)
        self.successResultOf(looking)
        self.assertIn("no answer within 10 s", self.findings.failures[0])

    def test_bug(self):
        """An error that is not about the connection is not reported as one."""
        self.agent = OneReply(fail(ZeroDivisionError()))
        self.failureResultOf(self.look(), ZeroDivisionError)

    def test_key(self):
        """A good key is reported by its workspace, in printable text only."""
        self.successResultOf(self.look(KEY))
        self.assertEqual(
            self.findings.fine[-1], "Instantly accepts the key: workspace 'Acme\\x1b'"
        )
        self.assertNotIn("canary", repr(self.findings))

    def test_rejected_key(self):
        """A key that Instantly rejects is a failure."""
        self.instantly.answers("getWorkspace", refused(Reason.KEY_REJECTED))
        self.successResultOf(self.look(KEY))
        self.assertEqual(self.findings.failures, ["IMCP-KEY A sentence."])

    def test_narrow_key(self):
        """A key without the scope to read its workspace is accepted."""
        self.instantly.answers("getWorkspace", refused(Reason.SCOPE_MISSING))
        self.successResultOf(self.look(KEY))
        self.assertEqual(self.findings.warnings, ["IMCP-KEY A sentence."])
        self.assertEqual(self.findings.failures, [])

    def test_silence_about_the_key(self):
        """The check of the key has a deadline as well."""
        self.instantly.answers("getWorkspace", Deferred())
        looking = self.look(KEY)
        self.clock.advance(UpstreamCheck.TIMEOUT_SECONDS)
        self.successResultOf(looking)
        self.assertIn("no answer to a request with the key", self.findings.failures[0])

    def test_head_without_end(self):
        """An upstream that sends endless headers is reported as such."""
        reason = Failure(HeadTooLarge())
        self.agent = OneReply(fail(ResponseFailed([reason])))
        self.successResultOf(self.look(KEY))
        (failure,) = self.findings.failures
        self.assertIn("IMCP-UPSTREAM https://api.example.com does not answer", failure)
        self.assertIn("its headers are larger than 64 kB", failure)
        self.assertEqual(self.instantly.executed, [])
