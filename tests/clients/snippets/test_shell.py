"""Commands reach their programs as they are meant, whatever the address contains."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.clients.address import AUTH_HEADERS, McpAddress
from instantly_mcp.clients.client import Configuration, Language
from instantly_mcp.clients.registry import CLIENTS

from .test_formats import URL, chosen, text_for
from .urls import any_urls

PROGRAMS = ("claude", "code", "codex", "curl", "gemini")
FAKE = """#!/bin/bash
printf '%s\\0' "$(basename "$0")" "$@" >>"$SEEN"
printf '\\0' >>"$SEEN"
[ "${!#}" != @- ] || cat >"$SEEN.body"
"""
SECRET = 'it\'s a "secret" $(touch canary)'
"""A value that would be a disaster for a shell that read it as a command."""


def shell_configurations() -> Iterator[Configuration]:
    """Yield every configuration that is a command."""
    for client in CLIENTS.values():
        for each in client.configurations:
            if each.language is Language.SHELL:
                yield each


class ShellCase(SynchronousTestCase):
    """Runs commands with programs that note how they were called."""

    def setUp(self) -> None:
        """Create the programs."""
        self.folder = Path(self.mktemp()).resolve()
        fakes = self.folder / "bin"
        fakes.mkdir(parents=True)
        for name in PROGRAMS:
            path = fakes / name
            path.write_text(FAKE, encoding="utf-8")
            path.chmod(0o755)
        self.seen = self.folder / "seen"
        self.environ = {
            "PATH": f"{fakes}{os.pathsep}{os.environ['PATH']}",
            "SEEN": str(self.seen),
            **{auth.variable: SECRET for auth in AUTH_HEADERS.values() if auth},
            "OPENAI_API_KEY": "openai",
            "ANTHROPIC_API_KEY": "anthropic",
        }

    def called(self, text: str) -> list[list[str]]:
        """Run a command; return the words of each program that it ran."""
        self.seen.write_bytes(b"")
        done = subprocess.run(
            ["bash", "-c", text],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""), text)
        self.assertEqual(
            sorted(os.listdir(self.folder)),
            sorted({"bin", "seen"} | set(os.listdir(self.folder)) & {"seen.body"}),
            text,
        )
        calls = self.seen.read_bytes().decode().split("\0\0")[:-1]
        return [call.split("\0") for call in calls]


class ShellTests(ShellCase):
    """Every command, with every kind of credential."""

    @hypothesis_settings(max_examples=30, deadline=None)
    @given(any_urls())
    @example("https://a.example/mcp?x='$(touch canary)")
    @example("https://a.example/mcp?x=';touch canary;'")
    @example("https://a.example/mcp?a=1&b=2;c#d!e*")
    def test_any_address(self, url):
        """The address arrives whole in one call of one program, or is refused."""
        try:
            address = McpAddress(url, AUTH_HEADERS["token"])
        except ValueError:
            return
        for each in shell_configurations():
            (words,) = self.called(each.write(address))
            body = self.seen.with_name("seen.body")
            text = "\n".join(words)
            if words[-1] == "@-":
                text = body.read_text(encoding="utf-8")
            self.assertIn(address.url, text, each.name)

    def test_claude_code(self):
        """Claude Code gets the name of the variable, not the secret."""
        (words,) = self.called(text_for("claude-code", "command", "token"))
        expected = ["claude", "mcp", "add", "--transport", "http", "instantly", URL]
        expected += ["--header", "Authorization: Bearer ${INSTANTLY_TOKEN}"]
        self.assertEqual(words, expected)

    def test_gemini(self):
        """So does Gemini CLI; the header is last, because it takes many words."""
        (words,) = self.called(text_for("gemini-cli", "command", "key"))
        self.assertEqual(
            words[-4:],
            [
                "instantly",
                URL,
                "--header",
                "x-instantly-api-key: ${INSTANTLY_API_KEY}",
            ],
        )

    def test_codex(self):
        """Codex gets the name of the variable."""
        (words,) = self.called(text_for("codex", "command", "secret"))
        expected = ["codex", "mcp", "add", "instantly", "--url", URL]
        expected += ["--bearer-token-env-var", "MCP_AUTH_SECRET_KEY"]
        self.assertEqual(words, expected)

    def test_vscode(self):
        """VS Code gets the server of its file, and the prompt."""
        (words,) = self.called(text_for("vscode", "command", "token"))
        self.assertEqual(words[:2], ["code", "--add-mcp"])
        file = json.loads(text_for("vscode", "json", "token"))
        expected = {"name": "instantly", **file["servers"]["instantly"]}
        self.assertEqual(json.loads(words[2]), {**expected, "inputs": file["inputs"]})

    def test_curl(self):
        """curl gets the secret itself, as one word, and a JSON body."""
        (words,) = self.called(text_for("curl", "command", "token"))
        self.assertEqual(words[:3], ["curl", "-s", URL])
        self.assertIn(f"Authorization: Bearer {SECRET}", words)
        self.assertEqual(json.loads(words[-1])["method"], "tools/list")

    def test_model_apis(self):
        """The requests to model APIs have the secret in the body, and are JSON."""
        self.environ["INSTANTLY_TOKEN"] = "imt_secret"
        for client, key, place in (
            ("messages-api", "x-api-key: anthropic", "mcp_servers"),
            ("responses-api", "Authorization: Bearer openai", "tools"),
        ):
            (words,) = self.called(text_for(client, "command", "token"))
            self.assertIn(key, words)
            body = json.loads(self.seen.with_name("seen.body").read_bytes())
            (server,) = body[place]
            self.assertIn("imt_secret", server.values())
            self.assertIn(URL, server.values())

    def test_commands_are_listed(self):
        """Each program of a command is known here."""
        found = {
            each.write(McpAddress(URL)).split()[0] for each in shell_configurations()
        }
        self.assertEqual(found, set(PROGRAMS))
        self.assertEqual(chosen("curl").language, Language.SHELL)
