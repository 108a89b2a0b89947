"""SIGHUP: reads keys and the log file anew. What cannot be used changes nothing."""

from __future__ import annotations

from typing import ClassVar

from attrs import define
from twisted.logger import Logger

from .._credential import Secret
from .gate import Gate
from .journal import Journal
from .key_files import read_secret
from .mistakes import Mistakes
from .sealing import Keeping
from .settings import Settings


@define(eq=False)
class Reloader:
    """Knows every file that may have changed."""

    log: ClassVar[Logger] = Logger()

    settings: Settings
    gate: Gate
    keeping: Keeping
    journal: Journal

    def __call__(self) -> None:
        """Read everything anew; log what was bad and is still in force as it was."""
        self.journal.file.reopen()
        self._reload_secrets()
        self._reload_seal_keys()
        self.log.info("reloaded")

    def _reload_secrets(self) -> None:
        settings = self.settings
        try:
            api_key = self._read("api_key", settings.api_key)
            server_secret = self._read("server_secret", settings.server_secret)
        except Mistakes as mistakes:
            self.log.error("kept the old keys: {line}", line=mistakes.lines[0])
            return
        found = [secret for secret in (api_key, server_secret) if secret is not None]
        self.journal.redactor.learn(found)
        self.gate.replace(api_key, server_secret)

    def _read(self, name: str, held: Secret | None) -> Secret | None:
        """Read a secret again if it came from a file; a variable cannot change."""
        path = getattr(self.settings, f"{name}_file")
        if held is None or not self.settings.origins[name].startswith(f"{name}_file"):
            return held
        return read_secret(path)

    def _reload_seal_keys(self) -> None:
        if self.keeping.key_file is None:
            return
        try:
            self.keeping.seal.replace_keys(self.keeping.key_file.load())
        except (OSError, ValueError) as error:
            self.log.error("kept the old seal keys: {error}", error=str(error))
