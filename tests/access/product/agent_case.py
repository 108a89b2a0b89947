"""An operator who demands approval, an agent that has MCP only, and a person."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.access.approvals.approvers import ApproverBook
from instantly_mcp.state.database import DATABASE_FILE_NAME, SqliteDatabase
from instantly_mcp.state.stores.approvers import SqlApproverStore

from .memory_daemon import START, MemoryDaemon
from .oracle import everything, settings_of
from .ways import KEY, WAYS, Caller, error_of

APPROVER = "lena"

POLICY = {
    **everything("approve"),
    "writes": "allow",
    "egress": "deny",
    "admin": "deny",
}


def add_approver(folder: Path) -> str:
    """Add an approver to the database of a daemon that is stopped.

    :param folder: its state directory.
    :returns: the secret of the approver.
    """
    database = SqliteDatabase(str(folder / DATABASE_FILE_NAME))
    book = ApproverBook(store=SqlApproverStore(database), wall=lambda: START)
    added: list[str] = []
    book.add(APPROVER).addCallback(lambda found: added.append(found[1]))
    database.close()
    (secret,) = added
    return secret


class AgentTestCase(SynchronousTestCase):
    """One daemon with a state directory, and one mail that an agent wants to answer.

    :cvar key: whose simulated workspace is looked at.
    :ivar sent: every write that Instantly received, over all restarts.
    """

    key = KEY

    def setUp(self) -> None:
        """Start the daemon."""
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir(mode=0o700, parents=True)
        self.sent: list[str] = []
        self.prepare()
        self.daemon = self.start()
        world = self.daemon.world(self.key)
        self.mail = next(each for each in world.emails.values() if each["ue_type"] == 2)
        self.daemon.writes(self.key)

    def prepare(self) -> None:
        """Add the approver, as the operator does before the start."""
        self.secret = add_approver(self.folder)

    def approve(self, id: str) -> None:
        """Approve a request, as a person does on the page or in a terminal."""
        self._decide(id, True)

    def deny(self, id: str) -> None:
        """Deny a request."""
        self._decide(id, False)

    def _decide(self, id: str, approve: bool) -> None:
        queue = self.daemon.books.approvals
        self.successResultOf(queue.decide(id, approve, APPROVER, "terminal"))

    def start(self) -> MemoryDaemon:
        """Start a daemon on the state directory."""
        return MemoryDaemon(state_dir=str(self.folder), **settings_of(POLICY))

    def restart(self) -> None:
        """Stop the daemon, and start it again."""
        self.note()
        self.daemon.stop()
        self.daemon = self.start()

    # -- the agent ---------------------------------------------------------------------

    @property
    def caller(self) -> Caller:
        """The agent's client."""
        return Caller(daemon=self.daemon)

    def reply(self, **changes: Json) -> JsonObject:
        """Return the arguments of the reply."""
        return {
            "reply_to_uuid": self.mail["id"],
            "subject": "Re: hello",
            "body": {"text": "We are in."},
            **changes,
        }

    def attempt(
        self,
        arguments: JsonObject | None = None,
        way: str = "modern",
        tool: str = "reply_to_email",
        caller: Caller | None = None,
    ) -> JsonObject:
        """Call a tool; return its result."""
        given = self.reply() if arguments is None else arguments
        result: JsonObject = WAYS[way](caller or self.caller, tool, given)
        self.note()
        return result

    # -- what is observed --------------------------------------------------------------

    def note(self) -> None:
        """Collect what Instantly received."""
        self.sent += self.daemon.writes(self.key)

    def assertSent(self, *operations: str) -> None:
        """Instantly received these writes, and no others."""
        self.note()
        self.assertEqual(self.sent, [*operations])

    def assertCode(self, result: JsonObject, code: str) -> JsonObject:
        """The call was refused with this code; return its error object."""
        error = error_of(result)
        self.assertEqual(error.get("code"), code, result)
        return error
