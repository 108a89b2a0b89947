"""The model of the status page: facts in sections, which HTML and JSON show alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from ..._json_codec import Json, JsonObject


@frozen(kw_only=True)
class Fact:
    """One fact.

    :param name: its name in JSON.
    :param label: its name for people.
    :param shown: its value for people; by default `value` as text.
    :param kind: ``well``, ``warn`` or ``bad`` puts the value into color.
    """

    name: str
    label: str
    value: Json
    shown: str | None = None
    kind: str = ""

    @property
    def text(self) -> str:
        """The value for people."""
        if self.shown is not None:
            return self.shown
        return "-" if self.value is None else str(self.value)


@frozen(kw_only=True)
class Section:
    """Facts under one heading."""

    name: str
    title: str
    facts: Sequence[Fact]


@frozen(kw_only=True)
class ReportTable:
    """Rows under one heading.

    :param columns: name in JSON and heading of each column.
    :param empty: what is shown instead of a table without rows.
    """

    name: str
    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Json]]
    empty: str


@frozen(kw_only=True)
class Report:
    """The state of the server.

    :param verdict: one word for programs: ``well``, ``server``, ``instantly``, ``key``.
    :param kind: ``well``, ``warn`` or ``bad``.
    :param sentence: the answer to "is it this server, or Instantly?"
    :param next_step: what to do now, and who; empty if nothing is to be done.
    """

    verdict: str
    kind: str
    sentence: str
    next_step: str
    sections: Sequence[Section]
    tables: Sequence[ReportTable]

    def as_object(self) -> JsonObject:
        """Return the report as a JSON object."""
        found: dict[str, Json] = {
            "verdict": self.verdict,
            "message": self.sentence,
            "nextStep": self.next_step,
        }
        for section in self.sections:
            found[section.name] = {each.name: each.value for each in section.facts}
        for table in self.tables:
            found[table.name] = [_row(table, values) for values in table.rows]
        return found


def _row(table: ReportTable, values: Sequence[Json]) -> Mapping[str, Json]:
    names = [name for name, _ in table.columns]
    return dict(zip(names, values, strict=True))
