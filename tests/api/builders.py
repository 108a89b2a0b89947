"""Builders for the tests of the client: operations, credentials, clients. No tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.web.iweb import IAgent

from instantly_mcp._credential import Credential, Secret
from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.catalog.operation import (
    READ,
    WRITE,
    WRITE_AGAIN,
    ArrayStyle,
    Effect,
    Limit,
    Operation,
    Parameter,
    Place,
)
from tests.support.access import AnyGrant, any_grant

KEY = "Y2FuYXJ5LWtleS0xMjM0OnNlY3JldC1jYW5hcnktNTY3OA=="


def credential(key: str = KEY, workspace: str | None = None) -> Credential:
    """A credential as the authentication stage would make it."""
    return Credential(secret=Secret(key), source="authorization", workspace=workspace)


def granted(key: str = KEY, workspace: str | None = None) -> AnyGrant:
    """A grant for any call with such a credential."""
    return any_grant(credential(key, workspace))


def parameter(
    name: str,
    place: Place,
    schema: Mapping[str, Any] | None = None,
    *,
    required: bool = False,
    style: ArrayStyle = ArrayStyle.REPEAT,
) -> Parameter:
    """A parameter that takes anything, unless a schema says otherwise."""
    return Parameter(
        name=name, place=place, schema=schema or {}, required=required, style=style
    )


def operation(
    id: str = "listCampaign",
    method: str = "GET",
    path: str = "/api/v2/campaigns",
    *parameters: Parameter,
    effect: Effect = READ,
    limit: Limit | None = None,
    first_byte_seconds: float = 30.0,
) -> Operation:
    """An operation of which only the interesting parts are spelled out."""
    return Operation(
        id=id,
        method=method,
        path=path,
        summary="",
        effect=effect,
        scopes=("campaigns:read", "all:all"),
        parameters=parameters,
        limit=limit,
        first_byte_seconds=first_byte_seconds,
    )


LIST = operation(
    "listCampaign",
    "GET",
    "/api/v2/campaigns",
    parameter("limit", Place.QUERY),
    parameter("search", Place.QUERY),
)
GET_ONE = operation(
    "getCampaign",
    "GET",
    "/api/v2/campaigns/{id}",
    parameter("id", Place.PATH, required=True),
)
CREATE = operation(
    "createCampaign",
    "POST",
    "/api/v2/campaigns",
    parameter("name", Place.BODY, required=True),
    effect=WRITE,
)
ACTIVATE = operation(
    "activateCampaign",
    "POST",
    "/api/v2/campaigns/{id}/activate",
    parameter("id", Place.PATH, required=True),
    effect=WRITE,
)
PATCH_ONE = operation(
    "patchCampaign",
    "PATCH",
    "/api/v2/campaigns/{id}",
    parameter("id", Place.PATH, required=True),
    parameter("name", Place.BODY),
    effect=WRITE_AGAIN,
)
DELETE = operation(
    "deleteCampaign",
    "DELETE",
    "/api/v2/campaigns/{id}",
    parameter("id", Place.PATH, required=True),
    effect=WRITE_AGAIN,
)
LIST_EMAILS = operation(
    "listEmail", "GET", "/api/v2/emails", limit=Limit(calls=20, seconds=60.0)
)


def client(
    agent: IAgent, base_url: str, clock: IReactorTime, **others: Any
) -> InstantlyClient:
    """A client without jitter."""
    others.setdefault("random", lambda: 1.0)
    return InstantlyClient.assemble(
        agent=agent, base_url=base_url, clock=clock, **others
    )
