"""SIGHUP: good new keys replace the old, bad ones do not."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import cast

from cryptography.fernet import Fernet
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._credential import Credential, Secret
from instantly_mcp.daemon.access.reloadable_gatekeeper import ReloadableGatekeeper
from instantly_mcp.daemon.logs.line_file import LineFile
from instantly_mcp.daemon.logs.observer import FORMATS, LogObserver
from instantly_mcp.daemon.logs.redaction import Redactor
from instantly_mcp.daemon.reload import Reloader
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.settings.settings import Settings
from instantly_mcp.daemon.sockets.ports import Ports
from instantly_mcp.daemon.state_dir import open_state_directory
from instantly_mcp.pipeline.interfaces import IGatekeeper, Presented
from instantly_mcp.protocol.wire.errors import ProtocolError


class BadCertificates(Ports):
    """Sockets whose new certificates are bad."""

    def __init__(self) -> None:
        """Start without a socket."""

    def renew_certificates(self) -> bool:
        """Fail as expected."""
        return False


class BrokenPorts(BadCertificates):
    """Sockets that fail with an unexpected error."""

    def renew_certificates(self) -> bool:
        """Fail."""
        raise ZeroDivisionError


class ReloaderTests(SynchronousTestCase):
    """Each file on its own."""

    def setUp(self) -> None:
        """Have a folder."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.out = StringIO()

    def file(self, name: str, text: str) -> Path:
        """Write a file that only we can read."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def reloader(self, settings: Settings) -> Reloader:
        """Return a reloader and keep its parts."""
        self.gatekeeper = ReloadableGatekeeper(settings)
        self.state = open_state_directory(settings, lambda: 1.8e9)
        observer = LogObserver(LineFile(self.out), FORMATS["text"], Redactor())
        return Reloader(settings, self.gatekeeper, self.state, observer)

    def key_in_force(self) -> str:
        """Return the digest of the key that keyless callers act with."""
        credential = self.gatekeeper.admit((), None)
        assert isinstance(credential, Credential)
        return credential.pinned.secret.digest()

    def test_interface(self):
        """The reloadable gatekeeper is a gatekeeper."""
        self.reloader(resolve({}, {}))
        self.assertTrue(verifyObject(IGatekeeper, self.gatekeeper))

    def test_operator_key(self):
        """A new key is in force at once, and is cut from the log."""
        path = self.file("key", "first-key-first-key")
        reload = self.reloader(resolve({"api_key_file": str(path)}, {}))
        self.file("key", "second-key-second-key")
        reload()
        self.assertEqual(self.key_in_force(), Secret("second-key-second-key").digest())
        redact = reload.observer.redactor
        self.assertEqual(redact("second-key-second-key"), "[redacted]")

    def test_held_credential_is_current(self):
        """A credential from before the reload acts with the new key."""
        path = self.file("key", "first-key-first-key")
        reload = self.reloader(resolve({"api_key_file": str(path)}, {}))
        held = [self.gatekeeper.admit((), workspace) for workspace in (None, "ws-1")]
        self.file("key", "second-key-second-key")
        reload()
        for credential in held:
            assert isinstance(credential, Credential)
            self.assertEqual(credential.secret, Secret("second-key-second-key"))
        now = self.gatekeeper.admit((), None)
        assert isinstance(now, Credential)
        self.assertEqual(now.principal, "operator")

    def test_former_secret_is_not_a_key(self):
        """A replaced server secret is not sent to Instantly beside the new one."""
        path = self.file("secret", "first-secret-first")
        reload = self.reloader(resolve({"server_secret_file": str(path)}, {}))
        old = Presented("first-secret-first", "x-api-key")
        for text in ("second-secret-second", "third-secret-third"):
            self.file("secret", text)
            reload()
            refused = self.gatekeeper.admit(
                [Presented(text, "authorization"), old], None
            )
            assert isinstance(refused, ProtocolError)
            self.assertEqual(refused.status, 401)
            self.assertIn("the x-api-key header", refused.message)
        self.file("secret", "first-secret-first")
        reload()
        self.assertIsNone(self.gatekeeper.admit([old], None))

    def test_secret_file_that_goes_away(self):
        """If the file is missing or empty, the old secret stays required."""
        key = self.file("key", "first-key-first-key")
        for lose in (Path.unlink, lambda path: path.write_text("", encoding="utf-8")):
            path = self.file("secret", "first-secret-first")
            given = {"api_key_file": str(key), "server_secret_file": str(path)}
            reload = self.reloader(resolve(given, {}))
            lose(path)
            reload()
            self.assertIsInstance(self.gatekeeper.admit((), None), ProtocolError)
            self.assertFalse(self.gatekeeper.shares_operator_key)

    def test_bad_key_file(self):
        """A file without a key leaves the old key in force."""
        path = self.file("key", "first-key-first-key")
        reload = self.reloader(resolve({"api_key_file": str(path)}, {}))
        path.unlink()
        reload()
        self.assertEqual(self.key_in_force(), Secret("first-key-first-key").digest())

    def test_server_secret(self):
        """The old server secret is refused once there is a new one."""
        path = self.file("secret", "first-secret-first")
        reload = self.reloader(resolve({"server_secret_file": str(path)}, {}))
        self.file("secret", "second-secret-second")
        reload()
        old = self.gatekeeper.admit([Presented("first-secret-first", "x")], None)
        self.assertIsInstance(old, ProtocolError)
        new = self.gatekeeper.admit([Presented("second-secret-second", "x")], None)
        self.assertIsNone(new)

    def test_new_secret_disconnects(self):
        """A new server secret disconnects those who came with the old one."""
        path = self.file("secret", "first-secret-first")
        reload = self.reloader(resolve({"server_secret_file": str(path)}, {}))
        ended: list[str] = []
        reload.disconnect = partial(ended.append, "all")
        reload()
        self.assertEqual(ended, [])
        self.file("secret", "second-secret-second")
        reload()
        self.assertEqual(ended, ["all"])

    def test_every_bad_file_is_named(self):
        """Two bad files are two lines; the good half of a pair is not used alone."""
        key, secret = self.file("key", "k" * 20), self.file("secret", "s" * 20)
        named = {"api_key_file": str(key), "server_secret_file": str(secret)}
        reload = self.reloader(resolve(named, {}))
        key.unlink()
        secret.write_text("short", encoding="utf-8")
        lines = self.lines_of(reload)
        self.assertEqual(
            sum("kept the old keys: IMCP-KEY" in line for line in lines), 2
        )

    def test_audit_file(self):
        """An audit file that was renamed is followed by a new one at both signals."""
        reload = self.reloader(resolve({"state_dir": str(self.folder)}, {}))
        self.addCleanup(self.state.close)
        path = self.folder / "audit.jsonl"
        signals: Sequence[Callable[[], object]] = (reload, reload.rotate_log)
        for number, signal in enumerate(signals):
            path.rename(self.folder / f"audit.jsonl.{number}")
            signal()
            self.assertTrue(path.exists())

    def test_sending(self):
        """The TOML file says again whether sending is off; a bad one does not."""
        path, said = self.file("config.toml", ""), list[bool]()
        reload = self.reloader(resolve({"config": str(path)}, {}))
        reload.switch_off = said.append
        for text in ('sending = "off"', 'sending = "of"', 'sending = "on"'):
            path.write_text(text, encoding="utf-8")
            reload()
        self.assertEqual(said, [True, False])

    def test_fifo(self):
        """A FIFO, such as a shell's ``<(command)``, is not opened again: it would wait.

        That would stop the whole daemon.
        """
        key = self.file("key", "first-key-first-key")
        seal = self.file("seal", Fernet.generate_key().decode())
        named = {"api_key_file": str(key), "seal_key_file": str(seal)}
        reload = self.reloader(resolve(named, {}))
        for path in (key, seal):
            path.unlink()
            os.mkfifo(path, 0o600)
        lines = self.heard(reload)
        self.assertEqual(lines[-1], "reload failed; kept the old keys, seal keys")
        self.assertEqual(sum("is a FIFO" in line for line in lines), 2)
        self.assertEqual(self.key_in_force(), Secret("first-key-first-key").digest())

    def test_success_is_said(self):
        """Only a reload in which every part succeeded says so."""
        reload = self.reloader(resolve({}, {}))
        self.assertEqual(self.lines_of(reload), ["reloaded"])

    def test_failure_is_said(self):
        """After a part failed the last line says which, and never "reloaded"."""
        folder = self.folder / "logs"
        folder.mkdir()
        seal = self.file("seal", Fernet.generate_key().decode())
        key = self.file("key", "first-key-first-key")
        named = {"seal_key_file": str(seal), "api_key_file": str(key)}
        reload = self.reloader(resolve(named, {}))
        reload.observer.file = LineFile(None, folder / "log")
        self.addCleanup(reload.observer.file.close)
        folder.rename(self.folder / "moved")
        reload.ports = (BadCertificates(), BrokenPorts())
        key.unlink()
        seal.write_text("nonsense", encoding="utf-8")
        lines = self.lines_of(reload)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(
            lines[-1],
            "reload failed; kept the old log file, certificates, keys, seal keys",
        )
        self.assertNotIn("reloaded", "".join(lines))
        for part in ("log file: IMCP-LOG", "keys: IMCP-KEY", "seal keys: "):
            self.assertTrue(any(f"kept the old {part}" in line for line in lines))

    def test_rotation(self):
        """The log file is opened again, and nothing else is read."""
        key = self.file("key", "first-key-first-key")
        reload = self.reloader(resolve({"api_key_file": str(key)}, {}))
        log = self.folder / "log"
        reload.observer.file = LineFile(None, log)
        self.addCleanup(reload.observer.file.close)
        log.rename(self.folder / "log.1")
        key.unlink()
        lines = self.heard(reload.rotate_log)
        self.assertEqual(lines, ["opened the log file again"])
        self.assertTrue(log.exists())

    def lines_of(self, reload: Reloader) -> list[str]:
        """Reload; return what is logged of it."""
        return self.heard(reload)

    def heard(self, call: Callable[[], object]) -> list[str]:
        """Return what is logged during a call."""
        events: list[LogEvent] = []
        observer = cast(ILogObserver, events.append)
        globalLogPublisher.addObserver(observer)
        try:
            call()
        finally:
            globalLogPublisher.removeObserver(observer)
        return [formatEvent(event) for event in events]

    def test_key_of_the_environment(self):
        """A key from a variable stays: a running process has no new environment."""
        environ = {"INSTANTLY_API_KEY": "environment-key-1"}
        reload = self.reloader(resolve({}, environ))
        reload()
        self.assertEqual(self.key_in_force(), Secret("environment-key-1").digest())

    def test_seal_keys(self):
        """Rotated seal keys are used, and older ids still open."""
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        path = self.file("seal", f"{old}\n")
        reload = self.reloader(resolve({"seal_key_file": str(path)}, {}))
        token = self.state.seal.seal("test", b"payload")
        self.file("seal", f"{new}\n{old}\n")
        reload()
        self.assertEqual(self.state.seal.unseal("test", token), b"payload")
        self.file("seal", "nonsense\n")
        reload()
        self.assertEqual(self.state.seal.unseal("test", token), b"payload")

    def test_seal_keys_that_are_gone_or_exposed(self):
        """No new keys are invented in their place: that would end every session."""
        path = self.file("seal", Fernet.generate_key().decode())
        reload = self.reloader(resolve({"seal_key_file": str(path)}, {}))
        token = self.state.seal.seal("test", b"payload")
        path.chmod(0o644)
        for _ in range(2):
            lines = self.heard(reload)
            self.assertEqual(lines[-1], "reload failed; kept the old seal keys")
            self.assertEqual(self.state.seal.unseal("test", token), b"payload")
            path.unlink(missing_ok=True)
        self.assertFalse(path.exists())
