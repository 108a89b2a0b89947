"""The frozen settings of one daemon, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen

from .._credential import Secret
from .notify import Supervisor


@frozen(kw_only=True)
class Settings:
    """What the daemon was told. Field names are those of the table.

    :param api_key: the operator's Instantly key.
    :param server_secret: what callers must present to the daemon itself.
    :param origins: where each setting came from, by its name.
    :param unknown: the names of those whose value could not be read. Their fields hold
        a default that is not in force.
    :param warnings: what is not wrong but unwise, one line each.
    :param supervisor: who started the process, if that was systemd.
    """

    listen: tuple[str, ...]
    sandbox: bool
    sandbox_seed: int
    sandbox_start: date | None
    upstream: str
    api_key_file: Path | None
    server_secret_file: Path | None
    no_auth: bool
    allow_origin: tuple[str, ...]
    public_url: str | None
    documentation_url: str | None
    trusted_proxy: tuple[str, ...]
    rate_limit: int
    max_body: int
    max_connections: int
    max_sessions: int
    session_idle: float
    session_policy: str
    anonymous: str
    key_in_query: bool
    key_in_session: bool
    key_in_session_id: bool
    discovery_documents: bool
    toolsets: tuple[str, ...]
    state_dir: Path | None
    seal_key_file: Path | None
    port: int | None
    port_retries: int
    ready_file: Path | None
    metrics_listen: tuple[str, ...]
    log_format: str
    log_level: str
    log_file: Path | None
    log_clients: bool
    config: Path | None
    api_key: Secret | None = None
    server_secret: Secret | None = None
    origins: Mapping[str, str] = field(factory=dict, repr=False)
    unknown: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    supervisor: Supervisor = field(factory=Supervisor)

    @property
    def mode(self) -> str:
        """``sandbox`` or ``live``."""
        return "sandbox" if self.sandbox else "live"

    @property
    def may_be_sandbox(self) -> bool:
        """The upstream is the simulation, or may be one that serves elsewhere."""
        return self.sandbox or not self.is_default("upstream")

    @property
    def public_path(self) -> str:
        """The path of the public URL, which begins the path of every endpoint there."""
        return "" if self.public_url is None else urlsplit(self.public_url).path

    def is_default(self, name: str) -> bool:
        """Say whether the setting has its default because no source sets it."""
        return self.origins.get(name) == "default"

    @property
    def listens_on_port(self) -> bool:
        """Whether ``port`` or its default decides where the daemon listens."""
        return self.port is not None or self.is_default("listen")

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret that must never be seen."""
        return tuple(
            secret
            for secret in (self.api_key, self.server_secret)
            if secret is not None
        )
