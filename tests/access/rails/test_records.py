"""What identifies a request in the records."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.rails.records import request_digest


class RequestDigestTests(SynchronousTestCase):
    """Equal requests are recognized."""

    def test_equal_arguments(self) -> None:
        """Neither the order of members nor the spelling of a number matters."""
        one = request_digest("o", "patchLead", {"a": 1, "b": {"c": 2.0, "d": [3]}})
        two = request_digest("o", "patchLead", {"b": {"d": [3.0], "c": 2}, "a": 1.0})
        self.assertEqual(one, two)

    def test_other_requests(self) -> None:
        """Another owner, operation or argument is another request."""
        requests = [
            ("o", "x", {}),
            ("p", "x", {}),
            ("o", "y", {}),
            ("o", "x", {"a": 1}),
        ]
        self.assertEqual(len({request_digest(*each) for each in requests}), 4)
