"""Tests for previews: what changes their digest."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.preview import Preview

FACTS = st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple)
PREVIEWS = st.builds(
    lambda title, facts, untrusted, unseen: Preview(
        title=title, facts=facts, untrusted=untrusted, unseen=tuple(unseen)
    ),
    st.text(),
    FACTS,
    FACTS,
    st.lists(st.text(), max_size=2),
)


def parts(preview: Preview) -> tuple[object, ...]:
    """Return everything a preview was built from."""
    return preview.title, preview.facts, preview.untrusted, preview.unseen


class DigestTests(SynchronousTestCase):
    """The digest stands for the whole preview."""

    @given(PREVIEWS, PREVIEWS)
    def test_equal(self, one: Preview, other: Preview) -> None:
        """Digests are equal exactly if all parts are."""
        self.assertEqual(parts(one) == parts(other), one.digest == other.digest)

    def test_each_part(self) -> None:
        """A change of any part changes the digest, even if the text only moves."""
        base = Preview(title="Send", facts=(("To", "a"),))
        others = (
            Preview(title="Send To", facts=(("", "a"),)),
            Preview(title="Send", untrusted=(("To", "a"),)),
            Preview(title="Send", facts=(("To", "a"),), unseen=("1",)),
            Preview(title="Send", facts=(("To", "a"), ("To", "a"))),
        )
        digests = {each.digest for each in (base, *others)}
        self.assertEqual(len(digests), 5)

    def test_constant(self) -> None:
        """The digest does not depend on the process: it is stored with approvals."""
        self.assertEqual(Preview(title="Send").digest[:12], "7c790fb7b7f8")
        self.assertEqual(evolve(Preview(title="Send")), Preview(title="Send"))
