"""The frozen settings of one daemon, each with its origin.

This is the only module that reads the environment of the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from .._credential import Secret
from .key_files import exposures
from .listening import ListenAddress
from .mistakes import Mistakes
from .notify import Supervisor
from .options import Given
from .reading import Reading
from .rules import broken_rules, unwise_choices


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


def resolve(given: Given, environ: Mapping[str, str]) -> Settings:
    """Bring together all four sources.

    :raises Mistakes: with every mistake in every source, not only the first.
    """
    settings, mistakes = examine(given, environ)
    if mistakes:
        raise Mistakes(*mistakes)
    return settings


def examine(given: Given, environ: Mapping[str, str]) -> tuple[Settings, Sequence[str]]:
    """Return the settings as far as they can be read, and every mistake in them."""
    reading = Reading(given, environ)
    values = reading.values()
    settings = Settings(
        origins=reading.origins,
        unknown=frozenset(reading.unknown),
        warnings=tuple(reading.warnings),
        supervisor=Supervisor.of(environ),
        **values,
    )
    mistakes = [*reading.mistakes, *broken_rules(settings)]
    if settings.sandbox:
        settings = _fit_for_sandbox(settings)
    unwise = (*unwise_choices(settings), *_exposed_files(settings))
    warnings = (*settings.warnings, *unwise)
    return evolve(settings, warnings=warnings), mistakes


def examine_process(given: Given) -> tuple[Settings, Sequence[str]]:
    """Examine the settings of this process."""
    return examine(given, os.environ)


def _fit_for_sandbox(settings: Settings) -> Settings:
    """Keep the operator's key away from the sandbox, which needs none."""
    if settings.api_key is None:
        return settings
    warning = "IMCP-KEY the sandbox does not use your Instantly key"
    return evolve(settings, api_key=None, warnings=(*settings.warnings, warning))


def _exposed_files(settings: Settings) -> Iterator[str]:
    secret_files = (
        settings.api_key_file,
        settings.server_secret_file,
        settings.seal_key_file,
    )
    for path in secret_files:
        if path is not None:
            yield from exposures(path, secret=True)
    for path in _tls_keys((*settings.listen, *settings.metrics_listen)):
        # Tools that renew certificates lead to them by links.
        yield from exposures(path.resolve(), secret=True)
    if settings.config is not None:
        yield from exposures(settings.config, secret=False)


def _tls_keys(endpoints: Sequence[str]) -> Iterator[Path]:
    for text in endpoints:
        # What is no endpoint is a mistake of its own: see `broken_rules`.
        with suppress(ValueError):
            key = ListenAddress.parse(text).named.get("privateKey")
            if key is not None:
                yield Path(key)
