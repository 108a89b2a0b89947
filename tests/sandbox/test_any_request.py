"""No request, however wrong, makes the sandbox fail or stops its time."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, Phase, given, settings
from twisted.internet.task import Clock

from instantly_mcp.catalog.index import BY_ID, OPERATIONS
from instantly_mcp.catalog.operation import Operation
from instantly_mcp.sandbox.workspaces import Sandbox

from .calls import SandboxTestCase, in_path
from .requests import AnyRequest, Known, requests, requests_as_documented

SETTINGS = settings(
    deadline=None,
    max_examples=25,
    # Without shrinking: the world goes on from one example to the next.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@cache
def known() -> Known:
    """Return ids and addresses from the world of the key ``sandbox``."""
    world = Sandbox(Clock(), seed=42).workspace("sandbox").current_world()
    campaigns, lists = list(world.campaigns), list(world.lists)
    leads, emails = list(world.leads)[:5], list(world.emails)[:5]
    ids = [*campaigns, *lists, *leads, *emails, *world.jobs]
    accounts = list(world.accounts)[:5]
    return {
        "id": ids,
        "ids": ids,
        "campaign": campaigns,
        "campaign_id": campaigns,
        "to_campaign_id": campaigns,
        "list_id": lists,
        "to_list_id": lists,
        "email": [*accounts, "new@example.org"],
        "emails": accounts,
        "accounts": accounts,
        "email_list": accounts,
        "eaccount": accounts,
        "reply_to_uuid": emails,
        "thread_id": list(world.threads)[:5],
        "excluded_ids": ids,
    }


class AnyRequestTests(SandboxTestCase):
    def check(self, operation: Operation, request: AnyRequest) -> None:
        """Send one request; then let a day pass and look at everything."""
        got = self.send_any(request)
        if operation.id == "listAccount" and "starting_after" in request.query:
            # The real API falls over a cursor that has no time in it, and so do we.
            self.assertIn(got.status, (200, 400, 500))
            return
        self.assertLess(got.status, 500, (request, got.body))
        if operation.effect.read_only:
            return
        for campaign in self.ok("GET", "/campaigns", limit=100, checked=False)["items"]:
            status = self.ask(
                "POST", f"/campaigns/{campaign['id']}/activate", checked=False
            ).status
            self.assertIn(status, (200, 400), request)
        self.pass_time(days=1)
        for path in ("/accounts", "/campaigns", "/lead-lists", "/emails"):
            self.ok("GET", path, checked=False)
        self.ok("GET", "/campaigns/analytics", checked=False)
        self.ok("GET", "/campaigns/analytics/daily", checked=False)
        self.ok("POST", "/leads/list", {}, checked=False)

    def send_any(self, request: AnyRequest) -> Any:
        """Send a request that may be wrong in any way."""
        path = request.template
        for name, value in request.path.items():
            path = path.replace(f"{{{name}}}", in_path(value))
        if request.query:
            path += "?" + urlencode(dict(request.query), doseq=True)
        return self.ask(request.method, path, request.body, checked=False)


CHANGES = requests_as_documented(BY_ID["patchCampaign"], known())


class ExtremeTests(SandboxTestCase):
    """Any campaign that fits the schema does no harm, whether it sends or not."""

    @SETTINGS
    @given(request=CHANGES)
    def test_a_running_campaign(self, request: AnyRequest) -> None:
        """Extreme delays, gaps, limits and dates stop neither time nor other calls."""
        campaign = self.campaign()
        self.lead_in(campaign["id"], "ada@example.org")
        path = f"/campaigns/{campaign['id']}"
        self.ok("POST", f"{path}/activate")
        for name, value in request.body.items():
            status = self.ask("PATCH", path, {name: value}, checked=False).status
            self.assertIn(status, (200, 400), (name, value))
        self.pass_time(days=1)
        self.ok("GET", f"{path}/sending-status", checked=False)
        self.pass_time(days=400)
        self.ok("GET", "/campaigns/analytics", checked=False)
        self.ok("GET", "/emails", checked=False)
        self.sandbox.reset(self.key)


def _test(operation: Operation) -> Any:
    @SETTINGS
    @given(request=requests(operation, known()))
    def test(self: AnyRequestTests, request: AnyRequest) -> None:
        self.check(operation, request)

    test.__doc__ = f"{operation.id} answers every request, right or wrong."
    return test


for _operation in OPERATIONS:
    setattr(AnyRequestTests, f"test_{_operation.id}", _test(_operation))
