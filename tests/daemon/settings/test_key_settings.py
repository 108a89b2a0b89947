"""Keys and secrets that the settings name: what is wrong with them, and where."""

from __future__ import annotations

from pathlib import Path

from instantly_mcp._credential import Secret
from instantly_mcp.cli.check import describe
from instantly_mcp.daemon.settings.loading import examine, resolve

from .test_settings import CANARY, SettingsTestCase


class KeyTests(SettingsTestCase):
    """Each mistake is named, with the setting and the place; no key is shown."""

    def test_missing_files(self):
        """Each line names its setting, where it was set, and the file."""
        first, second = self.errors(
            "--api-key-file", "nope", "--server-secret-file", "nope2"
        )
        self.assertIn("api_key_file (--api-key-file): ", first)
        self.assertIn(": nope does not exist: correct the name", first)
        self.assertIn("server_secret_file (--server-secret-file): ", second)
        self.assertIn(": nope2 ", second)
        (line,) = self.errors(INSTANTLY_MCP_API_KEY_FILE="keys/instantly.key")
        self.assertIn("api_key_file (INSTANTLY_MCP_API_KEY_FILE): ", line)
        self.assertIn(": keys/instantly.key ", line)

    def test_key_in_place_of_a_file(self):
        """A text that may be the key itself is not shown, but its setting is."""
        for option in ("api-key-file", "server-secret-file"):
            for given in (CANARY, "canary-passphrase", f"/{CANARY}", CANARY * 12):
                (line,) = self.errors(f"--{option}", given)
                self.assertIn(f"{option.replace('-', '_')} (--{option}): ", line)
                self.assertNotIn("canary", line)
                shown = describe(examine({option.replace("-", "_"): given}, {})[0])
                self.assertNotIn("canary", " ".join(shown))

    def test_key_files(self):
        """A mistake in a key file is named, with the file and its setting."""
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        key = CANARY.encode()
        for content, said in (
            (b'"' + key + b'"\n', "a key in quotes"),
            (b"INSTANTLY_API_KEY=" + key, "NAME=KEY"),
            (b"\xef\xbb\xbf" + key + b"\n", "byte order mark"),
            (CANARY.encode("utf-16"), "UTF-16"),
            (CANARY.encode("utf-16-le"), "UTF-16"),
            (key + b"\r\n" + key + b"\r\n", "2 lines"),
            (b"# the key\n\n" + key, "3 lines"),
            (b"Bearer " + key, "the word Bearer"),
            (b"$INSTANTLY_API_KEY", "placeholder"),
            (b"your-key-here", "placeholder"),
            (b" \r\n", "it is empty"),
            (b"", "it is empty"),
            (b"\xff" * 40, "visible ASCII"),
            (key[:9], "fewer than 10 characters"),
        ):
            path = folder / "key"
            path.write_bytes(content)
            path.chmod(0o600)
            for setting in ("api_key_file", "server_secret_file"):
                option = f"--{setting.replace('_', '-')}"
                (line,) = self.errors(option, str(path))
                begun = f"IMCP-KEY {setting} ({option}): {path} holds "
                self.assertTrue(line.startswith(begun), line)
                self.assertIn(said, line)
        (line,) = self.errors("--api-key-file", str(folder))
        self.assertIn("Is a directory", line)
        for content in (key + b"\r\n", b"  " + key + b" \t\n\n"):
            path.write_bytes(content)
            settings = resolve({"api_key_file": str(path)}, {})
            self.assertEqual(settings.api_key, Secret(CANARY))

    def test_variables(self):
        """A mistake in a variable is named as well."""
        for variable in ("INSTANTLY_API_KEY", "MCP_AUTH_SECRET_KEY"):
            for text, said in (
                (f'"{CANARY}"', "a key in quotes"),
                (f"KEY={CANARY}", "NAME=KEY"),
                (f"\ufeff{CANARY}", "byte order mark"),
                ("${INSTANTLY_API_KEY}", "placeholder"),
            ):
                (line,) = self.errors(**{variable: text})
                self.assertTrue(line.startswith(f"IMCP-KEY {variable} holds "), line)
                self.assertIn(said, line)

    def test_short_keys_of_the_sandbox(self):
        """A key of the sandbox may be short if the upstream can be a sandbox."""
        environ = {"INSTANTLY_API_KEY": "sandbox"}
        resolve({"sandbox": "true"}, environ)
        resolve({"upstream": "http://127.0.0.1:3001"}, environ)
        (line,) = self.errors(**environ)
        self.assertIn("fewer than 10 characters", line)
        (line,) = self.errors("--sandbox", MCP_AUTH_SECRET_KEY="sandbox")
        self.assertIn("fewer than 10 characters", line)
