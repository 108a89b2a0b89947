"""The text of each configuration is what its client reads."""

from __future__ import annotations

import json
import shlex
import tomllib
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.bundle.manifest import manifest
from instantly_mcp.clients.address import AUTH_HEADERS, McpAddress
from instantly_mcp.clients.client import Configuration, Language
from instantly_mcp.clients.registry import CLIENTS
from instantly_mcp.pipeline.key_form import UNFILLED, mistake_in

URL = "https://mcp.example.com/mcp"
LAN = "http://mcp.acme.lan:3000/mcp"


def chosen(client: str, form: str = "") -> Configuration:
    """Return a configuration of a client; without a form the recommended one."""
    for each in CLIENTS[client].configurations:
        if each.name == form:
            return each
    assert not form, form
    return CLIENTS[client].preferred


def text_for(client: str, form: str = "", auth: str = "none", url: str = URL) -> str:
    """Return the text of a configuration."""
    return chosen(client, form).write(McpAddress(url, AUTH_HEADERS[auth]))


def json_for(
    client: str, form: str = "json", auth: str = "none", url: str = URL
) -> Any:
    """Return the document of a configuration in JSON."""
    return json.loads(text_for(client, form, auth, url))


BEARER = {"Authorization": "Bearer ${INSTANTLY_TOKEN}"}
BEARER_ENV = {"Authorization": "Bearer ${env:INSTANTLY_TOKEN}"}
EXPECTED: dict[str, Any] = {
    # https://code.claude.com/docs/en/mcp
    "claude-code": {
        "mcpServers": {"instantly": {"type": "http", "url": URL, "headers": BEARER}}
    },
    # https://cursor.com/docs/context/mcp
    "cursor": {"mcpServers": {"instantly": {"url": URL, "headers": BEARER_ENV}}},
    # https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
    "vscode": {
        "servers": {
            "instantly": {
                "type": "http",
                "url": URL,
                "headers": {"Authorization": "Bearer ${input:instantly-key}"},
            }
        },
        "inputs": [
            {
                "type": "promptString",
                "id": "instantly-key",
                "description": "Connection token",
                "password": True,
            }
        ],
    },
    # https://docs.windsurf.com/windsurf/cascade/mcp
    "windsurf": {
        "mcpServers": {"instantly": {"serverUrl": URL, "headers": BEARER_ENV}}
    },
    # https://github.com/cline/cline/blob/main/apps/vscode/src/services/mcp/schemas.ts
    "cline": {
        "mcpServers": {
            "instantly": {"type": "streamableHttp", "url": URL, "headers": BEARER_ENV}
        }
    },
    # https://zed.dev/docs/ai/mcp
    "zed": {
        "context_servers": {
            "instantly": {
                "url": URL,
                "headers": {"Authorization": "Bearer your-connection-token-here"},
            }
        }
    },
    # https://github.com/google-gemini/gemini-cli/blob/main/schemas/settings.schema.json
    "gemini-cli": {"mcpServers": {"instantly": {"httpUrl": URL, "headers": BEARER}}},
    # https://opencode.ai/config.json
    "opencode": {
        "$schema": "https://opencode.ai/config.json",
        "mcp": {
            "instantly": {
                "type": "remote",
                "url": URL,
                "oauth": False,
                "headers": {"Authorization": "Bearer {env:INSTANTLY_TOKEN}"},
            }
        },
    },
    # anthropic.types.beta.BetaRequestMCPServerURLDefinitionParam, BetaMCPToolsetParam
    "messages-api": {
        "mcp_servers": [
            {
                "type": "url",
                "url": URL,
                "name": "instantly",
                "authorization_token": "your-connection-token-here",
            }
        ],
        "tools": [{"type": "mcp_toolset", "mcp_server_name": "instantly"}],
    },
}
"""The documents with a token, as their clients' manuals and types describe them."""


