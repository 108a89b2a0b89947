"""Counts events of the last hour by label, in slots of one minute.

A metric counts since the start and leaves the rate to Prometheus. A page that a person
reads has no Prometheus behind it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping

from attrs import define, field

SLOT_SECONDS = 60.0
SLOTS = 60
MAX_LABELS = 100
"""Labels in one slot; further ones are counted as `OTHER`."""

OTHER = "other"


@define(eq=False)
class LastHour:
    """The counts.

    :param seconds: returns seconds that never go back.
    """

    seconds: Callable[[], float]
    _slots: deque[tuple[int, Counter[str]]] = field(
        factory=lambda: deque(maxlen=SLOTS), init=False
    )

    def add(self, label: str) -> None:
        """Count one event."""
        number = int(self.seconds() // SLOT_SECONDS)
        slots = self._slots
        if not slots or slots[-1][0] != number:
            slots.append((number, Counter()))
        counts = slots[-1][1]
        if label not in counts and len(counts) >= MAX_LABELS:
            label = OTHER
        counts[label] += 1

    def totals(self, slots: int = SLOTS) -> Mapping[str, int]:
        """Return the counts by label, the largest first.

        :param slots: the number of slots to look back, the present one included.
        """
        oldest = int(self.seconds() // SLOT_SECONDS) - slots
        total: Counter[str] = Counter()
        for number, counts in self._slots:
            if number > oldest:
                total.update(counts)
        return dict(total.most_common())
