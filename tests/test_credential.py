"""Secrets are never shown, and credentials identify their principal."""

from __future__ import annotations

import copy
import pickle

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import (
    OPERATOR,
    Credential,
    CurrentSecret,
    Secret,
    place_of,
)

CANARY = "canary-NDcyMTk4"


class SecretTests(SynchronousTestCase):
    def test_is_never_shown(self) -> None:
        """Neither repr nor str nor format shows the secret."""
        secret = Secret(CANARY)
        for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}"):
            self.assertNotIn(CANARY, shown)

    def test_reveal(self) -> None:
        """`reveal` returns the secret."""
        self.assertEqual(Secret(CANARY).reveal(), CANARY)

    def test_is_not_pickled(self) -> None:
        """A secret refuses to be pickled and copied by pickling."""
        self.assertRaises(TypeError, pickle.dumps, Secret(CANARY))
        self.assertRaises(TypeError, copy.copy, Secret(CANARY))

    @settings(deadline=None)
    @given(st.text(), st.text())
    def test_equality(self, one: str, other: str) -> None:
        """Two secrets are equal exactly when their text is; so are their digests."""
        equal = one == other
        if one.isascii() and other.isascii():
            self.assertEqual(Secret(one).digest() == Secret(other).digest(), equal)
        self.assertTrue(Secret(one) == Secret(one))
        self.assertEqual(hash(Secret(one)), hash(Secret(one)))
        if one.isascii() and other.isascii():
            self.assertEqual(Secret(one) == Secret(other), equal)

    def test_is_not_a_string(self) -> None:
        """A secret equals no plain string, so it is not compared by accident."""
        self.assertFalse(Secret("a") == "a")


class CredentialTests(SynchronousTestCase):
    def test_is_never_shown(self) -> None:
        """The repr shows source and digest, not the key."""
        shown = repr(Credential(secret=Secret(CANARY), source="path"))
        self.assertNotIn(CANARY, shown)
        self.assertIn("path", shown)

    def test_principal(self) -> None:
        """Equal keys act as the same principal wherever they were found."""
        one = Credential(secret=Secret(CANARY), source="path")
        other = Credential(secret=Secret(CANARY), source="query")
        self.assertEqual(one.principal, other.principal)
        self.assertEqual(one, other)

    def test_another_key_is_another_principal(self) -> None:
        """Different keys never act as the same principal."""
        one = Credential(secret=Secret(CANARY), source="path")
        other = evolve(one, secret=Secret("other"), principal="")
        self.assertNotEqual(one, other)
        fresh = Credential(secret=Secret("other"), source="path")
        self.assertNotEqual(one.principal, fresh.principal)

    def test_workspace(self) -> None:
        """One key has a different principal in each workspace."""
        alone = Credential(secret=Secret(CANARY), source="path")
        first = Credential(secret=Secret(CANARY), source="path", workspace="w1")
        second = Credential(secret=Secret(CANARY), source="path", workspace="w2")
        self.assertEqual(len({alone.principal, first.principal, second.principal}), 3)

    def test_principal_shows_nothing(self) -> None:
        """The principal is a digest."""
        principal = Credential(secret=Secret(CANARY), source="path").principal
        self.assertNotIn(CANARY, principal)
        self.assertEqual(len(principal), 32)


class CutTests(SynchronousTestCase):
    def test_empty(self) -> None:
        """An empty secret, as several workspaces have, is cut from nothing."""
        self.assertEqual(Secret("").cut_from("mcp/1.0", "[redacted]"), "mcp/1.0")


class PlaceTests(SynchronousTestCase):
    def test_words(self) -> None:
        """Each source has words for a person; a header is named."""
        for source, words in (
            ("authorization", "the Authorization header"),
            ("x-api-key", "the x-api-key header"),
            ("session-id", "the sessionId"),
            (OPERATOR, "the settings of this server"),
        ):
            self.assertEqual(place_of(source), words)


class CurrentSecretTests(SynchronousTestCase):
    """A key that is replaced while other objects refer to it."""

    def test_copies_follow(self) -> None:
        """Every reference reveals the new value, also for another workspace."""
        current = CurrentSecret(Secret("first"), OPERATOR)
        held = Credential(secret=current, source=OPERATOR)
        derived = Credential(secret=held.secret, source=OPERATOR, workspace="w1")
        current.replace(Secret("second"))
        for each in (held, derived, evolve(held, source="session")):
            self.assertEqual(each.secret.reveal(), "second")

    def test_principal_stays(self) -> None:
        """The principal is the same before and after."""
        current = CurrentSecret(Secret("first"), OPERATOR)
        before = Credential(secret=current, source=OPERATOR)
        current.replace(Secret("second"))
        after = Credential(secret=current, source=OPERATOR)
        self.assertEqual(before.principal, OPERATOR)
        self.assertEqual(after.principal, OPERATOR)
        elsewhere = Credential(secret=current, source=OPERATOR, workspace="w1")
        self.assertNotEqual(elsewhere.principal, OPERATOR)

    def test_no_other_principal(self) -> None:
        """No key that a caller presents gives the operator's principal."""
        for text in ("first", OPERATOR):
            own = Credential(secret=Secret(text), source=OPERATOR)
            self.assertNotEqual(own.principal, OPERATOR)

    def test_pinned(self) -> None:
        """A pinned credential keeps its present key and its principal."""
        current = CurrentSecret(Secret("first"), OPERATOR)
        held = Credential(secret=current, source=OPERATOR)
        pinned = held.pinned
        current.replace(Secret("second"))
        self.assertEqual(pinned.secret, Secret("first"))
        self.assertEqual(pinned.principal, OPERATOR)
        own = Credential(secret=Secret("own"), source="path")
        self.assertIs(own.pinned, own)

    def test_is_never_shown(self) -> None:
        """It is shown by its name."""
        current = CurrentSecret(Secret(CANARY), OPERATOR)
        self.assertNotIn(CANARY, repr(current))
        self.assertNotIn(CANARY, repr(Credential(secret=current, source=OPERATOR)))
