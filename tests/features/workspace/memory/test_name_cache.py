"""A name in the place of an id: resolved if it is unique, refused with candidates."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.memory.name_cache import (
    CACHE_SECONDS,
    MAX_CANDIDATES,
)
from tests.features.cases import ToolTestCase
from tests.features.feature_cases import FeatureTestCase
from tests.support.instantly import RecordingInstantly, api_error

ID = "0190a4f2-5d6a-7c11-8f00-2b8a4c1d9e77"
OTHER_ID = "0190a4f2-5d6a-7c11-8f00-2b8a4c1d9e78"
LEAD = {"id": "l1", "email": "a@example.com"}


def page(*named: tuple[str, str], cursor: str | None = None) -> JsonObject:
    """Return a page of objects with these ids and names."""
    items = [{"id": id, "name": name} for id, name in named]
    return {"items": items, "next_starting_after": cursor}


class NameCase(ToolTestCase):
    def setUp(self) -> None:
        """Trust no short ids, and script one campaign, one list and one account."""
        super().setUp()
        self.context.names.trusted = None
        self.instantly.answers("listCampaign", page((ID, "Spring sale")))
        self.instantly.answers("listLeadList", page((OTHER_ID, "Fair")))
        self.instantly.answers(
            "listAccount",
            {
                "items": [
                    {"email": "ann@x.example", "first_name": "Ann", "last_name": "Lee"}
                ]
            },
        )
        self.instantly.answers("listLeads", {"items": [LEAD]})


class ResolvedTests(NameCase):
    def test_every_kind(self) -> None:
        """Campaigns, lists and accounts are found by name, in any case and spacing."""
        self.value("list_leads", campaign="  spring  SALE ", list_id="fair")
        self.assertEqual(
            self.instantly.calls("listLeads")[-1]["campaign"], ID, "a campaign"
        )
        self.assertEqual(self.instantly.calls("listLeads")[-1]["list_id"], OTHER_ID)
        self.value("get_account", email="ann lee")
        self.assertEqual(
            self.instantly.calls("getAccount"), [{"email": "ann@x.example"}]
        )

    def test_an_id_costs_no_call(self) -> None:
        """A text in the form of an id is sent as it is, and nothing else is asked."""
        self.value("list_leads", campaign=ID)
        self.value("get_account", email="bob@x.example")
        self.assertEqual(self.instantly.ids, ["listLeads", "getAccount"])

    def test_in_a_list(self) -> None:
        """Each name in a list of ids is resolved; the same object is named once."""
        self.instantly.answers("getCampaignAnalytics", [{"campaign_id": ID}])
        self.value("get_campaign_analytics", campaign_ids=["Spring sale", ID])
        asked = self.instantly.calls("getCampaignAnalytics")
        self.assertEqual(asked, [{"ids": [ID]}])

    def test_with_commas(self) -> None:
        """Of several accounts in one text, each may be an address or a name."""
        self.instantly.answers("listEmail", {"items": [{"id": "m"}]})
        for accounts in ("Ann Lee, bob@x.example", "ann lee,bob@x.example,Ann Lee"):
            self.value("list_emails", eaccount=accounts)
            asked = self.instantly.calls("listEmail")[-1]
            self.assertEqual(asked["eaccount"], "ann@x.example,bob@x.example")

    def test_renamed_since(self) -> None:
        """A name that is not in the cache is read once more."""
        self.value("list_leads", campaign="Spring sale")
        self.instantly.answers("listCampaign", page((ID, "Autumn")))
        self.value("list_leads", campaign="Autumn")
        self.assertEqual(len(self.instantly.calls("listCampaign")), 2)

    def test_writes_do_not_trust_the_cache(self) -> None:
        """A write reads the names now: the name may belong to another object."""
        self.value("list_leads", campaign="Spring sale")
        self.instantly.answers("listCampaign", page((OTHER_ID, "Spring sale")))
        self.value("list_leads", campaign="Spring sale")
        self.assertEqual(self.instantly.calls("listLeads")[-1]["campaign"], ID)
        self.value("pause_campaign", campaign_id="Spring sale")
        self.assertEqual(self.instantly.calls("pauseCampaign"), [{"id": OTHER_ID}])

    def test_cached(self) -> None:
        """Reads within two minutes ask for the names once."""
        for _ in range(3):
            self.value("list_leads", campaign="Spring sale")
        self.assertEqual(len(self.instantly.calls("listCampaign")), 1)
        self.clock.advance(CACHE_SECONDS + 1)
        self.value("list_leads", campaign="Spring sale")
        self.assertEqual(len(self.instantly.calls("listCampaign")), 2)

    def test_beyond_the_first_pages(self) -> None:
        """In a large workspace the name is searched for."""

        def reply(asked: JsonObject) -> Any:
            if asked.get("search"):
                return page((ID, "Needle"))
            number = int(asked.get("starting_after", 0))
            return page((f"c{number}", f"Hay {number}"), cursor=str(number + 1))

        self.instantly.answers("listCampaign", reply)
        self.value("list_leads", campaign="needle")
        self.assertEqual(self.instantly.calls("listLeads")[-1]["campaign"], ID)


class RefusedTests(NameCase):
    def refused(self, tool_name: str, **arguments: Any) -> Any:
        """Return the error of a call whose main operation is never executed."""
        error = self.failure(tool_name, **arguments)
        error = error.get("error", error)
        self.assertEqual(error["code"], "not_found")
        for executed in self.instantly.ids:
            self.assertRegex(executed, "^list(Campaign|LeadList|Account)$")
        return error

    def test_unknown(self) -> None:
        """An unknown name is refused with the closest names and their ids first."""
        names = ["Winter", "Sale", "Spring sale 2", "Fall", "Summer", "Other", "Last"]
        self.instantly.answers(
            "listCampaign", page(*((f"c{n}", name) for n, name in enumerate(names)))
        )
        error = self.refused("list_leads", campaign="spring sale")
        self.assertIn("No campaign has the name or id 'spring sale'", error["message"])
        self.assertEqual(error["candidates"][0], {"id": "c2", "name": "Spring sale 2"})
        self.assertEqual(error["candidates"][1], {"id": "c1", "name": "Sale"})
        self.assertEqual(len(error["candidates"]), MAX_CANDIDATES)
        self.assertIn("list_campaigns", error["hint"])

    def test_ambiguous(self) -> None:
        """Of two objects with one name none is chosen."""
        self.instantly.answers(
            "listCampaign", page((ID, "Twin"), (OTHER_ID, "twin"), ("c", "Single"))
        )
        for tool in ("get_campaign", "activate_campaign", "delete_campaign"):
            error = self.refused(tool, campaign_id="Twin")
            self.assertIn("More than one campaign", error["message"])
            found = [each["id"] for each in error["candidates"]]
            self.assertEqual(found, [ID, OTHER_ID])

    def test_no_part_of_a_name(self) -> None:
        """A part of a name is never taken for the name."""
        error = self.refused("delete_campaign", campaign_id="Spring")
        self.assertEqual(error["candidates"], [{"id": ID, "name": "Spring sale"}])

    def test_blank(self) -> None:
        """Blank text names nothing, also where there is only one object."""
        self.refused("pause_campaign", campaign_id=" ")
        self.refused("pause_account", email=" ")

    def test_accounts(self) -> None:
        """The candidates for an account are addresses."""
        error = self.refused("pause_account", email="Anna")
        self.assertEqual(
            error["candidates"], [{"email": "ann@x.example", "name": "Ann Lee"}]
        )

    def test_empty_workspace(self) -> None:
        """Without candidates the next step is the tool that lists them."""
        self.instantly.answers("listCampaign", {"items": []})
        error = self.refused("get_campaign", campaign_id="x")
        self.assertEqual(error["candidates"], [])
        self.assertEqual(error["hint"], "Find its id with list_campaigns.")

    def test_names_cannot_be_read(self) -> None:
        """When the names cannot be read, that is the error, and not an unknown name."""
        failed = api_error(Reason.SCOPE_MISSING, scopes=("campaigns:read",))
        self.instantly.answers("listCampaign", failed)
        for _ in range(2):
            error = self.failure("list_leads", campaign="Spring sale")
            error = error.get("error", error)
            self.assertEqual(error["code"], "scope_missing")
            self.assertIn("'Spring sale' is not an id", error["message"])
            self.assertIn("It did not work.", error["message"])
            self.assertEqual(error["scopes"], ["campaigns:read"])
        self.assertEqual(self.instantly.calls("listLeads"), [])


class MissingTests(NameCase):
    def test_another_argument(self) -> None:
        """What is not found is named only where one argument can be meant."""
        self.instantly.answers("moveLeads", api_error(Reason.NOT_FOUND, "moveLeads"))
        move = "move_leads_to_campaign_or_list"
        error = self.failure(move, to_list_id=OTHER_ID, campaign=ID, search="x")
        self.assertEqual(error["code"], "not_found")
        self.assertNotIn("candidates", error)

    def test_deleted_since(self) -> None:
        """What was deleted since the names were read is not a candidate."""
        self.value("list_leads", campaign="Spring sale")
        self.instantly.answers("listCampaign", page((OTHER_ID, "Autumn")))
        self.instantly.answers("getCampaign", api_error(Reason.NOT_FOUND))
        error = self.failure("get_campaign", campaign_id="Spring sale")
        self.assertEqual(error["candidates"], [{"id": OTHER_ID, "name": "Autumn"}])

    def test_an_id_of_another_kind(self) -> None:
        """The id of a lead list in the place of a campaign's is named as such."""
        self.instantly.answers("listLeads", {"items": []})
        self.instantly.answers("getCampaign", api_error(Reason.NOT_FOUND))
        self.instantly.answers("getLeadList", {"id": OTHER_ID, "name": "Fair"})
        for tool, argument in (
            ("list_leads", "campaign"),
            ("get_campaign", "campaign_id"),
        ):
            error = self.failure(tool, **{argument: OTHER_ID})
            self.assertEqual(error["code"], "not_found")
            self.assertEqual(
                error["message"],
                f"'{OTHER_ID}' is the id of a lead list, not of a campaign.",
            )

    def test_the_only_one(self) -> None:
        """If only one thing was named, it is looked for, and named if it is missing."""
        move = "move_leads_to_campaign_or_list"
        self.instantly.answers("moveLeads", api_error(Reason.NOT_FOUND, "moveLeads"))
        self.instantly.answers("getLeadList", {"id": OTHER_ID})
        error = self.failure(move, to_list_id=OTHER_ID, search="x")
        self.assertNotIn("candidates", error)
        self.instantly.answers("getLeadList", api_error(Reason.NOT_FOUND))
        error = self.failure(move, to_list_id=OTHER_ID, search="x")
        self.assertEqual(error["candidates"], [{"id": OTHER_ID, "name": "Fair"}])

    def test_other_failures(self) -> None:
        """A call that failed for another reason reads no names."""
        failed = api_error(Reason.UPSTREAM_FAILED, "getCampaign", status=500)
        self.instantly.answers("getCampaign", failed)
        error = self.failure("get_campaign", campaign_id=ID)
        self.assertEqual(error["code"], "upstream_failed")
        self.assertEqual(self.instantly.ids, ["getCampaign"])


