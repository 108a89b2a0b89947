"""The whole story over every transport; the daemon restarts in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from instantly_mcp._deferred import deferred

from .cases import DaemonTestCase
from .raw_wires import ModernWire, RawWire, SessionWire, StreamWire
from .sdk_wire import SdkWire
from .story import Story, together
from .wires import Wire


class StoryTests(DaemonTestCase):
    """One client and a daemon that restarts between the first page and the second."""

    async def run_story(
        self, wire_to: Callable[[str, str | None], Wire], key: str | None
    ) -> Wire:
        """Run the story over a transport."""
        daemon = await self.daemon("--sandbox")
        wire = wire_to(daemon.url, key)
        story = Story(self, wire, daemon, key)
        await wire.connect()
        await story.list_campaigns()
        await daemon.restart()
        await wire.resume()
        await finish(story)
        return wire

    @deferred
    async def test_sdk_sessions(self):
        """The official client continues its session without a new handshake."""
        wire = await self.run_story(
            lambda url, key: SdkWire(url, key, "streamable", "2025-11-25"), None
        )
        self.assertEqual(wire.transcript.handshakes, 1)
        self.assertEqual(len(wire.transcript.sessions), 1)

    @deferred
    async def test_sdk_stateless(self):
        """The official client discovers the modern era and uses no session."""
        wire = await self.run_story(
            lambda url, key: SdkWire(url, key, "modern", "2026-07-28"),
            "sandbox-modern",
        )
        self.assertEqual(wire.transcript.handshakes, 0)
        self.assertEqual(wire.transcript.sessions, set())

    @deferred
    async def test_sdk_stream(self):
        """The official client of HTTP+SSE continues on a new stream."""
        wire = await self.run_story(
            lambda url, key: SdkWire(url, key, "sse", "2025-11-25"), "sandbox-stream"
        )
        self.assertEqual(wire.transcript.handshakes, 2)


class RawStoryTests(DaemonTestCase):
    """Raw clients, all concurrently, each in its own workspace."""

    keys = ("sandbox-canary-",)

    @deferred
    async def test_all_wires_at_once(self):
        """Every transport works on one daemon that restarts in the middle."""
        daemon = await self.daemon("--sandbox")
        stories = [
            Story(self, wire, daemon, wire.key) for wire in raw_wires(daemon.url)
        ]
        await together(connect_and_list(story) for story in stories)
        await daemon.restart()
        await together(story.wire.resume() for story in stories)
        await together(finish(story) for story in stories)
        sessions = [story.wire.transcript.sessions for story in stories]
        self.assertEqual([len(ids) for ids in sessions], [1, 1, 1, 0, 0, 0])


def raw_wires(url: str) -> Sequence[RawWire]:
    """Return one client of each transport, each with its own key."""
    return (
        SessionWire(url, "sandbox-canary-1", version="2025-11-25"),
        SessionWire(url, "sandbox-canary-2", version="2025-06-18"),
        SessionWire(url, "sandbox-canary-3", version="2025-03-26"),
        ModernWire(url, "sandbox-canary-4"),
        StreamWire(url, "sandbox-canary-5", path="/sse"),
        StreamWire(url, "sandbox-canary-6", path="/mcp", reopens=True),
    )


async def connect_and_list(story: Story) -> None:
    """Connect, and run the first step."""
    await story.wire.connect()
    await story.list_campaigns()


async def finish(story: Story) -> None:
    """Run the story from its second step to its end."""
    await story.list_second_page()
    await story.send_invalid_calls()
    await story.launch_campaign()
    await story.read_analytics()
    await story.reply()
    await story.wire.leave()
    story.wire.transcript.check()
