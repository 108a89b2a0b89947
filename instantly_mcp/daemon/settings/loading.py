"""Resolves the settings: reads every source, then validates what was read.

How a setting gets its value:

1. `table` lists every setting once: name, parser, default, help. Options, environment
   variables, TOML keys and the table in the manual are generated from it.
2. `sources` takes the first of four sources that sets a setting: command-line option,
   environment variable (``INSTANTLY_MCP_`` and the name), TOML file, default. It
   records which one in ``origins``, so that a message can name it.
3. A function of `parsers` turns the text into a value. A setting that it cannot parse
   keeps its default and is listed in ``unknown``, so that reading goes on and the
   operator sees all errors at once.
4. `validation` checks the settings against each other, for example whether the
   operator's key would be open to the network. It skips rules about unknown values.
5. The result is a `Settings`, which never changes. A reload (`daemon.reload`) reads
   only the files that the settings name; other changes need a restart.

This is the only module that reads the environment of the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import evolve

from ...clients.address import TOKEN_VARIABLE
from ..state_access import open_to_group
from .endpoints import Endpoint
from .errors import ConfigurationError
from .settings import Settings
from .sources.options import GivenOptions
from .sources.reader import SettingsReader
from .sources.secret_files import exposures
from .supervisor import Supervisor
from .validation import broken_rules, unwise_choices


def resolve(given: GivenOptions, environ: Mapping[str, str]) -> Settings:
    """Return the settings from all four sources.

    :param given: the options of the command line.
    :raises ConfigurationError: with all errors in all sources, not only the first.
    """
    settings, errors = examine(given, environ)
    if errors:
        raise ConfigurationError(*errors)
    return settings


def examine(
    given: GivenOptions, environ: Mapping[str, str]
) -> tuple[Settings, Sequence[str]]:
    """Return the settings as far as they can be read, and all errors in them."""
    reader = SettingsReader(given, environ)
    values = reader.values()
    # The types of the fields are those of the parsers; a test compares the names.
    settings = Settings(
        origins=reader.origins,
        unknown=frozenset(reader.unknown),
        warnings=tuple(reader.warnings),
        supervisor=Supervisor.of(environ),
        **values,  # type: ignore[arg-type]
    )
    errors = [*reader.errors, *broken_rules(settings)]
    if settings.sandbox:
        settings = _fit_for_sandbox(settings)
    unwise = (*unwise_choices(settings), *_exposed_files(settings))
    warnings = (*settings.warnings, *unwise)
    return evolve(settings, warnings=warnings), errors


def examine_process(given: GivenOptions) -> tuple[Settings, Sequence[str]]:
    """Examine the settings with the environment of this process."""
    return examine(given, os.environ)


def token_of_process() -> str | None:
    """Return what `TOKEN_VARIABLE` holds in the environment of this process."""
    return os.environ.get(TOKEN_VARIABLE)


def _fit_for_sandbox(settings: Settings) -> Settings:
    """Drop the operator's key with a warning: the sandbox does not need it."""
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
    for path in _tls_keys(settings.all_endpoints):
        # Tools that renew certificates use symbolic links.
        yield from exposures(path.resolve(), secret=True)
    if settings.config is not None:
        yield from exposures(settings.config, secret=False)
    if settings.state_dir is not None:
        yield from open_to_group(settings.state_dir)


def _tls_keys(endpoints: Sequence[str]) -> Iterator[Path]:
    for text in endpoints:
        # `broken_rules` reports a text that is not an endpoint.
        with suppress(ValueError):
            key = Endpoint.parse(text).named.get("privateKey")
            if key is not None:
                yield Path(key)
