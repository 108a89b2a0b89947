"""The daemon in live mode, in front of a simulated Instantly reached over HTTP."""

from __future__ import annotations

import json

from twisted.internet import reactor
from twisted.internet.task import deferLater

from instantly_mcp._deferred import deferred
from tests.support.tool_counts import DEFAULT_TOOLS

from .cases import Daemon, LiveTestCase
from .raw_wires import ModernWire, SessionWire
from .sdk_wire import SdkWire
from .story import Story, together
from .test_stories import opens, raw_wires
from .wires import Wire

KEY = "sandbox-canary-live"
FAILURES_THAT_OPEN = 10


class LiveStoryTests(LiveTestCase):
    """The world is upstream: it is the same after the daemon was away."""

    async def told(self, wire: Wire, daemon: Daemon, upstream: Daemon) -> None:
        """Tell the story, with the daemon away after the campaign was started."""
        story = Story(self, wire, upstream, KEY)
        await opens(story)
        await story.turns_the_page()
        await story.launches()
        await daemon.restart()
        await wire.resume()
        await ends(story)

    @deferred
    async def test_sdk_sessions(self):
        """The official client's campaign and session outlive the daemon."""
        daemon, upstream = await self.live()
        wire = SdkWire(daemon.url, KEY, "streamable", "2025-11-25")
        await self.told(wire, daemon, upstream)
        self.assertEqual(wire.heard.handshakes, 1)

    @deferred
    async def test_all_wires_at_once(self):
        """So do the campaigns of six clients written by hand."""
        daemon, upstream = await self.live()
        stories = [
            Story(self, wire, upstream, wire.key) for wire in raw_wires(daemon.url)
        ]
        await together(opens(story) for story in stories)
        await together(launches(story) for story in stories)
        await daemon.restart()
        await together(story.wire.resume() for story in stories)
        await together(ends(story) for story in stories)


async def launches(story: Story) -> None:
    """Tell the scenes before the daemon is away."""
    await story.turns_the_page()
    await story.launches()


async def ends(story: Story) -> None:
    """Tell the scenes after the daemon was away."""
    await story.stumbles()
    await story.measures()
    await story.answers()
    await story.wire.leave()
    story.wire.heard.check()


async def ends_in_new_world(story: Story) -> None:
    """Run the remaining scenes: the restarted upstream has a new world."""
    await story.launches()
    await ends(story)


class OutageTests(LiveTestCase):
    """Instantly is down for a while; sessions survive that."""

    @deferred
    async def test_clear_errors_then_recovery(self):
        """Calls fail with a code and a hint, all else works; then the page turns."""
        daemon, upstream = await self.live()
        story = Story(self, SessionWire(daemon.url, KEY), upstream, KEY)
        await opens(story)
        await upstream.kill()
        await self.stranded(story)
        await upstream.start()
        await story.turns_the_page()
        await ends_in_new_world(story)

    async def stranded(self, story: Story) -> None:
        """Try to read and to write; then do what needs no Instantly."""
        read = await story.failure("list_campaigns")
        written = await story.failure("activate_campaign", campaign_id=story.any_id)
        for failed in (read, written):
            self.assertEqual(failed["code"], "unreachable", failed)
            self.assertIn("Nothing was changed", failed["hint"])
        self.assertEqual(len(await story.wire.tools()), DEFAULT_TOOLS)
        await story.value("get_server_info")

    @deferred
    async def test_breaker(self):
        """After many failures calls are refused at once, for as long as they say."""
        daemon, upstream = await self.live()
        story = Story(self, ModernWire(daemon.url, KEY), upstream, KEY)
        await opens(story)
        await upstream.kill()
        clients = [ModernWire(daemon.url, KEY) for _ in range(FAILURES_THAT_OPEN)]
        await together(self.fails_once(client, upstream) for client in clients)
        refused = await story.failure("list_campaigns")
        self.assertEqual(refused["code"], "upstream_failed", refused)
        self.assertIn("Nothing was sent", refused["message"])
        ready = json.loads(await self.get(f"{daemon.base}/ready"))
        self.assertTrue(ready["ready"])
        self.assertIn("upstream", ready["degraded"])
        await upstream.start()
        await deferLater(reactor, refused["retry_after"])
        await story.turns_the_page()
        ready = json.loads(await self.get(f"{daemon.base}/ready"))
        self.assertEqual(ready["degraded"], {})
        story.wire.heard.check()

    async def fails_once(self, client: ModernWire, upstream: Daemon) -> None:
        """Let one more client fail."""
        story = Story(self, client, upstream, KEY)
        await client.connect()
        await story.failure("count_unread_emails")
