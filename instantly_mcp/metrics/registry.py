"""The metrics of the daemon, and their exposition.

No label contains a key, a path, an argument or an address: routes are templates, and
operations are ids of the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .tally import Count, Durations

CONTENT_TYPE = CONTENT_TYPE_LATEST

PREFIX = "instantly_mcp_"


class PolledMetric(Collector):
    """A metric whose value is read when the metrics are collected.

    :param family: a gauge, or a counter that only increases.
    :param text: the help text.
    :param read: returns the value.
    """

    def __init__(
        self,
        family: type[GaugeMetricFamily] | type[CounterMetricFamily],
        name: str,
        text: str,
        read: Callable[[], float],
    ) -> None:
        self._family = family
        self._name = name
        self._text = text
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Return the name without the value, so that the registry finds duplicates."""
        yield self._family(self._name, self._text)

    def collect(self) -> Iterable[Metric]:
        """Read and return the value."""
        yield self._family(self._name, self._text, value=self._read())


class Metrics:
    """The daemon's metrics, in a separate registry."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._exchanges = self._count(
            "http_requests",
            "HTTP requests answered, by route template and status",
            ("route", "status"),
        )
        self._latency = self._durations(
            "http_request_seconds",
            "Time from a request's head to the end of its answer",
            ("route",),
        )
        self._stages = self._durations(
            "stage_seconds",
            "Time in one stage of the pipeline, by the kind of its outcome",
            ("stage", "outcome"),
        )
        self._credentials = self._count(
            "credentials", "Requests by where their credential was found", ("source",)
        )
        self._refused = self._count(
            "refused",
            "Requests refused for their key or session, by status and reason",
            ("status", "reason"),
        )
        self._sessions = self._count(
            "session_events",
            "Sessions opened, adopted (known again after a restart or an eviction), "
            "ended by their client, expired, evicted and released",
            ("event",),
        )
        self._upstream = self._durations(
            "upstream_seconds",
            "Calls to Instantly, by operation and outcome",
            ("operation", "outcome"),
        )

    def _count(self, name: str, text: str, labels: Sequence[str]) -> Count:
        count = Count(f"{PREFIX}{name}", text, labels)
        self._registry.register(count)
        return count

    def _durations(self, name: str, text: str, labels: Sequence[str]) -> Durations:
        durations = Durations(f"{PREFIX}{name}", text, labels)
        self._registry.register(durations)
        return durations

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """Count a request on `route` (a template), answered after `seconds`."""
        self._exchanges.add((route, str(status)))
        self._latency.add((route,), seconds)

    def stage(self, stage: str, outcome: str, seconds: float) -> None:
        """Count the outcome of one stage of the pipeline, after `seconds`."""
        self._stages.add((stage, outcome), seconds)

    def credential(self, source: str) -> None:
        """Count a request whose credential was found in `source`."""
        self._credentials.add((source,))

    def refused(self, status: int, reason: str) -> None:
        """Count a request that was refused because of its key or session."""
        self._refused.add((str(status), reason))

    def session(self, event: str) -> None:
        """Count an event of a session; see the help text of the metric."""
        self._sessions.add((event,))

    def upstream(self, operation: str, outcome: str, seconds: float) -> None:
        """Count a call of an operation (its id in the catalog) that has ended."""
        self._upstream.add((operation, outcome), seconds)

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Expose a gauge, such as the open sessions, as ``instantly_mcp_{name}``.

        :param text: the help text.
        :param read: returns the value; called at each collection.
        :raises ValueError: when the name is taken.
        """
        name = f"{PREFIX}{name}"
        self._registry.register(PolledMetric(GaugeMetricFamily, name, text, read))

    def watch_total(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Expose a counter as ``instantly_mcp_{name}_total``.

        :param text: the help text.
        :param read: returns the value; called at each collection.
        :raises ValueError: when the name is taken.
        """
        name = f"{PREFIX}{name}"
        self._registry.register(PolledMetric(CounterMetricFamily, name, text, read))

    def exposition(self) -> bytes:
        """Return all metrics in the Prometheus text format (`CONTENT_TYPE`)."""
        return generate_latest(self._registry)
