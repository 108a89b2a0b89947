"""No request that only reads has an effect, however odd it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from instantly_mcp.catalog.index import OPERATIONS
from tests.sandbox.calls import SandboxTestCase, in_path
from tests.sandbox.requests import AnyRequest, requests_as_documented
from tests.sandbox.test_any_request import known

READING = [operation for operation in OPERATIONS if operation.effect.read_only]
ANY_READ = st.sampled_from(READING).flatmap(
    lambda operation: requests_as_documented(operation, known())
)


class ReadingTests(SandboxTestCase):
    """Requests of all reading operations, in one workspace."""

    key = "sandbox"

    def test_no_effect(self) -> None:
        """After many of them the workspace is as if no one had called it."""
        sent: list[AnyRequest] = []

        @settings(
            deadline=None,
            max_examples=60,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(request=ANY_READ)
        def send(request: AnyRequest) -> None:
            path = request.template
            for name, value in request.path.items():
                path = path.replace(f"{{{name}}}", in_path(value))
            if request.query:
                path += "?" + urlencode(dict(request.query), doseq=True)
            self.ask(request.method, path, request.body, checked=False)
            sent.append(request)

        send()
        self.pass_time(days=1)
        seen: Any = self.ok("GET", "/sandbox/effects")
        self.assertEqual(seen["effects"], [], sent)
        self.assertNotEqual(seen["operations"], [])
