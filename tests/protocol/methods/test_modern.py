"""The modern era: its table, its result envelope, the order of its checks."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve
from twisted.internet.defer import CancelledError

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import MODERN_REVISIONS, V2026_07_28
from tests.support.engines import EngineTestCase
from tests.support.messages import (
    ABSENT,
    META,
    MODERN_VERSION,
    call,
    modern,
    modern_headers,
    notice,
    request,
)


class ModernTestCase(EngineTestCase):
    def ask(self, message: Json, **fields: Json) -> Json:
        """Return the answer to a modern message."""
        return self.answer(message, MODERN_VERSION, **fields)

    def refused(self, message: Json, **fields: Json) -> tuple[int, int]:
        """Return code and HTTP status of a refusal."""
        handled = self.handled(message, MODERN_VERSION, **fields)
        response = self.successResultOf(handled)
        assert response is not None
        assert response.error is not None, response
        return response.error.code, response.status


class EnvelopeTests(ModernTestCase):
    def test_every_result(self) -> None:
        """Each result has its type and the server's name."""
        for message in (
            request("server/discover", {}),
            request("tools/list", {}),
            call("echo", {"words": "x"}),
            call("hello"),
            call("refused"),
            call("echo", {}),
        ):
            with self.subTest(message=message):
                result = self.ask(message)["result"]
                self.assertEqual(result["resultType"], "complete")
                server = result["_meta"][META + "serverInfo"]
                self.assertEqual(server["name"], "instantly-mcp")

    def test_icons_once(self) -> None:
        """Only discover carries the icons: other results would repeat them."""
        icon = {"src": "data:image/svg+xml;base64,AA=="}
        self.server.features.info = evolve(self.server.features.info, icons=[icon])
        for message, expected in (
            (request("server/discover", {}), [icon]),
            (request("tools/list", {}), None),
            (call("hello"), None),
        ):
            with self.subTest(message=message):
                server = self.ask(message)["result"]["_meta"][META + "serverInfo"]
                self.assertEqual(server.get("icons"), expected)
                self.assertEqual(server["name"], "instantly-mcp")

    def test_own_meta_stays(self) -> None:
        """_meta of a tool is merged with the server's name."""
        meta = self.ask(call("hello"))["result"]["_meta"]
        self.assertEqual(set(meta), {"mood", META + "serverInfo"})

    def test_caching(self) -> None:
        """discover and the lists may be cached, the results of tools may not."""
        for method in ("server/discover", "tools/list"):
            result = self.ask(request(method, {}))["result"]
            self.assertGreaterEqual(result["ttlMs"], 0)
            self.assertIn(result["cacheScope"], ("public", "private"))
        result = self.ask(call("hello"))["result"]
        self.assertFalse({"ttlMs", "cacheScope"} & set(result))

    def test_discover(self) -> None:
        """discover returns the modern revisions and the capabilities."""
        result = self.ask(request("server/discover", {}))["result"]
        self.assertEqual(result["supportedVersions"], list(MODERN_REVISIONS))
        self.assertLessEqual({"tools", "logging"}, set(result["capabilities"]))
        self.assertFalse({"resources", "prompts"} & set(result["capabilities"]))


class TableTests(ModernTestCase):
    def test_what_is_gone(self) -> None:
        """Methods of the legacy era, and unknown methods, are -32601 with 404."""
        for method in (
            "initialize",
            "ping",
            "logging/setLevel",
            "resources/subscribe",
            "resources/unsubscribe",
            "tasks/list",
            "tasks/result",
            "unknown/method",
        ):
            with self.subTest(method=method):
                self.assertEqual(self.refused(request(method, {})), (-32601, 404))

    def test_undeclared_features(self) -> None:
        """Methods of missing features are -32601 with 404 as well."""
        for method in ("resources/list", "prompts/list", "completion/complete"):
            with self.subTest(method=method):
                self.assertEqual(self.refused(request(method, {})), (-32601, 404))

    def test_handler_errors(self) -> None:
        """An unknown tool and a bad cursor are -32602 with HTTP status 200."""
        cursor = request("tools/list", {"cursor": "x"})
        for message in (call("nothing"), call("echo", []), cursor):
            with self.subTest(message=message):
                self.assertEqual(self.refused(message), (-32602, 200))

    def test_notifications(self) -> None:
        """No notification has an answer, and none changes anything."""
        for method in ("notifications/cancelled", "notifications/initialized", "x"):
            handled = self.handled(
                modern(notice(method, {"requestId": 1})), MODERN_VERSION
            )
            self.assertIsNone(self.successResultOf(handled))

    def test_headers_are_needed(self) -> None:
        """A modern request without any headers is a bug in the transport."""
        caller = Caller(revision=V2026_07_28)
        self.assertRaises(
            LookupError, self.server.handle, Request(1, "tools/list"), caller
        )


