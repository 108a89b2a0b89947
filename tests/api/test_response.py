"""Reading replies: values, errors, failures in 2xx replies, and invalid replies."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from instantly_mcp._credential import (
    NOT_FOR_THE_SANDBOX,
    OPERATOR,
    Credential,
    Secret,
)
from instantly_mcp._json_codec import Json, dumps
from instantly_mcp._rights import Rights
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.response import HttpReply, read, retry_after
from instantly_mcp.catalog.index import BY_ID, OPERATIONS
from instantly_mcp.catalog.operation import READ, WRITE, WRITE_AGAIN, Operation
from tests.support.cases import ClockedTestCase

from .builders import ACTIVATE, CREATE, KEY, LIST, PATCH_ONE, credential, operation


def reply(value: Json = None, status: int = 200, **headers: str) -> HttpReply:
    """A reply in JSON."""
    return raw(b"" if value is None else dumps(value), status, **headers)


def raw(body: bytes, status: int = 200, **headers: str) -> HttpReply:
    """A reply of these bytes; ``content_type`` becomes ``content-type``."""
    values = {name.replace("_", "-"): [text] for name, text in headers.items()}
    return HttpReply(status=status, headers=Headers(values), body=body)


class ReadingTestCase(ClockedTestCase):
    def value(self, answer: HttpReply, of: Operation = LIST) -> Json:
        return read(of, answer, credential())

    def error(
        self, answer: HttpReply, of: Operation = LIST, workspace: str | None = None
    ) -> ApiError:
        error: ApiError = self.assertRaises(
            ApiError, read, of, answer, credential(workspace=workspace)
        )
        self.assertEqual(error.operation_id, of.id)
        return error


class SuccessTests(ReadingTestCase):
    def test_values(self) -> None:
        """Any JSON of a 2xx is the value; an accepted call may have none."""
        values: list[Json] = [{"items": []}, [], [1], "text", 5, True]
        for value in values:
            self.assertEqual(self.value(reply(value)), value)
        for status in (202, 204):
            self.assertIsNone(self.value(reply(None, status)))
        self.assertEqual(self.value(reply({"message": "ok"}, 202)), {"message": "ok"})

    def test_mislabeled(self) -> None:
        """JSON is decoded regardless of the Content-Type."""
        self.assertEqual(self.value(raw(b"[1]", content_type="text/html")), [1])

    def test_cut_emoji(self) -> None:
        """Half an emoji does not spoil the reply."""
        value = self.value(raw(b'{"a": "\\ud83d x"}'))
        self.assertEqual(value["a"][-2:], " x")

    def test_csv(self) -> None:
        """A CSV file is text."""
        answer = raw(b"a,b\n1,2\n", content_type="text/csv; charset=utf-8")
        self.assertEqual(self.value(answer), "a,b\n1,2\n")


class RefusalTests(ReadingTestCase):
    def test_reasons(self) -> None:
        """Each status has its reason, and the API's own sentence is kept."""
        for status, reason in (
            (400, Reason.INVALID_REQUEST),
            (401, Reason.KEY_REJECTED),
            (402, Reason.PLAN_REQUIRED),
            (403, Reason.SCOPE_MISSING),
            (404, Reason.NOT_FOUND),
            (408, Reason.TIMEOUT),
            (409, Reason.CONFLICT),
            (413, Reason.TOO_LARGE),
            (418, Reason.INVALID_REQUEST),
            (422, Reason.INVALID_REQUEST),
            (429, Reason.RATE_LIMITED),
            (500, Reason.UPSTREAM_FAILED),
            (503, Reason.UPSTREAM_FAILED),
            (302, Reason.UNEXPECTED_REPLY),
        ):
            envelope = {"statusCode": status, "error": "E", "message": "because"}
            error = self.error(reply(envelope, status))
            self.assertEqual((error.reason, error.status), (reason, status))
            if status != 302:
                self.assertTrue(error.message.endswith("Instantly says: because"))

    def test_sentences(self) -> None:
        """Each message says who must act and what to do next."""
        for status, words in (
            (
                401,
                "Instantly rejected the API key (…OA==), which was found in the "
                "Authorization header. ",
            ),
            (401, "must replace it; nothing was changed"),
            (402, "billing: app.instantly.ai/app/settings/billing"),
            (403, "any one of campaigns:read, all:all suffices"),
            (404, "nothing to read there"),
            (429, "shared by everybody who uses this workspace"),
        ):
            self.assertIn(words, self.error(reply({}, status)).message)
        missing = self.error(reply({}, 404), of=BY_ID["getCampaign"])
        self.assertIn("nothing with that id", missing.message)

    def test_keys_of_the_server(self) -> None:
        """To a caller without a key of its own, the message names the operator."""
        token = evolve(
            credential(),
            rights=Rights(token="t1"),
            workspace_name="corvus",
        )
        operator = evolve(credential(), source=OPERATOR)
        for status, act, words in (
            (401, token, "this server has for workspace corvus. The operator of this"),
            (401, operator, "that this server has. The operator of this server must"),
            (403, token, "The operator of this server can use a key that has it"),
        ):
            answer = reply({}, status)
            error: ApiError = self.assertRaises(ApiError, read, LIST, answer, act)
            self.assertIn(words, error.message)
            self.assertNotIn("OA==", error.message)

    def test_scope_in_a_401(self) -> None:
        """A 401 whose text names scopes is about scopes, not about the key."""
        error = self.error(reply({"message": "Missing scope"}, 401))
        self.assertEqual(error.reason, Reason.SCOPE_MISSING)
        self.assertEqual(error.scopes, LIST.scopes)

    def test_workspace_in_a_403(self) -> None:
        """A 403 for a named workspace points to the membership."""
        error = self.error(reply({}, 403), workspace="w1")
        self.assertIn("Workspace Group", error.message)

    def test_proxy_page(self) -> None:
        """A 403 that is not the API's own is not about the key."""
        for body in (b"<html>denied</html>", b"error code: 1010"):
            error = self.error(raw(body, 403))
            self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)
            self.assertNotIn("1010", error.message)

    def test_write_behind_a_proxy(self) -> None:
        """After an error of a proxy a write's outcome is unknown, unless idempotent."""
        for status in (502, 504, 520, 524):
            error = self.error(raw(b"<html>", status), CREATE)
            self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
            self.assertIn("Check the campaigns to see", error.message)
            for repeatable in (LIST, PATCH_ONE):
                error = self.error(raw(b"<html>", status), repeatable)
                self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)
        error = self.error(raw(b"", 504), ACTIVATE)
        self.assertIn("Check the campaigns to see", error.message)

    def test_odd_envelopes(self) -> None:
        """Any error body makes an ApiError."""
        for body in (b"", b"null", b"[]", b"5", b"{", b"\xff", b'{"message": 5}'):
            error = self.error(raw(body, 400))
            self.assertEqual(error.reason, Reason.INVALID_REQUEST)
            self.assertNotIn("says", error.message)
        error = self.error(reply({"error": {"message": "deep"}}, 400))
        self.assertIn("deep", error.message)

    def test_long_text(self) -> None:
        """The API's text is shown on one line and shortened."""
        error = self.error(reply({"message": "a\nb" + "x y" * 1000}, 400))
        self.assertLess(len(error.message), 400)
        self.assertNotIn("\n", error.message)

    def test_key_kept_back(self) -> None:
        """A 401 of the sandbox for a real key does not call the key rejected."""
        kept = Credential(secret=Secret(NOT_FOR_THE_SANDBOX), source="path")
        answer = reply({"message": "no"}, 401)
        error = self.assertRaises(ApiError, read, LIST, answer, kept)
        self.assertIs(error.reason, Reason.KEY_KEPT_BACK)
        self.assertIn("it does not accept Instantly keys", error.message)
        self.assertNotIn("rejected", error.message)
        self.assertNotIn("…", error.message)
        # Every other error is reported as usual.
        error = self.assertRaises(ApiError, read, LIST, reply(None, 500), kept)
        self.assertIs(error.reason, Reason.UPSTREAM_FAILED)


