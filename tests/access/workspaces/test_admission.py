"""Requests with connection tokens, and the workspaces that they name."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.access.workspaces.admission import admitted
from instantly_mcp.pipeline.interfaces import Presented
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.workspace_books import agency_book, token_for

BLUE, GREEN = "client-blue", "client-green"


class AdmissionTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Have the book of an agency."""
        self.book = agency_book()

    def admitted(
        self, *aliases: str, header: str | None = None, alias: str | None = None
    ) -> Credential | ProtocolError:
        """Return the verdict about a token for these workspaces."""
        return admitted(self.book, token_for(*aliases), header=header, alias=alias)

    def test_admitted(self) -> None:
        """The workspace of the token, or the one of several that is named."""
        for verdict in (
            self.admitted(BLUE),
            self.admitted(BLUE, alias=BLUE),
            self.admitted(BLUE, GREEN, alias=BLUE),
        ):
            assert isinstance(verdict, Credential)
            self.assertEqual(verdict.workspace_name, BLUE)

    def test_other_workspaces(self) -> None:
        """Another workspace, and one that does not exist, get the same answer: 403."""
        answers = set()
        for alias in ("client-red", GREEN, "agency", "none"):
            verdict = self.admitted(BLUE, alias=alias)
            assert isinstance(verdict, ProtocolError)
            answers.add((verdict.status, verdict.message, str(verdict.data)))
        self.assertEqual(len(answers), 1)
        self.assertIn("client-blue", str(answers))
        self.assertIn("403", str(answers))

    def test_header_of_instantly(self) -> None:
        """Beside a token x-as-workspace is refused, also for the token's own id."""
        own = self.book.credential_for(token_for(BLUE), None).workspace
        for header in (own, "ws-other"):
            verdict = self.admitted(BLUE, header=header)
            assert isinstance(verdict, ProtocolError)
            self.assertEqual(verdict.status, 403)

    def test_alias_without_token(self) -> None:
        """Neither a raw key nor the operator's key reaches a workspace by its alias."""
        key = Presented("some-instantly-key-012345", "authorization")
        for presented in ((), (key,)):
            verdict = Gatekeeper(sandbox=True).admit(presented, None, BLUE)
            assert isinstance(verdict, ProtocolError)
            self.assertEqual(verdict.status, 400)
