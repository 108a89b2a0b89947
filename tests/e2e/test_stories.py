"""The whole story over every wire, with the daemon restarted in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from instantly_mcp._deferred import deferred

from .cases import DaemonTestCase
from .raw_wires import ModernWire, RawWire, SessionWire, StreamWire
from .sdk_wire import SdkWire
from .story import Story, together
from .wires import Wire


class StoryTests(DaemonTestCase):
    """One client, one daemon, which is away between the first page and the second."""

    async def told(
        self, wire_to: Callable[[str, str | None], Wire], key: str | None
    ) -> Wire:
        """Tell the story over a wire."""
        daemon = await self.daemon("--sandbox")
        wire = wire_to(daemon.url, key)
        story = Story(self, wire, daemon, key)
        await wire.connect()
        await story.looks_around()
        await daemon.restart()
        await wire.resume()
        await finish(story)
        return wire

    @deferred
    async def test_sdk_sessions(self):
        """The official client goes on with its session, without a new handshake."""
        wire = await self.told(
            lambda url, key: SdkWire(url, key, "streamable", "2025-11-25"), None
        )
        self.assertEqual(wire.heard.handshakes, 1)
        self.assertEqual(len(wire.heard.sessions), 1)

    @deferred
    async def test_sdk_stateless(self):
        """The official client discovers the modern era, and has no session to lose."""
        wire = await self.told(
            lambda url, key: SdkWire(url, key, "modern", "2026-07-28"),
            "sandbox-modern",
        )
        self.assertEqual(wire.heard.handshakes, 0)
        self.assertEqual(wire.heard.sessions, set())

    @deferred
    async def test_sdk_stream(self):
        """The official client of HTTP+SSE goes on over a new stream."""
        wire = await self.told(
            lambda url, key: SdkWire(url, key, "sse", "2025-11-25"), "sandbox-stream"
        )
        self.assertEqual(wire.heard.handshakes, 2)


class RawStoryTests(DaemonTestCase):
    """Clients written by hand, all at the same time, each in its own workspace."""

    keys = ("sandbox-canary-",)

    @deferred
    async def test_all_wires_at_once(self):
        """Every wire tells its story on one daemon, which is away in the middle."""
        daemon = await self.daemon("--sandbox")
        stories = [
            Story(self, wire, daemon, wire.key) for wire in raw_wires(daemon.url)
        ]
        await together(opens(story) for story in stories)
        await daemon.restart()
        await together(story.wire.resume() for story in stories)
        await together(finish(story) for story in stories)
        sessions = [story.wire.heard.sessions for story in stories]
        self.assertEqual([len(ids) for ids in sessions], [1, 1, 1, 0, 0, 0])


def raw_wires(url: str) -> Sequence[RawWire]:
    """Return one client of every wire, each with a key of its own."""
    return (
        SessionWire(url, "sandbox-canary-1", version="2025-11-25"),
        SessionWire(url, "sandbox-canary-2", version="2025-06-18"),
        SessionWire(url, "sandbox-canary-3", version="2025-03-26"),
        ModernWire(url, "sandbox-canary-4"),
        StreamWire(url, "sandbox-canary-5", path="/sse"),
        StreamWire(url, "sandbox-canary-6", path="/mcp", reopens=True),
    )


async def opens(story: Story) -> None:
    """Connect, and tell the first scene."""
    await story.wire.connect()
    await story.looks_around()


async def finish(story: Story) -> None:
    """Tell the story from its second scene to its end."""
    await story.turns_the_page()
    await story.stumbles()
    await story.launches()
    await story.measures()
    await story.answers()
    await story.wire.leave()
    story.wire.heard.check()
