"""A range that ends before it starts is refused, not answered with an empty list."""

from __future__ import annotations

from .calls import LEAST_CAMPAIGN, SandboxTestCase

EARLY, LATE = "2026-10-01", "2026-11-01"
ODD = ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "soon", "2026-13-45")


class RangeTests(SandboxTestCase):
    def test_analytics(self) -> None:
        """Analytics from a late date to an early one are a 400, from a day to itself
        they are not.
        """
        for path in ("/campaigns/analytics", "/campaigns/analytics/daily"):
            said = self.refused(400, "GET", path, start_date=LATE, end_date=EARLY)
            self.assertIn("start_date must not be after end_date", said)
            self.ok("GET", path, start_date=EARLY, end_date=EARLY)
            self.ok("GET", path, start_date=LATE)
            self.ok("GET", path, end_date=EARLY)

    def test_emails(self) -> None:
        """The same for the moments between which mail was created."""
        edges = {"min_timestamp_created": LATE, "max_timestamp_created": EARLY}
        said = self.refused(400, "GET", "/emails", **edges)
        self.assertIn("must not be after max_timestamp_created", said)
        self.ok("GET", "/emails", min_timestamp_created=EARLY)

    def test_moments_out_of_range(self) -> None:
        """A time that is out of range is a 400 for every parameter that takes one."""
        for odd in ODD:
            self.refused(400, "GET", "/emails", min_timestamp_created=odd)
            self.refused(400, "GET", "/campaigns/analytics", start_date=odd)

    def test_schedule(self) -> None:
        """A campaign cannot end before it starts, nor close before it opens."""
        campaign = self.campaign()
        schedule = LEAST_CAMPAIGN["campaign_schedule"]
        (window,) = schedule["schedules"]  # type: ignore[index]
        closed = {**window, "timing": {"from": "17:00", "to": "09:00"}}
        turned = {**schedule, "start_date": LATE, "end_date": EARLY}  # type: ignore[dict-item]
        for bad in (turned, {"schedules": [window, closed]}):
            body = {"campaign_schedule": bad}
            path = f"/campaigns/{campaign['id']}"
            self.refused(400, "PATCH", path, body)
            self.refused(400, "POST", "/campaigns", {"name": "x", **body})
        same = {**schedule, "start_date": LATE, "end_date": LATE}  # type: ignore[dict-item]
        self.ok("POST", "/campaigns", {"name": "One day", "campaign_schedule": same})

    def test_days_that_are_not_booleans(self) -> None:
        """``"days": {"1": "yes"}`` is a 400 that names the place, not a 500."""
        schedule = LEAST_CAMPAIGN["campaign_schedule"]
        (window,) = schedule["schedules"]  # type: ignore[index]
        for days in ({"1": "yes"}, {"3": None}, {"0": 1}):
            body = {"campaign_schedule": {"schedules": [{**window, "days": days}]}}
            said = self.refused(400, "POST", "/campaigns", {"name": "x", **body})
            (day,) = days
            self.assertIn(f"schedules/0/days/{day} must be boolean", said)
