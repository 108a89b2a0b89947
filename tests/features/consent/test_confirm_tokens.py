"""A token is valid for exactly one subject, for its time, and once."""

from __future__ import annotations

from attrs import evolve
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.canonical import digest_of
from instantly_mcp.features.consent.confirm_tokens import (
    VALID_SECONDS,
    ConfirmTokens,
    TokenSubject,
    TokenVerdict,
    mark_of,
)
from instantly_mcp.state.sealed_tokens import TokenSealer

KEY = Fernet.generate_key()
FEW = st.sampled_from(["a", "b"])
SUBJECTS = st.builds(
    TokenSubject,
    principal=FEW,
    workspace_key=FEW,
    tool=FEW,
    arguments_digest=FEW.map(digest_of),
    preview_digest=FEW.map(digest_of),
    can_ask=st.booleans(),
)
START = 1_800_000_000.0


class TokenSubjectTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Begin at a fixed time."""
        self.now = START
        seal = TokenSealer([KEY], lambda: self.now)
        self.tokens = ConfirmTokens(seal, lambda: self.now)

    @given(SUBJECTS, SUBJECTS)
    def test_only_for_its_subject(self, one: TokenSubject, other: TokenSubject) -> None:
        """It is good for an equal subject; one that differs in anything else is not."""
        verdict = self.tokens.verdict(other, self.tokens.issue(one))
        if other == one:
            self.assertIs(verdict, TokenVerdict.GOOD)
        elif evolve(other, preview_digest=one.preview_digest) == one:
            self.assertIs(verdict, TokenVerdict.OTHER_PREVIEW)
        else:
            self.assertIs(verdict, TokenVerdict.WRONG)

    @given(SUBJECTS, st.integers(-900, 900))
    def test_only_in_its_time(self, subject: TokenSubject, passed: int) -> None:
        """It is good for five minutes; a clock that is set back revives none."""
        self.now = START
        token = self.tokens.issue(subject)
        self.now = START + passed
        good = 0 <= passed <= VALID_SECONDS
        expected = TokenVerdict.GOOD if good else TokenVerdict.EXPIRED
        self.assertIs(self.tokens.verdict(subject, token), expected)

    @given(SUBJECTS, st.text(max_size=200))
    def test_no_other_text(self, subject: TokenSubject, text: str) -> None:
        """Text that this server did not seal for confirmations is worth nothing."""
        seal = TokenSealer([KEY], lambda: self.now)
        for token in (text, seal.seal("page", text.encode("utf-8", "replace"))):
            self.assertIs(self.tokens.verdict(subject, token), TokenVerdict.WRONG)

    @given(SUBJECTS)
    def test_each_is_new(self, subject: TokenSubject) -> None:
        """Two tokens for one subject differ, so each has a mark of its own."""
        one, other = self.tokens.issue(subject), self.tokens.issue(subject)
        self.assertNotEqual(mark_of(one), mark_of(other))
        self.assertNotIn(one, mark_of(one))
