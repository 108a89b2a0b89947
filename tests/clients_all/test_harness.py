"""Commands to a driver, and what comes back."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.trial.unittest import TestCase

from instantly_mcp._deferred import deferred
from tests.clients.driving import Step

from .clients import HERE
from .processes import CommandedDriver, DriverFailed, start_driver

SOURCE = """
import asyncio
from harness import Shown, raised, serve

class Imagined:
    async def connect(self, url, headers):
        print("noise on standard output", url, flush=True)
        return headers["revision"]

    async def tools(self):
        raise ExceptionGroup("several", [ValueError("no connection")])

    async def call(self, name, arguments):
        if name == "slow":
            await asyncio.Event().wait()
        if name == "bad":
            return raised(KeyError("id"))
        return Shown(f"{name} {arguments}")

    async def close(self):
        raise RuntimeError("closed already")

serve(Imagined)
"""


class DriverTests(TestCase):
    """A driver with an imagined client."""

    def setUp(self) -> None:
        """Start it."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir(parents=True)
        script = folder / "drive_imagined.py"
        script.write_text(f"import sys\nsys.path.insert(0, sys.argv[1])\n{SOURCE}")
        words = (sys.executable, str(script), str(HERE / "drivers"))
        self.driver: CommandedDriver = start_driver(words, folder, folder)
        self.addCleanup(self.driver.kill)

    @deferred
    async def test_connect(self):
        """What the client prints does not disturb the results."""
        headers = {"revision": "2025-11-25"}
        step = await self.driver.do("connect", url="http://x", headers=headers)
        self.assertEqual(step["version"], "2025-11-25")
        killed = self.driver.kill()
        assert killed is not None
        await killed
        self.assertIn(b"noise", self.driver.errors)

    @deferred
    async def test_call(self):
        """A call returns what the model is shown."""
        step = await self.driver.do("call", name="good", arguments={"a": 1})
        self.assertEqual(step["text"], "good {'a': 1}")
        self.assertFalse(step["error"])

    @deferred
    async def test_raised(self):
        """An exception in place of a result is reported by its name."""
        step = await self.driver.do("call", name="bad", arguments={})
        self.assertTrue(step["error"])
        self.assertEqual(step["raised"], "KeyError")

    @deferred
    async def test_failure(self):
        """A failing command says why, and the next one is executed."""
        failed = await self.assertFailure(self.driver_does("tools"), DriverFailed)
        self.assertIn("ExceptionGroup: no connection", str(failed))
        await self.driver.do("close")
        step = await self.driver.do("call", name="good", arguments={})
        self.assertFalse(step["error"])

    @deferred
    async def test_cancel(self):
        """A call that was started can be cancelled, and further commands work."""
        await self.driver.do("start", name="slow", arguments={})
        step = await self.driver.do("cancel")
        self.assertTrue(step["ended"])
        await self.driver.do("call", name="good", arguments={})

    @deferred
    async def test_ended(self):
        """A driver that ended cannot execute commands."""
        killed = self.driver.kill()
        assert killed is not None
        await killed
        await self.assertFailure(self.driver_does("tools"), DriverFailed)

    @deferred
    async def driver_does(self, what: str) -> Step:
        """Execute a command, as a Deferred."""
        return await self.driver.do(what)