class InsideSuccessTests(ReadingTestCase):
    def reported(self, id: str, value: Json) -> str | None:
        writes = operation(id, "POST", "/api/v2/x", effect=WRITE)
        try:
            self.value(reply(value), writes)
        except ApiError as error:
            self.assertEqual(error.reason, Reason.REPORTED_FAILURE)
            return error.message
        return None

    def test_failures(self) -> None:
        """Each documented failure inside a 200 is an error that says what failed."""
        for id, value, words in (
            ("sendTestEmail", {"error": "ACC_NOT_FOUND"}, "does not exist"),
            ("sendTestEmail", {"error": "NEW_ONE"}, "NEW_ONE"),
            (
                "createDFYEmailAccountOrder",
                {"order_placed": False, "order_error": "no card"},
                "no card",
            ),
            ("createDFYEmailAccountOrder", {"order_is_valid": False}, "not valid"),
            (
                "createDFYEmailAccountOrder",
                {"order_is_valid": True, "payment_failure_reason": "declined"},
                "declined",
            ),
            (
                "testWebhook",
                {"success": False, "status_code": 500, "error": "boom"},
                "boom (the target answered 500)",
            ),
            (
                "getOAuthSessionStatus",
                {"status": "error", "error_description": "denied"},
                "denied",
            ),
            ("markThreadAsRead", {"success": False}, "not done"),
        ):
            self.assertIn(words, self.reported(id, value) or "")

    def test_successes(self) -> None:
        """Members that only look like a failure are part of the value."""
        for id, value in (
            ("sendTestEmail", {"status": "ok"}),
            ("createDFYEmailAccountOrder", {"order_placed": False}),
            ("testWebhook", {"success": True, "error": None}),
            ("getOAuthSessionStatus", {"status": "pending"}),
            ("pauseAccounts", {"paused_emails": [], "failed_emails": ["a"]}),
            ("testAccountVitals", {"status": "success", "failure_list": [{}]}),
            ("anything", {"error": "a field of its own"}),
        ):
            self.assertIsNone(self.reported(id, value))
        ctd = operation("getCtdStatus", effect=READ)
        status = {"success": False, "ssl": False}
        self.assertEqual(self.value(reply(status), ctd), status)

    def test_envelope(self) -> None:
        """An error envelope inside a 200 counts as what it says."""
        envelope = {"statusCode": 404, "error": "Not Found", "message": "gone"}
        self.assertEqual(self.error(reply(envelope)).reason, Reason.NOT_FOUND)
        harmless = {"statusCode": 200, "message": "fine"}
        self.assertEqual(self.value(reply(harmless)), harmless)


