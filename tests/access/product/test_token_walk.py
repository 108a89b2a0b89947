"""The walk with connection tokens: what a token binds, no request and no one widens."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import Level
from instantly_mcp.access.tokens.book import TokenTerms

from .agent_case import AgentTestCase
from .attempts import ATTEMPTS
from .memory_daemon import MemoryDaemon
from .oracle import DRAFT, FULL, READ_ONLY, everything, settings_of
from .test_walk import Walker
from .ways import WAYS, Caller, error_of

WORKSPACE = "sandbox"
"""The simulated workspace of a token that names none."""

WITHOUT_SESSION = ("direct", "direct on /sse", "modern", "task", "key as session")
PLACES = ("header", "path", "query")
WIDER = {"X-MCP-Access": "full", "X-MCP-Readonly": "false"}


class TokenLevelTests(Walker):
    """Each level of a token, in each place of a request, by each way."""

    key = WORKSPACE

    def test_levels(self) -> None:
        """The level of the token counts, also where the request asks for more."""
        policy = everything("allow")
        self.daemon = MemoryDaemon(**settings_of(policy))
        for level in (READ_ONLY, DRAFT, FULL):
            terms = TokenTerms(name=level, level=Level(level))
            issuing = self.daemon.books.tokens.issue(terms)
            token, value = self.successResultOf(issuing)
            for place in PLACES:
                caller = Caller(
                    daemon=self.daemon, key=value, place=place, headers=WIDER
                )
                for way in WAYS:
                    self.walk(caller, way, level, policy)
            self.successResultOf(self.daemon.books.tokens.revoke(token))
            self.refused(Caller(daemon=self.daemon, key=value))
        self.judge()

    def refused(self, caller: Caller) -> None:
        """A token that was revoked is refused, and nothing is sent."""
        (name, *_) = WAYS
        found = WAYS[name](caller, "create_lead_list", {"name": "After the end"})
        self.assertEqual(
            error_of(found).get("reason"), "connection_token_revoked", found
        )
        self.assertEqual(self.daemon.writes(self.key), [])


class TwoPeopleTests(AgentTestCase):
    """Two people with tokens for one workspace, under approval."""

    key = WORKSPACE

    def issued(self, name: str) -> Caller:
        """Issue a token; return its holder."""
        issuing = self.daemon.books.tokens.issue(TokenTerms(name=name))
        _, value = self.successResultOf(issuing)
        return Caller(daemon=self.daemon, key=value)

    def test_approval_of_another(self) -> None:
        """What was approved for Anna is not sent for Ben, by any way."""
        anna, ben = self.issued("Anna"), self.issued("Ben")
        pending = self.assertCode(self.attempt(caller=anna), "approval_pending")
        self.approve(str(pending["approval"]))
        for way in WAYS:
            found = self.attempt(way=way, caller=ben)
            self.assertCode(found, "approval_pending")
        self.assertSent()
        self.attempt(caller=anna)
        self.assertSent("replyToEmail")
        # Neither is it taken for one that Ben sent a moment ago.
        self.assertCode(self.attempt(caller=ben), "approval_pending")

    def test_revoked_before_it_is_used(self) -> None:
        """An approval ends with the token of the caller that asked."""
        anna = self.issued("Anna")
        pending = self.assertCode(self.attempt(caller=anna), "approval_pending")
        self.approve(str(pending["approval"]))
        (token,) = self.daemon.books.tokens.listed()
        self.successResultOf(self.daemon.books.tokens.revoke(token))
        for way in WITHOUT_SESSION:
            found = self.attempt(way=way, caller=anna)
            self.assertEqual(error_of(found)["reason"], "connection_token_revoked")
        self.assertSent()

    def test_narrowed_while_a_task_waits(self) -> None:
        """A task whose token permits no mail any more sends none once it may go on."""
        anna = self.issued("Anna")
        for level, sent in ((Level.FULL, ["replyToEmail"]), (Level.DRAFT, [])):
            self.sent.clear()
            given = self.reply(body={"text": level.value})
            self.assertEqual(
                self.attempt(given, "task", caller=anna)["status"], "working"
            )
            (token,) = self.daemon.books.tokens.listed()
            self.successResultOf(self.daemon.books.tokens.narrow(token, level))
            (waiting,) = self.successResultOf(self.daemon.books.approvals.pending())
            self.approve(waiting.id)
            self.daemon.reactor.advance(1)
            self.assertSent(*sent)


class SettingsTests(SynchronousTestCase):
    """What the settings and a token say of raw keys and of caps."""

    def test_tokens_only(self) -> None:
        """The setting refuses raw keys before there is a token, or takes them after."""
        for only, issued, refused in (
            ("true", False, True),
            ("false", True, False),
        ):
            daemon = MemoryDaemon(tokens_only=only)
            if issued:
                daemon.books.tokens.issue(TokenTerms(name="Anna"))
            result = WAYS["modern"](Caller(daemon=daemon), "list_campaigns", {})
            self.assertEqual("error" in result, refused, result)

    def test_caps(self) -> None:
        """The caps of a token count for its holder."""
        daemon = MemoryDaemon(**settings_of(everything("allow")))
        reply = next(each for each in ATTEMPTS if each.operation == "replyToEmail")
        terms = TokenTerms(name="Anna", caps={"mails": 1})
        _, value = self.successResultOf(daemon.books.tokens.issue(terms))
        codes = []
        for _ in range(2):
            arguments = reply.made(daemon.world(WORKSPACE))
            caller = Caller(daemon=daemon, key=value)
            result = WAYS["modern"](caller, reply.tool, arguments)
            codes.append(error_of(result).get("code"))
        self.assertEqual(codes, [None, "cap_reached"])
