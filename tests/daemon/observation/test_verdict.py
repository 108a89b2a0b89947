"""Is it this server, or Instantly?"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.api.errors import Reason
from instantly_mcp.daemon.observation.upstream_calls import (
    FAILURES,
    NOT_SENT,
    EndedCall,
    UpstreamCalls,
)
from instantly_mcp.daemon.observation.verdict import Situation, verdict_on
from instantly_mcp.metrics.last_hour import LastHour


def call(outcome: str, at: float = 0.0) -> EndedCall:
    """Return a call that has ended."""
    return EndedCall(at, "listLead", outcome, 0.1)


def situation(**given: Any) -> Situation:
    """Return a situation in which all is well but for what is given."""
    well: dict[str, Any] = {
        "ready": True,
        "draining": False,
        "breaker": "closed",
        "recent": {},
        "last_answer": call("ok"),
        "last_failure": None,
        "waiting": 0,
    }
    return Situation(**{**well, **given})


class VerdictTests(SynchronousTestCase):
    def test_words(self) -> None:
        """Each situation has its culprit."""
        failed = call("unreachable", 5.0)
        for word, given_ in (
            ("well", {}),
            ("well", {"last_answer": None}),
            ("server", {"draining": True}),
            ("server", {"ready": False}),
            ("instantly", {"breaker": "open", "last_failure": failed}),
            ("instantly", {"recent": {"unreachable": 1}, "last_failure": failed}),
            ("well", {"recent": {"unreachable": 1}, "last_failure": call("x", -5.0)}),
            (
                "key",
                {"recent": {"key_rejected": 2}, "last_answer": call("key_rejected")},
            ),
            ("well", {"recent": {"key_rejected": 2}}),
            ("limit", {"recent": {"rate_limited": 2}}),
        ):
            self.assertEqual(verdict_on(situation(**given_)).word, word, given_)

    @given(
        st.booleans(),
        st.booleans(),
        st.sampled_from(("closed", "open", "half-open")),
        st.dictionaries(st.sampled_from([each.value for each in Reason]), st.just(1)),
    )
    def test_trouble_has_a_sentence(
        self, ready: bool, draining: bool, breaker: str, recent: dict[str, int]
    ) -> None:
        """Every verdict but "well" says more than one word; "bad" has a next step."""
        now = situation(ready=ready, draining=draining, breaker=breaker, recent=recent)
        verdict = verdict_on(now)
        self.assertTrue(verdict.sentence.endswith("."))
        self.assertEqual(verdict.kind == "well", verdict.word == "well")
        if verdict.kind == "bad":
            self.assertTrue(verdict.next_step)


class UpstreamCallsTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Observe no call yet."""
        self.clock = Clock()
        self.calls = UpstreamCalls(self.clock.seconds, LastHour(self.clock.seconds))

    def test_groups(self) -> None:
        """An outcome is an answer, a failure, or says nothing about Instantly."""
        for each in ("ok", *(reason.value for reason in Reason)):
            calls = UpstreamCalls(lambda: 1.0, LastHour(self.clock.seconds))
            calls.ended("listLead", each, 0.1)
            self.assertEqual(calls.last_failure is not None, each in FAILURES, each)
            answered = each not in FAILURES and each not in NOT_SENT
            self.assertEqual(calls.last_answer is not None, answered, each)
        self.assertFalse(FAILURES & NOT_SENT)

    def test_latency(self) -> None:
        """The median and the slow end of the last calls."""
        self.assertIsNone(self.calls.latency)
        for tenths in range(1, 101):
            self.calls.ended("listLead", "ok", tenths / 10)
        latency = self.calls.latency
        assert latency is not None
        self.assertEqual(latency.calls, 100)
        self.assertEqual((latency.median, latency.longest), (5.1, 10.0))
        self.assertEqual(latency.slowest_of_20, 9.6)
