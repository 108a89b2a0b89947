"""A daemon with a server secret: every path that is not MCP."""

from __future__ import annotations

import json
from collections.abc import Mapping

from twisted.web.client import readBody

from instantly_mcp._deferred import deferred

from .processes import MODULE, ProcessTestCase

SECRET = "canary-of-the-server-0123456789"
BEARER = {"Authorization": f"Bearer {SECRET}"}
WRONG = {"Authorization": "Bearer canary-wrong-secret"}


class SecretTests(ProcessTestCase):
    """Without the secret no page shows or changes anything."""

    async def asked(
        self, url: str, headers: Mapping[str, str], method: bytes = b"GET"
    ) -> tuple[int, bytes]:
        """Return status and body."""
        response = await self.request(method, url, headers)
        return response.code, await readBody(response)

    async def base(self, *options: str, **environ: str) -> str:
        """Start a daemon; return its URL without a path."""
        running = self.spawn([*MODULE, "run", *options], environ=environ)
        (url,) = (await running.ready())["urls"]
        return str(url).removesuffix("/mcp")

    @deferred
    async def test_probes(self) -> None:
        """Probes show health and version only; with the secret they show everything."""
        environ = {"MCP_AUTH_SECRET_KEY": SECRET, "INSTANTLY_API_KEY": SECRET[::-1]}
        base = await self.base(
            "--upstream=http://127.0.0.1:9", "--discovery-documents=yes", **environ
        )
        for headers in ({}, WRONG):
            for path, names in (
                ("/health", {"status", "service", "version"}),
                ("/healthz", {"status", "service", "version"}),
                ("/info", {"status", "name", "version"}),
                ("/ready", {"ready", "status"}),
                ("/ping", {"pong", "timestamp", "server"}),
            ):
                status, body = await self.asked(base + path, headers)
                self.assertEqual(status, 200, path)
                self.assertEqual(set(json.loads(body)), names, path)
            for path in ("/mcp", "/mcp/canary-path-key", "/sse"):
                status, body = await self.asked(base + path, headers)
                self.assertEqual(status, 401)
                self.assertEqual(set(json.loads(body)), {"jsonrpc", "error"})
            for path in ("oauth-authorization-server", "oauth-protected-resource"):
                _, body = await self.asked(f"{base}/.well-known/{path}", headers)
                self.assertNotIn(b"Bearer", body)
                self.assertNotIn(b"x-api-key", body)
        for headers in (BEARER, {"x-api-key": SECRET}):
            _, body = await self.asked(f"{base}/info", headers)
            self.assertIn("server-secret", json.loads(body)["features"])
            _, body = await self.asked(f"{base}/health", headers)
            self.assertIn("sessions", json.loads(body))
            _, body = await self.asked(f"{base}/ready", headers)
            self.assertIn("degraded", json.loads(body))
            status, body = await self.asked(f"{base}/mcp", headers)
            self.assertEqual(status, 405)
            self.assertIn("authentication", json.loads(body))

    @deferred
    async def test_sandbox(self) -> None:
        """The controls of the sandbox require the secret with any key."""
        base = await self.base("--sandbox", MCP_AUTH_SECRET_KEY=SECRET)
        for path, method in (
            ("/sandbox", b"GET"),
            ("/sandbox/outbox", b"GET"),
            ("/sandbox/effects", b"GET"),
            ("/sandbox/reset", b"POST"),
        ):
            for query in ("", "?key=sandbox-b"):
                url = base + path + query
                for headers in ({}, WRONG, {"Authorization": "Bearer sandbox-b"}):
                    status, body = await self.asked(url, headers, method)
                    self.assertEqual(status, 401, url)
                    answer = json.loads(body)
                    self.assertEqual(answer["error"], "unauthorized")
                    self.assertIn("server secret", answer["message"])
                    self.assertNotIn(b"canary", body)
                for headers in (BEARER, {"x-api-key": SECRET}):
                    status, body = await self.asked(url, headers, method)
                    self.assertEqual(status, 200, url)
                    self.assertNotIn(b"canary", body)
            beside = {**BEARER, "x-api-key": "sandbox-c"}
            status, body = await self.asked(base + path, beside, method)
            self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["key"], "sandbox-c")

    @deferred
    async def test_nothing_to_present(self) -> None:
        """Without a server secret everything is shown to everybody."""
        base = await self.base("--sandbox")
        for headers in ({}, WRONG):
            _, body = await self.asked(f"{base}/info", headers)
            self.assertIn("authentication", json.loads(body))
            status, _ = await self.asked(f"{base}/sandbox/outbox", headers)
            self.assertEqual(status, 404 if headers else 200)