class FormatTests(SynchronousTestCase):
    """Each client's own format, with and without a credential."""

    def test_documents(self):
        """With a token, each document is what the client's manual shows."""
        for client, expected in EXPECTED.items():
            self.assertEqual(json_for(client, auth="token"), expected, client)

    def test_no_credential(self):
        """Without a credential there is no header, prompt, variable or placeholder."""
        words = ('"headers"', '"inputs"', '"env"', "INSTANTLY_", "your-", "Auth.")
        for client in CLIENTS.values():
            for each in client.configurations:
                text = each.write(McpAddress(URL))
                for word in words:
                    self.assertNotIn(word, text, (client.id, each.name))

    def test_languages(self):
        """Every text is valid in its language, with every kind of credential."""
        for client in CLIENTS.values():
            for each in client.configurations:
                for auth in AUTH_HEADERS.values():
                    text = each.write(McpAddress(URL, auth))
                    with self.subTest(client=client.id, form=each.name):
                        self.assertFalse(text.endswith("\n"))
                        self._parse(text, each.language)

    def _parse(self, text: str, language: Language) -> None:
        if language is Language.JSON:
            json.loads(text)
        elif language is Language.TOML:
            tomllib.loads(text)
        elif language is Language.PYTHON:
            compile(text, "snippet.py", "exec")
        elif language is Language.SHELL:
            shlex.split(text.split("<<EOF", maxsplit=1)[0])
        else:
            self.assertRegex(text, r"^1\. ")

    def test_codex(self):
        """Codex reads a bearer token from a variable, and any other header, too."""
        (server,) = tomllib.loads(text_for("codex", "toml", "token")).values()
        expected = {"url": URL, "bearer_token_env_var": "INSTANTLY_TOKEN"}
        self.assertEqual(server, {"instantly": expected})
        (server,) = tomllib.loads(text_for("codex", "toml", "key")).values()
        headers = {"x-instantly-api-key": "INSTANTLY_API_KEY"}
        self.assertEqual(
            server, {"instantly": {"url": URL, "env_http_headers": headers}}
        )

    def test_mcp_remote(self):
        """No argument has a blank; plain HTTP is allowed where it has to be."""
        for auth, header, environ in (
            (
                "token",
                "Authorization:${AUTH_HEADER}",
                {"AUTH_HEADER": "Bearer your-connection-token-here"},
            ),
            (
                "key",
                "x-instantly-api-key:${INSTANTLY_API_KEY}",
                {"INSTANTLY_API_KEY": "your-instantly-key-here"},
            ),
        ):
            document = json_for("claude-desktop", "mcp-remote", auth, LAN)
            server = document["mcpServers"]["instantly"]
            args = server["args"]
            self.assertEqual(args[2:], [LAN, "--allow-http", "--header", header])
            self.assertEqual(server["env"], environ)
            self.assertFalse([each for each in args if " " in each])

    def test_stdio(self):
        """Our own command gets the token by its environment, not as an argument."""
        for url, more in ((URL, []), (LAN, ["--allow-http"])):
            document = json_for("claude-desktop", "stdio", "token", url)
            server = document["mcpServers"]["instantly"]
            self.assertEqual(server["command"], "instantly-mcp")
            self.assertEqual(server["args"], ["stdio", "--url", url, *more])
            placeholder = "your-connection-token-here"
            self.assertEqual(server["env"], {"INSTANTLY_TOKEN": placeholder})

    def test_extension(self):
        """The steps name the fields of the extension."""
        fields = [each["title"] for each in manifest()["user_config"].values()]
        for url in (URL, LAN):
            text = text_for("claude-desktop", "bundle", "token", url).lower()
            for title in fields[: 2 if url == URL else 5]:
                if title not in {"Read only", "CA file"}:
                    self.assertIn(title.lower(), text)
        self.assertNotIn("encryption", text_for("claude-desktop", "bundle", "token"))

    def test_plain_http_of_mcp_remote(self):
        """It takes HTTP of this machine by two names only."""
        for url, allowed in (
            ("http://127.0.0.1:3000/mcp", False),
            ("http://localhost:3000/mcp", False),
            (URL, False),
            ("HTTPS://mcp.example.com/mcp", False),
            ("http://[::1]:3000/mcp", True),
            ("http://10.0.0.8/mcp", True),
        ):
            text = text_for("claude-desktop", "mcp-remote", url=url)
            self.assertEqual("--allow-http" in text, allowed, url)

    def test_n8n(self):
        """The nodes of the workflow are connected; the credential is chosen by hand."""
        for auth, kind in (
            ("none", "none"),
            ("key", "headerAuth"),
            ("token", "bearerAuth"),
        ):
            document = json_for("n8n", "workflow", auth)
            nodes = {node["name"]: node for node in document["nodes"]}
            parameters = nodes["Instantly"]["parameters"]
            self.assertEqual(parameters["endpointUrl"], URL)
            self.assertEqual(parameters["serverTransport"], "httpStreamable")
            self.assertEqual(parameters["authentication"], kind)
            for source, kinds in document["connections"].items():
                self.assertIn(source, nodes)
                for ways in kinds.values():
                    self.assertEqual([way[0]["node"] for way in ways], ["AI Agent"])

    def test_instructions(self):
        """They name the variable to set, if the client reads one."""
        for client, form, auth, named in (
            ("cursor", "json", "token", "INSTANTLY_TOKEN to your connection token."),
            ("codex", "command", "key", "INSTANTLY_API_KEY to your Instantly API key."),
            (
                "langchain",
                "python",
                "secret",
                "MCP_AUTH_SECRET_KEY to your server secret.",
            ),
            ("cursor", "json", "none", ""),
            ("vscode", "json", "token", ""),
            ("claude-desktop", "stdio", "token", ""),
            ("zed", "json", "key", ""),
        ):
            each = chosen(client, form)
            said = each.instructions(McpAddress(URL, AUTH_HEADERS[auth]))
            expected = f"First set the environment variable {named} " if named else ""
            self.assertEqual(said, expected + each.where, (client, form))

    def test_paths(self):
        """Where no header can be sent, the credential is a part of the path."""
        for client in ("chatgpt", "claude-connector"):
            text = text_for(client, auth="token", url=f"{URL}?x=1")
            self.assertIn(f"{URL}/your-connection-token-here?x=1", text)
            self.assertNotIn("here", text_for(client))


