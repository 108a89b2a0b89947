"""What the status endpoints show about the daemon."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.status import authentication, features, key_formats, limits
from instantly_mcp.pipeline.credential_errors import KEY_FORMATS
from instantly_mcp.web.interfaces import NO_KEY_NEEDED


class FeatureTests(SynchronousTestCase):
    """The features are generated from the settings."""

    def test_default(self):
        """By default all enabled features are listed."""
        self.assertEqual(
            features(resolve({}, {})),
            ("anonymous-discovery", "direct-execution", "rate-limit"),
        )

    def test_switched(self):
        """Enabled features are listed, disabled ones are not."""
        given = {
            "anonymous": "none",
            "session_policy": "strict",
            "rate_limit": "0",
        }
        environ = {
            "INSTANTLY_API_KEY": "operator-key-operator",
            "MCP_AUTH_SECRET_KEY": "server-secret-server",
        }
        self.assertEqual(
            features(resolve(given, environ)), ("server-secret", "operator-key")
        )

    def test_no_auth(self):
        """Without authentication a server secret is not listed."""
        environ = {"MCP_AUTH_SECRET_KEY": "server-secret-server"}
        settings = resolve({"no_auth": "true"}, environ)
        self.assertNotIn("server-secret", features(settings))

    def test_limits(self):
        """The limits are those of the settings."""
        settings = resolve({"rate_limit": "0", "max_body": "2MiB"}, {})
        self.assertEqual(
            limits(settings),
            {
                "messagesPerMinute": 0,
                "bodyBytes": 2 << 20,
                "sessionIdleSeconds": 1800,
            },
        )

    def test_tokens(self):
        """Where a token is needed it is listed, and keys only if they are taken."""
        settings = resolve({}, {"INSTANTLY_API_KEY": "operator-key-operator"})
        only = authentication(settings, token_required=True, refuses_keys=True)
        self.assertEqual(only[0], "Authorization: Bearer CONNECTION_TOKEN")
        self.assertIn("/mcp/CONNECTION_TOKEN", only)
        self.assertNotIn("YOUR_KEY", " ".join(only))
        both = authentication(settings, token_required=True)
        self.assertEqual(both[: len(only)], only)
        self.assertIn("x-instantly-api-key: YOUR_KEY", both)
        self.assertNotIn(NO_KEY_NEEDED, both)

    def test_authentication(self):
        """The query is listed only if a key may be in it."""
        self.assertIn("?apiKey=YOUR_KEY", authentication(resolve({}, {})))
        settings = resolve({"key_in_query": "off"}, {})
        self.assertNotIn("?apiKey=YOUR_KEY", authentication(settings))

    def test_key_formats(self):
        """A 401 names each enabled way to send a key once, as a client writes it."""
        self.assertEqual(tuple(KEY_FORMATS), key_formats(resolve({}, {})))
        closed = key_formats(resolve({"key_in_query": "off"}, {}))
        self.assertEqual(closed, tuple(KEY_FORMATS)[:-1])
        guarded = resolve({}, {"MCP_AUTH_SECRET_KEY": "0123456789"})
        self.assertEqual(key_formats(guarded), authentication(guarded))

    def test_no_key_needed(self):
        """Says if callers need no key; the sandbox does not ask for a real one."""
        own = authentication(resolve({}, {"INSTANTLY_API_KEY": "0123456789abc"}))
        self.assertEqual(own[0], "no key is needed")
        sandbox = authentication(resolve({"sandbox": "true"}, {}))
        self.assertEqual(sandbox[0], "no key is needed")
        self.assertNotIn("YOUR_KEY", " ".join(sandbox))
        self.assertNotIn("no key is needed", authentication(resolve({}, {})))

    def test_server_secret(self):
        """Callers present the server secret, and a key beside it if need be."""
        secret = {"MCP_AUTH_SECRET_KEY": "0123456789"}
        (first, *_) = authentication(resolve({}, secret))
        self.assertEqual(
            first,
            "Authorization: Bearer SERVER_SECRET, and x-instantly-api-key: YOUR_KEY",
        )
        key = {**secret, "INSTANTLY_API_KEY": "0123456789abc"}
        (first, *_) = authentication(resolve({}, key))
        self.assertEqual(first, "Authorization: Bearer SERVER_SECRET")
        open_again = authentication(resolve({"no_auth": "true"}, key))
        self.assertEqual(open_again[0], "no key is needed")
