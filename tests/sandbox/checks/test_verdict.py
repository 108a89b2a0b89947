"""The checks of a job, and the files that they are written to."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from instantly_mcp._json_codec import loads
from instantly_mcp.sandbox.checks.contract import (
    DocumentError,
    compared_operations,
    differences,
)
from instantly_mcp.sandbox.checks.reports import har, json_lines, junit
from instantly_mcp.sandbox.checks.verdict import (
    MAX_SHOWN,
    SandboxCheck,
    check_calls,
    check_max_calls,
    check_no_destructive,
    check_outbox,
    check_tools_hash,
)
from instantly_mcp.sandbox.journal import MAX_KEPT_BYTES, Journal, RecordedCall
from tests.sandbox.calls import SandboxTestCase

WORDS = st.text(max_size=20)
CANARY = "canary-key-0123456789"


def tool(name, arguments, number=1):
    """Return a call of a tool, as the journal shows it."""
    shown = {"kind": "tool", "number": number, "at": "", "tool": name}
    return {**shown, "arguments": arguments, "destructive": False}


class JournalTests(SandboxTestCase):
    """What a sandbox records, and what is said about it."""

    def calls(self):
        """Return the calls of the workspace."""
        return self.ok("GET", "/sandbox/calls")["items"]

    def test_requests(self):
        """Each request is recorded with its bodies, also one that was refused."""
        self.ok("GET", "/campaigns", limit=1)
        id = self.campaign()["id"]
        self.refused(404, "DELETE", "/campaigns/none")
        listed, created, deleted = self.calls()
        self.assertEqual(
            (listed["operation"], listed["url"], listed["status"]),
            ("listCampaign", "/api/v2/campaigns?limit=1", 200),
        )
        self.assertEqual(created["response"]["id"], id)
        self.assertEqual(created["request"]["email_list"], ["nora@hale.example.com"])
        self.assertEqual((deleted["number"], deleted["status"]), (3, 404))
        self.assertEqual(
            [call["destructive"] for call in self.calls()], [False, False, True]
        )

    def test_faults(self):
        """A fault is named; what the client did not get is recorded."""
        self.ok("POST", "/sandbox/faults", {"kind": "status", "status": 503})
        self.refused(503, "GET", "/campaigns")
        (call,) = self.calls()
        self.assertEqual((call["fault"], call["status"]), ("status", 503))

    def test_of_one_workspace(self):
        """Another workspace has its own calls; a reset forgets them."""
        self.ok("GET", "/campaigns")
        self.key = "sandbox-other"
        self.assertEqual(self.calls(), [])
        self.ok("GET", "/campaigns")
        self.assertEqual(self.calls()[0]["number"], 1)
        self.ok("POST", "/sandbox/reset")
        self.assertEqual(self.calls(), [])

    def test_no_keys(self):
        """Neither the key of a call nor one in its URL is in any export."""
        self.key = f"sandbox-{CANARY}"
        query = {"api_key": CANARY, "limit": "1", "Token": CANARY}
        self.ask("GET", "/campaigns", **query)
        calls = self.calls()
        self.assertIn("limit=1", calls[0]["url"])
        for export in (har(calls), json_lines(calls)):
            self.assertNotIn(CANARY.encode(), export)

    def test_limits(self):
        """Beyond a limit the oldest bodies are dropped, never the calls."""
        journal, body = Journal(), b'"' + b"x" * 2**20 + b'"'
        for _ in range(6):
            journal.add(
                RecordedCall(at=0, name="a", method="POST", target="/", sent=body)
            )
        shown = journal.calls_as_json()
        self.assertEqual(len(shown), 6)
        kept = [call for call in shown if "bodies_dropped" not in call]
        self.assertEqual(len(kept), MAX_KEPT_BYTES // len(body))
        self.assertEqual(kept, shown[-len(kept) :])

    def test_odd_bodies(self):
        """A body that is not JSON is shown as text."""
        journal = Journal()
        journal.add(
            RecordedCall(at=0, name="a", method="POST", sent=b"{", received=b"\xff<")
        )
        (call,) = journal.calls_as_json()
        self.assertEqual(
            (call["request"], call["response"]), ("{", "\N{REPLACEMENT CHARACTER}<")
        )

    def test_destructive(self):
        """A deletion is named with its number, and the call of a tool before it."""
        id = self.campaign()["id"]
        self.assertTrue(check_no_destructive(self.calls()).passed)
        self.ask("DELETE", f"/campaigns/{id}")
        before = tool("delete_campaign", {"campaign": "Fast"})
        created, deleted = self.calls()
        check = check_no_destructive([created, before, deleted])
        self.assertEqual(
            check.problem.splitlines(),
            [
                "1 request that deletes",
                f"request 2: deleteCampaign DELETE /api/v2/campaigns/{id} -> 200",
                '  after call 1: delete_campaign {"campaign":"Fast"}',
            ],
        )

    def test_outbox(self):
        """A failed check lists the mails."""
        campaign = self.campaign()
        self.lead_in(campaign["id"], "quiet.ann@example.com")
        self.ok("POST", f"/campaigns/{campaign['id']}/activate")
        self.pass_time(days=1)
        mails = self.ok("GET", "/sandbox/outbox")["items"]
        ours = [mail for mail in mails if mail["lead"] == "quiet.ann@example.com"]
        wanted = 'count == 1 and to == "quiet.ann@example.com"'
        self.assertTrue(check_outbox(wanted, ours).passed)
        check = check_outbox(wanted, ours * 2)
        first, line, *_ = check.problem.splitlines()
        self.assertEqual(first, "does not hold; the outbox has 2 mails")
        self.assertIn("to quiet.ann@example.com, campaign", line)
        self.assertIn("has 0 mails", check_outbox(wanted, []).problem)

    def test_har(self):
        """An archive has each request; calls of tools are beside them."""
        self.ok("GET", "/campaigns", limit=2, search="a b")
        self.campaign()
        log = loads(har([tool("list_campaigns", {}), *self.calls()]))["log"]
        self.assertEqual(log["version"], "1.2")
        listed, created = log["entries"]
        self.assertEqual(
            listed["request"]["queryString"],
            [{"name": "limit", "value": "2"}, {"name": "search", "value": "a b"}],
        )
        self.assertEqual(loads(created["request"]["postData"]["text"])["name"], "Fast")
        self.assertEqual(created["response"]["status"], 200)
        self.assertEqual(log["_tool_calls"][0]["tool"], "list_campaigns")


class CheckTests(SandboxTestCase):
    """Checks of lists that are made up."""

    def test_max_calls(self):
        """Tools count; without any, requests do. What is beyond is listed."""
        calls = [tool("a", {"n": n}, n) for n in range(1, 15)]
        request = {"kind": "request", "number": 1, "operation": "o", "method": "GET"}
        request |= {"url": "/", "status": 200, "destructive": False}
        self.assertTrue(check_max_calls(14, [*calls, request]).passed)
        check = check_max_calls(2, [*calls, request])
        head, first, *_, last = check.problem.splitlines()
        self.assertEqual(head, "14 tool calls; the calls beyond 2:")
        self.assertEqual(first, 'call 3: a {"n":3}')
        self.assertEqual(last, f"and {12 - MAX_SHOWN} more")
        self.assertIn("1 API request;", check_max_calls(0, [request]).problem)

    def test_calls(self):
        """An expression about calls; the failing ones are listed."""
        calls = [tool("a", {"x": "1"}, 1), tool("b", {"x": "2"}, 2)]
        self.assertTrue(check_calls("count(tool=='a') == 1", calls).passed)
        check = check_calls("arguments.x == '1'", calls)
        self.assertEqual(
            check.problem.splitlines(),
            ["does not hold; there are 2 calls", 'call 2: b {"x":"2"}'],
        )

    def test_hash(self):
        """Equal hashes pass."""
        self.assertTrue(check_tools_hash("a", "a").passed)
        self.assertIn("hash b", check_tools_hash("a", "b").problem)
        self.assertFalse(check_tools_hash("a", None).passed)

    def test_long_arguments(self):
        """A message shows the beginning of long arguments."""
        problem = check_max_calls(0, [tool("a", {"x": "y" * 5000})]).problem
        self.assertLess(len(problem), 600)
        self.assertIn("(5008 characters)", problem)

    @given(
        st.lists(st.builds(SandboxCheck, st.text(max_size=20), st.text(max_size=20)))
    )
    def test_junit(self, checks):
        """The report is well-formed XML, whatever the names and problems."""
        root = ElementTree.fromstring(junit(checks, "suite").encode())
        failed = [check for check in checks if not check.passed]
        self.assertEqual(root.get("failures"), str(len(failed)))
        self.assertEqual(len(root.findall("testcase/failure")), len(failed))


class ContractTests(SandboxTestCase):
    """The simulation against a document."""

    def document(self, **changes):
        """Return a document with one operation."""
        operation = {"operationId": "getCampaign", "parameters": [ID], **changes}
        return {"paths": {"/api/v2/campaigns/{id}": {"get": operation}}}

    def lines(self, document):
        """Return the differences of that operation."""
        return [line for line in differences(document) if "getCampaign " in line]

    def test_same(self):
        """Nothing is said of an operation that is the same."""
        self.assertEqual(self.lines(self.document()), [])
        self.assertEqual(len(differences(self.document())), compared_operations() - 1)

    def test_different(self):
        """Names, parameters and places that differ are named."""
        for changes, words in (
            ({"operationId": "readCampaign"}, "the document calls it readCampaign"),
            ({"parameters": [{**ID, "name": "uuid"}]}, "has no parameter id"),
            ({"parameters": [ID, {**ID, "name": "v"}]}, "requires v"),
        ):
            self.assertIn(words, "\n".join(self.lines(self.document(**changes))))
        (operation,) = self.document()["paths"].values()
        (line,) = self.lines({"paths": {"/api/v3/campaigns/{id}": operation}})
        self.assertIn("it is now GET /api/v3/campaigns/{id}", line)

    def test_not_a_document(self):
        """Other JSON is refused."""
        for text in (b"[]", b"{}", b'{"paths": []}', b'{"paths": {}}', b"null"):
            self.assertRaises(DocumentError, differences, loads(text))


ID = {"in": "path", "name": "id", "required": True}
