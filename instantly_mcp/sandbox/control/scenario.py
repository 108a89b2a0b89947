"""Reads scenarios: TOML files that say how the workspaces of a sandbox begin.

::

    seed = 42
    start = 2026-11-02T09:00:00Z
    hostile_content = false

    [[faults]]                       # of every workspace
    kind = "slow"
    seconds = 3

    [workspaces.sandbox-job-1]       # of this workspace only
    hostile_content = true

    [[workspaces.sandbox-job-1.faults]]
    kind = "status"
    status = 429
    operation = "listCampaign"
    on_call = 3

Python's TOML parser gives no line numbers for values, so `_LineNumbers` finds them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from attrs import define, field, frozen

from ..._json_codec import Json
from ..errors import SandboxError
from ..faults import MAX_FAULTS, Fault, read_fault
from ..workspaces import KEY_PREFIX, MAX_KEY_LENGTH
from .requests import FAULTY_OPERATIONS

START_HOUR = 9
"""The hour (UTC) at which the simulation begins if `start` is only a date."""
MAX_SEED = 2**31 - 1
_TOP = ("seed", "start", "hostile_content", "faults", "workspaces")
_OF_A_WORKSPACE = ("hostile_content", "faults")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=")

_Place = tuple[str | int, ...]


class ScenarioError(ValueError):
    """A scenario cannot be read.

    :param lines: one message for each mistake; each begins with its line number.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


@frozen(kw_only=True)
class Scenario:
    """How the workspaces of a sandbox begin.

    :param seed: ``None`` if the file does not say.
    :param start: ``None`` if the file does not say.
    :param hostile: the keys of workspaces with hostile content or without, if that
        differs from `hostile_content`.
    :param faults: those of all workspaces.
    :param own_faults: those of one workspace, by its key.
    """

    seed: int | None = None
    start: datetime | None = None
    hostile_content: bool | None = None
    hostile: Mapping[str, bool] = field(factory=dict)
    faults: Sequence[Fault] = ()
    own_faults: Mapping[str, Sequence[Fault]] = field(factory=dict)

    def faults_of(self, key: str) -> Sequence[Fault]:
        """Return the faults with which a workspace begins."""
        return (*self.faults, *self.own_faults.get(key, ()))

    def is_hostile(self, key: str, otherwise: bool) -> bool:
        """Say whether a workspace has hostile content.

        :param otherwise: the answer if the file does not say.
        """
        general = self.hostile_content
        return self.hostile.get(key, otherwise if general is None else general)


