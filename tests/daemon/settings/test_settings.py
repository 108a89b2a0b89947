"""Four sources, one frozen value, and a line for every mistake."""

from __future__ import annotations

import re
from pathlib import Path

from attrs import fields_dict
from twisted.trial.unittest import SynchronousTestCase

import instantly_mcp
from instantly_mcp._credential import Secret
from instantly_mcp.daemon.origin_policy import companion_of
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import examine, resolve
from instantly_mcp.daemon.settings.settings import Settings
from instantly_mcp.daemon.settings.sources.options import SettingOptions
from instantly_mcp.daemon.settings.table import DEFAULT_LISTEN, SETTINGS

CANARY = "canary-0123456789abcdef=="


class SettingsTestCase(SynchronousTestCase):
    """Reads settings from an environment and files of the test's own."""

    def file(self, name: str, text: str, mode: int = 0o600) -> str:
        """Write a file; return its name."""
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def given(self, *arguments: str):
        """Parse a command line."""
        options = SettingOptions()
        options.parseOptions(list(arguments))
        return options.given()

    def errors(self, *arguments: str, **environ: str):
        """Return the lines of mistakes for a command line and an environment."""
        with self.assertRaises(ConfigurationError) as caught:
            resolve(self.given(*arguments), environ)
        for line in caught.exception.lines:
            self.assertNotIn("\n", line)
            self.assertRegex(line, r"^IMCP-[A-Z]+ ")
            self.assertNotIn(CANARY, line)
        return caught.exception.lines


