"""What ``check`` finds on this machine, and that it leaves nothing behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.self_check.files import check_files
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.self_check.sockets import check_certificates, check_ports
from instantly_mcp.daemon.settings.loading import examine
from instantly_mcp.daemon.settings.settings import Settings
from tests.support.certificates import issue

from ..sockets.test_ports import SocketReactor


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
        settings, errors = examine(given, home)
        self.assertEqual(errors, [])
        return settings


class FileTests(CheckTestCase):
    def look(self, **given: str) -> Findings:
        """Check the files."""
        check_files(self.settings(**given), self.findings)
        return self.findings

    def test_fresh(self):
        """A state directory that can be created is accepted, but not created."""
        found = self.look()
        self.assertEqual((found.warnings, found.errors), ([], []))
        self.assertIn("state/instantly-mcp can be used", found.fine[0])
        self.assertEqual(os.listdir(self.folder), [])

    def test_file_in_the_way(self):
        """A state directory below a file is a mistake if it was configured."""
        (self.folder / "state").write_text("", encoding="ascii")
        found = self.look(state_dir=str(self.folder / "state" / "x"))
        self.assertIn(f"{self.folder}/state is not a folder", found.errors[0])

    def test_file_in_the_usual_way(self):
        """The usual state directory may be missing: sessions are shorter then."""
        (self.folder / "state").write_text("", encoding="ascii")
        found = self.look()
        self.assertEqual(found.errors, [])
        self.assertIn("IMCP-STATE sessions will not survive", found.warnings[0])

    def test_seal_keys(self):
        """A file without keys is a mistake; a missing file is not."""
        keys = self.folder / "keys"
        self.assertEqual(self.look(seal_key_file=str(keys)).errors, [])
        self.assertFalse(keys.exists())
        keys.touch(mode=0o600)
        keys.write_text("no key\n", encoding="ascii")
        found = self.look(seal_key_file=str(keys))
        self.assertIn("IMCP-STATE the seal keys cannot be used", found.errors[0])

    def test_database(self):
        """A file that cannot be the database is a mistake, and stays as it is."""
        folder = self.folder / "data"
        folder.mkdir()
        file = folder / "state.sqlite3"
        self.assertEqual(self.look(state_dir=str(folder)).errors, [])
        self.assertEqual(os.listdir(folder), [])
        file.write_bytes(b"precious")
        file.chmod(0o600)
        (mistake,) = self.look(state_dir=str(folder)).errors
        self.assertIn(f"IMCP-STATE {file} cannot be used: ", mistake)
        self.assertEqual(file.read_bytes(), b"precious")
        self.assertEqual(os.listdir(folder), ["state.sqlite3"])

    def test_files_to_write(self):
        """A log file and a ready file need an existing folder, and are not written."""
        good = self.folder / "log"
        found = self.look(log_file=str(good), ready_file=str(self.folder / "no" / "x"))
        self.assertIn(f"log_file {good} can be written", found.fine)
        self.assertFalse(good.exists())
        (mistake,) = found.errors
        self.assertIn("IMCP-READY", mistake)
        self.assertIn(f"there is no folder {self.folder}/no", mistake)

    def test_folder_for_a_file(self):
        """A folder is refused as a log file and as a ready file."""
        (mistake,) = self.look(log_file=str(self.folder)).errors
        self.assertIn("IMCP-LOG", mistake)
        self.assertIn("it is a folder", mistake)
        _, mistake = self.look(ready_file=str(self.folder)).errors
        self.assertIn("IMCP-READY", mistake)
        self.assertIn("it is a folder", mistake)

    def test_directory_that_cannot_be_made(self):
        """It is created for a trial, because even root cannot do so everywhere: a name
        that is too long, or a file system that refuses, is a mistake.
        """
        for path in ("/proc/instantly-mcp/x", str(self.folder / ("x" * 300))):
            self.findings = Findings()
            (mistake,) = self.look(state_dir=path).errors
            self.assertIn(f"IMCP-STATE {path} cannot be used: ", mistake)
        self.assertEqual(os.listdir(self.folder), [])

    def test_directory_that_cannot_be_written_to(self):
        """An existing folder that cannot be written to is a mistake."""
        (mistake,) = self.look(state_dir="/proc/self").errors
        self.assertIn("IMCP-STATE /proc/self cannot be used: ", mistake)
        (mistake, _) = self.look(ready_file="/proc/ready.json").errors[::-1]
        self.assertIn("IMCP-READY /proc/ready.json cannot be written: ", mistake)

    def test_fifo(self):
        """A FIFO without a reader is refused as a log, any FIFO as a ready file; to
        check one does not wait.
        """
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        (mistake,) = self.look(log_file=str(fifo)).errors
        self.assertIn("it is a FIFO that no process reads", mistake)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.findings = Findings()
        self.assertEqual(self.look(log_file=str(fifo)).errors, [])
        (mistake,) = self.look(ready_file=str(fifo)).errors
        self.assertIn("not a regular file, and would be replaced", mistake)
        (_, mistake) = self.look(ready_file="/dev/null").errors
        self.assertIn("not a regular file", mistake)

    def test_link_to_a_log(self):
        """A link to a log that does not exist yet is accepted, and stays."""
        link = self.folder / "link"
        link.symlink_to(self.folder / "log")
        self.assertEqual(self.look(log_file=str(link)).errors, [])
        self.assertEqual(os.listdir(self.folder), ["link"])

    def test_nothing_stays(self):
        """Files and folders created for a trial are removed; existing ones stay."""
        log = self.folder / "log"
        log.write_text("a line\n", encoding="ascii")
        found = self.look(
            state_dir=str(self.folder / "a" / "b"),
            log_file=str(log),
            ready_file=str(self.folder / "ready.json"),
        )
        self.assertEqual((found.warnings, found.errors), ([], []))
        self.assertEqual(os.listdir(self.folder), ["log"])
        self.assertEqual(log.read_text(encoding="ascii"), "a line\n")


class CertificateTests(CheckTestCase):
    def look(self, *, chain: bool = False, **given: str) -> Findings:
        """Check a certificate that was signed by another."""
        files = {"privateKey": "key.pem", "certKey": "cert.pem"}
        if chain:
            files["extraCertChain"] = "chain.pem"
        named = ":".join(f"{key}={self.folder}/{name}" for key, name in files.items())
        settings = self.settings(listen=f"ssl:443:{named}", **given)
        check_certificates(settings, time.time(), self.findings)
        return self.findings

    def write(self, *, days: float = 90, full: bool = False) -> None:
        """Write a key, a certificate, and the certificate that signed it."""
        signer = issue("signer", days=days)
        leaf = issue("leaf", by=signer, ca=False, hosts=["mcp.lan"], days=days)
        (self.folder / "key.pem").write_bytes(leaf.key_pem)
        public = leaf.pem + signer.pem if full else leaf.pem
        (self.folder / "cert.pem").write_bytes(public)
        (self.folder / "chain.pem").write_bytes(signer.pem)

    def test_good(self):
        """A good certificate is reported as good."""
        self.write()
        found = self.look(chain=True, public_url="https://mcp.lan")
        self.assertEqual((found.warnings, found.errors), ([], []))
        self.assertIn("is valid", found.fine[0])

    def test_expired(self):
        """A certificate that clients refuse is a mistake, and so is its signer."""
        self.write(days=-1)
        found = self.look(chain=True)
        self.assertEqual(len(found.errors), 2)
        self.assertIn("IMCP-TLS the certificate expired", found.errors[0])
        self.assertEqual(found.fine, [])

    def test_refused_by_some_clients(self):
        """A certificate that only some clients refuse is a warning."""
        self.write(days=5, full=True)
        found = self.look(public_url="https://other.lan:8443")
        self.assertEqual(found.errors, [])
        self.assertEqual(len(found.warnings), 4)
        for words in ("expires on", "no extraCertChain", "other.lan", "holds 2"):
            self.assertTrue(any(words in line for line in found.warnings), words)

    def test_unreadable(self):
        """A certificate that cannot be loaded is reported only once, with the ports."""
        self.assertEqual(self.look().errors, [])


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
        self.assertEqual(found.errors, [])

    def test_port_owner(self):
        """The program that has a port is named, if that can be found out."""
        settings = self.settings()
        looking = check_ports(
            settings, self.reactor, self.findings, lambda port, host: "pid 812, nginx"
        )
        self.successResultOf(looking)
        (line,) = self.findings.warnings
        self.assertIn("is already in use (pid 812, nginx): set --port to", line)

    def test_taken_for_metrics(self):
        """The setting that must be changed is named."""
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
        self.assertIn("IMCP-BIND cannot listen on 192.0.2.1:1", found.errors[0])

    def test_unknown(self):
        """An endpoint of an unknown type is a mistake."""
        self.assertIn("bogus:1", self.look(listen="bogus:1").errors[0])

    def test_inherited(self):
        """Sockets that systemd will pass are not checked."""
        found = self.look(listen="systemd:domain=INET:index=0")
        self.assertIn("is passed by systemd at the start", found.fine[0])
        found = self.look(listen="haproxy:tcp:0")
        self.assertIn("opened only at startup", found.fine[-1])
