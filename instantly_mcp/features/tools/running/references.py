"""The arguments of a tool that name campaigns, lead lists or accounts.

A name becomes an id before the tool's work runs, as `workspace.names` says. Instantly
answers a list of something that does not exist with an empty page; so an empty result
for a given id is checked with one more call, and refused if nothing has that id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....catalog.index import BY_ID
from ....protocol.calls.call import Call
from ...results import CallRefusedError, ToolOutcome, message_of
from ...workspace.context import FeatureContext
from ...workspace.memory.name_cache import NOT_AN_ID
from ...workspace.names import ACCOUNTS, ObjectKind

MAX_CHECKED = 3
"""Most ids for which an empty result is checked: each costs a call."""


@frozen
class References:
    """Resolves and checks the references of one tool.

    :param kinds: what each parameter of the operation refers to. A parameter may be an
        id, a list of ids, or for accounts a text with commas between them.
    :param fresh: do not trust cached names, because the tool changes something.
    """

    kinds: Mapping[str, ObjectKind] = field(factory=dict)
    fresh: bool = False

    async def resolved(
        self, context: FeatureContext, given: JsonObject, call: Call
    ) -> JsonObject:
        """Return the arguments with ids in the place of names.

        :raises CallRefusedError: ``not_found``, for a name that is not unique.
        :raises ApiError: when the names cannot be read.
        """
        found: dict[str, Json] = {}
        for to, kind in self.kinds.items():
            named = named_by(kind, given.get(to))
            if all(context.names.is_id(kind, each) for each in named):
                continue
            ids = [await self._id(context, kind, each, call) for each in named]
            found[to] = _as_given(list(dict.fromkeys(ids)), given[to])
        return {**given, **found} if found else given

    async def check_empty(
        self,
        context: FeatureContext,
        value: ToolOutcome,
        given: JsonObject,
        call: Call,
    ) -> ToolOutcome:
        """Return an empty result only if what the arguments refer to exists.

        :returns: the value; with a notice when the check itself failed.
        :raises CallRefusedError: ``not_found``, if nothing has a given id.
        """
        if not self.kinds or not isinstance(value, dict):
            return value
        for kind, id in self._unseen(value, given)[:MAX_CHECKED]:
            try:
                await context.look_up(kind.reads, {kind.key: id}, call)
            except ApiError as error:
                if error.reason in NOT_AN_ID:
                    raise await context.names.refusal(kind, id, call) from error
                said = f"Whether the {kind.name} {id} exists could not be checked: "
                return {**value, "notice": said + message_of(error)}
        return value

    async def not_found(
        self, context: FeatureContext, error: ApiError, given: JsonObject, call: Call
    ) -> CallRefusedError | None:
        """Return the refusal with candidates, if it is clear what was not found."""
        if error.reason is not Reason.NOT_FOUND:
            return None
        path = BY_ID[error.operation_id].path
        named = [
            (to, kind, id)
            for to, kind in self.kinds.items()
            for id in named_by(kind, given.get(to))
        ]
        for to, kind, id in named:
            if error.operation_id == kind.reads or f"{{{to}}}" in path:
                return await context.names.refusal(kind, id, call)
        if len(named) != 1:
            return None
        try:
            await self.check_empty(context, {"items": []}, given, call)
        except CallRefusedError as refusal:
            return refusal
        return None

    async def _id(
        self, context: FeatureContext, kind: ObjectKind, named: str, call: Call
    ) -> str:
        return await context.names.id_of(kind, named, call, fresh=self.fresh)

    def _unseen(
        self, value: JsonObject, given: JsonObject
    ) -> Sequence[tuple[ObjectKind, str]]:
        """Return the given ids for which the result has nothing."""
        missing = value.get("without_data") or ()
        shown = value.get("items", value.get("rows"))
        if shown == [] and not given.get("starting_after"):
            missing = None
        elif not missing:
            return ()
        return [
            (kind, id)
            for to, kind in self.kinds.items()
            for id in named_by(kind, given.get(to))
            if missing is None or id in missing
        ]


def named_by(kind: ObjectKind, value: Json) -> Sequence[str]:
    """Return the ids and names in the value of an argument."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    if not isinstance(value, str):
        return ()
    if kind is ACCOUNTS and "," in value:
        return [each.strip() for each in value.split(",") if each.strip()] or (value,)
    return (value,)


def _as_given(ids: Sequence[str], value: Json) -> Json:
    return list(ids) if isinstance(value, list) else ",".join(ids)