class NonsenseTests(ReadingTestCase):
    def test_nonsense(self) -> None:
        """Pages, nothing, and broken or deep JSON are unexpected."""
        for body in (
            *(b"<html>", b"\xef\xbb\xbf <!doctype html>", b"", b" ", b"OK", b"{"),
            *(b"[1, 2", b"NaN", b"{'a': 1}", b"[" * 100_000, b"\x00\xff"),
            b"[" * 200 + b"]" * 200,
            b'{"a":' * 100 + b"[]" + b"}" * 100,
        ):
            self.assertEqual(self.error(raw(body)).reason, Reason.UNEXPECTED_REPLY)

    def test_no_list(self) -> None:
        """Of an operation that has pages an answer without a list is unexpected.

        Read as an empty list, it would tell the user that there is nothing.
        """
        paged = [each for each in OPERATIONS if "starting_after" in each.by_name]
        self.assertGreaterEqual(len(paged), 6)
        for of in paged:
            self.assertEqual(self.value(reply({"items": []}), of), {"items": []})
            self.assertEqual(self.value(raw(b"[]"), of), [])
            for odd in (
                *(raw(b"null"), raw(b"5"), raw(b'"text"'), raw(b"{}")),
                *(reply({"items": 5}), reply({"items": None}), reply(None, 204)),
            ):
                self.assertEqual(self.error(odd, of).reason, Reason.UNEXPECTED_REPLY)

    def test_brackets_in_text(self) -> None:
        """Brackets inside text are not depth."""
        value = {"text": "[" * 500 + "{" * 500}
        self.assertEqual(self.value(reply(value)), value)

    def test_write(self) -> None:
        """An unreadable answer to a write says that it probably took effect."""
        self.assertIn("probably took effect", self.error(raw(b"{"), CREATE).message)
        self.assertNotIn("took effect", self.error(raw(b"{"), LIST).message)

    @given(st.binary(max_size=200), st.sampled_from([200, 204, 400, 401, 500, 302]))
    def test_any_bytes(self, body: bytes, status: int) -> None:
        """Any reply gives a value or an ApiError."""
        for of in (LIST, CREATE):
            try:
                read(of, raw(body, status), credential())
            except ApiError as error:
                self.assertLess(len(error.message), 1000)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_any_value(self, value: Any) -> None:
        """JSON that is not an error envelope is returned unchanged."""
        body = dumps({"items": value})
        self.assertEqual(self.value(raw(body)), read(LIST, raw(body), credential()))
        self.assertEqual(set(self.value(raw(body))), {"items"})