class EmptyTests(NameCase):
    def test_nothing_has_this_id(self) -> None:
        """An empty result for an id that does not exist is an error."""
        for operation in ("listLeads", "listEmail"):
            self.instantly.answers(operation, {"items": []})
        for operation in ("getCampaignAnalytics", "getDailyCampaignAnalytics"):
            self.instantly.answers(operation, [])
        for operation in ("getCampaign", "getLeadList"):
            self.instantly.answers(operation, api_error(Reason.NOT_FOUND, operation))
        for tool, arguments in (
            ("list_leads", {"campaign": OTHER_ID}),
            ("list_leads", {"list_id": ID}),
            ("list_emails", {"campaign_id": OTHER_ID}),
            ("get_campaign_analytics", {"campaign_id": OTHER_ID}),
            ("get_campaign_analytics", {"campaign_ids": [OTHER_ID]}),
            ("get_daily_campaign_analytics", {"campaign_id": OTHER_ID}),
        ):
            error = self.failure(tool, **arguments)
            error = error.get("error", error)
            self.assertEqual(error["code"], "not_found", tool)
            self.assertEqual(len(error["candidates"]), 1, tool)

    def test_some_without_data(self) -> None:
        """Of several campaigns the one without numbers is checked."""
        self.instantly.answers("getCampaignAnalytics", [{"campaign_id": ID}])
        self.instantly.answers("getCampaign", api_error(Reason.NOT_FOUND))
        self.failure("get_campaign_analytics", campaign_ids=[ID, OTHER_ID])
        self.assertEqual(self.instantly.calls("getCampaign"), [{"id": OTHER_ID}])

    def test_really_empty(self) -> None:
        """An empty list of something that exists stays a result, with one more call."""
        self.instantly.answers("listLeads", {"items": []})
        self.assertEqual(self.value("list_leads", campaign=ID)["items"], [])
        self.assertEqual(self.instantly.ids, ["listLeads", "getCampaign"])

    def test_nothing_to_check(self) -> None:
        """A full page, a last page, and a list without ids cost no further call."""
        self.value("list_leads", campaign=ID)
        self.instantly.answers("listLeads", {"items": []})
        self.value("list_leads", search="x")
        self.assertEqual(self.instantly.ids, ["listLeads", "listLeads"])

    def test_the_check_fails(self) -> None:
        """When the check fails, the empty result says that it was not checked."""
        self.instantly.answers("listLeads", {"items": []})
        self.instantly.answers("getCampaign", api_error(Reason.RATE_LIMITED))
        value = self.value("list_leads", campaign=ID)
        self.assertEqual(value["items"], [])
        self.assertIn(f"Whether the campaign {ID} exists", value["notice"])


