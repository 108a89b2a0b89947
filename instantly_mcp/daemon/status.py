"""The facts and the state that the daemon shows on its pages and to probes."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, evolve, field
from twisted.internet.address import IPv4Address, IPv6Address
from zope.interface import implementer

from ..access.tokens.admission import TokenAdmission
from ..api.client import InstantlyClient
from ..protocol.calls.session import ISessionStore
from ..protocol.server_features import ServerFeatures
from ..protocol.wire.versions import ALL_REVISIONS, LATEST_LEGACY
from ..web.delivery import Streams
from ..web.interfaces import NO_KEY_NEEDED, Condition, Facts, IStatus
from .process.readiness import Readiness, ServicePhase
from .settings.settings import Settings
from .sockets.ports import Ports
from .tools_hash import hash_of

DESCRIPTION = "An on-prem MCP server for the Instantly.ai cold-email API v2"


@implementer(IStatus)
@define(eq=False, kw_only=True)
class Status:
    """Facts, which hardly ever change, and the current condition.

    :param ports: the sockets, whose addresses are known once they are open.
    :param tokens: says whether callers need a connection token.
    """

    settings: Settings
    server_features: ServerFeatures
    readiness: Readiness
    sessions: ISessionStore
    streams: Streams
    instantly: InstantlyClient
    ports: Ports
    tokens: TokenAdmission
    _facts: Facts = field(init=False)
    _shown_ways: tuple[bool, bool] = field(default=(False, False), init=False)

    def __attrs_post_init__(self) -> None:
        """Compute the facts once."""
        resources = self.server_features.resources
        self._facts = Facts(
            name=self.server_features.info.name,
            title=self.server_features.info.title,
            description=DESCRIPTION,
            version=self.server_features.info.version,
            mode=self.settings.mode,
            protocol_versions=tuple(sorted(ALL_REVISIONS, reverse=True)),
            tool_count=len(self.server_features.tools.listed()),
            capabilities=self.server_features.capabilities(LATEST_LEGACY),
            features=features(self.settings),
            authentication=authentication(self.settings),
            credential=credential_kind(self.settings),
            key_beside_secret=_needs_key_beside_secret(self.settings),
            public_url=self.settings.public_url,
            tools_hash=hash_of(self.server_features.tools.listed()),
            prompts=len(self.server_features.prompts.listed()),
            resources=len(resources.resources()) + len(resources.templates()),
            toolsets=self.settings.toolsets,
            limits=limits(self.settings),
            documentation_url=self.settings.documentation_url,
            prefix=self.settings.public_path,
        )

    def facts(self) -> Facts:
        """Return the facts: name, version, capabilities, limits, port."""
        if self._facts.port is None:
            self._facts = self._facts_of_bound_port()
        ways = (self.tokens.required, self.tokens.refuses_keys)
        if ways != self._shown_ways:
            # The first token was issued.
            self._shown_ways = ways
            self._facts = evolve(
                self._facts,
                authentication=authentication(self.settings, *ways),
                credential=credential_kind(self.settings, self.tokens.required),
                key_beside_secret=not self.tokens.required
                and _needs_key_beside_secret(self.settings),
            )
        return self._facts

    def condition(self) -> Condition:
        """Return the current condition: phase, sessions, streams, upstream."""
        return Condition(
            ready=self.readiness.is_ready,
            draining=self.readiness.phase is ServicePhase.DRAINING,
            sessions=self.sessions.count,
            streams=self.streams.count,
            degraded=self._degraded(),
        )

    def _degraded(self) -> Mapping[str, str]:
        health = self.instantly.health
        if not health.degraded:
            return {}
        return {"upstream": f"The circuit breaker is {health.breaker}."}

    def _facts_of_bound_port(self) -> Facts:
        for bound in self.ports.bound:
            host = bound.port.getHost()
            if isinstance(host, IPv4Address | IPv6Address):
                return evolve(self._facts, port=int(host.port), url=bound.url)
        return self._facts


def features(settings: Settings) -> tuple[str, ...]:
    """Return the short names of the features that are enabled."""
    switches = {
        "sandbox": settings.sandbox,
        "anonymous-discovery": settings.anonymous == "discovery",
        "direct-execution": settings.session_policy == "lenient",
        "rate-limit": settings.rate_limit > 0,
        "server-secret": settings.server_secret is not None and not settings.no_auth,
        "operator-key": settings.api_key is not None,
    }
    return tuple(name for name, is_on in switches.items() if is_on)


def limits(settings: Settings) -> Mapping[str, int]:
    """Return the limits for callers, by name and unit; 0 means no limit."""
    return {
        "messagesPerMinute": settings.rate_limit,
        "bodyBytes": settings.max_body,
        "sessionIdleSeconds": int(settings.session_idle),
    }


def authentication(
    settings: Settings, token_required: bool = False, refuses_keys: bool = False
) -> tuple[str, ...]:
    """Return the ways to present a key or a token, the preferred one first.

    :param token_required: the operator's key is used with a connection token only.
    :param refuses_keys: callers must not use Instantly keys of their own.
    """
    if not token_required:
        return _with_keys(settings)
    tokens = _everywhere(settings, "CONNECTION_TOKEN")
    return tokens if refuses_keys else (*tokens, *key_formats(settings))


def credential_kind(settings: Settings, token_required: bool = False) -> str:
    """Return what MCP clients present; see `Facts.credential`.

    :param token_required: as for `authentication`.
    """
    if token_required:
        return "token"
    if settings.server_secret is not None and not settings.no_auth:
        return "secret"
    needless = settings.sandbox or settings.api_key is not None
    return "none" if needless else "key"


def _needs_key_beside_secret(settings: Settings) -> bool:
    own_key = settings.sandbox or settings.api_key is not None
    return credential_kind(settings) == "secret" and not own_key


def _with_keys(settings: Settings) -> tuple[str, ...]:
    key = "sandbox-NAME" if settings.sandbox else "YOUR_KEY"
    if credential_kind(settings) == "secret":
        beside = _needs_key_beside_secret(settings)
        also = f", and x-instantly-api-key: {key}" if beside else ""
        return (
            f"Authorization: Bearer SERVER_SECRET{also}",
            f"x-api-key: SERVER_SECRET{also}",
        )
    needless = credential_kind(settings) == "none"
    return (*([NO_KEY_NEEDED] if needless else []), *_everywhere(settings, key))


def _everywhere(settings: Settings, key: str) -> tuple[str, ...]:
    """Return every place in which a key may be, but for the session id."""
    prefix = settings.public_path
    return (
        f"Authorization: Bearer {key}",
        f"x-instantly-api-key: {key}",
        f"x-api-key: {key}",
        f"{prefix}/mcp/{key}",
        *([f"?apiKey={key}"] if settings.key_in_query else []),
    )


def key_formats(settings: Settings) -> tuple[str, ...]:
    """Return the ways to present a key, for a caller that needs one."""
    mcp = f"{settings.public_path}/mcp"
    return tuple(
        f"POST {mcp}{way.removeprefix(mcp)}" if way[0] in "/?" else way
        for way in authentication(settings)
        if way != NO_KEY_NEEDED
    )
