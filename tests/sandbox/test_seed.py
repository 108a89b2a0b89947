"""The seeded workspace is realistic for any seed and any start."""

from __future__ import annotations

from datetime import datetime, timedelta

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.records import ApiObject, MailType
from instantly_mcp.sandbox.seed import seeded_world
from instantly_mcp.sandbox.timeline import format_time, parse_time
from instantly_mcp.sandbox.workspaces import DEFAULT_START, Sandbox
from instantly_mcp.sandbox.world import World


class SeedTests(SynchronousTestCase):
    def test_promises(self) -> None:
        """Any seed and weekday give 4 campaigns, 1,200 leads and 40 threads."""
        for days in range(7):
            start = (DEFAULT_START + timedelta(days=days)).timestamp()
            world = seeded_world(str(days), start)
            self.assertEqual((len(world.campaigns), len(world.leads)), (4, 1200))
            received = self.received(world)
            self.assertEqual(len({mail["thread_id"] for mail in received}), 40, days)
            self.assertEqual(
                [each.shown["status"] for each in world.campaigns.values()],
                [3, 2, 1, 0],
            )
            emails = [lead.shown["email"] for lead in world.leads.values()]
            self.assertEqual(len(set(emails)), 1200)

    def test_past_only(self) -> None:
        """Nothing in the seeded world is later than its start; the outbox is empty."""
        start = DEFAULT_START.timestamp()
        world = seeded_world("42", start)
        latest = max(mail["timestamp_created"] for mail in world.emails.values())
        self.assertLessEqual(parse_time(latest), start)
        self.assertEqual(len(world.outbox), 0)
        self.assertEqual(world.timestamp(), format_time(start))

    def test_everything_is_example(self) -> None:
        """Every address of every mail ends in example.com or example.org."""
        for mail in seeded_world("42", DEFAULT_START.timestamp()).emails.values():
            both = (mail["from_address_email"], mail["to_address_email_list"])
            for address in both:
                self.assertRegex(address, r"[@.]example\.(com|org)$")

    def test_unread_and_answered(self) -> None:
        """Old replies are read and some were answered; the newest are unread."""
        world = seeded_world("42", DEFAULT_START.timestamp())
        unread = [mail["is_unread"] for mail in self.received(world)]
        self.assertTrue(0 < sum(unread) < len(unread))
        manual = [m for m in world.emails.values() if m["ue_type"] == MailType.MANUAL]
        self.assertGreater(len(manual), 5)

    def test_start_without_zone(self) -> None:
        """A start without a time zone is UTC, whatever the machine's time zone."""
        sandbox = Sandbox(Clock(), start=datetime(2027, 1, 1))
        world = sandbox.workspace("sandbox").current_world()
        self.assertEqual(world.timestamp(), "2027-01-01T00:00:00.000Z")

    def received(self, world: World) -> list[ApiObject]:
        """The mails that came in."""
        return [m for m in world.emails.values() if m["ue_type"] == MailType.RECEIVED]
