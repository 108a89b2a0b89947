"""Command-line options, generated from the table of settings.

Values stay text here; `sources` parses them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from twisted.python import usage

from .... import __version__
from ..setting import Setting
from ..table import SETTINGS
from .exact_options import ExactOptions

GivenOptions: TypeAlias = Mapping[str, str | Sequence[str]]
"""Option values as text, by the name of the setting; a sequence if repeatable."""


SECRET_OPTIONS = ("--api-key", "--server-secret")
"""Options that do not exist, but that people try in order to pass a secret."""


def _collecting(setting: Setting) -> Callable[[usage.Options, str], None]:
    def collect(self: usage.Options, value: str) -> None:
        self.setdefault(setting.option, []).append(value)

    collect.__doc__ = f"{explained(setting)} [repeatable]"
    return collect


def explained(setting: Setting) -> str:
    """Return the help text of a setting, with its values and its default."""
    said = setting.help
    if not all(re.search(rf"\b{word}\b", said) for word in setting.words):
        said += f" One of: {', '.join(setting.words)}."
    if setting.flag or not (setting.default_text or setting.default):
        return said
    usual = setting.default_text or str(setting.default)
    return f"{said} [default: {usual.replace('True', 'true')}]"


def offer(options: type[SomeSettingOptions], settings: Sequence[Setting]) -> None:
    """Add one option for each of these settings to a class of options."""
    flags = [[each.option, None, each.help] for each in settings if each.flag]
    parameters = [
        [each.option, None, None, explained(each)]
        for each in settings
        if not each.flag and not each.repeatable
    ]
    # Twisted adds up what each class in the order of inheritance defines itself.
    own = vars(options)
    options.optFlags = [*own.get("optFlags", ()), *flags]
    options.optParameters = [*own.get("optParameters", ()), *parameters]
    for each in settings:
        if each.repeatable:
            setattr(options, f"opt_{each.name}", _collecting(each))


class SomeSettingOptions(ExactOptions):
    """Reads the options of settings that `offer` has added."""

    optFlags: Sequence[Sequence[str | None]] = ()
    optParameters: Sequence[Sequence[str | None]] = ()

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the words of a command line; ``None`` for those of this process.

        :raises usage.UsageError: for a wrong option, and for a secret on the command
            line, which the message does not repeat.
        """
        words = sys.argv[1:] if options is None else options
        for name in SECRET_OPTIONS:
            if any(word == name or word.startswith(f"{name}=") for word in words):
                raise usage.UsageError(
                    f"{name} is not supported because other users can read command "
                    f"lines: name a file with {name}-file"
                )
        super().parseOptions(options)

    def opt_version(self) -> None:
        """Print the version and exit with status 0."""
        print_version()

    def given(self) -> GivenOptions:
        """Return the options of the command line, as text."""
        given: dict[str, str | Sequence[str]] = {}
        for setting in SETTINGS:
            value = self.get(setting.option)
            if setting.flag and value:
                given[setting.name] = "true"
            elif value is not None and not setting.flag:
                given[setting.name] = value
        return given


class SettingOptions(SomeSettingOptions):
    """One option for each setting."""


offer(SettingOptions, SETTINGS)


def print_version() -> None:
    """Write the version to standard output and exit with status 0."""
    sys.stdout.write(f"instantly-mcp {__version__}\n")
    raise SystemExit(0)
