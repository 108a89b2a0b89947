"""Checks the upstream once: that it answers, accepts the key, and agrees on the time.

It only reads.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import ClassVar

from attrs import define
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IResponse

from ... import __version__
from ..._credential import Credential, Secret
from ..._deferred import deferred
from ...access.grants import grant_to_read
from ...api.errors import ApiError, Reason
from ...api.http.connection_errors import ConnectionProblem, diagnose
from ...api.interfaces import IInstantly
from ...catalog.index import BY_ID
from .findings import Findings

GET_WORKSPACE = BY_ID["getWorkspace"]
HEADERS = Headers({b"User-Agent": [f"instantly-mcp/{__version__}".encode()]})

_WORDS = {
    ConnectionProblem.CONNECT_TIMEOUT: "connecting timed out",
    ConnectionProblem.BROKEN: "the connection was lost",
}

_NOT_THE_NETWORK = {ConnectionProblem.GARBLED, ConnectionProblem.TOO_LARGE}


class _DiscardBody(Protocol):
    """Reads no body: the check needs only the status and the headers."""

    def connectionMade(self) -> None:
        """Close the connection."""
        if self.transport is not None:
            self.transport.loseConnection()


@define(eq=False, kw_only=True)
class UpstreamCheck:
    """One check of the upstream.

    :param url: the base URL of the API.
    :param wall: returns this machine's time, in seconds since the epoch.
    :cvar TIMEOUT_SECONDS: how long each request may take.
    :cvar MAX_SKEW_SECONDS: seconds by which the two clocks may differ.
    """

    TIMEOUT_SECONDS: ClassVar[float] = 10.0
    MAX_SKEW_SECONDS: ClassVar[float] = 60.0

    agent: IAgent
    instantly: IInstantly
    url: str
    clock: IReactorTime
    wall: Callable[[], float]
    findings: Findings

    @deferred
    async def run(self, key: Secret | None) -> None:
        """Send a request without a key, then one with the operator's key.

        :param key: the operator's Instantly key; ``None`` to skip that request.
        """
        if await self._check_answer() and key is not None:
            await self._check_key(key)

    async def _check_answer(self) -> bool:
        url = f"{self.url}{GET_WORKSPACE.path}".encode()
        asking: Deferred[IResponse] = self.agent.request(b"GET", url, HEADERS)
        try:
            response = await asking.addTimeout(self.TIMEOUT_SECONDS, self.clock)
        except DeferredTimeout:
            self._add_failure(f"no answer within {self.TIMEOUT_SECONDS:g} s")
            return False
        except Exception as error:
            diagnosis = diagnose(error)
            if diagnosis is None:
                raise
            words = diagnosis.words or _WORDS.get(diagnosis.problem)
            words = words or diagnosis.problem.value
            if diagnosis.problem in _NOT_THE_NETWORK:
                self.findings.failures.append(
                    f"IMCP-UPSTREAM {self.url} does not answer as Instantly does: "
                    f"{words}. Check the upstream setting"
                )
            else:
                self._add_failure(words)
            return False
        response.deliverBody(_DiscardBody())
        self.findings.fine.append(f"upstream {self.url} answers ({response.code})")
        self._compare_clocks(response.headers)
        return True

    def _compare_clocks(self, headers: Headers) -> None:
        date = (headers.getRawHeaders("date") or [""])[0]
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        ahead = self.wall() - theirs
        if abs(ahead) <= self.MAX_SKEW_SECONDS:
            self.findings.fine.append("this machine's clock agrees with the upstream's")
            return
        where = "ahead of" if ahead > 0 else "behind"
        self.findings.warnings.append(
            f"IMCP-CLOCK this machine's clock is {abs(ahead):.0f} s {where} the "
            "upstream's: correct it, or schedules and reports will be wrong"
        )

    async def _check_key(self, key: Secret) -> None:
        credential = Credential(secret=key, source="operator")
        asking = self.instantly.execute(
            GET_WORKSPACE, {}, grant_to_read(GET_WORKSPACE, credential)
        )
        try:
            workspace = await asking.addTimeout(self.TIMEOUT_SECONDS, self.clock)
        except DeferredTimeout:
            self._add_failure(
                f"no answer to a request with the key within {self.TIMEOUT_SECONDS:g} s"
            )
        except ApiError as error:
            if error.reason is Reason.SCOPE_MISSING:
                self.findings.warnings.append(f"IMCP-KEY {error.message}")
            else:
                self.findings.failures.append(f"IMCP-KEY {error.message}")
        else:
            name = workspace.get("name") if isinstance(workspace, dict) else None
            self.findings.fine.append(f"Instantly accepts the key: workspace {name!r}")

    def _add_failure(self, why: str) -> None:
        self.findings.failures.append(
            f"IMCP-UPSTREAM {self.url} cannot be reached: {why}. Check the network, "
            "the firewall and the upstream setting"
        )
