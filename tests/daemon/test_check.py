"""What a check finds on this machine, and that it leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.check import check_files, check_ports
from instantly_mcp.daemon.findings import Findings
from instantly_mcp.daemon.settings import Settings, examine

from .test_ports import SocketReactor


class CheckTestCase(SynchronousTestCase):
    """Has a folder of its own, in which the state would be kept."""

    def setUp(self) -> None:
        """Make it."""
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir(parents=True)
        self.findings = Findings()

    def settings(self, **given: str) -> Settings:
        """Return settings whose state directory does not exist yet."""
        home = {"XDG_STATE_HOME": str(self.folder / "state")}
        settings, mistakes = examine(given, home)
        self.assertEqual(mistakes, [])
        return settings


class FileTests(CheckTestCase):
    def look(self, **given: str) -> Findings:
        """Check the files."""
        check_files(self.settings(**given), self.findings)
        return self.findings

    def test_fresh(self):
        """A state directory that can be made is fine, and is not made."""
        found = self.look()
        self.assertEqual((found.warnings, found.mistakes), ([], []))
        self.assertIn("state/instantly-mcp can be used", found.fine[0])
        self.assertEqual(os.listdir(self.folder), [])

    def test_file_in_the_way(self):
        """A state directory below a file is a mistake if it was asked for."""
        (self.folder / "state").write_text("", encoding="ascii")
        found = self.look(state_dir=str(self.folder / "state" / "x"))
        self.assertIn(f"{self.folder}/state is no folder", found.mistakes[0])

    def test_file_in_the_usual_way(self):
        """The usual state directory may be missing: sessions are shorter then."""
        (self.folder / "state").write_text("", encoding="ascii")
        found = self.look()
        self.assertEqual(found.mistakes, [])
        self.assertIn("IMCP-STATE sessions will not survive", found.warnings[0])

    def test_seal_keys(self):
        """A file that holds no keys is a mistake; one that is not there is not."""
        keys = self.folder / "keys"
        self.assertEqual(self.look(seal_key_file=str(keys)).mistakes, [])
        self.assertFalse(keys.exists())
        keys.touch(mode=0o600)
        keys.write_text("no key\n", encoding="ascii")
        found = self.look(seal_key_file=str(keys))
        self.assertIn("IMCP-STATE the seal keys cannot be used", found.mistakes[0])

    def test_files_to_write(self):
        """A log file and a ready file need a folder, and are not written."""
        good = self.folder / "log"
        found = self.look(log_file=str(good), ready_file=str(self.folder / "no" / "x"))
        self.assertIn(f"log_file {good} can be written", found.fine)
        self.assertFalse(good.exists())
        (mistake,) = found.mistakes
        self.assertIn("IMCP-READY", mistake)
        self.assertIn(f"there is no folder {self.folder}/no", mistake)

    def test_folder_for_a_file(self):
        """A folder is no log file."""
        (mistake,) = self.look(log_file=str(self.folder)).mistakes
        self.assertIn("it is a folder", mistake)


class PortTests(CheckTestCase):
    def setUp(self) -> None:
        """Have a machine on which one port is taken."""
        super().setUp()
        self.reactor = SocketReactor()
        self.reactor.taken["127.0.0.1", 3000] = None

    def look(self, **given: str) -> Findings:
        """Check the ports."""
        settings = self.settings(**given)
        self.successResultOf(check_ports(settings, self.reactor, self.findings))
        return self.findings

    def test_taken(self):
        """A taken port is a warning: the daemon itself may have it."""
        found = self.look()
        self.assertIn("127.0.0.1:3000 is already in use", found.warnings[0])
        self.assertEqual(found.mistakes, [])

    def test_taken_for_metrics(self):
        """The setting is named that has to change."""
        self.reactor.taken["127.0.0.1", 9464] = None
        found = self.look(metrics_listen="tcp:9464:interface=127.0.0.1")
        _, line = found.warnings
        self.assertIn("set metrics_listen to another port", line)

    def test_free(self):
        """A free port is free again afterwards, also one for the metrics."""
        listen = "tcp:3001:interface=127.0.0.1"
        metrics = "tcp:9464:interface=127.0.0.1"
        found = self.look(listen=listen, metrics_listen=metrics)
        self.assertEqual(found.fine, [f"{listen} is free", f"{metrics} is free"])
        self.assertEqual(set(self.reactor.taken), {("127.0.0.1", 3000)})

    def test_not_here(self):
        """An address of another machine is a mistake."""
        self.reactor.without = ("192.0.2.1",)
        found = self.look(listen="tcp:1:interface=192.0.2.1")
        self.assertIn("IMCP-BIND cannot listen on 192.0.2.1:1", found.mistakes[0])

    def test_unknown(self):
        """So is an endpoint that nobody knows."""
        self.assertIn("bogus:1", self.look(listen="bogus:1").mistakes[0])

    def test_inherited(self):
        """Sockets that systemd hands over are not there yet."""
        found = self.look(listen="systemd:domain=INET:index=0")
        self.assertIn("left to the start", found.fine[0])
