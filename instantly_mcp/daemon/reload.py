"""Reads files again on SIGHUP (all of them) and SIGUSR1 (log and audit file).

Settings are not read again, but for ``sending``, the kill switch; only the files that
they name are: the log file, certificates, keys and seal keys. A part whose file cannot
be used logs why and keeps what it has; a last line lists the parts that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from attrs import define
from twisted.logger import Logger

from .._credential import Secret
from .._noop import noop
from .access.reloadable_gatekeeper import ReloadableGatekeeper
from .logs.observer import LogObserver
from .settings.errors import ConfigurationError
from .settings.sending_again import read_sending
from .settings.settings import Settings
from .settings.sources.secret_files import read_secret
from .sockets.ports import Ports
from .state_dir import StateDirectory


@define(eq=False)
class Reloader:
    """Reloads every file that may have changed.

    :param disconnect: called when the server secret was replaced, to end the streams
        that were opened with the old one.
    :param switch_off: switches sending off, or no longer, by the setting.
    :param reload_workspaces: reads the key files of workspaces again, and returns a
        sentence for each that cannot be used.
    """

    log: ClassVar[Logger] = Logger()

    settings: Settings
    gatekeeper: ReloadableGatekeeper
    state: StateDirectory
    observer: LogObserver
    ports: Sequence[Ports] = ()
    disconnect: Callable[[], object] = noop
    reload_workspaces: Callable[[], Sequence[str]] = tuple
    switch_off: Callable[[bool], object] = noop

    def __call__(self) -> Sequence[str]:
        """Reload everything; log the errors.

        :returns: the names of the parts that failed and stay unchanged.
        """
        parts = (
            ("log file", self._reopen_log),
            ("certificates", self._renew_certificates),
            ("keys", self._reload_secrets),
            ("seal keys", self._reload_seal_keys),
            ("keys of workspaces", lambda: not self.reload_workspaces()),
            ("kill switch", self._reload_sending),
        )
        self._reopen_audit()
        kept = [name for name, renew in parts if not self._succeeds(name, renew)]
        if kept:
            self.log.error("reload failed; kept the old {parts}", parts=", ".join(kept))
        else:
            self.log.info("reloaded")
        return kept

    def rotate_log(self) -> None:
        """Open the log file and the audit file again after they were renamed."""
        self._reopen_audit()
        if self._succeeds("log file", self._reopen_log):
            self.log.info("opened the log file again")

    def _succeeds(self, name: str, renew: Callable[[], bool]) -> bool:
        try:
            return renew()
        except Exception:
            self.log.failure("kept the old {name}", name=name)
            return False

    def _reopen_log(self) -> bool:
        why = self.observer.file.reopen()
        if why is not None:
            self.log.error("kept the old log file: {line}", line=why)
        return why is None

    def _reload_sending(self) -> bool:
        try:
            self.switch_off(read_sending(self.settings))
        except ConfigurationError as error:
            self.log.error("kept the old kill switch: {error}", error=error.lines[0])
            return False
        return True

    def _reopen_audit(self) -> None:
        """Begin a new audit file if the old one was renamed.

        It takes a thread, and is tried again with each line.
        """
        self.state.audit.reopen().addErrback(
            lambda failure: self.log.failure(
                "IMCP-AUDIT the audit file cannot be written", failure
            )
        )

    def _renew_certificates(self) -> bool:
        renewed = [ports.renew_certificates() for ports in self.ports]
        return all(renewed)

    def _reload_secrets(self) -> bool:
        settings, lines = self.settings, list[str]()
        read: dict[str, Secret | None] = {}
        for name in ("api_key", "server_secret"):
            try:
                read[name] = self._read(name, getattr(settings, name))
            except ConfigurationError as error:
                lines.extend(error.lines)
        for line in lines:
            self.log.error("kept the old keys: {line}", line=line)
        if lines:
            return False
        self.observer.redactor.learn([key for key in read.values() if key is not None])
        if self.gatekeeper.replace(read["api_key"], read["server_secret"]):
            self.disconnect()
        return True

    def _read(self, name: str, held: Secret | None) -> Secret | None:
        """Read a secret again if it came from a file; otherwise return it."""
        path = getattr(self.settings, f"{name}_file")
        if held is None or not self.settings.origins[name].startswith(f"{name}_file"):
            return held
        if path.is_fifo():
            # Opening it would block the reactor until there is another writer.
            raise ConfigurationError(
                f"IMCP-KEY {path} is a FIFO, which can be read only once"
            )
        origin = self.settings.origins[f"{name}_file"]
        sandbox = self.settings.may_be_sandbox and name == "api_key"
        return read_secret(path, f"{name}_file ({origin})", sandbox=sandbox)

    def _reload_seal_keys(self) -> bool:
        if self.state.key_file is None:
            return True
        try:
            self.state.seal.replace_keys(self.state.key_file.reload())
        except (OSError, ValueError) as error:
            self.log.error("kept the old seal keys: {error}", error=str(error))
            return False
        return True
