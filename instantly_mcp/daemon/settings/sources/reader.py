"""Reads the settings from their four sources, and collects the errors in them.

It opens the TOML file and the key files, and nothing else. `loading` explains how the
settings are resolved.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import TypeAlias

from attrs import define, field

from ...._credential import Secret
from ..endpoints import loopback_endpoint
from ..errors import ConfigurationError
from ..parsers import switch
from ..setting import PREFIX, Setting, SettingValue
from ..table import BY_NAME, SETTINGS, TABLES
from .options import GivenOptions
from .secret_files import as_secret, read_secret
from .spelling import did_you_mean, nearest, suggestion
from .toml_tables import flattened, misplaced

SECRETS = {
    "api_key": ("INSTANTLY_API_KEY", "api_key_file"),
    "server_secret": ("MCP_AUTH_SECRET_KEY", "server_secret_file"),
}

TomlValue: TypeAlias = (
    "str | int | float | date | time | Sequence[TomlValue] | Mapping[str, TomlValue]"
)
"""What `tomllib` returns. (A boolean is an integer, and a datetime is a date.)"""

SettingValues: TypeAlias = dict[str, SettingValue | Secret | None]
"""The values of settings and secrets, by name."""

_ALIASES = {
    "INSTANTLY_API_KEY_FILE": "INSTANTLY_MCP_API_KEY_FILE",
    "MCP_AUTH_SECRET_KEY_FILE": "INSTANTLY_MCP_SERVER_SECRET_FILE",
}
"""Names that people derive from the variables of the secrets, and the right ones."""

_MIN_SIMILARITY_OF_OTHERS = 0.85
"""How similar to a known name a variable without the prefix must be; see `nearest`."""

_FROM_KUBERNETES = re.compile(
    r"(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""Variables that Kubernetes adds for a service that is called instantly-mcp.

https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""


@define(eq=False)
class SettingsReader:
    """Reads the four sources once; errors are collected, not raised.

    :param given: the options of the command line.
    :param variables: the environment variables.
    :ivar errors: errors, one line each.
    :ivar warnings: unwise or unknown settings, one line each.
    :ivar origins: the source of each setting, by the name of the setting.
    :ivar unknown: the names of the settings whose value could not be read.
    """

    given: GivenOptions
    variables: Mapping[str, str]
    errors: list[str] = field(factory=list, init=False)
    warnings: list[str] = field(factory=list, init=False)
    origins: dict[str, str] = field(factory=dict, init=False)
    unknown: set[str] = field(factory=set, init=False)
    _config: Path | None = field(default=None, init=False)

    def values(self) -> SettingValues:
        """Return the values of all settings and of the two secrets."""
        config = self._value(BY_NAME["config"], {})
        self._config = config if isinstance(config, Path) else None
        table = self._table(self._config)
        self._report_unknown(table or {})
        values: SettingValues = {
            each.name: self._value(each, table) for each in SETTINGS
        }
        for name, (variable, file_setting) in SECRETS.items():
            values[name] = self._secret(name, variable, file_setting, values)
            if values[name] is None and (table is None or name in self.origins):
                self.unknown.add(name)
        if values["state_dir"] is None:
            values["state_dir"] = self._usual_state_dir()
        self._apply_port(values)
        return values

    def _value(
        self, setting: Setting, table: Mapping[str, TomlValue] | None
    ) -> SettingValue | None:
        for origin, given in self._sources(setting, table or {}):
            self.origins[setting.name] = origin
            try:
                return _parse(setting, given)
            except ValueError as error:
                self.errors.append(f"IMCP-SETTING {setting.name} ({origin}) {error}")
                self.unknown.add(setting.name)
                return setting.default
        if table is None:
            self.unknown.add(setting.name)
        self.origins[setting.name] = "default"
        return setting.default

    def _sources(
        self, setting: Setting, table: Mapping[str, TomlValue]
    ) -> Iterator[tuple[str, TomlValue]]:
        if setting.name in self.given:
            yield f"--{setting.option}", self.given[setting.name]
        # Container tools pass an unset variable as an empty one.
        variable = self.variables.get(setting.variable)
        if variable and not (setting.name == "port" and "://" in variable):
            yield setting.variable, variable
        if setting.name in table:
            yield str(self._config), table[setting.name]

    def _table(self, config: Path | None) -> Mapping[str, TomlValue] | None:
        """Return the contents of the TOML file; ``None`` if it cannot be read."""
        if config is None:
            return None if "config" in self.unknown else {}
        try:
            table = tomllib.loads(config.read_text(encoding="utf-8"))
        except OSError as error:
            self.errors.append(f"IMCP-SETTING {config}: {error.strerror}")
        except ValueError as error:
            why = error if isinstance(error, tomllib.TOMLDecodeError) else "not UTF-8"
            self.errors.append(f"IMCP-SETTING {config} is not TOML: {why}")
        else:
            flat, errors = flattened(table)
            self.errors.extend(f"IMCP-SETTING {error}" for error in errors)
            return flat
        return None

    def _report_unknown(self, table: Mapping[str, TomlValue]) -> None:
        self.warnings.extend(_unknown_variables(self.variables))
        for name, value in table.items():
            if name not in BY_NAME or name == "config":
                line = f"IMCP-SETTING {name[:60]} is not a known TOML key"
                others = (BY_NAME.keys() | TABLES.keys()) - {"config"}
                hint = did_you_mean(name.replace("-", "_"), others)
                if isinstance(value, dict) and not hint:
                    hint = misplaced()
                self.errors.append(line + hint)

    def _apply_port(self, values: SettingValues) -> None:
        """Turn ``port`` into an endpoint, unless ``listen`` takes precedence."""
        port, listen = self._rank("port"), self._rank("listen")
        if values["port"] is None:
            if "port" in self.unknown and port < listen:
                self.unknown.add("listen")
            return
        if port < listen:
            values["listen"] = (loopback_endpoint(str(values["port"])),)
            self.origins["listen"] = self.origins["port"]
            self.unknown.discard("listen")
            return
        if port == listen:
            self.errors.append(
                f"IMCP-SETTING port ({self.origins['port']}) and listen "
                f"({self.origins['listen']}) exclude each other; set one"
            )
        values["port"] = None
        self.origins["port"] = f"{self.origins['listen']} takes precedence"

    def _rank(self, name: str) -> int:
        origin = self.origins[name]
        if origin.startswith("--"):
            return 0
        return {BY_NAME[name].variable: 1, "default": 3}.get(origin, 2)

    def _secret(
        self, name: str, variable: str, file_setting: str, values: SettingValues
    ) -> Secret | None:
        file_origin = self.origins[file_setting]
        in_variable = self.variables.get(variable)
        if in_variable and file_origin == BY_NAME[file_setting].variable:
            self.errors.append(
                f"IMCP-KEY {variable} and {file_origin} are both set; keep one"
            )
            return None
        path = values[file_setting]
        simulated = values["sandbox"] or self.origins["upstream"] != "default"
        sandbox = bool(simulated) and name == "api_key"
        try:
            if in_variable and not file_origin.startswith("--"):
                self.origins[name] = variable
                return as_secret(in_variable, variable, sandbox=sandbox)
            if isinstance(path, Path):
                self.origins[name] = f"{file_setting} from {file_origin}"
                where = f"{file_setting} ({file_origin})"
                return read_secret(path, where, sandbox=sandbox)
        except ConfigurationError as error:
            self.errors.extend(error.lines)
        return None

    def _usual_state_dir(self) -> Path | None:
        # systemd passes the folders that it made, separated by colons.
        given = self.variables.get("STATE_DIRECTORY", "").split(":")[0]
        if given:
            self.origins["state_dir"] = "STATE_DIRECTORY"
            return Path(given)
        home = self.variables.get("HOME")
        base = self.variables.get("XDG_STATE_HOME") or (home and f"{home}/.local/state")
        return Path(base) / "instantly-mcp" if base else None


def _unknown_variables(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that looks like a misspelled setting."""
    known = {setting.variable for setting in SETTINGS}
    known |= {variable for variable, _ in SECRETS.values()}
    for name in sorted(variables.keys() - known):
        upper = _ALIASES.get(name.upper(), name.upper())
        if not upper.startswith(("INSTANTLY", "MCP_AUTH")):
            continue
        key = upper.removeprefix(PREFIX)
        ours = key != upper
        if ours and _FROM_KUBERNETES.fullmatch(key):
            continue
        # Compare without the prefix, which makes all names similar.
        others = {each.removeprefix(PREFIX): each for each in known}
        meant = (
            nearest(key, others)
            if ours
            else nearest(upper, known, _MIN_SIMILARITY_OF_OTHERS)
        )
        if ours or meant:
            line = f"IMCP-SETTING {name[:60]} is not a known variable"
            hints = [others.get(each, each) for each in meant]
            yield line + suggestion(hints)


def _parse(setting: Setting, given: TomlValue) -> SettingValue | None:
    texts = _as_texts(setting, given)
    if not setting.repeatable:
        if not isinstance(texts, str):
            if setting.name != "toolsets":
                raise ValueError("must be a single value")
            texts = ",".join(texts)
        return setting.parse(texts)
    if isinstance(texts, str):
        texts = texts.replace(",", " ").split()
    return tuple(str(setting.parse(text)) for text in texts)


def _as_texts(setting: Setting, value: TomlValue) -> str | Sequence[str]:
    """Return a TOML value as the text of the corresponding option."""
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list) for item in items):
        raise ValueError("must not be a table or a list of lists")
    if setting.parse is not switch and any(isinstance(item, bool) for item in items):
        # `log_file = false` would name a file "false".
        raise ValueError("must not be true or false; remove it instead")
    texts = [str(item) for item in items]
    return texts if isinstance(value, list) else texts[0]
