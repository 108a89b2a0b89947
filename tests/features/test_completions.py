"""Completions are found by name, and cached separately for each principal."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.memory.name_cache import (
    CACHE_SECONDS,
    FAILURE_CACHE_SECONDS,
    NameCache,
)
from instantly_mcp.features.workspace.names import CAMPAIGNS, Completion, matches
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.feature_cases import KEY, OTHER, FeatureTestCase
from tests.support.instantly import api_error

PROMPT = {"type": "ref/prompt", "name": "launch_preflight"}


def named(*names: str, cursor: str | None = None) -> JsonObject:
    """Return a page of things whose ids are their names in lower case."""
    items = [{"id": f"id-{name.lower()}", "name": name} for name in names]
    return {"items": items, "next_starting_after": cursor}


class CompletionCase(FeatureTestCase):
    def starting(
        self, ref: JsonObject, name: str, typed: str, credential: Credential = KEY
    ) -> Deferred[Any]:
        """Start a completion."""
        params = {"ref": ref, "argument": {"name": name, "value": typed}}
        return self.asking("completion/complete", params, credential=credential)

    def completed(
        self, ref: JsonObject, name: str, typed: str, credential: Credential = KEY
    ) -> list[str]:
        """Return the values of a completion."""
        result = self.successResultOf(self.starting(ref, name, typed, credential))
        values: list[str] = result["completion"]["values"]
        return values

    def campaigns(self, typed: str, credential: Credential = KEY) -> list[str]:
        """Return the campaigns that complete a prompt's argument."""
        return self.completed(PROMPT, "campaign", typed, credential)

    def template(self, path: str, name: str, typed: str) -> list[str]:
        """Return the completions of a template's variable."""
        ref = {"type": "ref/resource", "uri": f"instantly://{path}"}
        return self.completed(ref, name, typed)


class NameTests(CompletionCase):
    def test_prefix_before_substring(self) -> None:
        """Names that start with the text come first, then those that contain it."""
        self.instantly.answers("listCampaign", named("New spring", "Spring", "Fall"))
        self.assertEqual(self.campaigns("spr"), ["id-spring", "id-new spring"])
        self.assertEqual(len(self.campaigns("")), 3)
        self.assertEqual(self.campaigns("winter"), [])

    def test_kept(self) -> None:
        """Further typing uses the cached names until they expire."""
        self.instantly.answers("listCampaign", named("Spring"))
        for typed in ("s", "sp", "spr"):
            self.campaigns(typed)
        self.assertEqual(len(self.instantly.executed), 1)
        self.clock.advance(CACHE_SECONDS + 1)
        self.campaigns("s")
        self.assertEqual(len(self.instantly.executed), 2)

    def test_principals_are_apart(self) -> None:
        """A principal never gets another principal's names."""
        self.instantly.answers("listCampaign", named("Mine"), named("Theirs"))
        self.assertEqual(self.campaigns(""), ["id-mine"])
        self.assertEqual(self.campaigns("", OTHER), ["id-theirs"])
        self.assertEqual(self.campaigns(""), ["id-mine"])
        principals = [each.principal for each in self.instantly.executed]
        self.assertEqual(principals, [KEY.principal, OTHER.principal])

    def test_failures_complete_with_nothing(self) -> None:
        """A failed call completes nothing, and is not repeated with every letter."""
        self.instantly.answers(
            "listCampaign", api_error(Reason.KEY_REJECTED), named("Spring")
        )
        self.assertEqual(self.campaigns("s"), [])
        self.assertEqual(self.campaigns("sp"), [])
        self.assertEqual(len(self.instantly.executed), 1)
        self.clock.advance(FAILURE_CACHE_SECONDS + 1)
        self.assertEqual(self.campaigns("sp"), ["id-spring"])

    def test_a_bug_completes_with_nothing(self) -> None:
        """Even after a bug while reading names no request waits; the bug is logged."""
        self.instantly.answers("listCampaign", lambda given: 1 / 0)
        self.assertEqual(self.campaigns("s"), [])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_a_token_that_ended(self) -> None:
        """The caller of a token that ended learns that, and nothing is logged."""
        self.features.context.rights_now = lambda rights: None
        error = self.failureResultOf(
            self.starting(PROMPT, "campaign", "sp"), ProtocolError
        ).value
        self.assertEqual(error.data["code"], "not_allowed")
        self.assertEqual(self.flushLoggedErrors(), [])
        self.features.context.rights_now = lambda rights: rights
        self.instantly.answers("listCampaign", named("Spring"))
        self.assertEqual(len(self.campaigns("sp")), 1)

    def test_one_reading_for_many(self) -> None:
        """Concurrent requests share one read; a cancelled request does not end it."""
        page: Deferred[Any] = Deferred()
        self.instantly.answers("listCampaign", page)
        first = self.starting(PROMPT, "campaign", "s")
        second = self.starting(PROMPT, "campaign", "sp")
        first.cancel()
        self.failureResultOf(first)
        page.callback(named("Spring"))
        self.assertEqual(
            self.successResultOf(second)["completion"]["values"], ["id-spring"]
        )
        self.assertEqual(len(self.instantly.executed), 1)

    def test_at_most_a_hundred(self) -> None:
        """A hundred values are returned, with the total number."""
        names = [f"C{n}" for n in range(100)]
        self.instantly.answers(
            "listCampaign", named(*names, cursor="x"), named("More", "Most")
        )
        result = self.successResultOf(self.starting(PROMPT, "campaign", ""))
        found = result["completion"]
        self.assertEqual(len(found["values"]), 100)
        self.assertEqual((found["total"], found["hasMore"]), (102, True))

    def test_a_large_workspace_is_searched(self) -> None:
        """Beyond the pages that are read the API searches, once for each text."""
        pages = [named(f"C{n}", cursor=str(n)) for n in range(5)]
        self.instantly.answers("listCampaign", *pages, named("Zebra"))
        self.assertEqual(self.campaigns("zeb"), ["id-zebra"])
        self.assertEqual(self.campaigns("zeb"), ["id-zebra"])
        calls = self.instantly.calls("listCampaign")
        self.assertEqual(len(calls), 6)
        self.assertEqual(calls[-1], {"search": "zeb", "limit": 100})

    def test_bounded(self) -> None:
        """The number of cached lists is limited; the least recently used is dropped."""
        names = NameCache(self.features.context.fetch, self.clock, 2)
        self.instantly.answers("listCampaign", named("Spring"))

        def look(secret: Credential) -> None:
            call = Call(caller=Caller(revision=V2025_11_25, credential=secret))
            found = Deferred.fromCoroutine(names.matching(CAMPAIGNS, "", call))
            self.assertEqual(len(self.successResultOf(found)), 1)

        third = Credential(secret=KEY.secret, source="test", workspace="w")
        for each in (KEY, OTHER, KEY, third, KEY, OTHER):
            look(each)
        self.assertEqual(len(self.instantly.executed), 4)

    def test_without_a_key(self) -> None:
        """Without a key there is nothing to complete with."""
        params = {"ref": PROMPT, "argument": {"name": "campaign", "value": ""}}
        result = self.ask("completion/complete", params, credential=None)
        self.assertEqual(result["completion"]["values"], [])
        self.assertEqual(self.instantly.ids, [])


