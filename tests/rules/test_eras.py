"""One endpoint for both eras: how a request's era is decided, and what each allows."""

from __future__ import annotations

from collections.abc import Mapping

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.pipeline.exchange import Route
from instantly_mcp.protocol.wire.versions import LATEST_LEGACY
from tests.support.clients import SessionClient
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    initialize,
    modern,
    modern_headers,
    notice,
    request,
)
from tests.support.received import Received
from tests.support.servers import BOB

from .everything import ASKABLE, RulesTestCase


class DecisionTests(RulesTestCase):
    """The version in _meta decides the era of a request; the header must match it."""

    def sent(self, message: Json, version: str | None, **fields: Json) -> Received:
        """Send a message with this version header and no others of the modern era."""
        speaks = fields.pop("speaks", MODERN_VERSION)
        return self.rig.send(message, version=version, speaks=speaks, **fields)

    def test_modern_envelope(self) -> None:
        """A modern version in _meta makes it modern; another header is -32020."""
        message = modern(request("tools/list"))
        headers = {"mcp-method": "tools/list"}
        served = self.sent(message, MODERN_VERSION, with_headers=headers)
        self.assertEqual(served.result["resultType"], "complete")
        for header in (None, "2025-11-25", "2024-11-05", "2027-01-01"):
            received = self.sent(message, header, with_headers=headers)
            self.assertRefused(received, 400, -32020)

    def test_unknown_version_in_meta(self) -> None:
        """An unknown version in _meta makes it modern, not legacy, and is refused."""
        message = modern(request("tools/list"), version="v9")
        for header in (None, "2025-11-25"):
            self.assertRefused(self.sent(message, header), 400, -32020)
        headers = {"mcp-method": "tools/list"}
        received = self.sent(message, "v9", with_headers=headers)
        self.assertRefused(received, 400, -32022)

    def test_legacy_version_in_meta(self) -> None:
        """A legacy version in _meta is ignored: the header decides."""
        message = modern(request("tools/list"), version="2025-11-25")
        served = self.sent(message, "2025-11-25", speaks="2025-11-25")
        self.assertNotIn("resultType", served.result)
        self.assertEqual(self.sent(message, MODERN_VERSION).status, 400)

    def test_modern_header_alone(self) -> None:
        """A modern or unknown header without the key in _meta is 400, -32602."""
        for header in (MODERN_VERSION, "v999.0.0", "2025-11-26"):
            for meta in (None, {}, {"progressToken": 1}):
                params: Json = {} if meta is None else {"_meta": meta}
                received = self.sent(request("tools/list", params), header)
                self.assertRefused(received, 400, -32602)

    def test_neither_meta_nor_modern_header(self) -> None:
        """With a legacy header or none it is legacy; modern methods do not exist."""
        for header in (None, *LEGACY_VERSIONS):
            speaks = header or "2025-03-26"
            listed = self.sent(request("tools/list"), header, speaks=speaks)
            self.assertNotIn("resultType", listed.result)
            unknown = self.sent(request("server/discover"), header, speaks=speaks)
            self.assertEqual(unknown.error["code"], -32601)

    def test_session_required_when_strict(self) -> None:
        """A strict daemon requires a session: no id is 400, an unknown id 404."""
        self.rig = self.make_rig(strict=True)
        missing = self.sent(call("hello"), "2025-11-25", speaks="2025-11-25")
        self.assertEqual(missing.status, 400)
        unknown = self.sent(
            call("hello"), "2025-11-25", speaks="2025-11-25", session="unknown"
        )
        self.assertEqual(unknown.status, 404)
        self.assertEqual(self.rig.small.ran, [])
        self.assertEqual(self.client().ask(call("hello")).status, 200)

    def test_initialize_with_envelope(self) -> None:
        """The method does not decide: initialize with an envelope is 404, -32601."""
        message = modern(initialize())
        received = self.rig.send_modern(message)
        self.assertRefused(received, 404, -32601)
        self.assertEqual(self.rig.store.count, 0)

    def test_initialize_naming_the_modern_revision(self) -> None:
        """initialize answers the latest legacy revision to all other versions."""
        for version in (MODERN_VERSION, "2030-01-01", "1", "", None, 7):
            latest = LATEST_LEGACY.version
            received = self.rig.send(initialize(version), speaks=latest)
            self.assertEqual(received.result["protocolVersion"], latest)
            self.assertIsNotNone(received.header("mcp-session-id"))

    def test_header_on_initialize(self) -> None:
        """A legacy version header on initialize itself is accepted."""
        received = self.sent(initialize(), "2025-11-25", speaks="2025-11-25")
        self.assertEqual(received.status, 200)

    def test_notification(self) -> None:
        """The header decides about a notification; a modern one is 202 and ignored."""
        client = self.client()
        client.ask(call("slow", id=1))
        cancelled = notice("notifications/cancelled", {"requestId": 1})
        ignored = self.sent(cancelled, MODERN_VERSION, session=client.session)
        self.assertEqual((ignored.status, ignored.messages), (202, []))
        self.assertFalse(self.rig.small.running[0].cancelled)
        self.assertEqual(client.ask(cancelled).status, 202)
        self.assertTrue(self.rig.small.running[0].cancelled)

    def test_array(self) -> None:
        """An array is accepted only in a session of 2025-03-26."""
        batch = [request("ping", id=1)]
        for header in (None, *LEGACY_VERSIONS, MODERN_VERSION):
            received = self.sent(batch, header, speaks=header or "2025-03-26")
            self.assertEqual(received.status, 400)

    def test_response(self) -> None:
        """A response is 202 in the legacy era and 400 in the modern one."""
        answer: JsonObject = {"jsonrpc": "2.0", "id": "server-9", "result": {}}
        client = self.client()
        accepted = client.ask(answer)
        self.assertEqual((accepted.status, accepted.messages), (202, []))
        self.assertRefused(self.sent(answer, MODERN_VERSION), 400, -32600)

    def test_errors_are_always_json_rpc(self) -> None:
        """No 400 of the modern era makes a client fall back to the legacy era."""
        message = modern(request("tools/list", id=3))
        spoiled: list[tuple[Json, dict[str, str]]] = [
            (message, {"mcp-method": "x"}),
            (modern(message, version="v9"), {"mcp-protocol-version": "v9"}),
            ([message], {}),
            (modern(message, clientCapabilities=[]), {}),
        ]
        for body, headers in spoiled:
            sent = {**modern_headers(message), **headers}
            received = self.rig.send(body, with_headers=sent, speaks=MODERN_VERSION)
            self.assertEqual(received.status, 400)
            self.assertEqual(received.message["jsonrpc"], "2.0")
            self.assertIn(received.error["code"], (-32020, -32022, -32600, -32602))


