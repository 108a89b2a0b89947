"""The product walk: nothing reaches Instantly that the table of the oracle forbids.

Each way of calling a tool, with each attempt, under each policy; and each way, with
each attempt, for each place that states an access level. The daemon is the whole one;
what counts is what the simulated Instantly received, not what an answer says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject, dumps

from .attempts import ATTEMPTS, ONE_OF_EACH_KIND, SENDS, Attempt
from .memory_daemon import MemoryDaemon
from .oracle import (
    ASKS,
    CLASSES,
    DRAFT,
    FULL,
    READ_ONLY,
    REFUSED,
    RUNS,
    everything,
    only,
    settings_of,
    verdict,
)
from .ways import KEY, WAYS, Caller, error_of

POLICIES: Sequence[Mapping[str, str]] = (
    {},
    *(everything(each) for each in ("allow", "confirm", "deny")),
)
"""By every way; the first is that of an operator who set none."""

DENYING_ONE: Sequence[Mapping[str, str]] = tuple(only(each) for each in CLASSES)
"""By one way of each era: the decision does not depend on more."""

ONE_OF_EACH_ERA = ("session 2025-11-25", "modern")

SELECTIONS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "nothing": (FULL, {}),
    "header draft": (DRAFT, {"headers": {"X-MCP-Access": "draft"}}),
    "header read-only": (READ_ONLY, {"headers": {"X-MCP-Access": "read-only"}}),
    "header readonly": (READ_ONLY, {"headers": {"X-MCP-Readonly": "true"}}),
    "path draft": (DRAFT, {"path": "/draft"}),
    "path read-only": (READ_ONLY, {"path": "/readonly"}),
    "query draft": (DRAFT, {"query": {"access": "draft"}}),
    "query readonly": (READ_ONLY, {"query": {"readonly": "true"}}),
    "two that differ": (
        READ_ONLY,
        {"path": "/draft", "headers": {"X-MCP-Access": "read-only"}},
    ),
    "a wider one": (
        DRAFT,
        {"path": "/draft", "headers": {"X-MCP-Access": "full"}},
    ),
}
"""The level that results, and how the request states it."""

SHOWN_FLAWS, SHOWN_BYTES = 40, 200

HAS_NO_PATH = frozenset({"key as session"})


class Walker(SynchronousTestCase):
    """Makes attempts, and compares what Instantly received with the oracle.

    :cvar key: whose simulated workspace is looked at.
    :cvar ways: those that `walk` knows.
    :ivar flaws: what differs; all of it is shown at the end.
    """

    key = KEY
    ways: Mapping[str, Any] = WAYS
    daemon: MemoryDaemon

    def setUp(self) -> None:
        """Begin without flaws."""
        self.made = 0
        self.flaws: list[str] = []

    def judge(self) -> None:
        """Fail if anything differed."""
        shown = "\n".join(self.flaws[:SHOWN_FLAWS])
        count = f"{len(self.flaws)} of {self.made} attempts\n"
        self.assertEqual(len(self.flaws), 0, count + shown)

    def walk(
        self, caller: Caller, way: str, level: str, policy: Mapping[str, str]
    ) -> None:
        """Make the attempts by one way; each must end as the oracle says.

        By one way of each era these are all, and else one of each kind.
        """
        for attempt in ATTEMPTS if way in ONE_OF_EACH_ERA else ONE_OF_EACH_KIND:
            self.made += 1
            expected = verdict(attempt.classes, level, policy, stops=attempt.stops)
            arguments = attempt.made(self.daemon.world(self.key))
            self.daemon.writes(self.key)
            result = self.ways[way](caller, attempt.tool, arguments)
            steps = [
                expected,
                self.daemon.writes(self.key),
                error_of(result).get("code", ""),
            ]
            right = [expected, *self.right(expected, attempt)]
            if expected == ASKS and steps == right:
                steps += self.confirm(caller, way, attempt, arguments, result)
                right += [[attempt.operation], []]
            if steps != right:
                said = dumps(result)[:SHOWN_BYTES].decode(errors="replace")
                place = f"{level}, {_short(policy)}, {way}, {attempt.name}"
                self.flaws.append(f"{place}: {steps} instead of {right}: {said}")

    def right(self, expected: str, attempt: Attempt) -> list[object]:
        """Return what Instantly should have received, and the code of the answer."""
        if expected == RUNS:
            return [[attempt.operation], ""]
        return [[], "confirmation_required" if expected == ASKS else "not_allowed"]

    def confirm(
        self,
        caller: Caller,
        way: str,
        attempt: Attempt,
        arguments: JsonObject,
        result: JsonObject,
    ) -> list[object]:
        """Confirm an attempt twice with the token for it; return both writes."""
        token = error_of(result)["confirm_token"]
        again = {**arguments, "confirm_token": token}
        found: list[object] = []
        for _ in range(2):
            self.ways[way](caller, attempt.tool, again)
            found.append(self.daemon.writes(self.key))
        return found


def _short(policy: Mapping[str, str]) -> str:
    """Name a policy by its commonest decision and what differs from it."""
    if not policy:
        return "the defaults"
    common, _ = Counter(policy.values()).most_common(1)[0]
    other = [f"{name}={value}" for name, value in policy.items() if value != common]
    return " ".join([f"all={common}", *other])


class PolicyTests(Walker):
    """Each policy by each way."""

    def test_policies(self) -> None:
        """What the policy forbids does not happen, and what it allows does."""
        for policy, ways in (
            *((policy, tuple(WAYS)) for policy in POLICIES),
            *((policy, ONE_OF_EACH_ERA) for policy in DENYING_ONE),
        ):
            self.daemon = MemoryDaemon(**settings_of(policy))
            caller = Caller(daemon=self.daemon)
            for way in ways:
                self.walk(caller, way, FULL, policy)
        self.judge()


class LevelTests(Walker):
    """Each way of stating an access level, by each way."""

    def combinations(self) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """Yield a way, the level that results, and how the request states it."""
        for way in WAYS:
            for level, stated in SELECTIONS.values():
                if way not in HAS_NO_PATH or "path" not in stated:
                    yield way, level, stated

    def test_requests(self) -> None:
        """A request that limits itself is limited, whatever the policy allows."""
        policy = everything("allow")
        self.daemon = MemoryDaemon(**settings_of(policy))
        for way, level, stated in self.combinations():
            caller = Caller(daemon=self.daemon, **stated)  # type: ignore[arg-type]
            self.walk(caller, way, level, policy)
        self.judge()

    def test_settings(self) -> None:
        """The operator's level limits every caller; no request can raise it."""
        policy = everything("allow")
        for level in (READ_ONLY, DRAFT):
            self.daemon = MemoryDaemon(access=level, **settings_of(policy))
            wider = {"X-MCP-Access": "full", "X-MCP-Readonly": "false"}
            for caller in (
                Caller(daemon=self.daemon),
                Caller(daemon=self.daemon, headers=wider, query={"access": "full"}),
            ):
                for way in WAYS:
                    self.walk(caller, way, level, policy)
        self.judge()