class KindTests(CompletionCase):
    def test_templates(self) -> None:
        """Each variable is completed with objects of the right kind."""
        self.instantly.answers("listCampaign", named("Spring"))
        self.instantly.answers("listLeadList", named("Fair"))
        self.instantly.answers("listAccount", {"items": [{"email": "Ann@example.com"}]})
        self.instantly.answers(
            "listBackgroundJob",
            {"items": [{"id": "j1", "type": "move-leads", "status": "pending"}]},
        )
        for path in ("campaigns/{id}", "campaigns/{id}/preflight"):
            self.assertEqual(self.template(path, "id", "spr"), ["id-spring"])
        analytics = "campaigns/{id}/analytics{?from,to}"
        self.assertEqual(self.template(analytics, "id", "SPR"), ["id-spring"])
        self.assertEqual(self.template(analytics, "from", "2"), [])
        scorecard = "lists/{id}/scorecard"
        self.assertEqual(self.template(scorecard, "id", "fa"), ["id-fair"])
        accounts = "accounts/{email}"
        self.assertEqual(self.template(accounts, "email", "ann"), ["Ann@example.com"])
        for typed in ("j", "move", "pend"):
            self.assertEqual(self.template("jobs/{id}", "id", typed), ["j1"])
        self.assertEqual(self.template("leads/{id}", "id", "a"), [])

    def test_operations(self) -> None:
        """Operations complete by their ids, without calling Instantly."""
        found = self.template("schema/{operation}", "operation", "listcamp")
        self.assertEqual(found, ["listCampaign"])
        self.assertEqual(self.instantly.ids, [])

    def test_timezones(self) -> None:
        """Every IANA name completes, also those that Instantly lacks."""
        found = self.completed(PROMPT, "timezone", "new_y")
        self.assertEqual(found, ["America/New_York"])
        offered = self.completed(PROMPT, "timezone", "arctic/")
        self.assertEqual(offered, ["Arctic/Longyearbyen"])

    def test_several(self) -> None:
        """Of a list with commas the last part is completed."""
        self.instantly.answers("listCampaign", named("Spring", "Fall"))
        ref = {"type": "ref/prompt", "name": "weekly_report"}
        found = self.completed(ref, "campaigns", "id-fall,spr")
        self.assertEqual(found, ["id-fall,id-spring"])
        self.assertEqual(self.completed(ref, "campaigns", "fa"), ["id-fall"])

    def test_ranges(self) -> None:
        """Ranges are completed with words."""
        ref = {"type": "ref/prompt", "name": "client_report"}
        found = self.completed(ref, "range", "last_m")
        self.assertEqual(found, ["last_month"])

    def test_lists(self) -> None:
        """A list is completed for its prompt."""
        self.instantly.answers("listLeadList", named("Fair"))
        ref = {"type": "ref/prompt", "name": "list_hygiene"}
        self.assertEqual(self.completed(ref, "list", "f"), ["id-fair"])

    def test_items_without_ids(self) -> None:
        """An item without an id is left out; one without a name is found by its id."""
        items = [{"name": "No id"}, {"id": "x1"}, "odd"]
        self.instantly.answers("listCampaign", {"items": items})
        self.assertEqual(self.campaigns(""), ["x1"])


class MatchTests(SynchronousTestCase):
    @given(st.lists(st.text(max_size=8)), st.text(max_size=4))
    def test_exactly_those_that_contain_it(self, names: list[str], typed: str) -> None:
        """Everything that contains the text is found, once, and nothing else."""
        entries = [Completion(f"{n}", name) for n, name in enumerate(names)]
        found = matches(entries, typed)
        wanted = typed.strip().lower()
        expected = [
            each
            for each in entries
            if wanted in each.name.lower() or wanted in each.value
        ]
        self.assertEqual(sorted(map(repr, found)), sorted(map(repr, expected)))