class OrderTests(ModernTestCase):
    """A message that is wrong in two ways gets the code of the earlier check.

    The checks inside the envelope are held in order by ``test_envelope``.
    """

    def test_envelope_before_method(self) -> None:
        """-32602 for the envelope and -32020 for a header precede -32601."""
        unknown = modern(request("unknown/method", {}))
        bare = modern(unknown, clientCapabilities=ABSENT)
        del bare["params"]["_meta"][META + "clientCapabilities"]
        self.assertEqual(self.refused(bare), (-32602, 400))
        wrong = {"mcp-method": "other/method"}
        self.assertEqual(self.refused(unknown, with_headers=wrong), (-32020, 400))

    def test_version_before_method(self) -> None:
        """-32022 precedes -32601."""
        message = modern(request("unknown/method", {}), "v999.0.0")
        self.assertEqual(self.refused(message), (-32022, 400))

    def test_name_before_params(self) -> None:
        """A name header that differs precedes an unknown tool and bad arguments."""
        for message in (call("nothing"), call("echo", [])):
            wrong = {"mcp-name": "other"}
            self.assertEqual(self.refused(message, with_headers=wrong), (-32020, 400))

    def test_method_before_params(self) -> None:
        """An unknown method is reported for any params."""
        message = request("unknown/method", {"cursor": 7, "name": []})
        self.assertEqual(self.refused(message), (-32601, 404))

    def test_params_before_key(self) -> None:
        """An unknown tool is -32602 for a caller without a key as well."""
        self.assertEqual(self.refused(call("nothing"), key=None), (-32602, 200))

    def test_key_before_arguments(self) -> None:
        """A missing key is reported before bad arguments."""
        self.assertEqual(self.refused(call("echo", {}), key=None), (-32001, 401))

    def test_nothing_ran(self) -> None:
        """No refusal ever runs the tool."""
        flaws: Sequence[Json] = (
            {"message": modern(call("hello")), "with_headers": {"mcp-name": "x"}},
            {"message": modern(call("hello"), "v999.0.0")},
            {"message": modern(call("hello"), clientCapabilities=None)},
        )
        for flaw in flaws:
            self.refused(flaw.pop("message"), **flaw)
        self.assertEqual(self.toolbox.ran, [])


class StatelessTests(ModernTestCase):
    def run_chatty(self, **meta: Json) -> list[str]:
        """Run the tool that logs; return the levels of its messages."""
        self.basket.sent.clear()
        handled = self.handled(modern(call("chatty"), **meta), MODERN_VERSION)
        self.toolbox.running[-1].finish()
        self.successResultOf(handled)
        return [message["params"]["level"] for message in self.basket.sent]

    def test_log_level_of_the_request(self) -> None:
        """Each request gets the log level that it asks for, and no logs without one."""
        self.assertEqual(self.run_chatty(), [])
        self.assertEqual(self.run_chatty(logLevel="warning"), ["warning", "error"])
        self.assertEqual(self.run_chatty(), [])

    def test_session_does_not_count(self) -> None:
        """The level of a session is not that of a modern request."""
        session = self.session()
        session.log_level = "debug"
        self.assertEqual(self.run_chatty(), [])

    def test_cancelling(self) -> None:
        """Cancelling the answer cancels the tool."""
        for name in ("slow", "relay"):
            with self.subTest(tool=name):
                handled = self.handled(call(name), MODERN_VERSION)
                handled.cancel()
                self.failureResultOf(handled, CancelledError)
                self.assertTrue(self.toolbox.running[-1].cancelled)

    def test_client_info_changes_nothing(self) -> None:
        """The answer does not depend on the client's name."""
        message = call("echo", {"words": "x"})
        known = modern(message, clientInfo={"name": "a", "version": "1"})
        unknown = modern(message, clientInfo=ABSENT)
        self.assertEqual(modern_headers(known), modern_headers(unknown))
        self.assertEqual(self.ask(known), self.ask(unknown))
