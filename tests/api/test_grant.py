"""A call without a grant that covers it is not sent."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.grants import grant_to_read
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.grant import Grant
from instantly_mcp.catalog.operation import Limit
from tests.support.cases import ClockedTestCase

from .builders import ACTIVATE, CREATE, GET_ONE, LIST, client, credential
from .test_client import URL, MemoryAgent

NEW = {"name": "x"}


class GrantTests(SynchronousTestCase):
    """What a grant covers."""

    def test_reads_are_covered_again_and_again(self) -> None:
        """The grant of a read covers its operation, with any arguments."""
        grant = grant_to_read(LIST, credential())
        for search in ("a", "b", "a"):
            self.assertTrue(grant.use(LIST, {"search": search}))
        self.assertFalse(grant.use(GET_ONE, {"id": "c1"}))

    def test_a_write_is_covered_once(self) -> None:
        """The grant of a write is used up by the call that it covers."""
        grant = Grant(CREATE, credential(), NEW)
        self.assertFalse(grant.use(CREATE, {"name": "other"}))
        self.assertFalse(grant.use(ACTIVATE, NEW))
        self.assertTrue(grant.use(CREATE, dict(NEW)))
        self.assertFalse(grant.use(CREATE, NEW))

    def test_a_write_without_arguments_is_not_covered(self) -> None:
        """A grant that names no arguments covers no write."""
        self.assertFalse(Grant(CREATE, credential()).use(CREATE, {}))

    def test_no_write_is_granted_as_a_read(self) -> None:
        """The grant of a read cannot be made for a write."""
        self.assertRaises(ValueError, grant_to_read, CREATE, credential())


class ClientTests(ClockedTestCase):
    """What the client does without a grant."""

    def test_nothing_is_sent(self) -> None:
        """A call that its grant does not cover fails, and nothing is sent."""
        agent = MemoryAgent()
        instantly = client(agent, URL, self.clock)
        for grant in (
            Grant(CREATE, credential(), {"name": "other"}),
            grant_to_read(LIST, credential()),
        ):
            failed = self.failureResultOf(instantly.execute(CREATE, NEW, grant))
            self.assertIs(failed.check(ApiError), ApiError)
            self.assertIs(failed.value.reason, Reason.NOT_GRANTED)
        self.assertEqual(agent.asked, [])

    def test_asked_when_its_turn_comes(self) -> None:
        """A write that waits for its turn is not sent if it may not go any more."""
        agent, may_go = MemoryAgent(), [True]
        instantly = client(agent, URL, self.clock)
        limited = evolve(CREATE, limit=Limit(calls=1, seconds=1.0))
        grants = [
            Grant(limited, credential(), NEW, may_go=lambda: may_go[0])
            for _ in range(2)
        ]
        self.successResultOf(instantly.execute(limited, NEW, grants[0]))
        waiting = instantly.execute(limited, NEW, grants[1])
        self.assertNoResult(waiting)
        may_go[0] = False
        self.clock.advance(1.0)
        failed = self.failureResultOf(waiting, ApiError)
        self.assertIs(failed.value.reason, Reason.SENDING_OFF)
        self.assertEqual(len(agent.asked), 1)
