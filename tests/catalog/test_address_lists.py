"""Everything that looks for addresses in a value finds the same ones."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.access.outgoing_addresses import outgoing
from instantly_mcp.catalog.address_lists import addresses_in
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.consent.assessment.redirects import redirecting

REPLY = BY_ID["replyToEmail"]
CC = "cc_address_email_list"
ONE, TWO = "a@x.com", "b@x.com"
VALUES: tuple[tuple[Json, list[str]], ...] = (
    (f"{ONE};{TWO}", [ONE, TWO]),
    (f"{ONE}, {TWO},", [ONE, TWO]),
    (f"{ONE}\n;\t{TWO} ;", [ONE, TWO]),
    ([ONE, f"{TWO};{ONE}"], [ONE, TWO, ONE]),
    (f'"Smith, Ann" <{ONE}>', [f'"Smith, Ann" <{ONE}>']),
)


class AddressListTests(SynchronousTestCase):
    def test_what_is_found(self) -> None:
        """Commas and semicolons separate addresses, but not parts of a name."""
        for value, expected in VALUES:
            self.assertEqual(list(addresses_in(value)), expected)
        without: tuple[Json, ...] = (None, "", " ; ,", 7, {"email": ONE}, [])
        for nothing in without:
            self.assertEqual(list(addresses_in(nothing)), [])

    def test_all_agree(self) -> None:
        """Caps count, lists of domains check and previews show the same addresses."""
        for value, expected in VALUES:
            given = {CC: value}
            counted = REPLY.amounts_with(given)["recipients"]
            self.assertEqual(counted, 1 + len(expected), value)
            self.assertEqual(
                list(outgoing(REPLY, given)), [(CC, each) for each in expected]
            )
            self.assertEqual(
                redirecting(REPLY, given, ()), tuple((CC, each) for each in expected)
            )
            own = redirecting(REPLY, given, {"x.com"})
            self.assertEqual(own, tuple((CC, e) for e in expected if "<" in e))

    def test_members_of_a_list_count(self) -> None:
        """Members without an address count as one object each, such as leads."""
        bulk, leads = BY_ID["bulkAddLeads"], [{"email": ONE}, {"email": TWO}, ""]
        self.assertEqual(bulk.amounts_with({"leads": leads})["leads"], 3)
