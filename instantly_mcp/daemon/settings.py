"""The frozen settings of one daemon, each with its origin.

Option, then environment, then TOML file, then default. This is the only module that
reads the environment. It opens the TOML file and the key files, and nothing else.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from attrs import define, evolve, field, frozen

from .._credential import Secret
from .._json import Json
from .key_files import as_secret, exposures, read_secret
from .listening import ListenAddress
from .mistakes import Mistakes
from .options import Given
from .rules import broken_rules, unwise_choices
from .table import BY_NAME, PREFIX, SETTINGS, Setting
from .values import switch

SECRETS = {
    "api_key": ("INSTANTLY_API_KEY", "api_key_file"),
    "server_secret": ("MCP_AUTH_SECRET_KEY", "server_secret_file"),
}
Texts: TypeAlias = str | Sequence[str]


@frozen(kw_only=True)
class Settings:
    """What the daemon was told. Field names are those of the table.

    :param api_key: the operator's Instantly key.
    :param server_secret: what callers must present to the daemon itself.
    :param origins: where each setting came from, by its name.
    :param warnings: what is not wrong but unwise, one line each.
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
    port_retries: int
    ready_file: Path | None
    metrics_listen: tuple[str, ...]
    log_format: str
    log_level: str
    log_file: Path | None
    config: Path | None
    api_key: Secret | None = None
    server_secret: Secret | None = None
    origins: Mapping[str, str] = field(factory=dict, repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """``sandbox`` or ``live``."""
        return "sandbox" if self.sandbox else "live"

    def is_default(self, name: str) -> bool:
        """Say whether nobody set the setting."""
        return self.origins.get(name) == "default"

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
    reading = _Reading(given, environ)
    settings = reading.settings()
    mistakes = [*reading.mistakes, *broken_rules(settings)]
    if settings.sandbox:
        settings = _fit_for_sandbox(settings)
    unwise = (*unwise_choices(settings), *_exposed_files(settings))
    warnings = (*settings.warnings, *unwise)
    return evolve(settings, warnings=warnings), mistakes


def examine_process(given: Given) -> tuple[Settings, Sequence[str]]:
    """Examine the settings of this process."""
    return examine(given, os.environ)


@define(eq=False)
class _Reading:
    """One pass over the four sources, which collects mistakes as it goes."""

    given: Given
    environ: Mapping[str, str]
    mistakes: list[str] = field(factory=list, init=False)
    warnings: list[str] = field(factory=list, init=False)
    config: Path | None = field(default=None, init=False)
    origins: dict[str, str] = field(factory=dict, init=False)

    def settings(self) -> Settings:
        self.config = self._value(BY_NAME["config"], {})
        table = self._table(self.config)
        self._report_unknown(table)
        values: dict[str, Json] = {
            setting.name: self._value(setting, table) for setting in SETTINGS
        }
        for name, (variable, file_setting) in SECRETS.items():
            values[name] = self._secret(name, variable, file_setting, values)
        if values["state_dir"] is None:
            values["state_dir"] = self._usual_state_dir()
        return Settings(origins=self.origins, warnings=tuple(self.warnings), **values)

    def _value(self, setting: Setting, table: Mapping[str, Json]) -> Json:
        for origin, texts in self._sources(setting, table):
            try:
                value = _read(setting, texts)
            except ValueError as error:
                self.mistakes.append(f"IMCP-SETTING {setting.name} ({origin}) {error}")
                break
            self.origins[setting.name] = origin
            return value
        self.origins[setting.name] = "default"
        return setting.default

    def _sources(
        self, setting: Setting, table: Mapping[str, Json]
    ) -> Iterator[tuple[str, Json]]:
        if setting.name in self.given:
            yield f"--{setting.option}", self.given[setting.name]
        # An empty variable is how a container says "not set".
        if self.environ.get(setting.variable):
            yield setting.variable, self.environ[setting.variable]
        if setting.name in table:
            yield str(self.config), table[setting.name]

    def _table(self, config: Path | None) -> Mapping[str, Json]:
        if config is None:
            return {}
        try:
            return tomllib.loads(config.read_text(encoding="utf-8"))
        except OSError as error:
            self.mistakes.append(f"IMCP-SETTING {config}: {error.strerror}")
        except ValueError as error:
            why = error if isinstance(error, tomllib.TOMLDecodeError) else "not UTF-8"
            self.mistakes.append(f"IMCP-SETTING {config} is not TOML: {why}")
        return {}

    def _report_unknown(self, table: Mapping[str, Json]) -> None:
        # Not a mistake: Kubernetes adds INSTANTLY_MCP_PORT and its like by itself.
        known = {setting.variable for setting in SETTINGS}
        for name in sorted(self.environ):
            if name.startswith(PREFIX) and name not in known:
                self.warnings.append(f"IMCP-SETTING {name} is no known variable")
        for name in table:
            if name not in BY_NAME or name == "config":
                line = f"IMCP-SETTING {name[:60]} is no known TOML key"
                others = BY_NAME.keys() - {"config"}
                near = get_close_matches(name.replace("-", "_"), others, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.mistakes.append(line + hint)

    def _secret(
        self, name: str, variable: str, file_setting: str, values: Mapping[str, Json]
    ) -> Secret | None:
        file_origin = self.origins[file_setting]
        in_variable = self.environ.get(variable)
        if in_variable and file_origin == BY_NAME[file_setting].variable:
            self.mistakes.append(
                f"IMCP-KEY {variable} and {file_origin} are both set; keep one"
            )
            return None
        path: Path | None = values[file_setting]
        try:
            if in_variable and not file_origin.startswith("--"):
                self.origins[name] = variable
                return as_secret(in_variable, variable)
            if path is not None:
                self.origins[name] = f"{file_setting} from {file_origin}"
                return read_secret(path)
        except Mistakes as mistakes:
            self.mistakes.extend(mistakes.lines)
        return None

    def _usual_state_dir(self) -> Path | None:
        # systemd names the folder it made; a colon separates several.
        given = self.environ.get("STATE_DIRECTORY", "").split(":")[0]
        if given:
            self.origins["state_dir"] = "STATE_DIRECTORY"
            return Path(given)
        home = self.environ.get("HOME")
        base = self.environ.get("XDG_STATE_HOME") or (home and f"{home}/.local/state")
        return Path(base) / "instantly-mcp" if base else None


def _read(setting: Setting, given: Json) -> Json:
    texts = _as_texts(setting, given)
    if not setting.repeatable:
        if not isinstance(texts, str):
            if setting.name != "toolsets":
                raise ValueError("must be a single value")
            texts = ",".join(texts)
        return setting.read(texts)
    if isinstance(texts, str):
        texts = texts.replace(",", " ").split()
    return tuple(setting.read(text) for text in texts)


def _as_texts(setting: Setting, value: Json) -> Texts:
    """Return a TOML value as the text that an option would hold."""
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list) for item in items):
        raise ValueError("must not be a table, nor a list of lists")
    if setting.read is not switch and any(isinstance(item, bool) for item in items):
        # A file called "false" is nobody's wish.
        raise ValueError("must not be true or false; leave it out instead")
    texts = [str(item) for item in items]
    return texts if isinstance(value, list) else texts[0]


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