class ResourceTests(FeatureTestCase):
    def setUp(self) -> None:
        """Script one campaign, and trust no short ids."""
        super().setUp()
        self.features.context.names.trusted = None
        self.instantly.answers("listCampaign", page((ID, "Spring sale")))
        self.instantly.answers("getCampaign", {"id": ID, "name": "Spring sale"})

    def test_by_name(self) -> None:
        """A resource is read by the name in its URI."""
        self.read("instantly://campaigns/spring%20sale")
        self.assertEqual(self.instantly.calls("getCampaign"), [{"id": ID}])

    def test_unknown(self) -> None:
        """An unknown name is an error whose message has the candidates."""
        error = self.refusal("resources/read", {"uri": "instantly://campaigns/Sprung"})
        self.assertEqual(error.code, -32602)
        self.assertIn(f"Candidates: {ID} Spring sale.", error.message)
        self.assertEqual(self.instantly.calls("getCampaign"), [])


class AnyNameTests(ToolTestCase):
    @given(
        names=st.lists(st.text(max_size=6), min_size=1, max_size=6),
        wanted=st.text(min_size=1, max_size=6),
    )
    def test_one_or_none(self, names: list[str], wanted: str) -> None:
        """For any names, exactly the one object of that name is used, or none."""
        self.context.instantly = instantly = RecordingInstantly()
        self.context.names.trusted = None
        self.context.names._held.clear()
        listed = [(f"id-{number}", name) for number, name in enumerate(names)]
        instantly.answers("listCampaign", page(*listed))
        instantly.answers("getCampaign", {"id": "x"})
        plain = " ".join(wanted.lower().split())
        same = [
            id for id, name in listed if plain in (" ".join(name.lower().split()), id)
        ]
        result = self.run_tool("get_campaign", campaign_id=wanted)
        self.assertEqual(result.is_error, len(same) != 1 or not plain)
        asked = [each["id"] for each in instantly.calls("getCampaign")]
        self.assertEqual(asked, same if len(same) == 1 and plain else [])
