"""With any filter and order, the pages of a list end and have every item once."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.sandbox.selection import FILTERS

from .calls import SandboxTestCase
from .requests import requests_as_documented

SETTINGS = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ORDER = st.sampled_from(("asc", "desc"))
TRUTH = st.sampled_from(("true", "false"))


def maybe(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Return queries that hold any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


CAMPAIGNS = maybe(
    status=st.sampled_from((0, 1, 2, 3)),
    exclude_status=st.sampled_from((0, 1)),
    search=st.sampled_from(("a", "founders", "zzz", "é")),
)
ACCOUNTS = maybe(
    status=st.sampled_from((1, 2, -1)),
    provider_code=st.sampled_from((1, 2, 3)),
    search=st.sampled_from(("example", "hale", "new")),
)
LISTS = maybe(search=st.sampled_from(("e", "list")), has_enrichment_task=TRUTH)
JOBS = maybe(
    type=st.just("update-warmup-accounts"),
    status=st.sampled_from(("pending", "success", "pending,success")),
    sort_column=st.sampled_from(("created_at", "updated_at")),
    sort_order=ORDER,
)
EMAILS = maybe(
    email_type=st.sampled_from(("received", "sent", "manual")),
    mode=st.sampled_from(("emode_focused", "emode_others", "emode_all")),
    is_unread=TRUTH,
    latest_of_thread=TRUTH,
    preview_only=st.just("true"),
    sort_order=ORDER,
    search=st.sampled_from(("nora@hale.example.com", "insurance", "unknown")),
)
LEADS = maybe(
    filter=st.sampled_from(sorted(FILTERS)),
    search=st.sampled_from(("a", "example.org", "unknown")),
    in_campaign=st.booleans(),
    in_list=st.booleans(),
    distinct_contacts=st.booleans(),
)
SORTED_ACCOUNTS = st.fixed_dictionaries(
    {
        "sort_by": st.sampled_from(
            ("timestamp_created", "email", "stat_warmup_score", "status")
        )
    },
    optional={"sort_order": ORDER, "skip": st.integers(0, 20), "status": st.just(1)},
)
PAGED = [operation for operation in OPERATIONS if "starting_after" in operation.by_name]
PAGE = {"limit", "starting_after"}
SERVER = ("username", "password", "host")
"""The fields of each of an account's two mail servers, besides the port."""


