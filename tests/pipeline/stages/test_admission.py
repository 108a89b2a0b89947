"""Admission: Origin, Host and the inbound limit, before anything is decoded."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.credential_sources import CredentialSources
from instantly_mcp.pipeline.exchange import Exchange, Route
from instantly_mcp.pipeline.interfaces import Allowance, IAdmissionLimit, IStage
from instantly_mcp.pipeline.origins import OriginPolicy
from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.pipeline.stages.admission import Admission
from instantly_mcp.state.token_buckets import TokenBuckets
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import exchange

KEY = {"x-instantly-api-key": "alice-key-0123456789"}


class AdmissionTests(ClockedTestCase):
    """`Admission` with real limits."""

    def setUp(self) -> None:
        """Let each key send three requests a minute, each address nine."""
        super().setUp()
        self.stage = self.make_stage(3, 9)

    def make_stage(self, limit: int, wide: int) -> Admission:
        """Return a stage that knows any host."""
        return Admission(
            origin_policy=OriginPolicy(check_hosts=False),
            key_limit=TokenBuckets(limit, self.clock),
            address_limit=TokenBuckets(wide, self.clock),
            wall=lambda: 1_767_225_600.0,
        )

    def passes(self, one: Exchange) -> bool:
        """Say whether the stage carries on, unchanged."""
        outcome = self.successResultOf(self.stage.process(one))
        if isinstance(outcome, Exchange):
            self.assertIs(outcome, one)
            return True
        assert isinstance(outcome, Answer)
        self.assertEqual(outcome.status, 429)
        return False

    def refusal(self, one: Exchange) -> Answer:
        """Return the answer that the stage must give."""
        outcome = self.successResultOf(self.stage.process(one))
        assert isinstance(outcome, Answer), outcome
        return outcome

    def test_provides_interface(self) -> None:
        """Admission is a stage."""
        self.assertTrue(verifyObject(IStage, self.stage))

    def test_carries_on(self) -> None:
        """An ordinary exchange goes on as the same object."""
        self.assertTrue(self.passes(exchange(with_headers={"host": "localhost"})))

    def test_refuses_origin(self) -> None:
        """A foreign page is refused with 403, with the request's id."""
        evil = exchange({"id": 0, "method": "ping"}, with_headers={"origin": "null"})
        answer = self.refusal(evil)
        self.assertEqual(answer.status, 403)
        self.assertEqual(loads(answer.body)["id"], 0)

    def test_refuses_host(self) -> None:
        """A foreign host is refused with 421."""
        self.stage = evolve(self.stage, origin_policy=OriginPolicy())
        self.assertEqual(self.refusal(exchange()).status, 421)

    def test_origin_costs_no_token(self) -> None:
        """What the origin policy refuses is not counted."""
        for _ in range(20):
            self.refusal(exchange(with_headers={"origin": "http://evil", **KEY}))
        self.assertTrue(self.passes(exchange(with_headers=KEY)))

    def test_limit_by_key(self) -> None:
        """The limit holds for a key over all its addresses, and says when to come."""
        for number in range(3):
            one = exchange(with_headers=KEY, peer=f"10.0.0.{number}")
            self.assertTrue(self.passes(one))
        answer = self.refusal(exchange(with_headers=KEY, peer="10.0.0.9"))
        self.assertEqual(answer.status, 429)
        self.assertIn(("Retry-After", "20"), answer.headers)
        self.assertEqual(
            loads(answer.body)["error"],
            {
                "code": -32000,
                "message": "Rate limit exceeded",
                "data": {
                    "limit": 3,
                    "window": 60,
                    "resetTime": "2026-01-01T00:00:20.000Z",
                },
            },
        )

    def test_batches_count_their_messages(self) -> None:
        """The messages that decoding finds are counted, all of them or none."""
        one = exchange(with_headers=KEY)
        self.assertTrue(self.passes(one))
        self.assertIsNone(self.stage.charge(one, 1))
        self.assertIsNone(self.stage.charge(one, 2))
        self.assertTrue(self.passes(one))
        refused = self.stage.charge(one, 3)
        assert refused is not None
        self.assertEqual((refused.status, refused.code), (429, -32000))
        # All three tokens of the batch are there again after a whole minute.
        self.assertEqual(refused.headers, (("Retry-After", "60"),))
        self.assertFalse(self.passes(one))
        self.clock.advance(60)
        self.assertTrue(self.passes(one))
        self.assertIsNone(self.stage.charge(one, 3))
        self.assertFalse(self.passes(one))

    def test_batches_count_for_the_address(self) -> None:
        """With invented keys as well: the wider bucket counts messages, too."""
        for number in range(3):
            one = exchange(with_headers={"x-api-key": f"invented-{number}-0123"})
            self.assertTrue(self.passes(one))
            self.assertIsNone(self.stage.charge(one, 3))
        self.assertFalse(self.passes(exchange(with_headers=KEY)))

    def test_batch_that_can_never_pass(self) -> None:
        """A batch beyond a minute's messages is refused without Retry-After."""
        one = exchange(with_headers=KEY)
        self.assertTrue(self.passes(one))
        refused = self.stage.charge(one, 4)
        assert refused is not None
        self.assertEqual((refused.status, refused.code), (400, -32600))
        self.assertIn("(3)", refused.message)
        self.assertTrue(self.passes(one))

    def test_no_limit_for_batches(self) -> None:
        """Without a limit no batch is too large."""
        self.stage = self.make_stage(0, 0)
        self.assertIsNone(self.stage.charge(exchange(), 100))

    def test_other_keys_unharmed(self) -> None:
        """One key's flood is not another's, at the same address."""
        for _ in range(5):
            self.stage.process(exchange(with_headers=KEY))
        self.assertTrue(
            self.passes(exchange(with_headers={"x-api-key": "bob-key-0123456789"}))
        )

    def test_one_bucket_wherever_the_key_is(self) -> None:
        """A key is one key, in a header, in the path, or in the query."""
        key = KEY["x-instantly-api-key"]
        self.assertTrue(self.passes(exchange(with_headers=KEY)))
        self.assertTrue(
            self.passes(exchange(with_headers={"authorization": f"bearer {key}"}))
        )
        self.assertTrue(self.passes(exchange(path_key=key)))
        self.assertFalse(self.passes(exchange(query={"apiKey": [key]})))

    def test_shared_secret_is_not_the_bucket(self) -> None:
        """Callers who share a server secret are counted by their own keys."""
        for number in range(6):
            own = {
                "authorization": "Bearer shared",
                "x-api-key": f"own-{number}",
            }
            self.assertTrue(self.passes(exchange(with_headers=own)))

    def test_without_key_by_address(self) -> None:
        """Without a key the address is counted."""
        for _ in range(3):
            self.assertTrue(self.passes(exchange(peer="10.0.0.1")))
        self.assertFalse(self.passes(exchange(peer="10.0.0.1")))
        self.assertTrue(self.passes(exchange(peer="10.0.0.2")))

    def test_invented_keys_are_bounded(self) -> None:
        """A flood of invented keys from one address meets the wider bucket."""
        passed = sum(
            self.passes(exchange(path_key=f"invented-{number}", peer="10.0.0.1"))
            for number in range(50)
        )
        self.assertEqual(passed, 9)
        self.assertTrue(self.passes(exchange(path_key="invented-x", peer="10.0.0.2")))

    def test_ipv6_network(self) -> None:
        """Addresses of one IPv6 network are one address; mapped IPv4 ones are not."""
        for number in range(3):
            self.assertTrue(self.passes(exchange(peer=f"2001:db8:1:2::{number:x}")))
        self.assertFalse(self.passes(exchange(peer="2001:db8:1:2:ffff::1")))
        self.assertTrue(self.passes(exchange(peer="2001:db8:1:3::1")))
        for number in range(5):
            self.assertTrue(self.passes(exchange(peer=f"::ffff:10.0.0.{number}")))

    def test_odd_peers(self) -> None:
        """A peer without an address (a UNIX socket) is counted like any other."""
        for peer in ("", "unix:x", "::::"):
            self.assertTrue(self.passes(exchange(peer=peer)))

    def test_decodes_nothing(self) -> None:
        """A body that is not JSON passes: a later stage refuses it."""
        self.assertTrue(self.passes(exchange(body=b"\xff{", with_headers=KEY)))

    def test_unreadable_authorization(self) -> None:
        """A scheme that will be refused later counts against the address."""
        basic = {"authorization": "Basic dXNlcjpwYXNz"}
        for _ in range(3):
            self.assertTrue(self.passes(exchange(with_headers=basic, peer="10.0.0.1")))
        self.assertFalse(self.passes(exchange(with_headers=basic, peer="10.0.0.1")))

    def test_query_off(self) -> None:
        """Where query keys do not count, they name no bucket either."""
        self.stage = evolve(self.stage, sources=CredentialSources(query=False))
        for number in range(3):
            self.assertTrue(self.passes(exchange(query={"apiKey": [f"key-{number}"]})))
        self.assertFalse(self.passes(exchange(query={"apiKey": ["key-9"]})))

    def test_off(self) -> None:
        """A limit of 0 switches the counting off."""
        self.stage = self.make_stage(0, 9)
        for _ in range(300):
            self.assertTrue(self.passes(exchange(with_headers=KEY)))

    def test_refusal_is_json_on_every_route(self) -> None:
        """On every MCP route the refusal is a JSON-RPC error."""
        for route in Route:
            answer = self.refusal(
                exchange(method="GET", route=route, with_headers={"origin": "null"})
            )
            self.assertEqual(loads(answer.body)["jsonrpc"], "2.0")
            self.assertIn(("Content-Type", "application/json"), answer.headers)


@implementer(IAdmissionLimit)
class _Recording:
    """Grants everything and remembers the keys of the buckets."""

    limit = 1

    def __init__(self) -> None:
        self.keys: list[str] = []

    def take(self, key: str, tokens: int = 1) -> Allowance:
        """Grant it."""
        self.keys.append(key)
        return Allowance(granted=True)


class BucketSecrecyTests(SynchronousTestCase):
    """The recording never sees a key."""

    def test_digest_only(self) -> None:
        """What a bucket is called does not hold the key."""
        recording = _Recording()
        stage = Admission(
            origin_policy=OriginPolicy(check_hosts=False),
            key_limit=recording,
            address_limit=recording,
            wall=lambda: 0.0,
        )
        self.successResultOf(stage.process(exchange(path_key="canary-key-7f3a9c")))
        self.assertEqual(len(recording.keys), 2)
        self.assertNotIn("canary-key-7f3a9c", repr(recording.keys))
