"""One row of the table of settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeAlias

from attrs import field, frozen

from . import parsers

PREFIX = "INSTANTLY_MCP_"

SettingValue: TypeAlias = bool | int | float | str | date | Path | tuple[str, ...]
"""The value of a setting that has one. (A Python boolean is also an integer.)"""


@frozen(kw_only=True)
class Setting:
    """One setting.

    :param name: the field of `Settings`, and the TOML key if it is in no table.
    :param parse: turns a text into the value; see `parsers`. Of a repeatable setting it
        parses one text.
    :param help: what it does, in one sentence.
    :param default_text: the default as people write it, where that differs from the
        value.
    :param repeatable: the setting may have several values, which make a tuple.
    :param flag: the option takes no value.
    :param table: the TOML table that contains it; its key there is the name without
        the table's: ``policy_sends`` is ``sends`` in ``[policy]``.
    :param words: the values that it may have, or the common ones; empty for any.
    """

    name: str
    parse: Callable[[str], SettingValue | None]
    help: str
    default: SettingValue | None = None
    default_text: str = ""
    repeatable: bool = False
    flag: bool = False
    table: str = ""
    words: tuple[str, ...] = field()

    @words.default
    def _words_of_the_parser(self) -> tuple[str, ...]:
        if isinstance(self.parse, parsers.OneOf):
            return self.parse.words
        is_switch = self.parse is parsers.switch and not self.flag
        return ("true", "false") if is_switch else ()

    @property
    def option(self) -> str:
        """The command-line option, without its dashes."""
        return self.name.replace("_", "-")

    @property
    def is_file(self) -> bool:
        """Whether its value is the name of a file or folder."""
        return self.parse is parsers.path

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()
