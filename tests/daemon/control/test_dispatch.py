"""Commands by name, and the arguments they take."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from attrs import field, frozen, validators
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.daemon.control.dispatch import (
    Command,
    CommandTable,
)
from instantly_mcp.daemon.control.in_effect import in_effect
from instantly_mcp.daemon.control.requests import (
    CommandRefusedError,
    arguments_of,
    read_request,
)


@frozen(kw_only=True)
class Everything:
    """A request with a field of each type."""

    name: str = field(validator=validators.min_len(1))
    note: str | None = None
    count: int = 1
    most: int | None = None
    loud: bool = False
    labels: tuple[str, ...] = ()
    kinds: tuple[str, ...] | None = None
    caps: Mapping[str, int] = field(factory=dict)


REQUESTS = st.builds(
    Everything,
    name=st.text(min_size=1),
    note=st.none() | st.text(),
    count=st.integers(-(2**53), 2**53),
    most=st.none() | st.integers(0, 9),
    loud=st.booleans(),
    labels=st.lists(st.text()).map(tuple),
    kinds=st.none() | st.lists(st.text()).map(tuple),
    caps=st.dictionaries(st.text(), st.integers(0, 9)),
)


class RequestTests(SynchronousTestCase):
    """Requests as JSON."""

    @given(REQUESTS)
    def test_round_trip(self, request: Everything) -> None:
        """What is sent is what is read."""
        sent = loads(dumps(arguments_of(request)))
        self.assertEqual(read_request(Everything, sent), request)

    def test_wrong_values(self) -> None:
        """A value of another type is refused with the name of its argument only."""
        for arguments, said in (
            ({"name": 1}, "name must be a text"),
            ({"name": None}, "name must be a text"),
            ({}, "name is missing"),
            ({"name": "a", "count": "secret"}, "count must be a whole number"),
            ({"name": "a", "count": True}, "count must be a whole number"),
            ({"name": "a", "loud": 1}, "loud must be true or false"),
            ({"name": "a", "labels": "secret"}, "labels must be a list of texts"),
            ({"name": "a", "labels": [1]}, "labels must be a text"),
            ({"name": "a", "caps": {"x": "1"}}, "caps must be a whole number"),
            ({"name": "a", "caps": []}, "caps must be an object of whole numbers"),
        ):
            error = self.assertRaises(
                CommandRefusedError, read_request, Everything, arguments
            )
            self.assertEqual(error.lines, (said,))

    def test_validators(self) -> None:
        """A value that the class refuses is refused."""
        self.assertRaises(CommandRefusedError, read_request, Everything, {"name": ""})

    def test_unknown_argument(self) -> None:
        """An argument of a newer command line is refused, not ignored."""
        error = self.assertRaises(
            CommandRefusedError, read_request, Everything, {"name": "a", "new": 1}
        )
        self.assertIn("another version", error.lines[0])


class Steps:
    """A subject whose commands end in every way."""

    def __init__(self) -> None:
        self.waiting: Deferred[Json] = Deferred()

    def commands(self) -> Mapping[str, Command]:
        """Return one command for each end."""
        return {
            "steps.at-once": Command(Everything, lambda request: request.name),
            "steps.later": Command(Everything, lambda request: self.waiting),
            "steps.refused": Command(
                Everything, lambda request: fail(CommandRefusedError("not now"))
            ),
            "steps.unsayable": Command(Everything, lambda request: object()),
            "steps.not-stored": Command(Everything, self.not_stored, recorded=True),
            "steps.locked": Command(Everything, self.locked, recorded=True),
            "steps.broken": Command(Everything, lambda request: succeed(1 / 0)),
        }

    def locked(self, request: Everything) -> Json:
        """Fail while another process writes to the database."""
        raise sqlite3.OperationalError("database is locked")

    def not_stored(self, request: Everything) -> Json:
        """Take effect, on a full disk."""
        with in_effect("it is so", lambda: {"id": "a1"}):
            raise sqlite3.OperationalError("disk is full")


class TableTests(SynchronousTestCase):
    """Commands are run by name."""

    def setUp(self) -> None:
        """Have a table, and the audit lines that it writes."""
        self.noted: list[JsonObject] = []
        self.steps = Steps()
        self.table = CommandTable((self.steps,), self.noted.append)

    def test_at_once(self) -> None:
        """The value of a command is returned."""
        running = self.table.run("steps.at-once", {"name": "ada"})
        self.assertEqual(self.successResultOf(running), "ada")

    def test_later(self) -> None:
        """The Deferred of a command is waited for."""
        running = self.table.run("steps.later", {"name": "ada"})
        self.assertNoResult(running)
        self.steps.waiting.callback(3)
        self.assertEqual(self.successResultOf(running), 3)

    def test_refused(self) -> None:
        """The refusal of a command is passed on as it is."""
        failure = self.failureResultOf(
            self.table.run("steps.refused", {"name": "a"}), CommandRefusedError
        )
        self.assertEqual(failure.value.lines, ("not now",))

    def test_database_fails(self) -> None:
        """A failure of the database is named, and is not reported as a bug."""
        failure = self.failureResultOf(
            self.table.run("steps.locked", {"name": "a"}), CommandRefusedError
        )
        (said,) = failure.value.lines
        self.assertIn("IMCP-STATE nothing was done", said)
        self.assertIn("database is locked", said)
        self.assertEqual(self.noted, [])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_broken(self) -> None:
        """A bug is logged with its traceback, and answered without it."""
        failure = self.failureResultOf(
            self.table.run("steps.broken", {"name": "a"}), CommandRefusedError
        )
        self.assertEqual(
            failure.value.lines, ("IMCP-BUG the command failed; the log says why",)
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_unknown(self) -> None:
        """A command that the daemon does not have is refused."""
        failure = self.failureResultOf(
            self.table.run("token.fly", {}), CommandRefusedError
        )
        self.assertIn("restart the daemon", failure.value.lines[0])

    def test_in_effect_and_not_stored(self) -> None:
        """What is in effect is said and has its audit line, though it is not stored."""
        failure = self.failureResultOf(
            self.table.run("steps.not-stored", {"name": "a"}), CommandRefusedError
        )
        (line,) = failure.value.lines
        self.assertIn("it is so in the running daemon", line)
        self.assertIn("lost at a restart: disk is full", line)
        self.assertEqual(
            self.noted,
            [{"kind": "command", "tool": "steps.not-stored", "targets": ["a1"]}],
        )

    def test_not_stored_without_daemon(self) -> None:
        """Without a daemon nothing is in effect, and nothing is noted."""
        self.table.lasting = False
        failure = self.failureResultOf(
            self.table.run("steps.not-stored", {"name": "a"}), CommandRefusedError
        )
        (line,) = failure.value.lines
        self.assertIn("nothing was changed", line)
        self.assertEqual(self.noted, [])
