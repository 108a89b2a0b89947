"""The catalog against the vendor's own description of the API.

That description is not part of the project; where it is absent the tests skip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.catalog.codes import (
    EMAIL_KIND,
    JOB_STATUSES,
    LEAD_FILTERS,
    LEAD_STATUS,
    LEAD_VERIFICATION,
    NOT_SENDING,
    WARMUP_STATUS,
)
from instantly_mcp.catalog.index import BY_ID, OPERATIONS
from instantly_mcp.catalog.operation import Operation, Place
from instantly_mcp.catalog.schema import plain
from instantly_mcp.catalog.timezones import TIMEZONES
from tests.support.reference import NO_OPENAPI, OPENAPI

FACTS = (
    "type",
    "enum",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
)


def facts(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce a schema to what is compared: no texts, no order, no defaults."""
    found = {name: schema[name] for name in FACTS if name in schema}
    if isinstance(found.get("type"), list):
        found["type"] = sorted(found["type"])
    if "enum" in found:
        found["enum"] = sorted(found["enum"], key=str)
    if schema.get("required") and "properties" in schema:
        found["required"] = sorted(schema["required"])
    if "properties" in schema:
        found["properties"] = {
            name: facts(member) for name, member in schema["properties"].items()
        }
    if "items" in schema:
        found["items"] = facts(schema["items"])
    extra = schema.get("additionalProperties", True)
    if extra is not True:
        found["additionalProperties"] = extra if extra is False else facts(extra)
    return found


class ContractTests(SynchronousTestCase):
    document: Mapping[str, Any] = {}

    def setUp(self) -> None:
        """Read the description once for all tests."""
        if not OPENAPI.exists():
            raise SkipTest(NO_OPENAPI)
        if not ContractTests.document:
            ContractTests.document = loads(OPENAPI.read_bytes())

    def theirs(self, each: Operation) -> Mapping[str, Any]:
        """Return the vendor's entry for one of our operations."""
        found: Mapping[str, Any] = self.document["paths"][each.path][
            each.method.lower()
        ]
        return found

    def pairs(self) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
        """Return ours and theirs, side by side."""
        for each in OPERATIONS:
            yield each, self.theirs(each)

    def body(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema of a JSON body; empty without a body."""
        content = entry.get("requestBody", {}).get("content", {})
        found: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
        return found

    def test_ids_methods_and_paths(self) -> None:
        """Each of our operations is where the vendor has it, under the same id."""
        for each, entry in self.pairs():
            self.assertEqual(entry["operationId"], each.id)

    def test_path_and_query_parameters(self) -> None:
        """Names, places, types, limits, enumerations and necessity agree."""
        for each, entry in self.pairs():
            theirs = {
                (p["in"], p["name"]): (p.get("required", False), facts(p["schema"]))
                for p in entry.get("parameters", ())
            }
            ours = {
                (p.place.value, p.name): (p.required, facts(plain(p.schema)))
                for p in each.parameters
                if p.place is not Place.BODY
            }
            self.assertEqual(ours, theirs, each.id)

    def test_body_parameters(self) -> None:
        """The members of the body agree, deep down to the nested ones."""
        for each, entry in self.pairs():
            body = self.body(entry)
            theirs = {
                name: facts(member)
                for name, member in body.get("properties", {}).items()
            }
            ours = {
                p.name: facts(plain(p.schema))
                for p in each.parameters
                if p.place is Place.BODY
            }
            self.assertEqual(ours, theirs, each.id)

    def test_required_body_parameters(self) -> None:
        """What the body needs is marked as required, and nothing else is."""
        for each, entry in self.pairs():
            ours = {
                p.name for p in each.parameters if p.place is Place.BODY and p.required
            }
            self.assertEqual(ours, set(self.body(entry).get("required", ())), each.id)

    def test_stated_scopes(self) -> None:
        """Where the vendor names scopes, ours are the same."""
        stated = 0
        for each, entry in self.pairs():
            text = entry.get("description", "")
            if "Requires one of the following scopes" not in text:
                continue
            stated += 1
            line = text.split("Requires one of the following scopes:")[-1]
            theirs = {part.strip(" `\n") for part in line.split(",")}
            self.assertEqual(set(each.scopes), theirs, each.id)
        self.assertTrue(stated > 30)

    def test_timezones_agree_in_content_and_order(self) -> None:
        """Our list of zones is the vendor's, in the same order."""
        body = self.body(self.theirs(BY_ID["createCampaign"]))
        schedule = body["properties"]["campaign_schedule"]["properties"]
        zone = schedule["schedules"]["items"]["properties"]["timezone"]
        self.assertEqual(list(TIMEZONES), zone["enum"])

    def test_lead_filters(self) -> None:
        """The filters that the vendor only describes are all known."""
        body = self.body(self.theirs(BY_ID["listLeads"]))
        described = body["properties"]["filter"]["x-enumDescriptions"]
        self.assertEqual(set(LEAD_FILTERS), set(described))

    def test_codes_in_replies(self) -> None:
        """The codes that only replies carry agree with the vendor's models."""
        models = self.document["components"]["schemas"]
        for model, member, ours in (
            ("Account", "warmup_status", WARMUP_STATUS),
            ("Campaign", "not_sending_status", NOT_SENDING),
            ("Lead", "status", LEAD_STATUS),
            ("Lead", "verification_status", LEAD_VERIFICATION),
            ("Email", "ue_type", EMAIL_KIND),
            ("BackgroundJob", "status", JOB_STATUSES),
        ):
            theirs = models[model]["properties"][member]["enum"]
            self.assertEqual(set(ours), set(theirs), f"{model}.{member}")