class PrecedenceTests(SettingsTestCase):
    """Option, environment, file, default: the first that is set takes precedence."""

    def test_every_default(self):
        """Without any source every setting has its default and says so."""
        settings = resolve({}, {})
        for setting in SETTINGS:
            self.assertEqual(getattr(settings, setting.name), setting.default)
            self.assertEqual(settings.origins[setting.name], "default")

    def test_every_setting_is_a_field(self):
        """The table and the value agree on what exists."""
        names = {setting.name for setting in SETTINGS}
        fix = "give `Settings` a field for each setting of the table"
        self.assertLess(names, set(fields_dict(Settings)), fix)

    def test_every_setting_is_used(self):
        """Each field is read by the daemon or a command, outside of its definition."""
        package = Path(instantly_mcp.__file__).parent
        places = (*(package / "daemon").rglob("*.py"), *(package / "cli").rglob("*.py"))
        code = "".join(path.read_text(encoding="utf-8") for path in places)
        unused = [
            setting.name
            for setting in SETTINGS
            if not re.search(rf"\b(settings|self)\.{setting.name}\b", code)
        ]
        fix = "pass the value to the part that needs it, in daemon/assembly.py"
        self.assertEqual(unused, [], fix)

    def test_order_of_sources(self):
        """Each source takes precedence over the later ones; the origin is recorded."""
        config = self.file("config.toml", "rate_limit = 3\n")
        sources = [
            (["--rate-limit", "1"], {"INSTANTLY_MCP_RATE_LIMIT": "2"}, 1),
            ([], {"INSTANTLY_MCP_RATE_LIMIT": "2"}, 2),
            ([], {}, 3),
        ]
        origins = []
        for arguments, environ, expected in sources:
            settings = resolve(self.given("--config", config, *arguments), environ)
            self.assertEqual(settings.rate_limit, expected)
            origins.append(settings.origins["rate_limit"])
        self.assertEqual(origins, ["--rate-limit", "INSTANTLY_MCP_RATE_LIMIT", config])

    def test_every_setting_from_the_environment(self):
        """Each setting has its variable."""
        config = self.file("config.toml", "")
        texts = {
            "listen": "tcp:1 tcp:2",
            "sandbox": "no",
            "api_key_file": self.file("key", CANARY),
            "server_secret_file": self.file("secret", CANARY),
            "allow_origin": "https://a.example, https://b.example",
            "trusted_proxy": "10.0.0.0/8,192.168.0.1",
            "toolsets": "accounts,leads",
            "preflight_warn_only": "variables,leads",
            "session_idle": "90s",
            "max_body": "2MiB",
            "config": config,
            "no_auth": "false",
        }
        environ = {
            f"INSTANTLY_MCP_{name.upper()}": text for name, text in texts.items()
        }
        settings = resolve({}, environ)
        self.assertEqual(settings.listen, ("tcp:1", "tcp:2"))
        self.assertEqual(
            settings.allow_origin, ("https://a.example", "https://b.example")
        )
        self.assertEqual(len(settings.trusted_proxy), 2)
        self.assertEqual(settings.toolsets, ("accounts", "leads"))
        self.assertEqual(settings.preflight_warn_only, ("variables", "leads"))
        self.assertEqual((settings.session_idle, settings.max_body), (90, 2 << 20))
        for name in texts:
            self.assertEqual(settings.origins[name], f"INSTANTLY_MCP_{name.upper()}")

    def test_toml_kinds(self):
        """A TOML file writes lists, numbers and booleans in its own way."""
        config = self.file(
            "config.toml",
            'listen = ["tcp:1:interface=127.0.0.1"]\nsandbox = true\n'
            'port_retries = 4\ntoolsets = ["accounts", "leads"]\n',
        )
        settings = resolve({"config": config}, {})
        self.assertEqual(settings.listen, ("tcp:1:interface=127.0.0.1",))
        self.assertTrue(settings.sandbox)
        self.assertEqual(settings.port_retries, 4)
        self.assertEqual(settings.toolsets, ("accounts", "leads"))

    def test_toml_table(self):
        """The file has the policy in a table; option and variable have flat names."""
        config = self.file("config.toml", '[policy]\nsends = "approve"\n')
        arguments = ("--config", config, "--policy-spends", "deny")
        environ = {"INSTANTLY_MCP_POLICY_WRITES": "confirm"}
        settings = resolve(self.given(*arguments), environ)
        said = (settings.policy_sends, settings.policy_spends, settings.policy_writes)
        self.assertEqual(said, ("approve", "deny", "confirm"))
        self.assertEqual(settings.origins["policy_sends"], config)

    def test_flat_name_in_toml(self):
        """The flat name is accepted in the file too, but not beside the table."""
        flat = 'policy_sends = "deny"\n'
        config = self.file("config.toml", flat)
        self.assertEqual(
            resolve(self.given("--config", config), {}).policy_sends, "deny"
        )
        both = self.file("both.toml", f'{flat}[policy]\nsends = "allow"\n')
        (line,) = self.errors("--config", both)
        self.assertIn("policy_sends and [policy] sends are both set", line)

    def test_repeated_option(self):
        """A repeated option adds up, and replaces the default as a whole."""
        settings = resolve(
            self.given("--listen", "tcp:1", "--listen=unix:/run/x.sock"), {}
        )
        self.assertEqual(settings.listen, ("tcp:1", "unix:/run/x.sock"))
        self.assertNotIn(DEFAULT_LISTEN, settings.listen)

    def test_empty_variable_is_unset(self):
        """An empty variable counts as unset, because containers set it so."""
        settings = resolve({}, {"INSTANTLY_MCP_RATE_LIMIT": ""})
        self.assertEqual(settings.origins["rate_limit"], "default")

    def test_state_directory(self):
        """The state lives where systemd says, else below the home folder."""
        self.assertEqual(
            resolve({}, {"STATE_DIRECTORY": "/var/lib/a:/b", "HOME": "/h"}).state_dir,
            Path("/var/lib/a"),
        )
        self.assertEqual(
            resolve({}, {"HOME": "/h"}).state_dir, Path("/h/.local/state/instantly-mcp")
        )
        self.assertEqual(
            resolve({}, {"XDG_STATE_HOME": "/s", "HOME": "/h"}).state_dir,
            Path("/s/instantly-mcp"),
        )


