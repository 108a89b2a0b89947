"""The form of connection tokens, and the rights that they carry."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import looks_like_token
from instantly_mcp._rights import Level
from instantly_mcp.access.tokens.token import (
    ConnectionToken,
    digest_of,
    is_well_formed,
    new_token,
    new_token_id,
)

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
KNOWN = "imt_" + "0" * 43


class FormTests(SynchronousTestCase):
    """What a token looks like."""

    def test_new(self) -> None:
        """A new token is a word that needs no quotes in a URL or a shell."""
        token = new_token()
        self.assertTrue(re.fullmatch(r"imt_[0-9A-Za-z]{49}", token))
        self.assertTrue(is_well_formed(token))
        self.assertNotEqual(new_token(), token)

    def test_ids(self) -> None:
        """An id is short, and cannot be taken for a digest or a reserved name."""
        self.assertTrue(re.fullmatch(r"t[a-z2-7]{8}", new_token_id()))
        self.assertNotEqual(new_token_id(), new_token_id())

    @given(st.integers(4, 52), st.sampled_from(ALPHABET))
    def test_one_wrong_character(self, place: int, char: str) -> None:
        """One wrong character is always noticed: CRC-32 finds every short burst."""
        token = new_token()
        changed = token[:place] + char + token[place + 1 :]
        self.assertEqual(is_well_formed(changed), changed == token)

    def test_bad_copies(self) -> None:
        """A token that was cut, extended, or lost its case is not well formed."""
        token = new_token()
        for copy in (token[:-1], token + "a", token.upper(), token[4:], "", "imt_"):
            self.assertFalse(is_well_formed(copy), copy)

    def test_bad_copies_are_recognized(self) -> None:
        """A bad copy with the prefix is still no Instantly key."""
        token = new_token()
        for copy in (
            *(token, token[:-1], token.upper(), f"x{token}", f"'{token}'", "imt_"),
            *("Imt_abc", "token=imt_x"),
        ):
            self.assertTrue(looks_like_token(copy), copy)
        for key in ("aW10Xw==", "imt-abc", "sandbox-ada", ""):
            self.assertFalse(looks_like_token(key), key)

    def test_digest(self) -> None:
        """The digest is SHA-256; text that is not Unicode has one as well."""
        self.assertEqual(
            digest_of("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        )
        self.assertEqual(len(digest_of("\udcff")), 64)


class RightsTests(SynchronousTestCase):
    """The rights of a token's callers."""

    def token(self, *workspaces: str) -> ConnectionToken:
        """Return a token."""
        return ConnectionToken(
            id="t1",
            name="ada",
            digest="secret-digest",
            level=Level.DRAFT,
            toolsets=("leads",),
            workspaces=workspaces,
            created=0.0,
            expires=10.0,
        )

    def test_rights(self) -> None:
        """They are those that the operator gave it, with its id and its name."""
        rights = self.token().rights
        self.assertEqual((rights.token, rights.token_name), ("t1", "ada"))
        self.assertEqual((rights.level, rights.toolsets), (Level.DRAFT, ("leads",)))

    def test_workspaces(self) -> None:
        """Its callers choose only if it has several workspaces."""
        for given_, chosen in (((), ()), (("a",), ()), (("a", "b"), ("a", "b"))):
            self.assertEqual(self.token(*given_).rights.workspaces, chosen)

    def test_repr(self) -> None:
        """Its digest is not shown."""
        self.assertNotIn("secret-digest", repr(self.token()))

    def test_past(self) -> None:
        """It is past from its last second on."""
        self.assertFalse(self.token().is_past(9.9))
        self.assertTrue(self.token().is_past(10.0))
