"""An `IInstantly` that records calls and returns prepared answers.

It refuses arguments that the catalog does not list, as the real client does, so that a
tool that misspells a parameter fails its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field, frozen
from jsonschema_rs import Draft202012Validator
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.api.error_messages import not_granted, sending_off
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.grant import Grant
from instantly_mcp.api.interfaces import IInstantly
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Operation
from instantly_mcp.catalog.schema import arguments_schema


@frozen
class Executed:
    """One call that reached the fake."""

    id: str
    arguments: JsonObject
    principal: str
    traceparent: str | None = None
    until: float | None = None


@implementer(IInstantly)
@define(eq=False)
class RecordingInstantly:
    """Answers from a script; an operation without one answers an empty object."""

    executed: list[Executed] = field(factory=list)
    _scripts: dict[str, list[Any]] = field(factory=dict)

    def answers(self, operation_id: str, *replies: Any) -> RecordingInstantly:
        """Script the replies of an operation, in order; the last one is repeated.

        :param operation_id: an operation of the catalog.
        :param replies: JSON values, `ApiError`s, Deferreds, or functions of the
            arguments.
        """
        assert operation_id in BY_ID, operation_id
        self._scripts[operation_id] = list(replies)
        return self

    def execute(
        self,
        operation: Operation,
        arguments: JsonObject,
        grant: Grant,
        traceparent: str | None = None,
        until: float | None = None,
    ) -> Deferred[Json]:
        if not grant.use(operation, arguments):
            return fail(not_granted(operation))
        if not grant.may_go():
            return fail(sending_off(operation))
        checked = dict(arguments)
        schema = arguments_schema(operation)
        problems = [
            f"{error.instance_path}: {error.message}"
            for error in Draft202012Validator(schema).iter_errors(checked)
        ]
        if problems:
            raise AssertionError(f"{operation.id} is called wrongly: {problems}")
        self.executed.append(
            Executed(
                operation.id, checked, grant.credential.principal, traceparent, until
            )
        )
        script = self._scripts.get(operation.id, [{}])
        reply = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(reply, Callable):  # type: ignore[arg-type]
            reply = reply(checked)
        if isinstance(reply, ApiError):
            return fail(reply)
        if isinstance(reply, Deferred):
            return reply
        return succeed(reply)

    def collect(
        self, operation: Operation, arguments: JsonObject, credential: Credential
    ) -> Deferred[Json] | None:
        """Do nothing: this fake has no unfinished calls."""
        return None

    def calls(self, operation_id: str) -> list[JsonObject]:
        """Return the arguments of every call of one operation of the catalog."""
        assert operation_id in BY_ID, operation_id
        return [each.arguments for each in self.executed if each.id == operation_id]

    @property
    def ids(self) -> list[str]:
        """The operations executed, in order."""
        return [each.id for each in self.executed]


def api_error(
    reason: Reason, operation_id: str = "listCampaign", **given: Any
) -> ApiError:
    """Return a failed call."""
    message = given.pop("message", "It did not work.")
    return ApiError(reason=reason, message=message, operation_id=operation_id, **given)