class PortTests(SettingsTestCase):
    """``port`` is short for an endpoint on loopback."""

    def test_port(self):
        """The port replaces the default endpoint, companion on ::1 included."""
        for arguments, environ, origin in (
            (["--port", "500"], {}, "--port"),
            ([], {"INSTANTLY_MCP_PORT": "500"}, "INSTANTLY_MCP_PORT"),
        ):
            settings = resolve(self.given(*arguments), environ)
            self.assertEqual(settings.listen, ("tcp:500:interface=127.0.0.1",))
            self.assertEqual(settings.origins["listen"], origin)
            self.assertEqual(settings.port_retries, 0)
            companion = companion_of(settings)
            assert companion is not None
            self.assertEqual(companion.interface, "::1")

    def test_port_and_listen(self):
        """In one source they exclude each other; else the stronger source counts."""
        (line,) = self.errors("--port", "1", "--listen", "tcp:2")
        self.assertIn("port (--port) and listen (--listen) exclude each other", line)
        config = self.file("c.toml", 'listen = ["tcp:2"]\n')
        settings = resolve(self.given("--port", "1", "--config", config), {})
        self.assertEqual(settings.listen, ("tcp:1:interface=127.0.0.1",))
        config = self.file("c.toml", "port = 1\n")
        settings = resolve(
            self.given("--config", config), {"INSTANTLY_MCP_LISTEN": "tcp:2"}
        )
        self.assertEqual((settings.listen, settings.port), (("tcp:2",), None))
        self.assertIsNone(companion_of(settings))
        self.assertEqual(
            settings.origins["port"], "INSTANTLY_MCP_LISTEN takes precedence"
        )

    def test_kubernetes(self):
        """The variables that Kubernetes adds for a service of this name are ignored."""
        settings = resolve(
            {},
            {
                "INSTANTLY_MCP_PORT": "tcp://10.0.0.11:3000",
                "INSTANTLY_MCP_SERVICE_HOST": "10.0.0.11",
                "INSTANTLY_MCP_SERVICE_PORT": "3000",
                "INSTANTLY_MCP_SERVICE_PORT_HTTP": "3000",
                "INSTANTLY_MCP_PORT_3000_TCP": "tcp://10.0.0.11:3000",
                "INSTANTLY_MCP_PORT_3000_TCP_PROTO": "tcp",
                "INSTANTLY_MCP_PORT_3000_TCP_PORT": "3000",
                "INSTANTLY_MCP_PORT_3000_TCP_ADDR": "10.0.0.11",
            },
        )
        self.assertEqual((settings.warnings, settings.port), ((), None))


class VariableTests(SettingsTestCase):
    """A variable with our prefix that is not a setting is reported."""

    def test_misspelled(self):
        """The variable that may be meant is named."""
        for name, meant in (
            ("INSTANTLY_MCP_LISTENN", "INSTANTLY_MCP_LISTEN"),
            ("INSTANTLY_MCP_RATELIMIT", "INSTANTLY_MCP_RATE_LIMIT"),
            ("instantly_mcp_sandbox", "INSTANTLY_MCP_SANDBOX"),
            ("INSTANTLYMCP_TOOLSETS", "INSTANTLY_MCP_TOOLSETS"),
            ("INSTANTLY_APIKEY", "INSTANTLY_API_KEY"),
            ("INSTANTLY_API_KEY_FILE", "INSTANTLY_MCP_API_KEY_FILE"),
            ("MCP_AUTH_SECRET_KEY_FILE", "INSTANTLY_MCP_SERVER_SECRET_FILE"),
        ):
            (line,) = resolve({}, {name: "x"}).warnings
            self.assertEqual(
                line,
                f"IMCP-SETTING {name} is not a known variable; did you mean {meant}?",
            )

    def test_resembles_nothing(self):
        """A variable with our prefix is reported; one of another program is not."""
        (line,) = resolve({}, {"INSTANTLY_MCP_ZZZ": "x"}).warnings
        self.assertTrue(line.endswith("INSTANTLY_MCP_ZZZ is not a known variable"))
        for name in ("INSTANTLY_RAILS_ENV", "MCP_AUTHOR", "PATH"):
            self.assertEqual(resolve({}, {name: "x"}).warnings, ())


class UnknownTests(SettingsTestCase):
    """A value that could not be read is not replaced by its default."""

    def unknown(self, *arguments: str, **environ: str) -> frozenset[str]:
        """Return the settings whose value is not known."""
        settings, errors = examine(self.given(*arguments), environ)
        self.assertTrue(errors)
        return settings.unknown

    def test_config_file(self):
        """If a file is unreadable only settings from other sources are known."""
        for config in ("/nowhere.toml", self.file("c.toml", "rate_limit = \n")):
            unknown = self.unknown("--config", config, "--sandbox", "--port", "1")
            known = {"config", "sandbox", "port", "listen"}
            names = {setting.name for setting in SETTINGS}
            self.assertEqual(names - unknown, known)
            self.assertLessEqual({"api_key", "server_secret"}, unknown)

    def test_one_value(self):
        """A value that cannot be read leaves one setting unknown, with its source."""
        given = self.given("--rate-limit", "many")
        settings, _ = examine(given, {})
        self.assertEqual(settings.unknown, {"rate_limit"})
        self.assertEqual(settings.origins["rate_limit"], "--rate-limit")

    def test_port(self):
        """If the port cannot be read it is not known where the daemon listens."""
        self.assertEqual(self.unknown("--port", "http"), {"port", "listen"})
        listen = self.unknown("--port", "http", "--listen", "tcp:1")
        self.assertEqual(listen, {"port"})

    def test_open(self):
        """Unknown settings do not decide whether a daemon is open to others."""
        key = self.file("key", "some-key-0123456789")
        (line,) = self.errors(
            *("--listen", "tcp:3000", "--api-key-file", key),
            *("--server-secret-file", "/nowhere"),
        )
        self.assertIn("IMCP-KEY server_secret_file (--server-secret-file): ", line)
        self.assertIn("/nowhere", line)


