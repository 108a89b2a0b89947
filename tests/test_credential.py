"""Secrets stay secret, and credentials say who acts."""

from __future__ import annotations

import copy
import pickle

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential, Secret

CANARY = "canary-NDcyMTk4"


class SecretTests(SynchronousTestCase):
    def test_is_never_shown(self) -> None:
        """Neither repr nor str nor format shows the secret."""
        secret = Secret(CANARY)
        for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}"):
            self.assertNotIn(CANARY, shown)

    def test_reveal(self) -> None:
        """The one way to the secret is to ask for it."""
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

    def test_is_no_string(self) -> None:
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
        """One key acts as someone else in each workspace."""
        alone = Credential(secret=Secret(CANARY), source="path")
        first = Credential(secret=Secret(CANARY), source="path", workspace="w1")
        second = Credential(secret=Secret(CANARY), source="path", workspace="w2")
        self.assertEqual(len({alone.principal, first.principal, second.principal}), 3)

    def test_principal_shows_nothing(self) -> None:
        """The principal is a digest."""
        principal = Credential(secret=Secret(CANARY), source="path").principal
        self.assertNotIn(CANARY, principal)
        self.assertEqual(len(principal), 32)