class KillSwitchTests(Walker):
    """Sending is switched off."""

    def test_each_way(self) -> None:
        """Nothing that sends is sent, by any way; all other calls are as before."""
        policy = everything("allow")
        self.daemon = MemoryDaemon(sending="off", **settings_of(policy))
        caller = Caller(daemon=self.daemon)
        for way in WAYS:
            for attempt in ATTEMPTS if way in ONE_OF_EACH_ERA else ONE_OF_EACH_KIND:
                arguments = attempt.made(self.daemon.world(KEY))
                result = WAYS[way](caller, attempt.tool, arguments)
                found = self.daemon.writes(KEY), error_of(result).get("code", "")
                sends = SENDS in attempt.classes
                right = ([], "sending_off") if sends else ([attempt.operation], "")
                self.assertEqual(found, right, f"{way}, {attempt.name}")

    def test_read_again(self):
        """A reload switches sending off if the settings say so then."""
        path = Path(self.mktemp())
        path.write_text('sending = "on"', encoding="utf-8")
        settings = settings_of(everything("allow"))
        self.daemon = MemoryDaemon(config=str(path), **settings)
        caller = Caller(daemon=self.daemon)
        attempt = next(each for each in ATTEMPTS if SENDS in each.classes)
        for text, code in (("off", "sending_off"), ("on", "")):
            path.write_text(f'sending = "{text}"', encoding="utf-8")
            self.daemon.reload()
            arguments = attempt.made(self.daemon.world(KEY))
            result = WAYS["modern"](caller, attempt.tool, arguments)
            self.assertEqual(error_of(result).get("code", ""), code)
        self.assertEqual(self.daemon.writes(KEY), [attempt.operation])


class OracleTests(SynchronousTestCase):
    """The oracle tells calls apart."""

    def test_verdicts(self) -> None:
        """The table has every verdict that the walk distinguishes."""
        found = {
            verdict(each.classes, level, policy, stops=each.stops)
            for each in ATTEMPTS
            for level in (READ_ONLY, DRAFT, FULL)
            for policy in POLICIES
        }
        self.assertEqual(found, {RUNS, ASKS, REFUSED})