class MistakesTests(SettingsTestCase):
    """Every mistake is one line, and all are reported at once."""

    def test_all_at_once(self):
        """Mistakes in different sources are reported together."""
        config = self.file("config.toml", 'log_level = "loud"\nlisen = "x"\n')
        lines = self.errors(
            "--rate-limit", "many", "--config", config, INSTANTLY_MCP_MAX_BODY="-1"
        )
        self.assertEqual(len(lines), 4)
        self.assertTrue(any("--rate-limit" in line for line in lines))
        self.assertTrue(any("INSTANTLY_MCP_MAX_BODY" in line for line in lines))
        self.assertTrue(any("lisen is not a known TOML key" in line for line in lines))
        self.assertTrue(any(f"log_level ({config})" in line for line in lines))

    def test_value_is_not_repeated(self):
        """A key pasted into the wrong option is not echoed."""
        self.errors("--rate-limit", CANARY, "--upstream", CANARY)

    def test_config_file_missing(self):
        """A TOML file that is not there is a mistake, not an empty one."""
        (line,) = self.errors("--config", "/nowhere/config.toml")
        self.assertIn("No such file", line)

    def test_config_file_broken(self):
        """For a file that is not TOML the line with the error is named."""
        (line,) = self.errors("--config", self.file("c.toml", "rate_limit = \n"))
        self.assertIn("is not TOML", line)

    def test_config_file_with_wrong_types(self):
        """A value of a wrong type is a mistake and is not converted to text."""
        for text, words in (
            ("log_file = false\n", "log_file ({}) must not be true or false"),
            ("rate_limit = true\n", "rate_limit ({}) must not be true or false"),
            ("allow_origin = [true]\n", "must not be true or false"),
            ("[state_dir]\nx = 1\n", "state_dir ({}) must not be a table"),
            ("policy = 1\n", "policy must be a table: [policy]"),
            ("[policy]\nsend = 1\n", "send is not a known key of [policy]; did"),
            ("[policy]\nsends = 1\n", "policy_sends ({}) must be one of: allow"),
            ("[polices]\nx = 1\n", "polices is not a known TOML key; did you mean"),
            ("[zzz]\nx = 1\n", "zzz is not a known TOML key; put settings at the top"),
            ("listen = [['tcp:1']]\n", "or a list of lists"),
            ("sandbox = 'maybe'\n", "sandbox ({}) must be true or false"),
        ):
            config = self.file("c.toml", text)
            (line,) = self.errors("--config", config)
            self.assertIn(words.format(config), line)

    def test_mistyped_key(self):
        """For a mistyped key the correct one is suggested."""
        for text, meant in (
            ("lisen = 'x'\n", "listen"),
            ("rate-limit = 1\n", "rate_limit"),
        ):
            (line,) = self.errors("--config", self.file("c.toml", text))
            self.assertIn(f"is not a known TOML key; did you mean {meant}?", line)

    def test_bad_endpoint(self):
        """A listen string without a port is refused."""
        for text in ("", "tcp", "tcp:http", "tcp:70000", "nonsense"):
            with self.assertRaises(ConfigurationError):
                resolve({"listen": [text]}, {})

    def test_which_endpoint(self):
        """Of several listen strings the bad one is named."""
        (line,) = self.errors("--listen", "tcp:3000", "--listen", "tcp:99999")
        self.assertIn("listen (--listen), number 2, must be an endpoint", line)

    def test_unknown_toolset(self):
        """A toolset that does not exist is refused, with those that do."""
        (line,) = self.errors("--toolsets", "accounts,campains")
        self.assertIn("unknown toolset: campains; the valid names are", line)

    def test_sandbox_has_no_upstream(self):
        """The sandbox and a real upstream exclude each other."""
        (line,) = self.errors("--sandbox", "--upstream", "https://x.example")
        self.assertIn("exclude each other", line)

    def test_unknown_variable(self):
        """A misspelled variable is a warning: Kubernetes adds some by itself."""
        settings = resolve({}, {"INSTANTLY_MCP_LISEN": "tcp:1"})
        self.assertEqual(len(settings.warnings), 1)

    def test_settings_are_shown_in_spite_of_mistakes(self):
        """Settings that can be read are read, so that ``check`` can show them."""
        settings, lines = examine({"rate_limit": "x", "max_body": "2MiB"}, {})
        self.assertEqual(settings.max_body, 2 << 20)
        self.assertEqual(len(lines), 1)


