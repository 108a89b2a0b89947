"""Counters and histograms for a single thread.

The metrics of prometheus-client take a lock for each increment. The daemon has one
thread and increments many times per request; here an increment costs a dictionary
lookup.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BOUNDS: Sequence[float] = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
)

MAX_SERIES = 2000
"""Label combinations that one metric may have."""

OTHER = "other"
"""The label value of all events beyond `MAX_SERIES` combinations."""

Labels = tuple[str, ...]


class Count(Collector):
    """Counts events by their labels.

    :param text: the help text.
    :param labels: the label names; `add` takes the values in the same order.
    """

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self._name = name
        self._text = text
        self._labels = tuple(labels)
        self._values: dict[Labels, int] = {}

    def add(self, labels: Labels) -> None:
        """Count one event with these label values."""
        values = self._values
        try:
            values[labels] += 1
        except KeyError:
            key = _bounded(values, labels)
            values[key] = values.get(key, 0) + 1

    def collect(self) -> Iterable[Metric]:
        """Return the counts as a Prometheus metric."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        yield family


class Durations(Collector):
    """Counts events by their labels and their duration: a histogram.

    The parameters are those of `Count`.
    """

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self._name = name
        self._text = text
        self._labels = tuple(labels)
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def add(self, labels: Labels, seconds: float) -> None:
        """Count one event that took `seconds`."""
        buckets = self._buckets.get(labels)
        if buckets is None:
            labels = _bounded(self._buckets, labels)
            buckets = self._buckets.setdefault(labels, [0] * (len(BOUNDS) + 1))
            self._sums.setdefault(labels, 0.0)
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._sums[labels] += seconds

    def collect(self) -> Iterable[Metric]:
        """Return the counts in cumulative buckets, as a Prometheus metric."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        names = (*(str(bound) for bound in BOUNDS), "+Inf")
        for labels, counts in self._buckets.items():
            total = 0
            cumulative: list[tuple[str, float]] = []
            for name, count in zip(names, counts, strict=True):
                total += count
                cumulative.append((name, total))
            family.add_metric(labels, cumulative, self._sums[labels])
        yield family


def _bounded(known: Mapping[Labels, object], labels: Labels) -> Labels:
    if len(known) < MAX_SERIES:
        return labels
    return (OTHER,) * len(labels)
