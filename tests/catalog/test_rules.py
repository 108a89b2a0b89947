"""The rules that every entry of the catalog keeps."""

from __future__ import annotations

import re
from string import Formatter

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.catalog.index import (
    BY_ID,
    OPERATIONS,
    operation,
)
from instantly_mcp.catalog.operation import Limit, Place, Risk
from instantly_mcp.catalog.timezones import TIMEZONES


class RulesTests(SynchronousTestCase):
    def test_ids_are_unique(self) -> None:
        """No two operations share an id."""
        self.assertEqual(len(BY_ID), len(OPERATIONS))

    def test_calls_are_unique(self) -> None:
        """No two operations share a method and a path."""
        calls = {(each.method, each.path) for each in OPERATIONS}
        self.assertEqual(len(calls), len(OPERATIONS))

    def test_parameter_names_are_unique(self) -> None:
        """Within one operation a parameter's name says where it goes."""
        for each in OPERATIONS:
            self.assertEqual(len(each.by_name), len(each.parameters), each.id)

    def test_paths_are_complete(self) -> None:
        """A path's placeholders are exactly the required path parameters."""
        for each in OPERATIONS:
            self.assertTrue(each.path.startswith("/api/v2/"), each.id)
            holes = {name for _, name, _, _ in Formatter().parse(each.path) if name}
            given = {
                p.name for p in each.parameters if p.place is Place.PATH and p.required
            }
            self.assertEqual(holes, given, each.id)

    def test_scopes_are_stated(self) -> None:
        """Each operation names a scope of its own and those that include it."""
        pattern = re.compile(r"^[a-z_-]+:(create|read|update|delete|all)$")
        for each in OPERATIONS:
            self.assertEqual(len(each.scopes), 4, each.id)
            self.assertEqual(each.scopes[-1], "all:all")
            for scope in each.scopes:
                self.assertRegex(scope, pattern)

    def test_effect_agrees_with_risk(self) -> None:
        """What only reads has no risk class, and what destroys has one."""
        destroys = {Risk.DESTRUCTIVE, Risk.MASS}
        for each in OPERATIONS:
            if each.effect.read_only:
                self.assertFalse(each.can_be_risky or each.stops, each.id)
            if destroys & each.risks or each.method == "DELETE":
                self.assertTrue(each.effect.destructive, each.id)
                self.assertTrue(destroys & each.risks, each.id)

    def test_facts_about_risk_name_parameters(self) -> None:
        """What the facts about risk refer to are parameters of the operation."""
        for each in OPERATIONS:
            self.assertLessEqual(set(each.risks_of), set(each.by_name), each.id)
            through = each.sends_if_active
            self.assertLessEqual(each.emptied, set(each.risks_of), each.id)
            if through is not None:
                self.assertIn(through.parameter, each.by_name, each.id)
                self.assertLessEqual(set(through.by), set(each.by_name), each.id)
                self.assertIn(through.kind, {"campaign", "lead", "account"}, each.id)

    def test_what_is_capped(self) -> None:
        """What sends, spends or deletes counts against a cap, what reads does not."""
        caps = {
            Risk.SENDS: {"mails", "activations"},
            Risk.SPENDS: {"credits"},
            Risk.DESTRUCTIVE: {"deletions"},
            Risk.MASS: {"deletions"},
        }
        for each in OPERATIONS:
            for risk in each.risks.union(each.risks_of.values()) & caps.keys():
                if not (risk is Risk.SENDS and risk not in each.risks):
                    self.assertTrue(caps[risk] & each.amounts.keys(), each.id)
            spends = {n for n, risk in each.risks_of.items() if risk is Risk.SPENDS}
            if spends:
                self.assertEqual(set(each.amounts["credits"].when), spends, each.id)
            self.assertFalse(each.effect.read_only and each.amounts, each.id)
            self.assertFalse(each.stops and each.amounts, each.id)

    def test_amounts_name_parameters(self) -> None:
        """What the amounts refer to are parameters of the operation."""
        for each in OPERATIONS:
            for amount in each.amounts.values():
                named = {*amount.items_of, amount.value_of, *amount.when} - {""}
                self.assertLessEqual(named, set(each.by_name), each.id)

    def test_amounts(self) -> None:
        """Calls count what they add, send, delete and spend."""
        reply = {"cc_address_email_list": "a@x.org, b@x.org,", "reply_to_uuid": "m"}
        two = [{"email": "a@x.org"}, {"email": "b@x.org"}]
        for id, arguments, amounts in (
            ("replyToEmail", {}, {"mails": 1, "recipients": 1}),
            ("replyToEmail", reply, {"mails": 1, "recipients": 3}),
            ("bulkAddLeads", {"leads": two}, {"leads": 2}),
            (
                "bulkAddLeads",
                {"leads": two, "verify_leads_on_import": True},
                {"leads": 2, "credits": 2},
            ),
            ("moveLeads", {"ids": ["1", "2", "3"]}, {"leads": 3}),
            ("moveLeads", {"search": "x", "limit": 50}, {"leads": 50}),
            ("moveLeads", {"search": "x"}, {"leads": 1}),
            ("deleteLead", {"id": "1"}, {"deletions": 1}),
            ("activateCampaign", {"id": "1"}, {"activations": 1}),
            ("pauseCampaign", {"id": "1"}, {}),
        ):
            self.assertEqual(BY_ID[id].amounts_with(arguments), amounts, id)

    def test_amounts_that_limit_nothing(self) -> None:
        """A value that limits nothing leaves the amount open, and a part counts whole.

        What is counted and whether it is open follow one reading of the value.
        """
        move = BY_ID["moveLeads"]
        values: tuple[Json, ...] = (-5, 0, "50000", True, None, [], float("inf"))
        for value in values:
            given = {"search": "x", "limit": value}
            self.assertEqual(move.amounts_with(given), {"leads": 1}, value)
            self.assertEqual(move.open_amounts_with(given), {"leads"}, value)
        for value, counted in ((0.2, 1), (2.5, 3), (7, 7)):
            given = {"search": "x", "limit": value}
            self.assertEqual(move.amounts_with(given), {"leads": counted})
            self.assertEqual(move.open_amounts_with(given), set())

    def test_what_stops_sending_has_no_risk(self) -> None:
        """Stopping is never harder than starting."""
        stopping = {each.id for each in OPERATIONS if each.stops}
        self.assertEqual(
            stopping, {"pauseCampaign", "pauseAccount", "disableWarmupForAccounts"}
        )
        for id in stopping:
            self.assertFalse(BY_ID[id].can_be_risky, id)

    def test_risk_of_a_call_depends_on_its_arguments(self) -> None:
        """A parameter without a value has no risk, one with a value has its class."""
        reply = BY_ID["replyToEmail"]
        self.assertEqual(reply.risks_with({"body": "x"}), {Risk.SENDS})
        empty = {"cc_address_email_list": ""}
        self.assertEqual(reply.risks_with(empty), {Risk.SENDS})
        copied = {"cc_address_email_list": "a@example.org"}
        self.assertEqual(reply.risks_with(copied), {Risk.SENDS, Risk.REDIRECTS})
        rename = {"id": "c", "name": "x"}
        self.assertEqual(BY_ID["patchCampaign"].risks_with(rename), set())

    def test_effect_agrees_with_method(self) -> None:
        """A GET reads, a DELETE destroys, a PATCH may be repeated."""
        for each in OPERATIONS:
            if each.method == "GET":
                self.assertTrue(each.effect.read_only, each.id)
            if each.method == "DELETE":
                self.assertTrue(each.effect.destructive, each.id)
            if each.method == "PATCH":
                self.assertTrue(each.effect.idempotent, each.id)
            if each.effect.read_only:
                self.assertTrue(each.effect.idempotent, each.id)

    def test_whatever_sends_or_spends_or_creates_is_not_repeated(self) -> None:
        """A reply, a paid verification and a creation are never safe to resend."""
        for id in (
            "replyToEmail",
            "createEmailVerification",
            "createLead",
            "bulkAddLeads",
            "createCampaign",
            "moveLeads",
        ):
            self.assertFalse(operation(id).effect.idempotent, id)

    def test_gets_have_no_body(self) -> None:
        """Body parameters belong to POST and PATCH."""
        for each in OPERATIONS:
            if each.method in ("GET", "DELETE"):
                places = {p.place for p in each.parameters}
                self.assertNotIn(Place.BODY, places, each.id)

    def test_summaries(self) -> None:
        """A summary is one short sentence without a full stop."""
        for each in OPERATIONS:
            self.assertTrue(10 <= len(each.summary) <= 80, each.id)
            self.assertFalse(each.summary.endswith("."), each.id)

    def test_mail_list_has_its_own_limit(self) -> None:
        """Listing mail is allowed 20 times a minute, nothing else is limited so."""
        limited = [each.id for each in OPERATIONS if each.limit is not None]
        self.assertEqual(limited, ["listEmail"])
        self.assertEqual(operation("listEmail").limit, Limit(calls=20, seconds=60.0))

    def test_lead_search_may_take_two_minutes(self) -> None:
        """The slowest call gets 120 seconds to its first byte."""
        self.assertEqual(operation("listLeads").first_byte_seconds, 120.0)

    def test_timezones(self) -> None:
        """The list of zones has 102 distinct names, without some well-known ones."""
        self.assertEqual(len(TIMEZONES), 102)
        self.assertEqual(len(set(TIMEZONES)), 102)
        self.assertNotIn("America/New_York", TIMEZONES)
