"""Tests of the checks of Origin and Host."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.origins import (
    Authority,
    Origin,
    OriginPolicy,
    parse_authority,
    parse_origin,
)
from tests.support.exchanges import headers

EVIL_ORIGINS = (
    "null",
    "",
    "http://evil",
    "http://evil:3000",
    "https://evil.example",
    "http://127.0.0.1.evil",
    "http://127.0.0.1.evil.example:3000",
    "http://localhost.evil.example",
    "http://evil.localhost.example",
    "http://notlocalhost",
    "http://localhost:3000@evil.example",
    "http://evil.example#localhost",
    "http://evil.example/http://localhost",
    "http://localhost/",
    "http://localhost:3000/path",
    "http://localhost:",
    "http://localhost:0",
    "http://localhost:99999",
    "http://localhost:3000:3000",
    "http://localhost\t",
    "http://localhost ",
    "http:localhost",
    "http://[::1",
    "http://[::1]evil",
    "http://[::2]",
    "http://[::1%25lo]",
    "http://[:::1]",
    "http://127.0.0.2",
    "http://127.1",
    "http://0x7f000001",
    "http://2130706433",
    "http://0.0.0.0",
    "http://localhost.",
    "file://",
    "file:///etc/passwd",
    "file://localhost",
    "ftp://localhost",
    "javascript://localhost",
    "//localhost",
    "localhost",
    "*",
    "http://loc\u0430lhost",
)

LOOPBACK_ORIGINS = (
    "http://localhost",
    "https://localhost",
    "http://localhost:6274",
    "http://LOCALHOST:3000",
    "HTTP://127.0.0.1:1",
    "http://127.0.0.1:65535",
    "http://[::1]",
    "http://[::1]:8080",
    "http://[0:0:0:0:0:0:0:1]:8080",
)


class OriginTests(SynchronousTestCase):
    """What `allows_origin` and `refusal` say of the Origin header."""

    origin_policy = OriginPolicy(
        ["https://app.example.com", "http://dev.example:8080", "app://obsidian.md"],
        ["mcp.example.com", "10.0.0.5:3000"],
        check_hosts=False,
    )

    def test_absent(self) -> None:
        """A request without Origin comes from no browser page and passes."""
        self.assertIsNone(self.origin_policy.refusal(headers({})))

    def test_evil_origins(self) -> None:
        """Every origin that is not exactly an allowed one is refused: 403."""
        for origin in EVIL_ORIGINS:
            self.assertFalse(self.origin_policy.allows_origin(origin), origin)
            error = self.origin_policy.refusal(headers({"origin": origin}))
            assert error is not None
            self.assertEqual(error.status, 403)
            if len(origin) > 1:
                self.assertNotIn(origin, repr(error.as_object()))

    def test_origin_is_checked(self) -> None:
        """The check is on without any setting."""
        bare = OriginPolicy(check_hosts=False)
        error = bare.refusal(headers({"origin": "https://evil.example"}))
        assert error is not None
        self.assertEqual(error.status, 403)

    def test_loopback(self) -> None:
        """Pages of this machine may, from any port."""
        for origin in LOOPBACK_ORIGINS:
            self.assertTrue(self.origin_policy.allows_origin(origin), origin)
            self.assertIsNone(self.origin_policy.refusal(headers({"origin": origin})))

    def test_configured(self) -> None:
        """Configured origins match exactly; a default port may be spelled out."""
        for origin in (
            "https://app.example.com",
            "https://APP.example.com:443",
            "http://dev.example:8080",
            "app://obsidian.md",
        ):
            self.assertTrue(self.origin_policy.allows_origin(origin), origin)
        for origin in (
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://sub.app.example.com",
            "https://app.example.com.evil.example",
            "http://dev.example",
            "app://obsidian.md:1",
        ):
            self.assertFalse(self.origin_policy.allows_origin(origin), origin)

    def test_own_host(self) -> None:
        """Pages that this server itself serves may."""
        self.assertTrue(self.origin_policy.allows_origin("https://mcp.example.com"))
        self.assertTrue(self.origin_policy.allows_origin("http://10.0.0.5:3000"))
        self.assertFalse(
            self.origin_policy.allows_origin("https://mcp.example.com:8443")
        )
        self.assertFalse(self.origin_policy.allows_origin("http://10.0.0.5"))

    def test_host_header_proves_nothing(self) -> None:
        """An Origin is not allowed because the Host header has the same name."""
        rebound = headers({"origin": "http://evil:3000", "host": "evil:3000"})
        self.assertIsNotNone(self.origin_policy.refusal(rebound))

    def test_two_origins(self) -> None:
        """Two Origin headers are refused, even if both are known."""
        both = headers({"origin": ["http://localhost", "http://localhost"]})
        self.assertIsNotNone(self.origin_policy.refusal(both))

    def test_bad_settings(self) -> None:
        """An entry that is not an origin or a host is an error that shows it."""
        for entry in ("*", "app.example.com", "file://", "https://a/b", "null"):
            error = self.assertRaises(ValueError, OriginPolicy, [entry])
            self.assertIn(entry, str(error))
        for entry in ("https://mcp.example.com", "a b", "", "host:port"):
            self.assertRaises(ValueError, OriginPolicy, [], [entry])

    def test_trailing_slash_in_settings(self) -> None:
        """An origin copied from an address bar with its slash is understood."""
        origin_policy = OriginPolicy(["https://app.example.com/"])
        self.assertTrue(origin_policy.allows_origin("https://app.example.com"))


class HostTests(SynchronousTestCase):
    """What `refusal` says of the Host header."""

    origin_policy = OriginPolicy(
        (), ["mcp.example.com", "10.0.0.5:3000"], check_hosts=True
    )

    def refused(self, origin_policy: OriginPolicy, *hosts: str) -> int | None:
        """Return the status of the refusal, if there is one."""
        error = origin_policy.refusal(headers({"host": hosts}))
        return None if error is None else error.status

    def test_local(self) -> None:
        """On a socket that only this machine can reach, the Host is always checked."""
        origin_policy = OriginPolicy(check_hosts=False)
        rebound = headers({"host": "evil.example"})
        self.assertIsNone(origin_policy.refusal(rebound))
        error = origin_policy.refusal(rebound, local=True)
        assert error is not None
        self.assertEqual(error.status, 421)

    def test_known(self) -> None:
        """Our own names pass, loopback names always, with any port and in any case."""
        for host in (
            "mcp.example.com",
            "MCP.Example.Com:443",
            "10.0.0.5:8080",
            "localhost",
            "localhost:3000",
            "127.0.0.1:3000",
            "[::1]:3000",
            "[::1]",
        ):
            self.assertIsNone(self.refused(self.origin_policy, host), host)

    def test_unknown(self) -> None:
        """Another host name is misdirected: 421."""
        for host in (
            "evil:8080",
            "evil.example",
            "127.0.0.1.evil",
            "localhost.evil.example:3000",
            "mcp.example.com.evil.example",
            "mcp.example.com@evil.example",
            "mcp.example.com/",
            "mcp.example.com:port",
            "mcp.example.com:",
            "mcp.example.com ",
            "localhost, evil.example",
            "[::1]:3000:1",
            "[::ffff:127.0.0.1]",
            "::1",
            "127.0.0.2",
            "",
        ):
            self.assertEqual(self.refused(self.origin_policy, host), 421, host)

    def test_none_or_two(self) -> None:
        """There must be exactly one Host header, even if two are equal."""
        self.assertEqual(self.refused(self.origin_policy), 421)
        self.assertEqual(
            self.refused(self.origin_policy, "localhost", "localhost"), 421
        )

    def test_unchecked(self) -> None:
        """Where our names are not known any one host passes, but never two."""
        origin_policy = OriginPolicy(check_hosts=False)
        self.assertIsNone(self.refused(origin_policy, "anything.example"))
        self.assertIsNone(self.refused(origin_policy))
        self.assertEqual(self.refused(origin_policy, "a.example", "b.example"), 400)


class ParsingTests(SynchronousTestCase):
    """Reading authorities and origins."""

    def test_authorities(self) -> None:
        """Names come back in lower case, IPv6 literals in their shortest form."""
        self.assertEqual(parse_authority("Host.Example"), Authority("host.example"))
        self.assertEqual(parse_authority("host:80"), Authority("host", 80))
        self.assertEqual(parse_authority("[0:0::0001]:9"), Authority("[::1]", 9))

    def test_origins(self) -> None:
        """A default port is left out, another one is kept."""
        self.assertEqual(parse_origin("https://h:443"), Origin("https", "h"))
        self.assertEqual(parse_origin("https://h:80"), Origin("https", "h", 80))

    @given(st.text(max_size=80))
    def test_no_text_breaks_it(self, text: str) -> None:
        """Any text is read or refused, and what is read is read the same again."""
        authority = parse_authority(text)
        if authority is not None:
            port = "" if authority.port is None else f":{authority.port}"
            self.assertEqual(parse_authority(f"{authority.name}{port}"), authority)
        parse_origin(text)

    @given(st.text(alphabet="localhost127.0.0.1:[]/@\\ ", max_size=30))
    def test_only_exact_loopback(self, host: str) -> None:
        """Of all that looks like a loopback host only the exact names pass."""
        allowed = OriginPolicy().allows_origin(f"http://{host}")
        name = host.partition(":")[0]
        if allowed and not host.startswith("["):
            self.assertIn(name, {"localhost", "127.0.0.1"})
