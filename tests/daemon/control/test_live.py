"""A real daemon, administered by the real command, and used by a real client."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import Any

from twisted.web.client import readBody

from ..processes import MODULE, ProcessTestCase, Running

LIST = {"name": "list_campaigns", "arguments": {}}


class LiveTests(ProcessTestCase):
    """From the first token to its end, across restarts."""

    def setUp(self) -> None:
        """Have a state directory whose path is short enough for a socket."""
        super().setUp()
        self.state = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.state)

    async def start(self) -> tuple[Running, str]:
        """Start a daemon; return it and the URL of its endpoint."""
        daemon = self.spawn((*MODULE, "run", "--sandbox", f"--state-dir={self.state}"))
        ready = await daemon.ready()
        return daemon, str(ready["urls"][0])

    async def stop(self, daemon: Running) -> None:
        """Stop a daemon."""
        daemon.send(signal.SIGTERM)
        self.assertEqual(await daemon.ended, 0, daemon.output)

    async def command(self, *words: str, status: int = 0) -> str:
        """Run a command of administration; return what it prints."""
        running = self.spawn((*MODULE, *words, f"--state-dir={self.state}"))
        self.assertEqual(await running.ended, status, running.output)
        return running.output.decode()

    async def status_of(self, url: str, token: str) -> int:
        """Return the status of a call that presents a token."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": LIST}
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {token}",
        }
        response: Any = await self.request(b"POST", url, headers, self.body(message))
        answer = json.loads(await readBody(response))
        self.assertEqual("error" in answer, response.code != 200, answer)
        return int(response.code)

    async def test_life_of_a_token(self) -> None:
        """A token is valid at once, survives a restart, and ends at once."""
        daemon, url = await self.start()
        added = await self.command("token", "add", "--name", "ada", "--expires", "90d")
        token = added.split()[0]
        self.assertEqual(await self.status_of(url, token), 200)
        await self.stop(daemon)

        daemon, url = await self.start()
        self.assertEqual(await self.status_of(url, token), 200)
        listed = json.loads(await self.command("token", "list", "--json"))
        self.assertEqual([each["name"] for each in listed], ["ada"])
        self.assertIsNotNone(listed[0]["last_used"])
        await self.command("token", "revoke", "ada")
        self.assertEqual(await self.status_of(url, token), 401)
        await self.stop(daemon)

        daemon, url = await self.start()
        self.assertEqual(await self.status_of(url, token), 401)
        await self.stop(daemon)
        for path in self.state.iterdir():
            self.assertNotIn(token.encode(), path.read_bytes(), path)
        self.assertNotIn(token.encode(), daemon.output)

    async def test_without_a_daemon(self) -> None:
        """What a command does while no daemon runs holds for the next one."""
        added = await self.command("token", "add", "--name", "ada", "--json")
        token = json.loads(added.splitlines()[0])["token"]
        daemon, url = await self.start()
        self.assertEqual(await self.status_of(url, token), 200)
        self.assertEqual(await self.status_of(url, "sandbox-raw-key"), 401)
        await self.stop(daemon)
        self.assertIn(b"Authorization: Bearer ${INSTANTLY_TOKEN}", daemon.output)

    async def test_elsewhere(self) -> None:
        """Who names another state directory learns that no daemon was asked."""
        for status, *words in (
            (0, "sending", "off"),
            (0, "token", "add", "--name", "ada"),
            (1, "token", "revoke", "ben"),
            (0, "token", "list"),
        ):
            said = await self.command(*words, status=status)
            self.assertIn(f"no daemon runs with {self.state}", said, words)
        daemon, _ = await self.start()
        self.assertNotIn("no daemon", await self.command("sending", "status"))
        await self.stop(daemon)

    async def test_killed(self) -> None:
        """A killed daemon leaves nothing that keeps commands or the next one away."""
        daemon, _ = await self.start()
        daemon.send(signal.SIGKILL)
        await daemon.ended
        self.assertTrue((self.state / "control.sock").is_socket())
        await self.command("token", "add", "--name", "ada")
        daemon, _ = await self.start()
        self.assertIn("ada", await self.command("token", "list"))
        await self.stop(daemon)
        self.assertFalse((self.state / "control.sock").exists())

    async def test_refused(self) -> None:
        """A refusal is one line on standard error, with status 1."""
        daemon, _ = await self.start()
        said = await self.command("token", "revoke", "ada", status=1)
        self.assertEqual(said.count("\n"), 1)
        self.assertTrue(said.startswith("instantly-mcp: there is no such token"))
        await self.stop(daemon)

    async def test_unreachable(self) -> None:
        """A command waits for no answer of a socket on which no daemon listens."""
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(self.state / "control.sock"))
        self.assertIn("id", await self.command("token", "list"))

    async def test_nothing_stored(self) -> None:
        """A command that reads says that there is nothing, and creates no file."""
        for words, said in (
            (("token", "list", "--json"), "[]"),
            (("approvals", "show", "abc"), "no request with this number"),
            (("sending", "status"), "sending is on"),
        ):
            status = int(words[-1] == "abc")
            output = await self.command(*words, status=status)
            self.assertIn(said, output)
            self.assertIn("nothing is stored there", output)
        self.assertEqual(list(self.state.iterdir()), [])

    async def test_no_state_directory(self) -> None:
        """A state directory that cannot be used is a mistake of the settings."""
        path = self.state / "file"
        path.write_text("")
        self.state = path
        said = await self.command("token", "list", status=78)
        self.assertIn("IMCP-STATE", said)
        self.state = path.parent