class RetryAfterTests(ReadingTestCase):
    def seconds(self, text: str | None, date: str | None = None) -> float | None:
        headers = Headers()
        if text is not None:
            headers.addRawHeader("Retry-After", text)
        if date is not None:
            headers.addRawHeader("Date", date)
        return retry_after(headers)

    def test_table(self) -> None:
        """Seconds and dates are read, everything else is nothing."""
        date = "Mon, 02 Nov 2026 09:00:00 GMT"
        for text, expected in (
            (None, None),
            ("0", 0),
            (" 3 ", 3),
            ("3600", 3600),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("9" * 30, None),
            ("Mon, 02 Nov 2026 09:00:07 GMT", 7),
            ("Mon, 02 Nov 2026 08:59:59 GMT", None),
            ("Mon, 99 Nov 2026 08:59:59 GMT", None),
        ):
            self.assertEqual(self.seconds(text, date), expected, text)
        self.assertIsNone(self.seconds("Mon, 02 Nov 2026 09:00:07 GMT"))
        self.assertIsNone(self.seconds("Mon, 02 Nov 2026 09:00:07 GMT", "never"))

    @given(st.text(max_size=40))
    def test_any_text(self, text: str) -> None:
        """No header value is an error."""
        headers = Headers({b"Retry-After": [text.encode("utf-8", "replace")]})
        found = retry_after(headers)
        self.assertTrue(found is None or found >= 0)


class SecrecyTests(ReadingTestCase):
    def test_key_in_no_error(self) -> None:
        """No error contains the key, wherever the reply echoes it."""
        for status in (200, 302, 400, 401, 403, 404, 500, 504):
            for of in (LIST, CREATE, PATCH_ONE):
                envelope = {"message": f"no: {KEY}", "error": KEY, "success": False}
                try:
                    self.value(reply(envelope, status), of)
                except ApiError as error:
                    self.assertNotIn(KEY, str(error))
                    self.assertNotIn(KEY, repr(error))

    def test_repr(self) -> None:
        """A reply's repr shows neither headers nor body."""
        answer = raw(b"private", x_private="private")
        self.assertNotIn("private", repr(answer))

    def test_effects_are_what_the_tests_think(self) -> None:
        """The operations used here are a read, a write and a repeatable write."""
        self.assertEqual(
            (LIST.effect, CREATE.effect, PATCH_ONE.effect), (READ, WRITE, WRITE_AGAIN)
        )