class SecretsTests(SettingsTestCase):
    """Where secrets come from, and that they are never shown."""

    def test_from_a_file(self):
        """A key file holds one key; white space around it does not count."""
        settings = resolve({"api_key_file": self.file("key", f" {CANARY}\n")}, {})
        self.assertEqual(_digest_of(settings.api_key), _digest(CANARY))

    def test_from_the_environment(self):
        """The two secrets have their well-known variables."""
        settings = resolve(
            {}, {"INSTANTLY_API_KEY": CANARY, "MCP_AUTH_SECRET_KEY": CANARY + "2"}
        )
        self.assertEqual(settings.origins["api_key"], "INSTANTLY_API_KEY")
        self.assertEqual(len(settings.secrets()), 2)
        self.assertNotIn(CANARY, repr(settings))

    def test_option_outranks_environment(self):
        """A file on the command line outranks the variable; a TOML one does not."""
        path = self.file("key", "file-key-file-key")
        environ = {"INSTANTLY_API_KEY": CANARY}
        by_option = resolve(self.given("--api-key-file", path), environ)
        self.assertNotEqual(_digest_of(by_option.api_key), _digest(CANARY))
        config = self.file("c.toml", f'api_key_file = "{path}"\n')
        by_toml = resolve({"config": config}, environ)
        self.assertEqual(_digest_of(by_toml.api_key), _digest(CANARY))

    def test_two_variables(self):
        """Two variables for one secret are a mistake: neither has precedence."""
        (line,) = self.errors(
            INSTANTLY_API_KEY=CANARY,
            INSTANTLY_MCP_API_KEY_FILE=self.file("key", CANARY),
        )
        self.assertIn("keep one", line)

    def test_unreadable_and_empty_files(self):
        """A key file that cannot be read or holds no key is a mistake."""
        for path in ("/nowhere/key", self.file("k", "\n"), self.file("k", "a b" * 9)):
            (line,) = self.errors("--api-key-file", path)
            self.assertIn(path, line)

    def test_exposed_key_file(self):
        """A key file that every user can read is warned about, with its mode."""
        path = self.file("key", CANARY, 0o644)
        (warning,) = resolve({"api_key_file": path}, {}).warnings
        self.assertIn("(0644)", warning)

    def test_exposed_tls_key(self):
        """An exposed private key of a TLS endpoint is reported; a link to it is not."""
        for mode, found in ((0o644, 1), (0o600, 0)):
            key = self.file("tls.pem", "x", mode)
            link = Path(key).with_name(f"link-{mode}")
            link.symlink_to(Path(key).name)
            for name in ("listen", "metrics_listen"):
                for path in (key, str(link)):
                    text = f"ssl:0:interface=127.0.0.1:privateKey={path}"
                    warnings = resolve({name: text}, {}).warnings
                    self.assertEqual(len(warnings), found, (name, path))
                    self.assertEqual(
                        ["(0644)" in each for each in warnings], [1] * found
                    )

    def test_writable_config(self):
        """A TOML file that others can write is warned about."""
        config = self.file("c.toml", "", 0o664)
        (warning,) = resolve({"config": config}, {}).warnings
        self.assertIn("writable", warning)

    def test_linked_key_file(self):
        """A key file behind a symbolic link is warned about."""
        target = Path(self.file("key", CANARY))
        link = target.with_name("link")
        link.symlink_to(target.name)
        (warning,) = resolve({"api_key_file": str(link)}, {}).warnings
        self.assertIn("symbolic link", warning)


