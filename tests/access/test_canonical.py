"""Equal values have equal digests, others have not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.access.canonical import digest_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


class CanonicalTests(SynchronousTestCase):
    """A digest stands for a value."""

    @given(VALUES, VALUES)
    def test_equal_exactly_for_equal_values(self, one, other):
        """Two values have one digest exactly if their JSON says the same."""
        same = loads(dumps(one)) == loads(dumps(other)) and repr(
            _sorted(loads(dumps(one)))
        ) == repr(_sorted(loads(dumps(other))))
        self.assertEqual(digest_of(one) == digest_of(other), same)

    def test_order_of_members(self):
        """The order of members makes no difference at any depth."""
        one = {"a": [{"x": 1, "y": 2}], "b": 3}
        other = {"b": 3, "a": [{"y": 2, "x": 1}]}
        self.assertEqual(digest_of(one), digest_of(other))

    def test_whole_numbers(self):
        """A number is the same however it is written; true is not 1."""
        self.assertEqual(digest_of({"n": 1}), digest_of({"n": 1.0}))
        self.assertNotEqual(digest_of(1), digest_of(True))
        self.assertNotEqual(digest_of(1), digest_of("1"))
        self.assertNotEqual(digest_of(1), digest_of(1.5))


def _sorted(value):
    if isinstance(value, dict):
        return [(name, _sorted(value[name])) for name in sorted(value)]
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    return value
