"""Reads one setting again while the daemon runs: whether sending is on."""

from __future__ import annotations

import tomllib

from .errors import ConfigurationError
from .settings import Settings
from .sources.toml_tables import flattened
from .table import BY_NAME


def read_sending(settings: Settings) -> bool:
    """Return whether the settings now switch sending off.

    An option or a variable cannot change while the process runs; the TOML file can.

    :raises ConfigurationError: when the file cannot be read, or the value is wrong.
    """
    origin, config = settings.origins["sending"], settings.config
    if config is None or origin not in {"default", str(config)}:
        return settings.sending == "off"
    setting = BY_NAME["sending"]
    try:
        table, _ = flattened(tomllib.loads(config.read_text(encoding="utf-8")))
        value = table.get("sending", setting.default)
        return setting.parse(str(value)) == "off"
    except OSError as error:
        raise ConfigurationError(f"IMCP-SETTING {config}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"IMCP-SETTING sending ({config}) {error}") from None
