"""Keys and session ids that are missing, wrong, doubled, ended or another caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import dumps
from tests.support.tool_counts import DEFAULT_TOOLS
from tests.support.wire import check_message

from . import sockets
from .bad import JSON, KEY, LIST, OTHER, WRONG, Bad, BadInputTestCase
from .cases import Daemon
from .raw_wires import ModernWire, SessionWire, StreamWire
from .sockets import BOTH
from .story import value_of
from .wires import key_headers, result_of


class SessionTests(BadInputTestCase):
    """Session ids that are unknown, ended, or another caller's."""

    @deferred
    async def test_sessions(self):
        """A call with an unknown session id is served with its own key."""
        daemon, _ = await self.live()
        await self.each(
            daemon, self.dead_session, self.other_keys_session, self.unknown_session
        )

    async def dead_session(self, daemon: Daemon) -> None:
        """An ended session is 404 for each method; a new one can be opened."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        dead = wire.headers()
        await wire.leave()
        await wire.connect()
        for method, body, accept in (
            ("POST", dumps(LIST), BOTH),
            ("GET", None, "text/event-stream"),
            ("DELETE", None, BOTH),
        ):
            gone = Bad(
                f"dead session, {method}",
                404,
                -32001,
                method,
                headers={"Accept": accept},
                body=body,
            )
            reply = await self.refused(wire, gone, {**key_headers(KEY), **dead})
            self.assertIn("hint", reply.error["data"])

    async def other_keys_session(self, daemon: Daemon) -> None:
        """A session is 404 for any other key."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        theirs = Bad("their session", 404, -32001)
        await self.refused(wire, theirs, {**key_headers(OTHER), **wire.headers()})

    async def unknown_session(self, daemon: Daemon) -> None:
        """A request with an invented session id and a key is served."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        for id in ("6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b", "nonsense", "a" * 2000):
            strange = {"Mcp-Session-Id": id}
            unknown = Bad(f"unknown session {id:.9}", 404, -32001)
            await self.refused(wire, unknown, strange)
            reply = await wire.connection.ask(
                sockets.request(
                    "POST", "/mcp", {**JSON, **key_headers(KEY), **strange}, dumps(LIST)
                )
            )
            self.assertEqual(reply.status, 200)
            self.assertNotIn("mcp-session-id", reply.head.headers)
            check_message("2025-03-26", reply.json, "tools/call")
            await self.goes_on(wire)

    @deferred
    async def test_session_without_its_key(self):
        """A session id is not a key, unless the operator allows it.

        No daemon keeps keys: after a restart the key has to be shown once more.
        """
        daemon, upstream = await self.live()
        wide = await self.daemon(
            *("--upstream", upstream.base, "--key-in-session=yes"),
            f"--state-dir={self.folder / 'wide'}",
        )
        for each, status in ((daemon, 401), (wide, 200)):
            wire = await self.ready(SessionWire(each.url, KEY))
            bare = sockets.request(
                "POST", "/mcp", {**JSON, **wire.headers()}, dumps(LIST)
            )
            reply = await wire.connection.ask(bare)
            self.assertEqual(reply.status, status)
            await self.goes_on(wire)
            await each.restart()
            lost = await (await self.connection(each)).ask(bare)
            self.assertEqual(lost.status, 404)
            self.assertEqual(lost.error["code"], -32001)
            await wire.resume()
            reply = await wire.connection.ask(bare)
            self.assertEqual(reply.status, status, reply)
            await self.goes_on(wire)

    @deferred
    async def test_strict(self):
        """If sessions are required, an unknown id is 404 and no id is 400."""
        daemon = await self.daemon("--sandbox", "--session-policy=strict")
        wire = await self.ready(SessionWire(daemon.url, KEY))
        keyed = key_headers(KEY)
        unknown = Bad("unknown", 404, -32001, headers={"Mcp-Session-Id": "nonsense"})
        await self.refused(wire, unknown, keyed)
        await self.refused(wire, Bad("none", 400, -32600), keyed)


class KeyTests(BadInputTestCase):
    """Keys that are missing, wrong, or two: on every route and in every era."""

    @deferred
    async def test_keys(self):
        """Each has an error that says what to do, and the client still works."""
        daemon, _ = await self.live()
        await self.each(
            daemon,
            self.no_key,
            self.no_key_in_the_stateless_era,
            self.wrong_key,
            self.two_keys,
            self.what_is_not_a_key,
        )

    async def no_key(self, daemon: Daemon) -> None:
        """Without a key lists are served, and calls are 401 and say how to send one."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        reply = await self.refused(wire, Bad("no key", 401, -32001), {})
        self.assertTrue(
            reply.error["message"].startswith("Instantly API key required: ")
        )
        self.assertEqual(reply.head.headers["www-authenticate"], "Bearer")
        for name in ("reason", "supportedFormats", "note"):
            self.assertIn(name, reply.error["data"])
        stream = Bad(
            "no key, /sse",
            401,
            -32001,
            "GET",
            "/sse",
            headers={"Accept": "text/event-stream"},
            body=None,
        )
        await self.refused(wire, stream, {})
        messages = Bad("no key, /messages", 400, -32000, target="/messages")
        await self.refused(wire, messages, {})
        for version in ("2025-06-18", "2025-11-25"):
            anonymous = await self.ready(SessionWire(daemon.url, None, version))
            self.assertEqual(len(await anonymous.tools()), DEFAULT_TOOLS)
            reply = await self.refused(
                wire, Bad("anonymous session", 401, -32001), anonymous.headers()
            )
            self.assertEqual(len(await anonymous.tools()), DEFAULT_TOOLS)

    async def no_key_in_the_stateless_era(self, daemon: Daemon) -> None:
        """The same holds for a client without a session."""
        wire = await self.ready(ModernWire(daemon.url, KEY))
        anonymous = await self.ready(ModernWire(daemon.url, None))
        await anonymous.connect()
        self.assertEqual(len(await anonymous.tools()), DEFAULT_TOOLS)
        whole, headers = anonymous.enveloped(LIST)
        refused = Bad("no key", 401, -32001, body=dumps(whole))
        await self.refused(wire, refused, headers)
        self.assertEqual(len(await anonymous.tools()), DEFAULT_TOOLS)

    async def wrong_key(self, daemon: Daemon) -> None:
        """A key that Instantly rejects is a tool's error, on every transport."""
        for wire in (
            SessionWire(daemon.url, WRONG),
            ModernWire(daemon.url, WRONG),
            StreamWire(daemon.url, WRONG),
        ):
            await self.ready(wire)
            for _ in range(2):
                result = await wire.call("list_campaigns", {})
                self.assertTrue(result["isError"])
                value = value_of(result)
                self.assertEqual(value["code"], "key_rejected")
                self.assertIn("key", value["hint"])
                self.assertNotIn("canary", str(result))
            self.assertEqual(len(await wire.tools()), DEFAULT_TOOLS)
            wire.transcript.check()

    async def two_keys(self, daemon: Daemon) -> None:
        """Two different keys are 400, wherever they are; one key twice is one key."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        places: Sequence[tuple[str, Mapping[str, str]]] = (
            ("/mcp", {"Authorization": "Bearer @"}),
            ("/mcp", {"x-api-key": "@"}),
            ("/mcp/@", {}),
            ("/mcp?apiKey=@", {}),
            ("/mcp?api_key=@", {}),
            ("/mcp?instantly_api_key=@", {}),
            ("/messages?apiKey=@", {}),
        )
        for target, headers in places:
            bad = Bad("two keys", 400, -32600)
            two = evolve(bad, target=target.replace("@", OTHER))
            added = {name: text.replace("@", OTHER) for name, text in headers.items()}
            await self.refused(wire, two, {**key_headers(KEY), **added})
            same = {name: text.replace("@", KEY) for name, text in headers.items()}
            reply = await wire.connection.ask(
                evolve(bad, target=target.replace("@", KEY)).written(
                    {**key_headers(KEY), **same}
                )
            )
            self.assertEqual(reply.status, 200, target)
            result_of(reply.json)

    async def what_is_not_a_key(self, daemon: Daemon) -> None:
        """Other schemes and malformed keys are 401, each with its reason."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        for name, headers in (
            ("basic", {"Authorization": "Basic c2FuZGJveDpjYW5hcnk="}),
            ("short", {"x-api-key": "short"}),
            ("umlaut", {"x-api-key": "sandbox-canary-\xfc"}),
        ):
            reply = await self.refused(wire, Bad(name, 401, -32001), headers)
            self.assertIn("reason", reply.error["data"])
        path = Bad("path", 401, -32001, target="/mcp/short")
        reply = await self.refused(wire, path, {})
        self.assertTrue(
            reply.error["message"].startswith("Invalid API key in URL path: ")
        )
        self.assertLessEqual(
            {"reason", "format", "example", "note"}, {*reply.error["data"]}
        )

    @deferred
    async def test_instantly_key_in_the_sandbox(self):
        """The sandbox refuses keys that are not for it, with an explanation."""
        daemon = await self.daemon("--sandbox")
        wire = await self.ready(SessionWire(daemon.url, WRONG))
        result = await wire.call("list_campaigns", {})
        self.assertTrue(result["isError"])
        self.assertIn("sandbox", value_of(result)["message"])
        wire.transcript.check()