class AddressTests(SynchronousTestCase):
    """What is written of an address."""

    def test_placeholders(self):
        """The server recognizes a placeholder that was not replaced, and says so."""
        for auth in filter(None, AUTH_HEADERS.values()):
            self.assertEqual(mistake_in(auth.placeholder), UNFILLED)

    def test_refused(self):
        """Characters that no URL has are refused."""
        for text in ('"', "`id`", "${HOME}", "{env:HOME}", "\\", " ", "\n", "\u2028"):
            self.assertRaises(ValueError, McpAddress, f"http://a/mcp?{text}")

    def test_encoded(self):
        """Gemini CLI would replace $HOME in a file, and a shell !x in a request."""
        self.assertEqual(McpAddress("http://a/mcp?!x").url, "http://a/mcp?%21x")
        self.assertEqual(
            McpAddress("http://a/mcp?x=$HOME").url, "http://a/mcp?x=%24HOME"
        )

    def test_obstacles(self):
        """Clients in the cloud cannot reach addresses of a machine or a network."""
        for url, reached in (
            (URL, True),
            ("https://8.8.8.8/mcp", True),
            ("https://[2606:4700::1]/mcp", True),
            (LAN, False),
            ("http://mcp.example.com/mcp", False),
            ("https://localhost/mcp", False),
            ("https://mcp/mcp", False),
            ("https://mcp.acme.lan/mcp", False),
            ("https://10.0.0.8/mcp", False),
            ("https://[::1]/mcp", False),
            ("https://[/mcp", False),
        ):
            address = McpAddress(url)
            said = CLIENTS["chatgpt"].obstacle(address)
            self.assertEqual(said is None, reached, url)
            self.assertIsNone(CLIENTS["cursor"].obstacle(address))
