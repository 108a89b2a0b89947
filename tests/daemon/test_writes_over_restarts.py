"""A real daemon sends nothing twice, whether it was killed or stopped meanwhile."""

from __future__ import annotations

import json
import signal
from typing import Any

from twisted.internet.defer import Deferred

from instantly_mcp._deferred import deferred

from .processes import Running
from .test_stopping import KEY, UpstreamTestCase, answer

MAIL = {"id": "m", "eaccount": "ann@example.com", "from_address_email": "x@y.org"}
REPLY = {"reply_to_uuid": "m", "subject": "Re: hello", "body": {"text": "Yes"}}


class RestartedDaemonTests(UpstreamTestCase):
    """Two daemons, one after the other, on one state directory."""

    async def start(self) -> tuple[Running, str]:
        """Start a daemon that needs no consent."""
        state = f"--state-dir={self.folder / 'state'}"
        running = self.live(state, "--policy-sends=allow")
        (url,) = (await running.ready())["urls"]
        return running, url

    def calls(self, url: str, tool: str, arguments: Any) -> Deferred[Any]:
        """Begin to call a tool."""
        params = {"name": tool, "arguments": arguments}
        calling = self.call(url, "tools/call", params, {"x-api-key": KEY})
        return Deferred.fromCoroutine(calling)

    def error_in(self, answered: Any) -> Any:
        """Return the error object of a call that was refused."""
        result = answered["result"]
        self.assertTrue(result.get("isError"), result)
        (content,) = result["content"]
        return json.loads(content["text"])

    @deferred
    async def test_killed_while_it_waits(self):
        """A write that was sent when the daemon was killed is not sent again."""
        running, url = await self.start()
        lost = self.calls(url, "create_lead_list", {"name": "Fairs"})
        lost.addErrback(lambda _: None)
        held = await self.upstream.asked.get()
        self.assertEqual(held.method, b"POST")
        running.send(signal.SIGKILL)
        await running.ended
        await lost
        _, url = await self.start()
        error = self.error_in(
            await self.calls(url, "create_lead_list", {"name": "Fairs"})
        )
        self.assertEqual(error["code"], "outcome_unknown")
        self.assertEqual(error["look_at"], "list_lead_lists")
        self.assertEqual(self.upstream.asked.pending, [])
        other = self.calls(url, "create_lead_list", {"name": "Another"})
        answer(await self.upstream.asked.get(), b'{"id": "l2", "name": "Another"}')
        self.assertNotIn("isError", (await other)["result"])

    @deferred
    async def test_mail_that_was_sent(self):
        """A mail is sent once, also when the daemon was restarted meanwhile."""
        running, url = await self.start()
        calling = self.calls(url, "reply_to_email", REPLY)
        answer(await self.upstream.asked.get(), json.dumps(MAIL).encode())
        posted = await self.upstream.asked.get()
        self.assertEqual(posted.method, b"POST")
        answer(posted, b'{"id": "sent-1"}')
        self.assertNotIn("isError", (await calling)["result"])
        running.send(signal.SIGTERM)
        await running.ended
        _, url = await self.start()
        calling = self.calls(url, "reply_to_email", REPLY)
        answer(await self.upstream.asked.get(), json.dumps(MAIL).encode())
        error = self.error_in(await calling)
        self.assertEqual(error["code"], "outcome_unknown")
        self.assertIn("was sent", error["message"])
        self.assertEqual(self.upstream.asked.pending, [])
