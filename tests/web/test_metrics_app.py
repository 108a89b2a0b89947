"""Tests for the site of the metrics."""

from __future__ import annotations

from instantly_mcp.metrics.registry import CONTENT_TYPE, Metrics
from instantly_mcp.web.http.access_log import AccessLog
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.metrics_app import make_metrics_site
from tests.support.cases import ClockedTestCase

from .site import NOW, MemoryServer, guard


class ExpositionTests(ClockedTestCase):
    def setUp(self) -> None:
        """Serve some metrics."""
        super().setUp()
        self.metrics = Metrics()
        self.server = MemoryServer(self.clock)
        self.server.site = make_metrics_site(
            metrics=self.metrics,
            guard=guard,
            clock=self.clock,
            access_log=AccessLog(self.metrics),
            limits=WebLimits(),
            wall=lambda: NOW,
        )
        self.client = self.server.connect()
        self.addCleanup(self.client.hang_up)

    def test_exposition(self):
        """What was counted is shown in the format of Prometheus."""
        self.metrics.credential("path")
        response = self.client.ask("GET", "/metrics")
        self.assertEqual(response.one("content-type"), CONTENT_TYPE)
        self.assertIn(
            b'instantly_mcp_credentials_total{source="path"} 1', response.body
        )
        again = self.client.ask("GET", "/metrics")
        self.assertIn(b'route="/metrics",status="200"} 1.0', again.body)

    def test_guarded(self):
        """A web page in a browser cannot read the metrics."""
        response = self.client.ask("GET", "/metrics", {"Origin": "https://evil"})
        self.assertEqual(response.status, 403)

    def test_nothing_else(self):
        """Every other path and method is 404 in JSON."""
        for method, path in (("GET", "/mcp"), ("POST", "/metrics"), ("GET", "/")):
            response = self.client.ask(method, path)
            self.assertEqual(
                (response.status, response.json()["error"]), (404, "not_found")
            )

    def test_a_bug(self):
        """A number that cannot be looked up is a 500 in JSON, logged once."""
        self.metrics.watch("sessions", "Sessions", lambda: 1 / 0)
        response = self.client.ask("GET", "/metrics")
        self.assertEqual(response.status, 500)
        self.assertTrue(response.json()["incident"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