class OpenRelayTests(SettingsTestCase):
    """The operator's key cannot be used by everybody who can reach the port."""

    OPEN = ("tcp:3000", "tcp:3000:interface=0.0.0.0", "systemd:domain=INET:index=0")

    def test_operator_key_on_an_open_port(self):
        """An operator's key without a server secret is for loopback only."""
        for listen in self.OPEN:
            (line,) = self.errors("--listen", listen, INSTANTLY_API_KEY=CANARY)
            self.assertTrue(line.startswith("IMCP-OPEN refusing to start"), line)

    def test_operator_key_on_loopback(self):
        """On loopback the operator's key may be used by everybody."""
        for listen in (
            "tcp:3000:interface=127.0.0.1",
            "tcp6:3000:interface=\\:\\:1",
            "unix:/run/instantly.sock",
        ):
            resolve({"listen": [listen]}, {"INSTANTLY_API_KEY": CANARY})

    def test_server_secret_opens_the_port(self):
        """With a server secret the daemon may listen everywhere."""
        environ = {"INSTANTLY_API_KEY": CANARY, "MCP_AUTH_SECRET_KEY": CANARY + "2"}
        resolve({"listen": ["tcp:3000"]}, environ)

    def test_behind_a_proxy(self):
        """An operator's key behind a proxy needs a server secret, from every source."""
        toml = self.file(
            "c.toml",
            'public_url = "https://mcp.example.com"\ntrusted_proxy = ["127.0.0.1"]\n',
        )
        for arguments, environ in (
            (["--public-url", "https://mcp.example.com"], {}),
            (["--trusted-proxy", "127.0.0.1"], {}),
            (["--trusted-proxy", "unix", "--listen", "unix:/run/mcp.sock"], {}),
            (["--listen", "haproxy:tcp:3000:interface=127.0.0.1"], {}),
            (["--listen", "haproxy:unix:/run/mcp.sock"], {}),
            ([], {"INSTANTLY_MCP_PUBLIC_URL": "http://mcp.example.com"}),
            ([], {"INSTANTLY_MCP_TRUSTED_PROXY": "10.0.0.0/8"}),
            (["--config", toml], {}),
        ):
            given = self.given(*arguments)
            for keyed in (
                {"INSTANTLY_API_KEY": CANARY},
                {"INSTANTLY_MCP_API_KEY_FILE": self.file("key", CANARY)},
            ):
                (line,) = self.errors(*arguments, **environ, **keyed)
                self.assertTrue(line.startswith("IMCP-OPEN refusing to start"), line)
                secret = {"MCP_AUTH_SECRET_KEY": CANARY + "2"}
                resolve(given, {**environ, **keyed, **secret})
            resolve(given, environ)
            resolve({**given, "sandbox": "true"}, environ)
            (line,) = self.errors("--no-auth", *arguments, **environ)
            self.assertIn("--no-auth", line)

    def test_public_url_of_this_machine(self):
        """A public URL on loopback needs no secret."""
        resolve({"public_url": "http://localhost:3000"}, {"INSTANTLY_API_KEY": CANARY})

    def test_no_auth_is_warned_about(self):
        """Without authentication the start and the check say so."""
        (warning,) = resolve({"no_auth": "true"}, {}).warnings
        self.assertTrue(warning.startswith("IMCP-OPEN no_auth (--no-auth)"), warning)

    def test_no_auth_on_an_open_port(self):
        """Without authentication the daemon listens on loopback only."""
        (line,) = self.errors("--listen", "tcp:3000", "--no-auth")
        self.assertTrue(line.startswith("IMCP-OPEN refusing to start"), line)


class SandboxTests(SettingsTestCase):
    """The sandbox needs no key, and never gets a real one."""

    def test_no_key(self):
        """Nothing is missing when there is no key."""
        settings = resolve({"sandbox": "true"}, {})
        self.assertEqual((settings.mode, settings.warnings), ("sandbox", ()))

    def test_real_key(self):
        """A real key of the operator is not handed to the sandbox."""
        settings = resolve({"sandbox": "true"}, {"INSTANTLY_API_KEY": CANARY})
        self.assertIsNone(settings.api_key)
        self.assertEqual(len(settings.warnings), 1)

    def test_open_port(self):
        """The simulated workspace may be reached from everywhere."""
        resolve({"sandbox": "true", "listen": ["tcp:3000"]}, {})


def _digest(value: str) -> str:
    return Secret(value).digest()


def _digest_of(secret: Secret | None) -> str | None:
    return None if secret is None else secret.digest()
