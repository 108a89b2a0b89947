"""The settings of a daemon: an immutable value object, with the source of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen

from ..._credential import Secret
from ..._rights import Level
from .endpoints import loopback_endpoint
from .supervisor import Supervisor

DEFAULT_ADMIN_LISTEN = loopback_endpoint(3100)
ON_MCP_PORT = "mcp"
"""In place of an endpoint in ``admin_listen``: the MCP port."""

APPROVE = "approve"
"""The decision of a policy that needs approvers."""


@frozen(kw_only=True)
class Settings:
    """The values of all settings. The field names are the names in the table.

    :param api_key: the operator's Instantly key.
    :param server_secret: the secret that callers must present to the daemon.
    :param origins: the source of each setting, by its name: an option, a variable, the
        path of the TOML file, or ``default``.
    :param unknown: the names of the settings whose value could not be read. Their
        fields hold the default.
    :param warnings: unwise settings, one line each.
    :param supervisor: how to notify systemd, if it started the process.
    """

    listen: tuple[str, ...]
    sandbox: bool
    sandbox_seed: int
    sandbox_start: datetime | None
    sandbox_scenario: Path | None
    hostile_content: bool
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
    access: str
    sending: str
    allow_domains: tuple[str, ...]
    campaigns_allow: tuple[str, ...]
    campaigns_deny: tuple[str, ...]
    operator_contact: str
    tokens_only: bool | None
    policy_sends: str
    policy_spends: str
    policy_destructive: str
    policy_mass: str
    policy_egress: str
    policy_redirects: str
    policy_admin: str
    policy_writes: str
    caps_mails: int
    caps_activations: int
    caps_leads: int
    caps_deletions: int
    caps_credits: int
    caps_leads_per_call: int
    caps_recipients: int
    confirm_fallback: str
    admin_listen: tuple[str, ...]
    admin_url: str | None
    preflight_warn_only: tuple[str, ...]
    state_dir: Path | None
    audit_file: Path | None
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
    def level(self) -> Level:
        """The most that any caller may do."""
        return Level(self.access)

    @property
    def policy(self) -> Mapping[str, str]:
        """What is done about each risk class, by the name of the class."""
        return {
            "sends": self.policy_sends,
            "spends": self.policy_spends,
            "destructive": self.policy_destructive,
            "mass": self.policy_mass,
            "egress": self.policy_egress,
            "redirects": self.policy_redirects,
            "admin": self.policy_admin,
            "writes": self.policy_writes,
        }

    @property
    def asks_approvers(self) -> str:
        """The names of the settings that ask for approval; empty for none."""
        names = [f"policy_{each}" for each in self.policy if self._approves(each)]
        if self.confirm_fallback == APPROVE:
            names.append("confirm_fallback")
        return ", ".join(names)

    def _approves(self, risk: str) -> bool:
        return self.policy[risk] == APPROVE

    @property
    def admin_on_mcp_port(self) -> bool:
        """Whether the MCP port serves the pages of approvers."""
        return self.admin_listen == (ON_MCP_PORT,)

    @property
    def admin_endpoints(self) -> tuple[str, ...]:
        """The endpoints of the listener of these pages; empty for none."""
        if self.admin_on_mcp_port:
            return ()
        if not self.admin_listen and self.asks_approvers:
            return (DEFAULT_ADMIN_LISTEN,)
        return self.admin_listen

    @property
    def all_endpoints(self) -> tuple[str, ...]:
        """The endpoints of all listeners."""
        return (*self.listen, *self.metrics_listen, *self.admin_endpoints)

    @property
    def may_be_sandbox(self) -> bool:
        """Whether the upstream is a sandbox, or an address that may be one."""
        return self.sandbox or not self.is_default("upstream")

    @property
    def public_path(self) -> str:
        """The path of the public URL, a prefix of all paths below that URL."""
        return "" if self.public_url is None else urlsplit(self.public_url).path

    def is_default(self, name: str) -> bool:
        """Return whether no source sets this setting."""
        return self.origins.get(name) == "default"

    @property
    def listens_on_port(self) -> bool:
        """Whether the port setting, not an endpoint, says where to listen."""
        return self.port is not None or self.is_default("listen")

    @property
    def listen_setting(self) -> str:
        """The name of the setting or option that says where to listen."""
        return "--port" if self.listens_on_port else "listen"

    def secrets(self) -> tuple[Secret, ...]:
        """Return the secrets that must never appear in a log or a response."""
        return tuple(
            secret
            for secret in (self.api_key, self.server_secret)
            if secret is not None
        )
