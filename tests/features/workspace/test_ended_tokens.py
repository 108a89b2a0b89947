"""Calls that go on while their connection token ends, or is narrowed."""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from instantly_mcp._json_codec import Json
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.access.act import Act, Ending, EndingKind
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.passing import Rails
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.context import FeatureContext, ServerFacts
from instantly_mcp.protocol.calls.call import Call, Caller, Doing
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.cases import KEY
from tests.support.access import permissive_guard
from tests.support.cases import ClockedTestCase
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal


@implementer(IRail)
@define
class SlowRail:
    """A rail that takes as long as the test says, such as a slow disk."""

    passing: Deferred[None] = field(factory=Deferred)
    endings: list[Ending] = field(factory=list)
    name: str = "slow"

    def before(self, act: Act) -> Deferred[None]:
        """Wait."""
        return self.passing

    def after(self, act: Act, ending: Ending) -> Deferred[None]:
        """Note the ending."""
        self.endings.append(ending)
        return succeed(None)


class EndedTokenTests(ClockedTestCase):
    """One call of several steps."""

    def setUp(self) -> None:
        """Have a call whose token is valid."""
        super().setUp()
        self.rights: Rights | None = Rights(token="tabcdefgh")
        self.asked: list[Rights] = []
        self.instantly = RecordingInstantly()
        self.rail = SlowRail()
        guard = permissive_guard()
        guard.rails = Rails([self.rail])
        self.context = FeatureContext(
            instantly=self.instantly,
            guard=guard,
            seal=new_seal(),
            clock=self.clock,
            facts=ServerFacts(name="instantly-mcp", version="1"),
            rights_now=self.rights_now,
        )
        credential = evolve(KEY, rights=Rights(token="tabcdefgh"))
        self.call = Call(
            caller=Caller(revision=V2025_11_25, credential=credential),
            doing=Doing(tool="create_lead_list", arguments={"name": "n"}),
        )

    def rights_now(self, rights: Rights) -> Rights | None:
        """Answer as the book of tokens does."""
        self.asked.append(rights)
        return self.rights

    def read(self) -> Deferred[Json]:
        """Read something."""
        return self.context.execute("listCampaign", {}, self.call)

    def write(self) -> Deferred[Json]:
        """Change something."""
        return self.context.execute("createLeadList", {"name": "n"}, self.call)

    def assert_refused(self, running: Deferred[Any], code: str = "not_allowed") -> None:
        """Check that a step is refused."""
        error = self.failureResultOf(running, CallRefusedError).value
        assert isinstance(error, CallRefusedError)
        self.assertEqual(error.code, code)

    def sent(self) -> list[str]:
        """Return what was sent."""
        return [each.id for each in self.instantly.executed]

    def test_read(self) -> None:
        """After the end nothing more is read for the call."""
        self.successResultOf(self.read())
        self.rights = None
        self.assert_refused(self.read())
        self.assertEqual(self.sent(), ["listCampaign"])
        self.assertEqual({each.token for each in self.asked}, {"tabcdefgh"})

    def test_write(self) -> None:
        """After the end nothing is changed, and no rail is asked."""
        self.rights = None
        self.assert_refused(self.write())
        self.assertEqual((self.sent(), self.rail.endings), ([], []))

    def test_end_while_a_write_waits(self) -> None:
        """A write whose token ends while it waits is not sent, and rails know that."""
        running = self.write()
        self.rights = None
        self.rail.passing.callback(None)
        self.assert_refused(running)
        self.assertEqual(self.sent(), [])
        (ending,) = self.rail.endings
        self.assertEqual(ending.kind, EndingKind.REFUSED)

    def test_narrowed(self) -> None:
        """A token that was narrowed to reading changes nothing more, and reads."""
        self.rights = Rights(token="tabcdefgh", level=Level.READ_ONLY)
        self.assert_refused(self.write())
        self.successResultOf(self.read())
        self.assertEqual(self.sent(), ["listCampaign"])

    def test_valid(self) -> None:
        """A write of a valid token is sent."""
        running = self.write()
        self.rail.passing.callback(None)
        self.successResultOf(running)
        self.assertEqual(self.sent(), ["createLeadList"])

    def test_without_tokens(self) -> None:
        """A server without tokens limits no one."""
        plain = FeatureContext(
            instantly=self.instantly,
            guard=permissive_guard(),
            seal=new_seal(),
            clock=self.clock,
            facts=ServerFacts(name="instantly-mcp", version="1"),
        )
        self.assertEqual(plain.rights_of(self.call), self.call.caller.rights)
        self.assertIs(plain.rights_now(ALL_RIGHTS), ALL_RIGHTS)
