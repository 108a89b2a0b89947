"""The settings of a relay: what is refused, and that no message repeats a token."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Secret
from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.bridge.build import make_bridge
from instantly_mcp.bridge.http.address import DaemonAddress
from instantly_mcp.bridge.settings import UnusableSettings, read_settings
from instantly_mcp.bridge.target import BridgeTarget
from tests.support.certificates import issue

from .scripted import INITIALIZE, Screen, ask, tool

TOKEN = "imt_canary-of-the-settings"
URL = "https://mcp.acme.example"
FAR = "http://mcp.acme.example"


class AddressTests(SynchronousTestCase):
    def test_forms(self):
        """Host, port and path are taken from the URL; no path means ``/mcp``."""
        for url, sent in (
            ("https://a.example", b"https://a.example/mcp"),
            ("https://a.example/", b"https://a.example/mcp"),
            ("https://a.example:8443/x/mcp/", b"https://a.example:8443/x/mcp"),
            ("  http://[::1]:3000/mcp\n", b"http://[::1]:3000/mcp"),
            ("HTTP://LocalHost:80/a b", None),
            ("https://bücher.example", b"https://xn--bcher-kva.example/mcp"),
        ):
            if sent is None:
                self.assertRaises(ValueError, DaemonAddress.parse, url)
            else:
                self.assertEqual(DaemonAddress.parse(url).url, sent)

    def test_path_is_not_shown(self):
        """A path may contain a key: messages have the origin alone."""
        self.assertEqual(DaemonAddress.parse(f"{URL}/mcp/{TOKEN}").shown, URL)

    def test_loopback(self):
        """Only names and addresses of this computer are loopback."""
        for host, here in (
            ("localhost", True),
            ("a.localhost", True),
            ("127.9.9.9", True),
            ("[::1]", True),
            ("localhost.example", False),
            ("127.0.0.1.example", False),
            ("10.0.0.1", False),
        ):
            self.assertEqual(DaemonAddress.parse(f"http://{host}").is_loopback, here)

    @given(text=st.text(max_size=40) | st.text("htps:/.@?#[]a1 \\%\r\n\0", max_size=30))
    def test_any_text(self, text):
        """Any text is refused, or becomes a URL that a request line can contain."""
        for url in (text, f"https://{text}"):
            try:
                sent = DaemonAddress.parse(url).url
            except ValueError:
                continue
            self.assertRegex(sent.decode(), r"\Ahttps?://[!-~]+/[!-~]*\Z")


class SettingsTests(SynchronousTestCase):
    def setUp(self):
        """Have a folder."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def refusal(self, **given):
        """Return why settings are refused."""
        target = BridgeTarget(**{"url": URL, **given})
        text = self.assertRaises(UnusableSettings, read_settings, target).problem.text
        self.assertNotIn("canary", text)
        return text

    def file(self, text: str, mode: int = 0o600) -> Path:
        """Write a file."""
        path = self.folder / "token"
        path.write_text(text)
        path.chmod(mode)
        return path

    def token(self, **given):
        """Return the token that is sent."""
        return read_settings(BridgeTarget(**{"url": URL, **given})).token

    def test_address(self):
        """What is wrong with an address is said without repeating it."""
        for url in ("mcp.acme.example", f"https://{TOKEN}@x", f"{URL}/?token={TOKEN}"):
            self.assertIn(
                "The address of the server cannot be used", self.refusal(url=url)
            )

    def test_token(self):
        """The token of the environment is trimmed; an empty one is not sent."""
        self.assertEqual(self.token(token=Secret(f" {TOKEN}\n")), Secret(TOKEN))
        self.assertIsNone(self.token(token=Secret(" ")))
        self.assertIsNone(self.token())

    def test_token_in_two_lines(self):
        """A token that would add a header is refused."""
        why = self.refusal(token=Secret(f"{TOKEN}\r\nX-Evil: 1"))
        self.assertIn("Copy the token again", why)

    def test_token_file(self):
        """A file is used in place of the environment."""
        path = self.file(f"{TOKEN}\n")
        self.assertEqual(
            self.token(token=Secret("other"), token_file=path), Secret(TOKEN)
        )

    def test_open_token_file(self):
        """A file that others can read or change is refused; a group may read it."""
        for mode in (0o644, 0o604, 0o620, 0o602):
            self.assertIn("chmod", self.refusal(token_file=self.file(TOKEN, mode)))
        self.assertEqual(self.token(token_file=self.file(TOKEN, 0o640)), Secret(TOKEN))
        with patch.object(sys, "platform", "win32"):
            path, here = self.file(TOKEN, 0o644), "http://localhost"
            self.assertEqual(self.token(url=here, token_file=path), Secret(TOKEN))

    def test_missing_token_file(self):
        """A file that is not there is named by what is wrong with it."""
        path = self.folder / "nothing"
        self.assertIn("No such file", self.refusal(token_file=path))

    def test_plain_http(self):
        """The token goes to another computer in plain HTTP only if that is allowed."""
        secret = Secret(TOKEN)
        self.assertIn("it was not sent", self.refusal(url=FAR, token=secret))
        self.assertEqual(self.token(url="http://127.0.0.1:1", token=secret), secret)
        self.assertIsNone(self.token(url=FAR))
        allowed = BridgeTarget(url=FAR, token=secret, allow_http=True)
        self.assertIn("can read it", read_settings(allowed).warning)

    def test_ca_file(self):
        """A CA file that has no certificate is refused, and one that is missing."""
        path = self.file("no certificate")
        self.assertIn("BEGIN CERTIFICATE", self.refusal(ca_file=path))
        self.assertIn("cannot be read", self.refusal(ca_file=self.folder / "none"))
        damaged = issue().pem.replace(b"MII", b"AAA", 1).decode()
        self.assertIn("damaged", self.refusal(ca_file=self.file(damaged)))
        good = self.file(issue().pem.decode())
        self.assertIsNotNone(read_settings(BridgeTarget(url=URL, ca_file=good)).policy)

    def test_headers(self):
        """A header with a line break is refused."""
        bad = {"X-MCP-Access": "draft\r\nX-Evil: 1"}
        self.assertIn("A header that was set", self.refusal(headers=bad))
        good = {"X-MCP-Access": "draft"}
        target = BridgeTarget(url=URL, headers=good)
        self.assertEqual(read_settings(target).headers, good)


class UnusableTests(SynchronousTestCase):
    def test_server(self):
        """With unusable settings the client gets a server that says so."""
        screen = Screen()
        reports: list[str] = []
        target = BridgeTarget(url=FAR, token=Secret(TOKEN))
        relay = make_bridge(target, None, screen, reports.append)
        for message in (INITIALIZE, ask(1, "tools/list"), tool(2, "send_mail"), {}):
            relay.received(dumps(message))
        relay.received(dumps([ask(3, "ping")]))
        relay.pressed(True)
        heard = screen.take()
        self.assertIn("plain HTTP", heard[0]["result"]["instructions"])
        self.assertEqual(len(heard[1]["result"]["tools"]), 1)
        self.assertIn("plain HTTP", heard[2]["result"]["content"][0]["text"])
        self.assertEqual(heard[3]["error"]["code"], -32600)
        self.assertEqual(heard[4]["result"], {})
        self.assertEqual(len(reports), 1)
        self.assertNotIn("canary", str([heard, reports]))
        self.successResultOf(relay.ended())
        self.assertEqual(loads(dumps(heard)), heard)
