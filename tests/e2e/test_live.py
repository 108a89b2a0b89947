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
from .test_stories import connect_and_list, raw_wires
from .wires import Wire

KEY = "sandbox-canary-live"
FAILURES_THAT_OPEN = 10


class LiveStoryTests(LiveTestCase):
    """The data is upstream, so a restart of the daemon does not change it."""

    async def run_story(self, wire: Wire, daemon: Daemon, upstream: Daemon) -> None:
        """Run the story; restart the daemon after the campaign was activated."""
        story = Story(self, wire, upstream, KEY)
        await connect_and_list(story)
        await story.list_second_page()
        await story.launch_campaign()
        await daemon.restart()
        await wire.resume()
        await after_launch(story)

    @deferred
    async def test_sdk_sessions(self):
        """The official client's campaign and session survive a restart."""
        daemon, upstream = await self.live()
        wire = SdkWire(daemon.url, KEY, "streamable", "2025-11-25")
        await self.run_story(wire, daemon, upstream)
        self.assertEqual(wire.transcript.handshakes, 1)

    @deferred
    async def test_all_wires_at_once(self):
        """The campaigns of six raw clients survive it, too."""
        daemon, upstream = await self.live()
        stories = [
            Story(self, wire, upstream, wire.key) for wire in raw_wires(daemon.url)
        ]
        await together(connect_and_list(story) for story in stories)
        await together(until_launch(story) for story in stories)
        await daemon.restart()
        await together(story.wire.resume() for story in stories)
        await together(after_launch(story) for story in stories)


async def until_launch(story: Story) -> None:
    """Run the steps before the restart."""
    await story.list_second_page()
    await story.launch_campaign()


async def after_launch(story: Story) -> None:
    """Run the steps after the restart."""
    await story.send_invalid_calls()
    await story.read_analytics()
    await story.reply()
    await story.wire.leave()
    story.wire.transcript.check()


async def launch_in_new_world(story: Story) -> None:
    """Run the remaining steps; the restarted upstream has new data."""
    await story.launch_campaign()
    await after_launch(story)


class OutageTests(LiveTestCase):
    """Instantly is down for a while; sessions survive that."""

    @deferred
    async def test_clear_errors_then_recovery(self):
        """Calls fail with a code and a hint, all else works; later calls succeed."""
        daemon, upstream = await self.live()
        story = Story(self, SessionWire(daemon.url, KEY), upstream, KEY)
        await connect_and_list(story)
        await upstream.kill()
        await self.calls_fail(story)
        await upstream.start()
        await story.list_second_page()
        await launch_in_new_world(story)

    async def calls_fail(self, story: Story) -> None:
        """Fail to read and to write; succeed in what does not call Instantly."""
        read = await story.failure("list_campaigns")
        written = await story.failure("activate_campaign", campaign_id=story.any_id)
        for failed in (read, written):
            self.assertEqual(failed["code"], "unreachable", failed)
            self.assertIn("Nothing was changed", failed["hint"])
        self.assertEqual(len(await story.wire.tools()), DEFAULT_TOOLS)
        await story.value("get_server_info")

    @deferred
    async def test_breaker(self):
        """After many failures calls are refused at once, until retry_after is over."""
        daemon, upstream = await self.live()
        story = Story(self, ModernWire(daemon.url, KEY), upstream, KEY)
        await connect_and_list(story)
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
        await story.list_second_page()
        ready = json.loads(await self.get(f"{daemon.base}/ready"))
        self.assertEqual(ready["degraded"], {})
        story.wire.transcript.check()

    async def fails_once(self, client: ModernWire, upstream: Daemon) -> None:
        """Let one more client fail."""
        story = Story(self, client, upstream, KEY)
        await client.connect()
        await story.failure("count_unread_emails")
