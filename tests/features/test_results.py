"""Results: pages, labels, sizes, and failures that a model can act on."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import dumps
from instantly_mcp.api.error_messages import not_found
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.interfaces import IInstantly
from instantly_mcp.catalog.codes import CAMPAIGN_STATUS, INTEREST
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.features.error_hints import HINTS, TOOL_THAT_SHOWS
from instantly_mcp.features.results import (
    CallRefusedError,
    error_object,
    page,
)
from instantly_mcp.features.sizes import MAX_RESULT_BYTES, cut_to_size
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.features.workspace.conversions import comma_list, end_of_day
from instantly_mcp.features.workspace.labels import (
    labelled,
    names_and_codes,
    to_code,
    to_lead_filter,
)
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error


def same(item: Any) -> Any:
    """Return an item as it is."""
    return item


class HintTests(SynchronousTestCase):
    """The hint of a failed call."""

    def test_a_known_time_beats_a_guess(self) -> None:
        """The hint of a passing failure gives the exact time if it is known."""
        error = api_error(Reason.UPSTREAM_FAILED, retry_after=3.2)
        self.assertEqual(error_object(error)["hint"], "Try again in 4 s.")

    def test_waiting_does_not_help_everything(self) -> None:
        """A failure that waiting does not fix keeps its own hint."""
        error = api_error(Reason.NOT_FOUND, "getCampaign", retry_after=3.2)
        self.assertEqual(error_object(error)["hint"], HINTS[Reason.NOT_FOUND])

    def test_a_list_has_no_id(self) -> None:
        """A 404 for a list or a sum speaks of its filters, never of an id."""
        lists = [each for each in OPERATIONS if each.reads_many]
        self.assertIn("listCampaign", {each.id for each in lists})
        self.assertIn("listLeads", {each.id for each in lists})
        for operation in lists:
            error = api_error(
                Reason.NOT_FOUND, operation.id, message=not_found(operation)
            )
            said = dumps(error_object(error)).decode()
            self.assertNotRegex(said, r"\b(id|ids)\b", operation.id)
            self.assertIn("filter", said)

    def test_no_time_is_named_that_is_not_there(self) -> None:
        """A 429 without Retry-After says how long to wait, not to read a member."""
        error = api_error(Reason.RATE_LIMITED, status=429)
        described = error_object(error)
        self.assertNotIn("retry_after", dumps(described).decode())
        self.assertIn("Wait a minute", described["hint"])

    def test_a_write_that_may_have_happened(self) -> None:
        """After a write with unknown outcome the hint is to check, not to try again."""
        doubtful = (
            (Reason.UPSTREAM_FAILED, 500),
            (Reason.UPSTREAM_FAILED, 503),
            (Reason.UNEXPECTED_REPLY, 200),
            (Reason.OUTCOME_UNKNOWN, None),
        )
        for reason, status in doubtful:
            error = api_error(reason, "createLead", status=status)
            hint = error_object(error)["hint"]
            self.assertIn("list_leads", hint)
            self.assertIn("tell the user", hint)
            self.assertNotIn("again", hint)
            self.assertNotIn("Try again", hint)

    def test_a_write_that_can_be_repeated(self) -> None:
        """An idempotent write can simply be tried again."""
        error = api_error(Reason.UPSTREAM_FAILED, "patchCampaign", status=503)
        self.assertIn("Try again", error_object(error)["hint"])

    def test_every_write_names_the_tool_that_shows_it(self) -> None:
        """For every write in the catalog there is a tool that shows its effect."""
        names = {declared.name for declared in DECLARATIONS if not declared.extra}
        for operation in OPERATIONS:
            if not operation.effect.read_only:
                self.assertIn(
                    TOOL_THAT_SHOWS[operation.id].split()[0], names, operation.id
                )

    def test_a_403_of_a_proxy(self) -> None:
        """A 403 of a proxy does not suggest waiting."""
        error = api_error(Reason.UPSTREAM_FAILED, status=403)
        self.assertNotIn("Try again", error_object(error)["hint"])


class PageTests(SynchronousTestCase):
    def test_a_page_with_more(self) -> None:
        """The cursor is passed on as it is."""
        reply = {"items": [{"id": 1}], "next_starting_after": "2026-01-01&a+b@x.org"}
        self.assertEqual(
            page(reply, same)["page"],
            {"has_more": True, "next_cursor": "2026-01-01&a+b@x.org", "returned": 1},
        )

    def test_the_last_page(self) -> None:
        """Without a cursor there is no more."""
        got = page({"items": [{"id": 1}]}, same)
        self.assertEqual(got["page"], {"has_more": False, "returned": 1})

    def test_an_empty_page_ends_the_list(self) -> None:
        """The cursor of an empty page is not passed on."""
        got = page({"items": [], "next_starting_after": "x"}, same)
        self.assertEqual(got, {"items": [], "page": {"has_more": False, "returned": 0}})

    def test_odd_replies(self) -> None:
        """A reply that is not a list is an empty page; a plain list is a page."""
        self.assertEqual(page(None, same)["items"], [])
        self.assertEqual(page({}, same)["items"], [])
        self.assertEqual(page([{"id": 1}], same)["items"], [{"id": 1}])


class FitTests(SynchronousTestCase):
    def test_what_fits_is_untouched(self) -> None:
        """A small value comes back as the same object."""
        value: dict[str, Any] = {"items": [], "page": {}}
        self.assertIs(cut_to_size(value, {})[0], value)

    def test_its_json_is_what_is_sent(self) -> None:
        """The returned bytes are the JSON of the value, cut or whole."""
        page = {"has_more": False, "returned": 25}
        for size in (10, 9_000):
            items = [{"id": f"i{n}", "text": "x" * size} for n in range(25)]
            value, encoded = cut_to_size({"items": items, "page": page}, {})
            self.assertEqual(dumps(value), encoded)

    def test_a_long_page_is_cut_with_a_cursor(self) -> None:
        """Items that do not fit are on the next page, which starts there."""
        items = [{"id": f"i{n}", "text": "x" * 9_000} for n in range(25)]
        value = {"items": items, "page": {"has_more": False, "returned": 25}}
        cut, _ = cut_to_size(value, {}, lambda item, given: item["id"])
        kept = len(cut["items"])
        self.assertLessEqual(len(dumps(cut)), MAX_RESULT_BYTES)
        self.assertTrue(3 < kept < 25)
        self.assertEqual(
            cut["page"],
            {"has_more": True, "next_cursor": f"i{kept - 1}", "returned": kept},
        )
        self.assertIn("next_cursor", cut["notice"])

    def test_without_a_cursor_the_limit_is_named(self) -> None:
        """Where no cursor points into a page, a smaller limit is suggested."""
        items = [{"text": "x" * 30_000} for _ in range(5)]
        page = {"has_more": False, "returned": 5}
        cut, _ = cut_to_size({"items": items, "page": page}, {})
        self.assertIn(f"limit {len(cut['items'])}", cut["notice"])

    def test_one_huge_item_is_shortened(self) -> None:
        """A single item beyond the size keeps its shape; its long text is cut."""
        items = [{"id": "1", "body": "x" * 300_000}]
        cut, _ = cut_to_size(
            {"items": items, "page": {"has_more": False, "returned": 1}},
            {},
            lambda item, given: item["id"],
        )
        self.assertLessEqual(len(dumps(cut)), MAX_RESULT_BYTES)
        self.assertEqual(cut["items"][0]["id"], "1")
        self.assertIn("characters cut", cut["items"][0]["body"])
        self.assertIn("48 kB", cut["notice"])

    def test_long_lists_inside_are_shortened(self) -> None:
        """Ten thousand addresses in a job become some, and a count."""
        job = {"job": {"data": {"emails": [f"p{n}@example.com" for n in range(9999)]}}}
        cut, _ = cut_to_size(job, {})
        self.assertLessEqual(len(dumps(cut)), MAX_RESULT_BYTES)
        self.assertIn("more cut", cut["job"]["data"]["emails"][-1])

    def test_an_object_with_a_member_page(self) -> None:
        """A large object with a member called page is cut like any other."""
        for value in ({"page": "x" * 200_000}, {"page": {}, "items": "x" * 200_000}):
            self.assertLessEqual(len(cut_to_size(value, {})[1]), MAX_RESULT_BYTES)

    def test_rows(self) -> None:
        """Rows that do not fit are left out whole, and the notice says how many."""
        rows = [{"campaign_id": f"c{n}", "name": "x" * 2_000} for n in range(50)]
        cut, _ = cut_to_size({"rows": rows, "definitions": {"a": "b"}}, {})
        kept = len(cut["rows"])
        self.assertEqual(cut["rows"], rows[:kept])
        self.assertIn(f"{50 - kept} rows are not shown", cut["notice"])
        self.assertLessEqual(len(dumps(cut)), MAX_RESULT_BYTES)

    def test_lists_of_objects_stay_lists_of_objects(self) -> None:
        """A list of objects that is cut gets no text at its end."""
        value = {"job": {"parts": [{"text": "x" * 300} for _ in range(600)]}}
        parts = cut_to_size(value, {})[0]["job"]["parts"]
        self.assertTrue(all(isinstance(part, dict) for part in parts))
        self.assertLess(len(parts), 600)

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.text(max_size=5),
            st.lists(st.integers(0, 40_000).map(lambda n: "é" * n), max_size=8),
            max_size=8,
        )
    )
    def test_every_object_fits_in_the_end(self, value: Any) -> None:
        """Whatever is in an object, its result stays below the limit."""
        self.assertLessEqual(len(cut_to_size(value, {})[1]), MAX_RESULT_BYTES)


class LabelTests(SynchronousTestCase):
    def test_labels_stand_beside_codes(self) -> None:
        """The number is kept and gets a label; a new number is labelled unknown."""
        shape = labelled({"status": CAMPAIGN_STATUS}, drop=frozenset({"secret"}))
        self.assertEqual(
            shape({"status": -99, "secret": "s", "empty": None}),
            {"status": -99, "status_label": "account_suspended"},
        )
        self.assertEqual(shape({"status": 77})["status_label"], "unknown")

    def test_names_and_numbers_are_taken(self) -> None:
        """A value may be given by name, by number, or by number as text."""
        convert = to_code(CAMPAIGN_STATUS)
        for given_value in ("active", "Active", 1, "1", 1.0):
            self.assertEqual(repr(convert(given_value)), "1")
        self.assertEqual(convert("running subsequences"), 4)
        for wrong in ("sleeping", 77, "77"):
            with self.assertRaises(CallRefusedError):
                convert(wrong)

    def test_open_ended_numbers(self) -> None:
        """A workspace's own interest numbers pass."""
        convert = to_code(INTEREST, open_ended=True)
        self.assertEqual([convert(5001), convert("no_show")], [5001, -4])

    def test_schema_of_both(self) -> None:
        """The schema lists the names and the numbers."""
        self.assertEqual(
            names_and_codes({1: "on", 0: "off"}), {"enum": ["on", "off", 1, 0]}
        )

    def test_lead_filters(self) -> None:
        """Filters go by their short or by their full names."""
        self.assertEqual(to_lead_filter("replied"), "FILTER_VAL_REPLIED")
        self.assertEqual(to_lead_filter("meeting booked"), "FILTER_LEAD_MEETING_BOOKED")
        self.assertEqual(to_lead_filter("FILTER_VAL_CONTACTED"), "FILTER_VAL_CONTACTED")
        with self.assertRaises(CallRefusedError) as caught:
            to_lead_filter("happy")
        self.assertIn("bounced", caught.exception.hint)

    def test_ends_of_days(self) -> None:
        """A bare date as an end includes the day; a time is left alone."""
        self.assertEqual(end_of_day("2026-02-28"), "2026-02-28T23:59:59.999Z")
        self.assertEqual(end_of_day("2026-02-28T10:00:00Z"), "2026-02-28T10:00:00Z")

    def test_comma_lists(self) -> None:
        """Text stays, a list is joined."""
        self.assertEqual(comma_list("a,b"), "a,b")
        self.assertEqual(comma_list(["a", "b"]), "a,b")