class PagingTests(SandboxTestCase):
    def setUp(self) -> None:
        """Add objects that are created at the same moment, unsorted by name."""
        super().setUp()
        for name in ("m", "z", "a", "k", "b"):
            self.ok("POST", "/lead-lists", {"name": f"list {name}"})
            account = {
                "email": f"{name}@new.example.com",
                "first_name": name,
                "last_name": name,
                "provider_code": 1,
                **{
                    f"{kind}_{what}": "x"
                    for kind in ("imap", "smtp")
                    for what in SERVER
                },
                "imap_port": 993,
                "smtp_port": 587,
            }
            self.ok("POST", "/accounts", account)
            emails = {"emails": [account["email"]]}
            self.ok("POST", "/accounts/warmup/enable", emails)

    def walk(self, method: str, path: str, key: str, query: Any, limit: int) -> Any:
        """Return what a list holds, page by page, having checked each page."""
        pages = self.pages(method, path, **query, limit=limit)
        for page in pages[:-1]:
            self.assertEqual(len(page), limit, "a page in the middle is full")
        found = [item[key] for page in pages for item in page]
        self.assertEqual(len(found), len(set(found)), "nothing comes twice")
        return found

    def check(self, method: str, path: str, key: str, query: Any, limit: int) -> None:
        """Small pages have the same items as large ones, in the same order."""
        found = self.walk(method, path, key, query, limit)
        self.assertEqual(found, self.walk(method, path, key, query, 100))

    @SETTINGS
    @given(query=CAMPAIGNS, limit=st.integers(1, 5))
    def test_campaigns(self, query: Any, limit: int) -> None:
        """Campaigns, by status and name."""
        self.check("GET", "/campaigns", "id", query, limit)

    @SETTINGS
    @given(query=ACCOUNTS, limit=st.integers(1, 12))
    def test_accounts(self, query: Any, limit: int) -> None:
        """Accounts, also those that were created in the same millisecond."""
        self.check("GET", "/accounts", "email", query, limit)

    @SETTINGS
    @given(query=LISTS, limit=st.integers(1, 7))
    def test_lead_lists(self, query: Any, limit: int) -> None:
        """Lead lists, whose cursor is a timestamp."""
        self.check("GET", "/lead-lists", "id", query, limit)

    @SETTINGS
    @given(query=JOBS, limit=st.integers(1, 7))
    def test_jobs(self, query: Any, limit: int) -> None:
        """Jobs in either order of either moment."""
        self.check("GET", "/background-jobs", "id", query, limit)

    @SETTINGS
    @given(query=EMAILS, limit=st.integers(20, 99))
    def test_emails(self, query: Any, limit: int) -> None:
        """Mail, from both ends."""
        self.check("GET", "/emails", "id", query, limit)

    @SETTINGS
    @given(query=LEADS, limit=st.integers(40, 99))
    def test_leads(self, query: Any, limit: int) -> None:
        """Leads by every filter, as leads and as contacts."""
        self.check("POST", "/leads/list", "id", query, limit)

    @SETTINGS
    @given(data=st.data())
    def test_every_list_in_every_order(self, data: Any) -> None:
        """With any filters and any order, a list ends and holds
        everything once.
        """
        operation = data.draw(st.sampled_from(PAGED))
        asked = data.draw(requests_as_documented(operation, {}))
        method, path = operation.method, asked.template
        query = {**asked.query, **(asked.body or {})}
        query = {name: query[name] for name in query if name not in PAGE}
        given = {"body": query} if method == "POST" else query
        # What is read in the catalog fits each schema and may still be refused.
        assume(self.ask(method, path, **given).status == 200)
        key = "email" if operation.id == "listAccount" else "id"
        long = operation.id in {"listLeads", "listEmail"}
        limit = data.draw(st.integers(40, 99) if long else st.integers(1, 7))
        self.check(method, path, key, query, limit)

    @SETTINGS
    @given(query=SORTED_ACCOUNTS, limit=st.integers(1, 12))
    def test_sorted_accounts(self, query: Any, limit: int) -> None:
        """Accounts are listed in any order, from any offset on."""
        self.check("GET", "/accounts", "email", query, limit)

    def leads(self, **query: Any) -> set[str]:
        """Return the leads that a query finds."""
        return set(self.walk("POST", "/leads/list", "id", query, 100))

    def campaigns(self, **query: Any) -> set[str]:
        """Return the campaigns that a query finds."""
        return set(self.walk("GET", "/campaigns", "id", query, 100))

    def test_leads_that_were_contacted(self) -> None:
        """Contacted and not contacted leads are together all leads."""
        contacted = self.leads(filter="FILTER_VAL_CONTACTED")
        others = self.leads(filter="FILTER_VAL_NOT_CONTACTED")
        self.assertEqual(contacted | others, self.leads())
        self.assertFalse(contacted & others)

    def test_places_of_leads(self) -> None:
        """Leads in a campaign or list and leads in none are together all leads."""
        for place in ("in_campaign", "in_list"):
            found = self.leads(**{place: True}) | self.leads(**{place: False})
            self.assertEqual(found, self.leads())

    def test_campaigns_by_status(self) -> None:
        """Campaigns with a status and campaigns without it are together all."""
        for status in (0, 1, 2, 3):
            these = self.campaigns(status=status)
            others = self.campaigns(exclude_status=status)
            self.assertEqual(these | others, self.campaigns())
            self.assertFalse(these & others)
