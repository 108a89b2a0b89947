"""The judge of ``instantly-mcp eval`` tells right work from wrong, on real servers.

The official client makes the calls, without a model: of each case right plays, which
must pass, and wrong ones, which must fail.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.sandbox.evaluation.case import EvalCase
from instantly_mcp.sandbox.evaluation.cases import CASES
from instantly_mcp.sandbox.evaluation.judging import judge
from tests.daemon.processes import ROOT
from tests.support.programs import takes_long

from .cases import Daemon, LiveTestCase
from .plays import PLAYS, Call
from .sdk_wire import Driver
from .transcript import Transcript

JOB_SECONDS = 60
"""More than any background job of a play takes, in the time of the sandbox."""


class PlaysTests(SynchronousTestCase):
    """There is a right and a wrong play of each case."""

    def test_complete(self):
        """No case is without plays, and no plays without a case."""
        self.assertEqual(set(PLAYS), {case.id for case in CASES})
        for id, plays in PLAYS.items():
            self.assertTrue(plays.right, id)
            self.assertTrue(plays.wrong, id)


class JudgedPlaysTests(LiveTestCase):
    """All plays, on a daemon in front of the simulated API."""

    keys = ("sandbox-eval-",)

    async def start(self) -> None:
        """Start both servers and the client."""
        self.api: Daemon = await self.daemon("sandbox", "--start", "2026-11-02")
        served = await self.daemon("--upstream", self.api.base, "--rate-limit=0")
        self.client = Driver(Transcript())
        words = [sys.executable, "-m", "tests.e2e.player", served.url]
        reactor.spawnProcess(self.client, words[0], words, env=None, path=str(ROOT))
        self.addCleanup(self.end_client)

    def end_client(self) -> Any:
        """End the client, if it has not ended."""
        if not self.client.over:
            process: Any = self.client.transport
            process.signalProcess("KILL")
        return self.client.ended

    async def verdict(
        self, case: EvalCase, run: int, calls: Sequence[Call], *, tools: bool
    ) -> tuple[JsonObject, Any]:
        """Play in a workspace of its own; return the verdict, and what the client said.

        :param tools: whether the called tools are judged as well.
        """
        key = f"{case.key}.{run}"
        did: Any = await self.client.said({"key": key, "calls": calls})
        clock = f"{self.api.base}/sandbox/clock?key={key}"
        skip = self.body({"advance_seconds": JOB_SECONDS})
        await self.request(b"POST", clock, {}, skip)
        seen = await self.get(f"{self.api.base}/sandbox/effects?key={key}")
        called = did["called"] if tools else None
        return judge(case.as_object(), json.loads(seen), called), did

    async def judge_all(self, cases: Sequence[EvalCase]) -> list[str]:
        """Return where the judge was wrong."""
        await self.start()
        mistakes = []
        for case in cases:
            plays = PLAYS[case.id]
            for run, calls in enumerate(plays.right):
                found, did = await self.verdict(case, run, calls, tools=True)
                if not found["passed"]:
                    mistakes.append(f"{case.id}: right play failed: {found} {did}")
            for run, calls in enumerate(plays.wrong, 100):
                found, did = await self.verdict(case, run, calls, tools=False)
                if found["passed"]:
                    mistakes.append(f"{case.id}: wrong play passed: {calls} {did}")
        return mistakes

    @deferred
    async def test_one_of_each_kind(self):
        """The plays of a read, an order and a trap are judged right."""
        wanted = {"any-replies", "answer-one", "mail-orders-copy"}
        cases = [case for case in CASES if case.id in wanted]
        self.assertEqual(await self.judge_all(cases), [])

    @takes_long("plays every case in a workspace of its own")
    @deferred
    async def test_all(self):
        """Every play of every case is judged right."""
        mistakes = await self.judge_all(CASES)
        self.assertEqual(mistakes, [], "\n".join(["", *mistakes]))
