"""Tests for the metrics and their exposition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.metrics.registry import CONTENT_TYPE, Metrics
from instantly_mcp.metrics.tally import BOUNDS, MAX_SERIES, Count, Durations


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Read the exposition as Prometheus does."""
    text = metrics.exposition().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class MetricsTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make a registry."""
        self.metrics = Metrics()

    def test_exchanges(self):
        """Requests are counted by route template and status, and timed."""
        for status in (200, 200, 404):
            self.metrics.exchange("/mcp", status, 0.02)
        found = samples(self.metrics)
        self.assertEqual(found["instantly_mcp_http_requests_total", ("/mcp", "200")], 2)
        self.assertEqual(found["instantly_mcp_http_requests_total", ("/mcp", "404")], 1)
        self.assertEqual(
            found["instantly_mcp_http_request_seconds_count", ("/mcp",)], 3
        )

    def test_stages_credentials_and_upstream(self):
        """Stages, sources of credentials and upstream calls have their own."""
        self.metrics.stage("decode", "carried-on", 0.001)
        self.metrics.credential("query")
        self.metrics.upstream("list_campaigns", "ok", 0.2)
        self.metrics.refused(401, "server_secret_wrong")
        self.metrics.session("opened")
        found = samples(self.metrics)
        for key in (
            ("instantly_mcp_stage_seconds_count", ("carried-on", "decode")),
            ("instantly_mcp_credentials_total", ("query",)),
            ("instantly_mcp_refused_total", ("401", "server_secret_wrong")),
            ("instantly_mcp_session_events_total", ("opened",)),
            ("instantly_mcp_upstream_seconds_count", ("list_campaigns", "ok")),
        ):
            self.assertEqual(found[key], 1)

    def test_watched_numbers(self):
        """A watched number is looked up each time; a name is taken once."""
        numbers = iter((1, 2))
        self.metrics.watch("sessions", "Open sessions", lambda: next(numbers))
        for expected in (1, 2):
            found = samples(self.metrics)
            self.assertEqual(found["instantly_mcp_sessions", ()], expected)
        with self.assertRaises(ValueError):
            self.metrics.watch("sessions", "Again", lambda: 0)

    def test_watched_totals(self):
        """A number that only grows is exposed as a counter."""
        self.metrics.watch_total("dropped", "Lines lost", lambda: 3)
        self.assertEqual(samples(self.metrics)["instantly_mcp_dropped_total", ()], 3)
        self.assertIn(
            b"# TYPE instantly_mcp_dropped_total counter", self.metrics.exposition()
        )

    def test_registries_are_apart(self):
        """Two daemons in one process do not count together."""
        self.metrics.credential("path")
        self.assertEqual(samples(Metrics()), {})

    def test_content_type(self):
        """The exposition says what it is."""
        self.assertTrue(CONTENT_TYPE.startswith("text/plain"))


class TallyTests(SynchronousTestCase):
    @given(st.lists(st.floats(0, 200, allow_nan=False), max_size=40))
    def test_buckets_are_cumulative(self, times):
        """Each bucket holds every duration up to its bound; the sum is the sum."""
        durations = Durations("x", "text", ("a",))
        for seconds in times:
            durations.add(("b",), seconds)
        (family,) = durations.collect()
        for sample in family.samples:
            if sample.name == "x_bucket":
                bound = float(sample.labels["le"])
                expected = sum(seconds <= bound for seconds in times)
                self.assertEqual(sample.value, expected)
            elif sample.name == "x_sum":
                self.assertAlmostEqual(sample.value, sum(times))
        self.assertEqual(bool(family.samples), bool(times))

    def test_bounds_rise(self):
        """The bounds are in order, as bisection needs them."""
        self.assertEqual(list(BOUNDS), sorted(set(BOUNDS)))

    def test_labels_are_bounded(self):
        """Beyond so many label combinations all others are counted as one."""
        count, durations = Count("x", "t", ("a",)), Durations("y", "t", ("a",))
        for number in range(MAX_SERIES + 50):
            count.add((str(number),))
            durations.add((str(number),), 1.0)
        for collector in (count, durations):
            (family,) = collector.collect()
            series = {sample.labels["a"] for sample in family.samples}
            self.assertEqual(len(series), MAX_SERIES + 1)
        (family,) = count.collect()
        others = [s.value for s in family.samples if s.labels["a"] == "other"]
        self.assertEqual(others, [50])