class FailureTests(ToolTestCase):
    def test_the_fake_is_a_client(self) -> None:
        """What the tools are tested with provides the client's interface."""
        verifyObject(IInstantly, self.instantly)

    def test_every_reason_has_a_hint(self) -> None:
        """A failure of any kind says what to do next."""
        self.assertEqual(set(HINTS), set(Reason))

    def test_rate_limit(self) -> None:
        """A 429 is a result with the seconds to wait."""
        self.instantly.answers(
            "listCampaign",
            api_error(Reason.RATE_LIMITED, status=429, retry_after=12.5),
        )
        error = self.failure("list_campaigns")
        self.assertEqual(error["code"], "rate_limited")
        self.assertEqual(error["retry_after"], 13)
        self.assertEqual(error["upstream_status"], 429)
        self.assertEqual(error["operation"], "listCampaign")
        self.assertTrue(error["hint"])

    def test_missing_scope(self) -> None:
        """A 403 names the scopes that are needed."""
        self.instantly.answers(
            "listCampaign",
            api_error(Reason.SCOPE_MISSING, status=403, scopes=("campaigns:read",)),
        )
        self.assertEqual(self.failure("list_campaigns")["scopes"], ["campaigns:read"])

    def test_unknown_status_name(self) -> None:
        """An unknown value fails before anything is sent."""
        error = self.failure("list_emails", i_status="cheerful")
        self.assertEqual(error["code"], "bad_argument")
        self.assertEqual(self.instantly.executed, [])

    def test_a_bad_id_is_called_as_the_tool_calls_it(self) -> None:
        """A value that is not allowed in a path is reported by the argument's name."""
        error = ApiError(
            reason=Reason.BAD_ARGUMENT,
            message="The argument 'id' must be shorter.",
            operation_id="getCampaign",
            argument="id",
        )
        self.instantly.answers("getCampaign", error)
        failure = self.failure("get_campaign", campaign_id="c1")
        self.assertEqual(
            failure["message"], "The argument 'campaign_id' must be shorter."
        )

    def test_nothing_to_change(self) -> None:
        """An update without a change is refused here."""
        for name, id in (
            ("update_campaign", {"campaign_id": "c"}),
            ("update_lead", {"lead_id": "l"}),
            ("update_account", {"email": "a@example.com"}),
            ("update_lead_list", {"list_id": "x"}),
        ):
            self.assertEqual(self.failure(name, **id)["code"], "bad_argument")
        self.assertEqual(self.instantly.executed, [])

    def test_a_reply_that_is_not_an_object(self) -> None:
        """A reply without an object where one is needed is a failure, not a crash."""
        self.instantly.answers("getEmail", None)
        error = self.failure("get_email", email_id="m")
        self.assertEqual(error["code"], "unexpected_reply")

    def test_cancelling_a_call(self) -> None:
        """Cancelling the tool cancels its call to Instantly and is not a result."""
        cancelled: list[object] = []
        self.instantly.answers("listCampaign", Deferred(cancelled.append))
        running = self.starting("list_campaigns")
        running.cancel()
        self.assertEqual(len(cancelled), 1)
        self.failureResultOf(running, CancelledError)

    def test_a_bug_is_not_dressed_up(self) -> None:
        """An unexpected exception reaches the protocol layer unchanged."""

        def explode(arguments: object) -> object:
            raise ZeroDivisionError

        self.instantly.answers("listCampaign", explode)
        self.failureResultOf(self.starting("list_campaigns"), ZeroDivisionError)
