"""The entry point: it serves both eras, and calls share no state."""

from __future__ import annotations

import gc
import weakref

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.wire.jsonrpc import Request, Response
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, LEGACY_REVISIONS
from tests.support.engines import EngineTestCase
from tests.support.messages import call, request
from tests.support.servers import BOB, credential, make_server
from tests.support.toolboxes import SmallToolbox


class IdTests(EngineTestCase):
    def test_falsy_ids(self) -> None:
        """The ids 0 and "" come back as they were, in results and in errors."""
        for version in ALL_REVISIONS:
            for id in (0, "", -1, 2**53, "a"):
                for message in (call("hello", id=id), request("nothing", {}, id=id)):
                    with self.subTest(version=version, id=id):
                        answer = self.answer(message, version)
                        self.assertEqual(answer["id"], id)
                        self.assertIs(type(answer["id"]), type(id))


class IsolationTests(EngineTestCase):
    def test_no_protocol_object_is_shared(self) -> None:
        """Two principals with equal ids get their own answers from one server."""
        mine = self.handled(call("slow", {"tag": "mine"}, id=1))
        theirs = self.handled(call("slow", {"tag": "theirs"}, id=1), key=BOB)
        first, second = self.toolbox.running
        self.assertIsNot(first.call, second.call)
        self.assertEqual(first.call.credential, credential())
        self.assertEqual(second.call.credential, credential(BOB))
        second.finish()
        first.finish()
        for handled, tag in ((mine, "mine"), (theirs, "theirs")):
            response = self.successResultOf(handled)
            assert response is not None
            self.assertIn(tag, str(response.result))

    def test_nothing_is_kept(self) -> None:
        """Once a call is answered or cancelled, the server holds nothing of it."""
        kept = []
        for finish in (True, False):
            handled = self.handled(call("slow", token="t"))
            running = self.toolbox.running.pop()
            kept.append(weakref.ref(running.call))
            if finish:
                running.finish()
            else:
                handled.cancel()
            handled.addErrback(lambda _: None)
            del running, handled
        gc.collect()
        self.assertEqual([ref() for ref in kept], [None, None])


class InterleavingTests(EngineTestCase):
    @settings(deadline=None, max_examples=50)
    @given(
        st.lists(st.sampled_from([0, 1, "", "a"]), min_size=1, max_size=8), st.data()
    )
    def test_each_answer_its_own(self, ids: list[Json], data: st.DataObject) -> None:
        """For any order of completion each answer has its own id and tag."""
        toolbox = SmallToolbox()
        server = make_server(toolbox, Clock())
        asked: list[Deferred[Response | None]] = []
        for number, id in enumerate(ids):
            arguments = {"name": "slow", "arguments": {"tag": f"t{number}"}}
            version = data.draw(st.sampled_from(list(LEGACY_REVISIONS)))
            caller = Caller(revision=ALL_REVISIONS[version], credential=credential())
            asked.append(server.handle(Request(id, "tools/call", arguments), caller))
        for number in data.draw(st.permutations(range(len(ids)))):
            self.assertNoResult(asked[number])
            toolbox.running[number].finish()
            response = self.successResultOf(asked[number])
            assert response is not None
            self.assertEqual(response.id, ids[number])
            self.assertIn(f"'t{number}'", str(response.result))
