"""The sandbox's view for web pages."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import loads
from instantly_mcp.daemon.sandbox.view import SandboxView, contents
from instantly_mcp.sandbox.control.requests import CONTROLS
from instantly_mcp.sandbox.workspaces import Sandbox
from instantly_mcp.web.interfaces import ISandboxView


class SandboxViewTests(SynchronousTestCase):
    """One world at a time."""

    def setUp(self) -> None:
        """Open a view."""
        self.view = SandboxView(Sandbox(Clock()))

    def test_provides(self):
        """It is what the web application's pages need."""
        self.assertTrue(verifyObject(ISandboxView, self.view))

    def test_overview(self):
        """What the page shows; a day later mails were sent and people replied."""
        start = "2026-11-02T09:00:00.000Z"
        found = self.view.overview("sandbox-mine", 0, 20, start)
        assert found is not None
        self.assertEqual((found["key"], found["outbox"]["count"]), ("sandbox-mine", 0))
        self.assertEqual(found["since"], {"sent": 0, "replies": 0})
        self.ask("POST", "clock", body=b'{"advance_seconds": 1728000}')
        found = self.view.overview("sandbox-mine", 10, 20, start)
        assert found is not None
        count = found["outbox"]["count"]
        self.assertEqual(found["since"]["sent"], count)
        self.assertEqual(len(found["outbox"]["items"]), 20)
        self.assertGreater(found["replies"]["count"], 0)
        times = [mail["at"] for mail in found["outbox"]["items"]]
        self.assertEqual(times, sorted(times, reverse=True))
        (active,) = [each for each in found["campaigns"] if each["status"] == "Active"]
        self.assertGreater(active["sent"], count - 1)
        later = self.view.overview("sandbox-mine", 0, 1, times[0])
        assert later is not None
        self.assertEqual(later["since"]["sent"], 10)

    def test_contents(self):
        """The numbers are counted; a live daemon has none."""
        found = contents(self.view.sandbox)
        self.assertEqual((found["campaigns"], found["leads"]), (4, 1200))
        self.assertEqual(contents(None), {})

    def ask(self, method, name, key="sandbox-mine", body=b"", workspace=None):
        """Send a control request; return status and JSON, or ``None``."""
        answer = self.view.control(method, name, key, workspace, body)
        return answer and (answer.status, loads(answer.body))

    def test_reset(self):
        """A reset names the workspace that starts over."""
        self.assertEqual(
            self.ask("POST", "reset"), (200, {"reset": True, "key": "sandbox-mine"})
        )

    def test_clock(self):
        """Time passes in the workspace of the key only."""
        self.ask("POST", "clock", body=b'{"advance_seconds": 86400}')
        later, now = "2026-11-03T09:00:00.000Z", "2026-11-02T09:00:00.000Z"
        self.assertEqual(
            self.ask("GET", "clock"), (200, {"key": "sandbox-mine", "now": later})
        )
        self.assertEqual(
            self.ask("GET", "clock", "sandbox"), (200, {"key": "sandbox", "now": now})
        )

    def test_faults(self):
        """Faults are added, listed and removed."""
        added = self.ask("POST", "faults", body=b'{"kind": "cut"}')
        self.assertEqual(added[1]["items"][0]["kind"], "cut")
        self.assertEqual(self.ask("GET", "faults"), added)
        self.assertEqual(self.ask("DELETE", "faults")[1]["items"], [])

    def test_mistakes(self):
        """A bad request is 400 and says why; an unknown one does not exist."""
        for body in (b"[]", b"{", b'{"advance_seconds": "1"}'):
            status, said = self.ask("POST", "clock", body=body)
            self.assertEqual(status, 400)
            self.assertTrue(said["message"])
        self.assertIsNone(self.ask("POST", "outbox"))
        self.assertIsNone(self.ask("GET", "else"))
        self.assertEqual(self.ask("GET", "faults", "sandbox-revoked")[0], 401)

    def test_looking(self):
        """Looking at many workspaces discards none that is in use.

        A page of another site can make a browser send these requests.
        """
        self.ask("POST", "clock", body=b'{"advance_seconds": 86400}')
        mine = self.ask("GET", "clock")
        self.view.sandbox.max_workspaces = 1
        for number in range(2):
            self.view.overview(f"sandbox-{number}", 0, 1, "")
            for method, name in CONTROLS:
                if method == "GET":
                    self.ask(method, name, f"sandbox-{number}")
        self.assertEqual(self.ask("GET", "clock"), mine)

    def test_control_characters(self):
        """A key with characters that a terminal acts on has no workspace."""
        for key in ("sandbox\x1b[201~\nls", "sandbox\x00", "sandbox\u202ex"):
            self.assertIsNone(self.view.overview(key, 0, 1, ""), ascii(key))
            self.assertIsNone(self.ask("GET", "clock", key), ascii(key))

    def test_foreign_key(self):
        """A key that is not the sandbox's gets nothing and changes nothing."""
        foreign = "a-real-key-of-another"
        self.assertIsNone(self.view.overview(foreign, 0, 1, ""))
        for method, name in CONTROLS:
            self.assertIsNone(self.ask(method, name, foreign), name)
