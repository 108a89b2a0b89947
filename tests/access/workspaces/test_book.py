"""The book of workspaces: what is in it, and which credential a token gets."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._rights import Level
from instantly_mcp.access.workspaces.book import WorkspaceBook
from instantly_mcp.access.workspaces.entry import BadEntryError, WorkspaceEntry
from instantly_mcp.access.workspaces.refusals import (
    MAX_SHOWN_ALIASES,
    WorkspaceProblem,
    WorkspaceRefusedError,
)
from instantly_mcp.sandbox.agency import ADMIN_KEY, CLIENTS
from tests.support.workspace_books import (
    AGENCY,
    UNDER_AGENCY,
    KeyFiles,
    MemoryWorkspaceStore,
    agency_book,
    token_for,
)

BLUE = WorkspaceEntry(alias="blue", api_key_file="/keys/blue")
RED = WorkspaceEntry(alias="red", api_key_file="/keys/red")
ONE = WorkspaceEntry(alias="one", under="agency", id="ws-1")


class BookTestCase(SynchronousTestCase):
    """A test with a book of two workspaces, a third under an admin workspace."""

    def setUp(self) -> None:
        self.files = KeyFiles(
            {
                "/keys/blue": "key-blue",
                "/keys/red": "key-red",
                "/keys/agency": "key-adm",
            }
        )
        self.store = MemoryWorkspaceStore()
        self.learned: list[Secret] = []
        self.users: dict[str, Sequence[str]] = {}
        self.book = self.opened()
        self.successResultOf(self.book.add([BLUE, RED, AGENCY, ONE]))

    def opened(self) -> WorkspaceBook:
        """Return the book as it is after a start."""
        book = WorkspaceBook(self.store, self.files, self.learned.append)
        book.tokens_of = lambda alias: self.users.get(alias, ())
        self.successResultOf(book.load())
        return book

    def aliases(self) -> list[str]:
        """Return the aliases in the book, which are those of the store."""
        listed = [each.entry.alias for each in self.book.listed()]
        self.assertEqual(listed, sorted(self.store.entries))
        return listed

    def refused(self, changing: Deferred[None]) -> tuple[str, ...]:
        """Return the sentences with which a change is refused."""
        refusal: BadEntryError = self.failureResultOf(changing, BadEntryError).value
        return refusal.lines

    def not_used(
        self, *aliases: str, asked: str | None = None
    ) -> WorkspaceRefusedError:
        """Return the refusal of a token for these workspaces."""
        with self.assertRaises(WorkspaceRefusedError) as caught:
            self.book.credential_for(token_for(*aliases), asked)
        refusal: WorkspaceRefusedError = caught.exception
        return refusal


class ChangeTests(BookTestCase):
    def test_kept_over_a_restart(self) -> None:
        """What was added is there after a restart, with its key."""
        self.book = self.opened()
        self.assertEqual(self.aliases(), ["agency", "blue", "one", "red"])
        credential = self.book.credential_for(token_for("blue"), None)
        self.assertEqual(credential.secret.reveal(), "key-blue")

    def test_all_or_nothing(self) -> None:
        """One bad entry of several adds none, and each bad one is named."""
        good = WorkspaceEntry(alias="good", under="agency", id="ws-2")
        bad = WorkspaceEntry(alias="bad", api_key_file="/keys/missing")
        worse = WorkspaceEntry(alias="Worse", api_key_file="/keys/blue")
        lines = self.refused(self.book.add([good, bad, worse]))
        self.assertEqual([line.split()[0] for line in lines], ["bad:", "'Worse'"])
        (refused,) = (self.failureResultOf(self.book.add([good, bad])).value,)
        self.assertEqual(refused.places, [1])
        self.assertNotIn("good", self.aliases())

    def test_store_fails(self) -> None:
        """When the store fails, the book has nothing that the store lacks."""
        self.store.broken = RuntimeError("disk full")
        new = WorkspaceEntry(alias="new", under="agency", id="ws-2")
        self.failureResultOf(self.book.add([new]), RuntimeError)
        self.failureResultOf(self.book.remove("blue"), RuntimeError)
        self.assertEqual(self.aliases(), ["agency", "blue", "one", "red"])
        self.book.credential_for(token_for("blue"), None)

    def test_one_key_has_one_alias(self) -> None:
        """A key that is in the book already is refused under another path."""
        self.files.keys["/keys/copy"] = "key-blue"
        copy = WorkspaceEntry(alias="copy", api_key_file="/keys/copy")
        (line,) = self.refused(self.book.add([copy]))
        self.assertEqual(line, "copy has the same key as blue")

    def test_alias_is_taken(self) -> None:
        """An alias is never given to another workspace while it is in use."""
        self.files.keys["/keys/other"] = "key-other"
        other = evolve(BLUE, api_key_file="/keys/other")
        self.refused(self.book.add([other]))
        credential = self.book.credential_for(token_for("blue"), None)
        self.assertEqual(credential.secret.reveal(), "key-blue")

    def test_remove(self) -> None:
        """A workspace is removed, and its tokens lose it at once."""
        self.successResultOf(self.book.remove("blue"))
        self.assertNotIn("blue", self.aliases())
        refused = self.not_used("blue")
        self.assertIs(refused.problem, WorkspaceProblem.UNAVAILABLE)

    def test_what_is_used_stays(self) -> None:
        """An admin workspace with others, and one with tokens, are not removed."""
        self.users["red"] = ["Ada"]
        for alias, why in (("agency", "one"), ("red", "Ada"), ("none", "'none'")):
            (line,) = self.refused(self.book.remove(alias))
            self.assertIn(why, line)
        self.assertEqual(self.aliases(), ["agency", "blue", "one", "red"])

    def test_two_changes_at_once(self) -> None:
        """Of two changes that add one alias, the second is refused."""
        held: Deferred[None] = Deferred()
        self.store.until = held
        new = WorkspaceEntry(alias="new", under="agency", id="ws-2")
        first, second = self.book.add([new]), self.book.add([evolve(new, id="ws-3")])
        held.callback(None)
        self.successResultOf(first)
        self.refused(second)

    def test_keys_are_made_known(self) -> None:
        """Each key that is read is made known, so that the log can redact it."""
        read = {key.reveal() for key in self.learned}
        self.assertEqual(read, {"key-blue", "key-red", "key-adm"})

    def test_nothing_shows_a_key(self) -> None:
        """Neither list nor text form of the book has a key in it."""
        for text in (repr(self.book), repr(self.book.listed())):
            self.assertNotIn("key-", text)


class CredentialTests(BookTestCase):
    def test_key_of_its_own(self) -> None:
        """A token for one workspace acts with the key of that workspace."""
        credential = self.book.credential_for(token_for("blue"), None)
        self.assertEqual(credential.workspace_name, "blue")
        self.assertEqual(credential.secret.reveal(), "key-blue")
        self.assertIsNone(credential.workspace)

    def test_under_an_admin_workspace(self) -> None:
        """Under an admin workspace, its key is sent with the id of the workspace."""
        credential = self.book.credential_for(token_for("one"), None)
        self.assertEqual(credential.secret.reveal(), "key-adm")
        self.assertEqual(credential.workspace, "ws-1")

    def test_who_acts_where(self) -> None:
        """Two tokens in one workspace share its key of state, and no principal."""
        ada = self.book.credential_for(token_for("one", id="tok_1"), None)
        bob = self.book.credential_for(token_for("one", id="tok_2"), None)
        red = self.book.credential_for(token_for("one", "red", id="tok_1"), "red")
        self.assertEqual(ada.workspace_key, bob.workspace_key)
        self.assertNotEqual(ada.workspace_key, red.workspace_key)
        self.assertEqual(len({ada.principal, bob.principal, red.principal}), 3)

    def test_state_survives_a_new_key(self) -> None:
        """After the key file is replaced, principal and workspace are as before."""
        before = self.book.credential_for(token_for("one"), None)
        self.files.keys["/keys/agency"] = "key-new"
        self.assertEqual(self.book.reload(), [])
        after = self.book.credential_for(token_for("one"), None)
        self.assertEqual(before.secret.reveal(), "key-new")
        self.assertEqual(after.principal, before.principal)
        self.assertEqual(after.workspace_key, before.workspace_key)

    def test_key_file_is_gone(self) -> None:
        """A file that is gone at a reload leaves its key in use, and is reported."""
        del self.files.keys["/keys/blue"]
        (line,) = self.book.reload()
        self.assertIn("/keys/blue does not exist", line)
        self.book.credential_for(token_for("blue"), None)
        (blue,) = (each for each in self.book.listed() if each.entry == BLUE)
        self.assertIn("does not exist", blue.trouble)
        self.flushLoggedErrors()

    def test_one_dead_key(self) -> None:
        """A key that cannot be read at the start costs its own workspaces only."""
        del self.files.keys["/keys/agency"]
        self.book = self.opened()
        self.assertIs(self.not_used("one").problem, WorkspaceProblem.UNAVAILABLE)
        self.book.credential_for(token_for("blue"), None)

    def test_rights_of_the_token(self) -> None:
        """The credential has the rights of the token, and nothing left to choose."""
        token = token_for("blue", "red", level=Level.DRAFT)
        credential = self.book.credential_for(token, "red")
        self.assertIs(credential.rights.level, Level.DRAFT)
        self.assertEqual(credential.rights.workspaces, ())
        self.assertEqual(credential.rights.token, "tok_1")


class ChoiceTests(BookTestCase):
    def several(self) -> Credential:
        """Return the credential of a token for several workspaces."""
        return self.book.credential_for(token_for("red", "one", "gone"), None)

    def test_nothing_chosen(self) -> None:
        """Before a workspace is chosen there is no key; the choice is what exists."""
        credential = self.several()
        self.assertEqual(credential.secret.reveal(), "")
        self.assertEqual(credential.rights.workspaces, ("red", "one"))
        self.assertEqual(credential.principal, "tok_1")

    def test_choose(self) -> None:
        """What is chosen is the same as if the request had named it."""
        chosen = self.book.choose(self.several(), "one")
        named = self.book.credential_for(token_for("red", "one"), "one")
        self.assertEqual(chosen, named)
        self.assertEqual(chosen.rights, named.rights)

    def test_others_look_alike(self) -> None:
        """A workspace of others and one that does not exist get the same answer."""
        answers = [
            (refused.problem, str(refused), refused.hint, refused.usable)
            for asked in ("blue", "none", "gone", "", "RED", "red/..")
            for refused in (
                self.not_used("red", "one", "gone", asked=asked),
                self.assertRaises(
                    WorkspaceRefusedError, self.book.choose, self.several(), asked
                ),
            )
        ]
        self.assertEqual(len(set(answers)), 1)
        self.assertIs(answers[0][0], WorkspaceProblem.OTHER)
        self.assertEqual(answers[0][3], ("red", "one"))

    def test_fixed_is_fixed(self) -> None:
        """From the credential of one workspace no other one is reached."""
        fixed = self.book.choose(self.several(), "one")
        for alias in ("red", "one"):
            with self.assertRaises(WorkspaceRefusedError):
                self.book.choose(fixed, alias)

    def test_removed_after_it_was_offered(self) -> None:
        """A workspace that is removed meanwhile cannot be chosen."""
        credential = self.several()
        self.successResultOf(self.book.remove("red"))
        with self.assertRaises(WorkspaceRefusedError):
            self.book.choose(credential, "red")


class AgencyTests(SynchronousTestCase):
    def test_twenty(self) -> None:
        """Twenty workspaces under one key: each has its id and its own state."""
        book = agency_book()
        aliases = [each.alias for each in UNDER_AGENCY]
        several = book.credential_for(token_for(*aliases), None)
        chosen = [book.choose(several, alias) for alias in aliases]
        self.assertEqual({each.secret.reveal() for each in chosen}, {ADMIN_KEY})
        self.assertEqual(
            [each.workspace for each in chosen], [each.id for each in CLIENTS]
        )
        for name in ("principal", "workspace_key"):
            self.assertEqual(len({getattr(each, name) for each in chosen}), 20)

    def test_messages_are_short(self) -> None:
        """A refusal names a few of twenty aliases, and how many more there are."""
        book = agency_book()
        token = token_for(*(each.alias for each in UNDER_AGENCY))
        refused = self.assertRaises(
            WorkspaceRefusedError, book.credential_for, token, "other"
        )
        self.assertEqual(len(refused.usable), MAX_SHOWN_ALIASES)
        self.assertIn("and 12 more", str(refused))
