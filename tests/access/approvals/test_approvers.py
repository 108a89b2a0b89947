"""Tests for the approvers: names, secrets, and what is stored of them."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp._credential import Secret, looks_like_approver_secret
from instantly_mcp.access.approvals.approver import (
    Approver,
    is_approver_secret,
)
from instantly_mcp.access.approvals.approvers import ApproverBook, ApproverNameError
from instantly_mcp.access.approvals.interfaces import IApproverStore

NOW = 1_800_000_000.0


@implementer(IApproverStore)
@define
class ListedApprovers:
    """A store that a test can look into."""

    kept: list[Approver] = field(factory=list)

    def all(self) -> Deferred[Sequence[Approver]]:
        """Return them."""
        return succeed(list(self.kept))

    def add(self, approver: Approver) -> Deferred[bool]:
        """Keep one."""
        taken = approver.name in [each.name for each in self.kept]
        if not taken:
            self.kept.append(approver)
        return succeed(not taken)

    def remove(self, name: str) -> Deferred[bool]:
        """Remove one."""
        before = len(self.kept)
        self.kept = [each for each in self.kept if each.name != name]
        return succeed(len(self.kept) < before)


class ApproverTests(SynchronousTestCase):
    """A book on a store."""

    def setUp(self) -> None:
        """Make an empty book."""
        self.store = ListedApprovers()
        self.book = self.opened()

    def opened(self) -> ApproverBook:
        """Return the book after a start."""
        book = ApproverBook(store=self.store, wall=lambda: NOW)
        self.successResultOf(book.load())
        return book

    def add(self, name: str) -> Secret:
        """Add an approver."""
        approver, secret = self.successResultOf(self.book.add(name))
        self.assertEqual(approver.name, name)
        return Secret(secret)

    def test_recognized(self) -> None:
        """A secret identifies its approver, also after a restart."""
        bo, ada = self.add("Bo"), self.add("Ada")
        for book in (self.book, self.opened()):
            self.assertEqual(book.recognized(bo), "Bo")
            self.assertEqual(book.recognized(ada), "Ada")
            self.assertEqual(book.names(), ["Ada", "Bo"])

    def test_not_recognized(self) -> None:
        """No other value identifies an approver."""
        secret = self.add("Bo").reveal()
        (kept,) = self.store.kept
        for other in ("", "ima_", secret[:-1], secret + "x", secret.upper(), "Bo"):
            self.assertIsNone(self.book.recognized(Secret(other)), other)
        self.assertIsNone(self.book.recognized(Secret(kept.digest)))
        self.assertIsNone(self.book.recognized(Secret(f" {secret}")))

    def test_stored(self) -> None:
        """Neither the store nor any text has the secret."""
        secret = self.add("Bo").reveal()
        (kept,) = self.store.kept
        self.assertNotIn(secret[4:], str(kept) + kept.digest)
        self.assertNotIn(kept.digest, str(kept))
        self.assertEqual((kept.name, kept.added_at), ("Bo", NOW))

    def test_form(self) -> None:
        """A secret has a form that no key has."""
        secret = self.add("Bo")
        self.assertTrue(is_approver_secret(secret))
        for damaged in (secret.reveal()[:20], f" {secret.reveal()}", "IMA_abc"):
            self.assertTrue(looks_like_approver_secret(damaged))
            self.assertFalse(is_approver_secret(Secret(damaged)))
        self.assertFalse(looks_like_approver_secret("imt_abc"))

    def test_two_of_one_name(self) -> None:
        """Names are unique, whatever their case."""
        self.add("Bo")
        for name in ("Bo", "bo", " Bo "):
            self.failureResultOf(self.book.add(name), ApproverNameError)
        self.assertEqual(len(self.store.kept), 1)

    def test_names(self) -> None:
        """A name is a short text without control characters."""
        for name in ("A", "Ada Lovelace", "bo@example.com", "Ärmin_2"):
            self.add(name)
        for name in ("", " ", "1", "-a", "a\nb", "a\x1b[1m", "a" * 41, "<b>", "ima/x"):
            self.failureResultOf(self.book.add(name), ApproverNameError)

    def test_removed(self) -> None:
        """A removed approver is not recognized, and stays removed."""
        secret = self.add("Bo")
        self.assertTrue(self.successResultOf(self.book.remove("Bo")))
        for book in (self.book, self.opened()):
            self.assertIsNone(book.recognized(secret))
        self.assertFalse(self.successResultOf(self.book.remove("Bo")))