def read_scenario(text: str) -> Scenario:
    """Return the scenario in a TOML document.

    :raises ScenarioError: with all mistakes.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        # Otherwise Python says "at end of document".
        line = found[1] if found else str(text.count("\n") + 1)
        reason = re.sub(r" \(at .*\)", "", str(error))
        raise ScenarioError([f"line {line}: {reason}"]) from None
    reader = _ScenarioReader(_LineNumbers.of(text))
    scenario = reader.read(given)
    if reader.mistakes:
        raise ScenarioError(
            [f"line {at}: {said}" for at, said in sorted(reader.mistakes)]
        )
    return scenario


@frozen
class _LineNumbers:
    """The lines on which tables and keys of a document begin."""

    numbers: Mapping[_Place, int]

    @classmethod
    def of(cls, text: str) -> _LineNumbers:
        numbers: dict[_Place, int] = {}
        counts: dict[_Place, int] = {}
        table: _Place = ()
        for number, line in enumerate(text.splitlines(), 1):
            header, key = _HEADER.fullmatch(line), _KEY.match(line)
            if header is not None:
                table = tuple(part.strip(" \"'") for part in header[2].split("."))
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                numbers.setdefault(table, number)
            elif key is not None:
                numbers.setdefault((*table, key[1].strip('"')), number)
        return cls(numbers)

    def of_place(self, place: _Place) -> int:
        """Return the line of a place, or of the nearest table around it."""
        while place and place not in self.numbers:
            place = place[:-1]
        return self.numbers.get(place, 1)


@define(eq=False)
class _ScenarioReader:
    lines: _LineNumbers
    mistakes: list[tuple[int, str]] = field(factory=list)

    def wrong(self, place: _Place, message: str) -> None:
        self.mistakes.append((self.lines.of_place(place), message))

    def read(self, given: Mapping[str, Json]) -> Scenario:
        self._check_names((), given, _TOP)
        own = self._table(("workspaces",), given.get("workspaces", {}))
        return Scenario(
            seed=self._seed(given.get("seed")),
            start=self._start(given.get("start")),
            hostile_content=self._switch((), given),
            faults=self._faults((), given),
            own_faults=dict(self._own_faults(own)),
            hostile=dict(self._hostile(own)),
        )

    def _check_names(
        self, place: _Place, given: Mapping[str, Json], known: Sequence[str]
    ) -> None:
        for name in given:
            if name not in known:
                self.wrong(
                    (*place, name), f"unknown key {name}; there are {', '.join(known)}"
                )

    def _seed(self, value: Json) -> int | None:
        if value is None:
            return None
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value <= MAX_SEED:
            self.wrong(("seed",), f"seed must be a whole number from 0 to {MAX_SEED}")
            return None
        return int(value)

    def _start(self, value: object) -> datetime | None:
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            moment = None
        if isinstance(value, str) and isinstance(moment, datetime) and len(value) == 10:
            moment = moment.date()
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(START_HOUR))
        if not isinstance(moment, datetime) or not 1980 < moment.year < 2200:
            self.wrong(
                ("start",),
                "start must be a date such as 2026-11-02, or a time such as "
                "2026-11-02T09:00:00Z",
            )
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _switch(self, place: _Place, given: Mapping[str, Json]) -> bool | None:
        value = given.get("hostile_content")
        if value is None or isinstance(value, bool):
            return value
        place = (*place, "hostile_content")
        self.wrong(place, "hostile_content must be true or false")
        return None

    def _faults(self, place: _Place, given: Mapping[str, Json]) -> Sequence[Fault]:
        place = (*place, "faults")
        value = given.get("faults", [])
        if not isinstance(value, list) or len(value) > MAX_FAULTS:
            self.wrong(place, f"faults must be at most {MAX_FAULTS} tables [[faults]]")
            return ()
        return tuple(
            fault
            for index, each in enumerate(value)
            for fault in self._fault((*place, index), each)
        )

    def _fault(self, place: _Place, given: Json) -> Iterator[Fault]:
        try:
            yield read_fault(given, FAULTY_OPERATIONS)
        except SandboxError as error:
            names = given if isinstance(given, dict) else {}
            named = [name for name in names if error.message.startswith(f"{name} ")]
            self.wrong((*place, *named[:1]), error.message)

    def _own(self, own: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
        for key, value in own.items():
            place: _Place = ("workspaces", key)
            yield key, self._table(place, value)

    def _own_faults(
        self, own: Mapping[str, Json]
    ) -> Iterator[tuple[str, Sequence[Fault]]]:
        for key, table in self._own(own):
            place: _Place = ("workspaces", key)
            if not key.startswith(KEY_PREFIX) or len(key) > MAX_KEY_LENGTH:
                self.wrong(place, "the name of a workspace must begin with sandbox")
            self._check_names(place, table, _OF_A_WORKSPACE)
            yield key, self._faults(place, table)

    def _hostile(self, own: Mapping[str, Json]) -> Iterator[tuple[str, bool]]:
        for key, value in own.items():
            if isinstance(value, dict):
                switch = self._switch(("workspaces", key), value)
                if switch is not None:
                    yield key, switch

    def _table(self, place: _Place, value: Json) -> Mapping[str, Json]:
        if isinstance(value, dict):
            return value
        self.wrong(place, f"{place[-1]} must be a table")
        return {}
