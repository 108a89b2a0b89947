"""Where a daemon serves the pages of approvers, and when it must not start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.approval_pages import ApprovalSite, make_approval_site
from instantly_mcp.daemon.approval_pages import own_origins as origins_of
from instantly_mcp.daemon.http import make_http_parts
from instantly_mcp.daemon.mcp import McpParts, make_mcp_parts
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.state.database import DATABASE_FILE_NAME, SqliteDatabase

from .sockets.test_ports import SocketReactor
from .test_assembly import StillReactor, noon

LOCAL = "tcp:3100:interface=127.0.0.1"
LOCAL_ORIGINS = [
    "http://localhost:3100",
    "http://127.0.0.1:3100",
    "http://[::1]:3100",
]


class SiteTests(SynchronousTestCase):
    """The listener, and the origins of the pages."""

    def site(self, **given: str) -> tuple[McpParts, ApprovalSite | None]:
        """Build the pages of a daemon with these settings."""
        settings, reactor = resolve({"sandbox": "true", **given}, {}), StillReactor()
        mcp = make_mcp_parts(settings, reactor, noon)
        http = make_http_parts(settings, SocketReactor(), mcp, noon)
        self.addCleanup(mcp.state.close)
        return mcp, make_approval_site(settings, SocketReactorClock(), mcp, http)

    def opened(self, **given: str) -> tuple[McpParts, ApprovalSite]:
        """Build the pages, and open their sockets."""
        mcp, site = self.site(**given)
        assert site is not None
        self.successResultOf(site.ports.open(Factory()))
        return mcp, site

    def test_none(self) -> None:
        """Without a setting there is no listener, and no page to send people to."""
        mcp, site = self.site()
        self.assertIsNone(site)
        self.assertIsNone(mcp.books.approvals.page_of("abc"))

    def test_listener(self) -> None:
        """On loopback the pages have the three names of this machine, and the port."""
        mcp, site = self.opened(admin_listen=LOCAL)
        self.assertEqual(len(site.listeners), 1)
        self.assertEqual(origins_of(site.ports, None), LOCAL_ORIGINS)
        self.assertEqual(
            mcp.books.approvals.page_of("abc"), "http://127.0.0.1:3100/approvals/abc"
        )

    def test_url(self) -> None:
        """The URL of the settings comes first, with its path."""
        url = "https://mcp.example.com/instantly"
        mcp, site = self.opened(admin_listen=LOCAL, admin_url=url)
        self.assertEqual(
            origins_of(site.ports, url), ["https://mcp.example.com", *LOCAL_ORIGINS]
        )
        self.assertEqual(
            mcp.books.approvals.page_of("abc"),
            "https://mcp.example.com/instantly/approvals/abc",
        )

    def test_on_the_mcp_port(self) -> None:
        """On the MCP port there is no further listener."""
        mcp, site = self.opened(admin_listen="mcp", listen=LOCAL)
        self.assertEqual(site.listeners, ())
        self.assertEqual(
            mcp.books.approvals.page_of("abc"), "http://127.0.0.1:3100/approvals/abc"
        )

    def test_public_url(self) -> None:
        """A public URL without TLS is not an address of these pages."""
        for public, page in (
            ("https://mcp.example.com", "https://mcp.example.com/approvals/abc"),
            ("http://mcp.example.com", "http://127.0.0.1:3100/approvals/abc"),
        ):
            mcp, _ = self.opened(admin_listen="mcp", listen=LOCAL, public_url=public)
            self.assertEqual(mcp.books.approvals.page_of("abc"), page)


class SocketReactorClock(SocketReactor, StillReactor):
    """A reactor with sockets and a clock."""

    def __init__(self) -> None:
        StillReactor.__init__(self)
        SocketReactor.__init__(self)


class RequiredTests(SynchronousTestCase):
    """A policy that asks for approval needs someone who approves."""

    def setUp(self) -> None:
        """Make a state directory."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(mode=0o700)

    def start(self, **given: str) -> None:
        """Build the parts of a daemon.

        :raises ConfigurationError: when it must not start.
        """
        settings = resolve({"sandbox": "true", **given}, {})
        mcp = make_mcp_parts(settings, StillReactor(), noon)
        self.successResultOf(mcp.state.close())

    def refused(self, **given: str) -> str:
        """Return why a daemon does not start."""
        with self.assertRaises(ConfigurationError) as caught:
            self.start(policy_spends="approve", **given)
        line: str = caught.exception.lines[0]
        return line

    def add_approver(self) -> Any:
        """Add an approver, as the command does."""
        database = SqliteDatabase(str(self.folder / DATABASE_FILE_NAME))
        books = load_books(database, noon)
        return self.successResultOf(books.approvers.add("Bo"))

    def test_no_state_directory(self) -> None:
        """Without a state directory approvals would be forgotten."""
        line = self.refused()
        self.assertIn("asked for by policy_spends", line)
        self.assertIn("set state_dir", line)

    def test_no_approver(self) -> None:
        """Without an approver each call would wait in vain."""
        line = self.refused(state_dir=str(self.folder))
        self.assertIn(f"{self.folder} names no approver", line)
        self.assertIn("instantly-mcp approver add", line)

    def test_approver(self) -> None:
        """With both the daemon starts."""
        self.add_approver()
        self.start(policy_spends="approve", state_dir=str(self.folder))

    def test_other_policies(self) -> None:
        """Other policies need neither."""
        self.start()
