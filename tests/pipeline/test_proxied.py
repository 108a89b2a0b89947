"""Requests through a proxy, on a daemon that uses its operator's key for callers."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.exchange import Exchange, Route
from instantly_mcp.pipeline.proxied import PROXY_HEADERS, proxy_header
from tests.pipeline.stages.authenticating import (
    ALICE,
    OPERATOR,
    SERVER,
    AuthenticationTestCase,
)
from tests.support.exchanges import exchange, headers


class ProxyHeaderTests(SynchronousTestCase):
    """`proxy_header`."""

    def test_direct(self) -> None:
        """What clients send by themselves shows no proxy."""
        sent = {
            "host": "localhost:3000",
            "user-agent": "x",
            "origin": "http://localhost",
        }
        self.assertIsNone(proxy_header(headers(sent)))

    def test_every_header(self) -> None:
        """Each of the headers shows one, whatever it says, also when it is empty."""
        for name in PROXY_HEADERS:
            for value in ("127.0.0.1", ""):
                self.assertEqual(proxy_header(headers({name: value})), name)


class LendingTests(AuthenticationTestCase):
    """The operator's key is for callers on this machine."""

    def setUp(self) -> None:
        """Remember what is reported to the operator."""
        super().setUp()
        self.told: list[str] = []
        self.stage = evolve(self.stage, report_proxied=self.told.append)

    def proxied(self, name: str = "X-Forwarded-For", **fields: str) -> Exchange:
        """Return a request that came through a proxy."""
        return exchange(with_headers={name: "203.0.113.9", **fields})

    def test_no_proxied_caller_gets_the_operators_key(self) -> None:
        """A proxy that the settings do not mention gets the key for no caller: 403."""
        self.guarded(operator=True)
        for name in PROXY_HEADERS:
            error = self.refused(self.proxied(name), 403)
            self.assertIn(name, str(error["message"]))
            data = error["data"]
            assert isinstance(data, dict)
            self.assertEqual(data["reason"], "proxied_without_secret")
        self.assertEqual(self.told, [*PROXY_HEADERS])

    def test_every_route_and_method(self) -> None:
        """It holds for each route and method."""
        self.guarded(operator=True)
        for route in Route:
            for method in ("GET", "POST", "DELETE"):
                one = evolve(self.proxied(), route=route, method=method)
                self.refused(one, 403)

    def test_direct(self) -> None:
        """A caller on this machine is served as before."""
        self.guarded(operator=True)
        self.acts_as(exchange(), OPERATOR)
        self.assertEqual(self.told, [])

    def test_own_key(self) -> None:
        """Who brings a key through the proxy acts with it."""
        self.guarded(operator=True)
        one = self.proxied(**{"x-instantly-api-key": ALICE})
        self.acts_as(one, ALICE)

    def test_with_secret(self) -> None:
        """If there is a server secret, proxies are allowed."""
        self.guarded(operator=True, secret=True)
        self.acts_as(self.proxied(authorization=f"Bearer {SERVER}"), OPERATOR)

    def test_sandbox(self) -> None:
        """A sandbox has no key to lend, and stays open."""
        gatekeeper = Gatekeeper(sandbox=True)
        self.stage = evolve(self.stage, gatekeeper=gatekeeper)
        self.passed(self.proxied())

    def test_no_key_to_lend(self) -> None:
        """Where everybody brings a key there is nothing to lend."""
        self.assertIsNone(self.passed(self.proxied()).credential)