class NegotiationTests(RulesTestCase):
    def test_every_legacy_revision(self) -> None:
        """The server agrees to each revision and uses it from then on."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                client = self.client(version)
                result = client.opening.result
                self.assertEqual(result["protocolVersion"], version)
                received = client.ask(request("tools/list"))
                self.assertEqual(received.header("mcp-protocol-version"), version)

    def test_session_outweighs_header(self) -> None:
        """The negotiated revision is used, whatever version header follows."""
        client = self.client("2025-03-26")
        for header in (None, "2025-11-25", "2024-11-05"):
            received = self.rig.send(
                request("tools/list"), session=client.session, version=header
            )
            self.assertEqual(received.header("mcp-protocol-version"), "2025-03-26")
            self.assertNotIn("title", received.result["tools"][0])

    def test_unsupported_header(self) -> None:
        """An unknown version header is 400, in a session too."""
        client = self.client()
        received = self.rig.send(
            request("ping"), session=client.session, version="2025-11-26"
        )
        self.assertEqual(received.status, 400)

    def test_unsupported_header_without_a_body(self) -> None:
        """GET and DELETE with an unknown version are 400 and have no effect."""
        client = self.client()
        for method in ("GET", "DELETE"):
            for version in ("2025-11-26", "v999.0.0", ""):
                with self.subTest(method=method, version=version):
                    received = self.rig.send(
                        method=method,
                        session=client.session,
                        version=version,
                        with_headers={"accept": "text/event-stream"},
                    )
                    self.assertRefused(received, 400, -32600)
        self.assertEqual(client.ask(request("ping")).result, {})

    def test_without_session_and_header(self) -> None:
        """Without a session and a version header, 2025-03-26 is used."""
        received = self.rig.send(request("tools/list"))
        self.assertEqual(received.header("mcp-protocol-version"), "2025-03-26")

    def test_what_a_revision_lacks(self) -> None:
        """A revision without titles, annotations or structured content gets none."""
        for version, annotated, titled in (
            ("2024-11-05", False, False),
            ("2025-03-26", True, False),
            ("2025-06-18", True, True),
            ("2025-11-25", True, True),
        ):
            with self.subTest(version=version):
                client = self.client(version)
                tool = client.ask(request("tools/list")).result["tools"][0]
                self.assertEqual(
                    ("annotations" in tool, "title" in tool), (annotated, titled)
                )
                result = client.ask(call("echo", {"words": "x"})).result
                self.assertEqual("structuredContent" in result, titled)
                for method, kind in (
                    ("prompts/list", "prompts"),
                    ("resources/list", "resources"),
                ):
                    first = client.ask(request(method)).result[kind][0]
                    self.assertEqual("title" in first, titled)
                completions = "completions" in client.opening.result["capabilities"]
                self.assertEqual(completions, version != "2024-11-05")

    def test_questions_come_with_their_revision(self) -> None:
        """Before 2025-06-18 elicitation is not used, whatever a client declares."""
        message = call("test_elicitation", {"message": "Who?"})
        for version, asked in (
            ("2024-11-05", False),
            ("2025-03-26", False),
            ("2025-06-18", True),
            ("2025-11-25", True),
        ):
            with self.subTest(version=version):
                received = self.client(version).ask(message)
                requests = [one for one in received.messages if "method" in one]
                self.assertEqual(len(requests), int(asked))
                if asked:
                    self.clock.advance(301)
                self.assertTrue(received.result["isError"])

    def test_content(self) -> None:
        """Audio content exists from 2025-03-26 on; before, text replaces it."""
        for version in LEGACY_VERSIONS:
            result = self.client(version).ask(call("test_audio_content")).result
            kind = "text" if version == "2024-11-05" else "audio"
            self.assertEqual([each["type"] for each in result["content"]], [kind])

    def test_forms(self) -> None:
        """Multiple choice, titled choices and defaults exist from 2025-11-25 on."""
        for version, plain in (("2025-06-18", True), ("2025-11-25", False)):
            with self.subTest(version=version):
                client = self.client(version)
                fields = self.asked(client, "test_elicitation_sep1034_defaults")
                self.assertEqual("default" not in fields["name"], plain)
                self.assertIn("default", fields["verified"])
                fields = self.asked(client, "test_elicitation_sep1330_enums")
                kinds = {field["type"] for field in fields.values()}
                self.assertEqual("array" not in kinds, plain)
                self.assertEqual("oneOf" not in fields["titledSingle"], plain)

    def test_answered_forms(self) -> None:
        """A tool gets the same answer whichever form the revision could show."""
        answers: Mapping[str, JsonObject] = {
            "2025-06-18": {"titledMulti.1": True, "titledMulti.2": False},
            "2025-11-25": {"titledMulti": ["value1"]},
        }
        for version, content in answers.items():
            client = self.client(version)
            received = client.ask(call("test_elicitation_sep1330_enums"))
            result = {"action": "accept", "content": content}
            id = received.messages[0]["id"]
            client.ask({"jsonrpc": "2.0", "id": id, "result": result})
            said = received.result["content"][0]["text"]
            self.assertIn("{'titledMulti': ['value1']}", said)

    def asked(self, client: SessionClient, name: str) -> JsonObject:
        """Return the fields of the form with which a tool asks."""
        received = client.ask(call(name))
        self.addCleanup(self.clock.advance, 301)
        schema = received.messages[0]["params"]["requestedSchema"]
        fields: JsonObject = schema["properties"]
        return fields

    def test_bad_arguments(self) -> None:
        """In both eras invalid arguments give a result with isError for the model."""
        for version in LEGACY_VERSIONS:
            received = self.client(version).ask(call("echo", {"words": ""}))
            self.assertTrue(received.result["isError"])
            self.assertIn("words", self.text_of(received))
        received = self.ask(call("echo", {"words": ""}))
        self.assertTrue(received.result["isError"])


class DifferenceTests(RulesTestCase):
    def test_unknown_method(self) -> None:
        """-32601 is 404 in the modern era and 200 before it."""
        message = request("unknown/method")
        self.assertRefused(self.ask(message), 404, -32601)
        self.assertRefused(self.client().ask(message), 200, -32601)

    def test_disconnect(self) -> None:
        """A disconnect cancels the call in the modern era, and only there."""
        for client in (self.client(), self.client("2025-03-26")):
            for wait in (0, 30):
                received = client.ask(call("slow", {"tag": str(wait)}))
                running = self.rig.small.running[-1]
                self.clock.advance(wait)
                received.leave()
                self.assertFalse(running.cancelled)
                self.assertEqual(len(self.rig.work.tracked), 1)
                running.finish()
                self.assertEqual(self.rig.work.tracked, [])

    def test_routing_headers_are_ignored(self) -> None:
        """Mcp-Method and Mcp-Name are ignored in the legacy era."""
        fields = {"mcp-method": "nothing", "mcp-name": ["a", "b"]}
        received = self.client().ask(call("hello"), with_headers=fields)
        self.assertEqual(self.text_of(received), "Hello.")

    def test_empty_results(self) -> None:
        """ping and logging/setLevel answer exactly {} in the legacy era."""
        for version in LEGACY_VERSIONS:
            client = self.client(version)
            level = request("logging/setLevel", {"level": "info"})
            for message in (request("ping"), level):
                self.assertEqual(client.ask(message).result, {})

    def test_sse_names(self) -> None:
        """A modern POST to /sse is 405, with the methods that the path accepts."""
        received = self.rig.send_modern(modern(call("hello")), route=Route.SSE)
        self.assertEqual(received.status, 405)


class TwoErasTests(RulesTestCase):
    def test_side_by_side(self) -> None:
        """Both eras work on one URL at the same time, with equal ids, for two keys."""
        legacy, bob = self.client(), self.client(key=BOB)
        slow = [
            legacy.ask(call("slow", {"tag": "legacy"}, id=1)),
            self.ask(call("slow", {"tag": "modern"}, id=1)),
            bob.ask(call("slow", {"tag": "bob"}, id=1)),
        ]
        for running in reversed(self.rig.small.running):
            running.finish()
        tags = [self.text_of(one) for one in slow]
        self.assertEqual(tags, ["legacy", "modern", "bob"])
        self.assertEqual(
            [one.header("mcp-protocol-version") for one in slow],
            ["2025-11-25", MODERN_VERSION, "2025-11-25"],
        )

    def test_capabilities_stay_apart(self) -> None:
        """A client is asked only what its own session declared."""
        able, unable = self.client(), self.client(capabilities={})
        message = call("test_elicitation", {"message": "Who?"})
        asked = able.ask(message)
        self.assertEqual(asked.messages[0]["method"], "elicitation/create")
        self.assertTrue(unable.ask(message).result["isError"])
        self.assertEqual(able.capabilities, ASKABLE)
        self.clock.advance(301)
