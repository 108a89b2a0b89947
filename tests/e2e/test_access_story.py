"""A day with a seller, an approver and an auditor, with real processes and clients.

Anna's assistant drafts a reply. Lena approves it on the page of the daemon, which is
restarted between any two steps. The reply is sent once, and the auditor finds who
asked, who approved, and what came of it.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from twisted.web.client import FileBodyProducer, readBody

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject
from tests.daemon.processes import MODULE, in_checkout
from tests.web.approvals.browser import Forms

from .cases import Daemon, DaemonTestCase
from .sdk_wire import SdkWire

REPLY: JsonObject = {
    "subject": "Re: your question",
    "body": {"text": "Thank you for your mail. We have time on Monday."},
}
ANY_PAGES = "tcp:0:interface=127.0.0.1"


class Approver:
    """A person with a browser: cookies, forms, and the Origin that browsers state."""

    def __init__(self, case: AccessStoryTests, name: str, secret: str) -> None:
        self.case = case
        self.name = name
        self.secret = secret
        self.cookies: dict[str, str] = {}

    async def decide(self, page: str, decision: str) -> str:
        """Open the page of a request, sign in, and decide; return the page after it."""
        shown = await self._open(b"GET", page)
        login = await self._submit(page, shown, "login", **self._secret)
        self.case.assertIn("Thank you for your mail", login)
        return await self._submit(page, login, "", decision=decision)

    @property
    def _secret(self) -> dict[str, str]:
        return {"name": self.name, "secret": self.secret}

    async def _submit(self, page: str, text: str, form: str, **fields: str) -> str:
        found = Forms(text).found
        (action,) = [
            each
            for each in found
            if (each.endswith("login") if form else not each.endswith(("login", "out")))
        ]
        filled = {**found[action], **fields}
        return await self._open(b"POST", urljoin(page, action), filled)

    async def _open(
        self, method: bytes, url: str, fields: dict[str, str] | None = None
    ) -> str:
        parts = urlsplit(url)
        headers = {}
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            headers["Cookie"] = "; ".join(pairs)
        body = None
        if fields is not None:
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = self.case.form(fields)
        response = await self.case.request(method, url, headers, body)
        for value in response.headers.getRawHeaders("set-cookie", ()):
            name, _, content = value.partition(";")[0].partition("=")
            self.cookies[name] = content
        if response.code == 303:
            (where,) = response.headers.getRawHeaders("location")
            return await self._open(b"GET", urljoin(url, where))
        self.case.assertIn(response.code, (200, 401), url)
        text: bytes = await readBody(response)
        return text.decode()


class AccessStoryTests(DaemonTestCase):
    """The whole day, with the official client in each era."""

    async def told(self, *command: str) -> list[Any]:
        """Run a command of the operator; return the JSON that it prints.

        Without a daemon it also says so, after that.
        """
        state = in_checkout(self.folder / "state")
        running = self.spawn([*MODULE, *command, "--json", "--state-dir", state])
        self.assertEqual(await running.ended, 0, running.output)
        lines = running.output.splitlines()
        return [json.loads(line) for line in lines if line.startswith((b"{", b"["))]

    async def begin(self) -> tuple[Daemon, str, Approver]:
        """Set up approver and token, and start the daemon."""
        (self.folder / "state").mkdir(mode=0o700)
        (approver,) = await self.told("approver", "add", "Lena")
        (token,) = await self.told("token", "add", "--name", "Anna")
        daemon = await self.daemon(
            "--sandbox",
            f"--state-dir={in_checkout(self.folder / 'state')}",
            f"--admin-listen={ANY_PAGES}",
            INSTANTLY_MCP_POLICY_SENDS="approve",
        )
        return daemon, token["token"], Approver(self, "Lena", approver["secret"])

    async def connected(self, daemon: Daemon, token: str, kind: str) -> SdkWire:
        """Connect the assistant."""
        versions = {"modern": "2026-07-28", "streamable": "2025-11-25"}
        wire = SdkWire(daemon.url, token, kind, versions[kind])
        await wire.connect()
        return wire

    async def sent(self, daemon: Daemon, token: str) -> int:
        """Return how many mails were sent since the last start."""
        shown = {"x-instantly-api-key": token}
        outbox = json.loads(await self.get(f"{daemon.base}/sandbox/outbox", shown))
        mails = [each for each in outbox["items"] if each["kind"] != "campaign"]
        return len(mails)

    async def day(self, kind: str) -> None:
        """Play the day with one kind of client."""
        daemon, token, lena = await self.begin()
        anna = await self.connected(daemon, token, kind)
        page = await anna.call("list_emails", {"email_type": "received", "limit": 1})
        (mail,) = page["structuredContent"]["items"]
        reply = {**REPLY, "reply_to_uuid": mail["id"]}
        await anna.leave()

        async def call(times: int = 1) -> JsonObject:
            """Make the call after a restart; return its last result."""
            await daemon.restart()
            anna = await self.connected(daemon, token, kind)
            for _ in range(times):
                result = await anna.call("reply_to_email", reply)
            await anna.leave()
            found: JsonObject = result["structuredContent"]
            return found

        for _ in range(2):
            pending = (await call())["error"]
            self.assertEqual(pending["code"], "approval_pending", pending)
            self.assertIn("approval_page", pending)
            self.assertEqual(await self.sent(daemon, token), 0)
        self.assertIn("Lena", await lena.decide(pending["approval_page"], "approve"))
        self.assertTrue((await call())["sent"])
        self.assertEqual(await self.sent(daemon, token), 1)
        self.assertIn("error", await call(times=2))
        self.assertEqual(await self.sent(daemon, token), 0)
        await daemon.stop()
        await self.audited(token, lena)

    async def audited(self, token: str, lena: Approver) -> None:
        """Read the audit: who, what, who approved, and that it is whole."""
        (verified,) = await self.told("audit", "verify")
        self.assertTrue(verified["intact"], verified)
        written = json.dumps(await self.told("audit", "show"))
        for expected in ("replyToEmail", "Anna", "Lena", "approval", "done"):
            self.assertIn(expected, written)
        for secret in (token, lena.secret, "We have time on Monday"):
            self.assertNotIn(secret, written)

    @deferred
    async def test_modern(self):
        """A client of 2026-07-28."""
        await self.day("modern")

    @deferred
    async def test_sessions(self):
        """A client with sessions."""
        await self.day("streamable")

    def form(self, fields: dict[str, str]) -> Any:
        """Return the body of a form."""
        return FileBodyProducer(BytesIO(urlencode(fields).encode()))
