"""The rails that keep what they know in the database, as the daemon builds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.act import Ending, EndingKind
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.access.rails import (
    DurableRails,
    make_durable_rails,
    make_rails,
)
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.state_dir import open_state_directory
from instantly_mcp.state.database import SqliteDatabase
from tests.access.acts import act

NOW = 1.8e9
LEAD = {"email": "x@y.org"}


class DurableRailsTests(SynchronousTestCase):
    """They remember what an earlier daemon noted."""

    def setUp(self) -> None:
        """Let there be a state directory."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def start(self, **given: str) -> DurableRails:
        """Return the rails of a daemon that starts with these settings."""
        database = SqliteDatabase(str(self.folder / "state.sqlite3"))
        settings = resolve(given, {})
        return make_durable_rails(settings, database, lambda: NOW, lambda token: {})

    def refused(self, running: Any) -> str:
        """Return the code of a refusal."""
        error = self.failureResultOf(running, AccessRefusedError).value
        assert isinstance(error, AccessRefusedError)
        return error.code

    def test_caps(self) -> None:
        """The settings are the caps, and a restart frees none of them."""
        one = act("replyToEmail", id="a1", amounts={"mails": 1})
        two = act("replyToEmail", id="a2", amounts={"mails": 1})
        self.successResultOf(self.start(caps_mails="1").caps.before(one))
        self.assertEqual(
            self.refused(self.start(caps_mails="1").caps.before(two)), "cap_reached"
        )
        self.assertIsNone(
            self.successResultOf(self.start(caps_mails="2").caps.before(two))
        )

    def test_every_cap(self) -> None:
        """Each cap of the settings limits what has its name."""
        for cap in ("mails", "activations", "leads", "deletions", "credits"):
            rail = self.start(**{f"caps_{cap}": "0"}).caps
            self.assertEqual(
                self.refused(rail.before(act(amounts={cap: 1}))), "cap_reached", cap
            )
        for setting, cap in (("leads_per_call", "leads"), ("recipients",) * 2):
            rail = self.start(**{f"caps_{setting}": "3"}).caps
            self.assertEqual(
                self.refused(rail.before(act(amounts={cap: 4}))), "cap_reached", cap
            )

    def test_write_that_was_cut_off(self) -> None:
        """A write without an ending is unknown at the next start, and not repeated."""
        first = self.start().outcomes
        self.successResultOf(first.before(act("createLead", id="a1", arguments=LEAD)))
        again = self.start().outcomes
        two = act("createLead", id="a2", arguments=LEAD)
        self.assertEqual(self.refused(again.before(two)), "outcome_unknown")

    def test_write_that_ended(self) -> None:
        """A write that ended may be made again after a start."""
        first = self.start().outcomes
        one = act("createLead", id="a1", arguments=LEAD)
        self.successResultOf(first.before(one))
        self.successResultOf(first.after(one, Ending(kind=EndingKind.DONE)))
        two = act("createLead", id="a2", arguments=LEAD)
        self.assertIsNone(self.successResultOf(self.start().outcomes.before(two)))


class OrderTests(SynchronousTestCase):
    """All rails, as a daemon joins them."""

    def setUp(self) -> None:
        """Join them, with a cap of one mail."""
        settings = resolve({"caps_mails": "1", "state_dir": self.mktemp()}, {})
        self.state = open_state_directory(settings, lambda: NOW)
        self.addCleanup(self.state.close)
        database = self.state.database
        durable = make_durable_rails(settings, database, lambda: NOW, lambda token: {})
        self.books = load_books(database, lambda: NOW)
        self.rails = make_rails(self.state, durable, self.books)
        self.mail = act("replyToEmail", amounts={"mails": 1})

    def passing(self, *, look: bool = False) -> Deferred[None]:
        """Let the mail pass the rails, or look whether it would."""
        checks = self.rails.look if look else self.rails.before
        return Deferred.fromCoroutine(checks(self.mail))

    def intents(self) -> int:
        """Return the number of writes that the audit says were about to be sent."""
        path = Path(str(self.state.path), "audit.jsonl")
        return path.read_bytes().count(b'"kind":"intent"')

    def test_sending_off(self) -> None:
        """A mail is refused before a person is asked, and before it is recorded."""
        self.books.sending.set(True)
        for look in (True, False):
            failure = self.failureResultOf(self.passing(look=look), AccessRefusedError)
            self.assertEqual(getattr(failure.value, "code", ""), "sending_off")
        self.assertEqual(self.intents(), 0)
        self.books.sending.set(False)
        self.successResultOf(self.passing())
        self.assertEqual(self.intents(), 1)

    def test_switched_off_while_it_waits(self) -> None:
        """A mail that has passed may not go once sending is off; a pause may."""
        self.successResultOf(self.passing())
        self.assertTrue(self.rails.may_go(self.mail))
        self.books.sending.set(True)
        self.assertFalse(self.rails.may_go(self.mail))
        self.assertTrue(self.rails.may_go(act("pauseCampaign")))
