"""One call in progress: its caller, its revision, and where its notifications go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor, isfinite
from uuid import uuid4

from attrs import Factory, define, evolve, field, frozen
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from ..._credential import ANONYMOUS, Credential
from ..._json_codec import Json, JsonObject
from ..._noop import noop
from ..._rights import ALL_RIGHTS, Rights
from ..interfaces import IHeaders, INotificationSink
from ..wire.client_label import client_info_in, client_label
from ..wire.jsonrpc import notification
from ..wire.log_levels import LOG_LEVELS
from ..wire.trace import Trace
from ..wire.versions import Revision
from .client_requests import Answers, IAsker, NotReachable, Question, lacks_capability
from .session import McpSession


@implementer(INotificationSink)
class NullSink:
    """Drops notifications, for a request whose client cannot receive any."""

    def send(self, message: JsonObject) -> None:
        """Drop the message."""

    def close(self) -> None:
        """Do nothing."""

    def interrupt(self) -> None:
        """Do nothing."""


NULL_SINK = NullSink()

_BEATS_PER_UNIT = 16
"""The part of what is left to the next integer that one `Call.beat` takes: so a double
has room for more than 500 of them."""


def _rights_of(caller: Caller) -> Rights:
    return ALL_RIGHTS if caller.credential is None else caller.credential.rights


@frozen(kw_only=True)
class Caller:
    """The sender of a message, and where its notifications go.

    :param revision: the revision that the response is written in.
    :param credential: the credential for the upstream, if the caller has one.
    :param session: the caller's legacy session, if it has one.
    :param headers: the HTTP headers of the request; required in the modern era, where
        `NO_HEADER_LAYER` stands for a transport without headers.
    :param sink: takes the notifications that belong to this request.
    :param rights: what the caller may do; at most what its credential permits.
    """

    revision: Revision
    credential: Credential | None = None
    session: McpSession | None = None
    headers: IHeaders | None = None
    sink: INotificationSink = NULL_SINK
    rights: Rights = Factory(_rights_of, takes_self=True)

    @property
    def principal(self) -> str:
        """The digest that identifies the caller."""
        return ANONYMOUS if self.credential is None else self.credential.principal

    def acting_with(self, credential: Credential) -> Caller:
        """Return this caller with the credential of the workspace that it chose."""
        return Caller(
            revision=self.revision,
            credential=credential,
            session=self.session,
            headers=self.headers,
            sink=self.sink,
            rights=evolve(self.rights, workspaces=()),
        )

    def with_sink(self, sink: INotificationSink) -> Caller:
        """Return this caller with another sink."""
        return Caller(
            revision=self.revision,
            credential=self.credential,
            session=self.session,
            headers=self.headers,
            sink=sink,
            rights=self.rights,
        )


@frozen(kw_only=True, eq=False)
class Doing:
    """What a tool does in a call.

    :param arguments: those of the tool in canonical form: repaired, with defaults,
        and with ids in the place of names.
    :param confirm_token: the token with which the call is confirmed, if it has one.
    :param id: identifies this run of the tool.
    """

    tool: str
    arguments: JsonObject = field(repr=False)
    confirm_token: str | None = field(default=None, repr=False)
    id: str = Factory(lambda: uuid4().hex)


@implementer(IAsker)
class NoClientRequests:
    """Refuses all questions, for a call whose client cannot receive requests."""

    def ask(self, questions: Mapping[str, Question]) -> Deferred[Answers]:
        return fail(NotReachable("This client cannot be asked questions here."))


NO_CLIENT_REQUESTS = NoClientRequests()


def _callers_sink(call: Call) -> INotificationSink:
    return call.caller.sink


def _is_number(value: float) -> bool:
    """Return whether the value fits JSON: finite, and within the range of a double."""
    try:
        return isfinite(value)
    except OverflowError:
        return False


@define(eq=False, kw_only=True)
class Call:
    """A running request, as its feature (a tool, a resource, a prompt) sees it.

    :param clock: times the progress that the feature does not report itself.
    :param progress_token: the client's token, ``None`` if it wants no progress.
    :param log_level: the least severe level that the client wants, ``None`` for no
        logs.
    :param finished: whether the feature has ended; after that nothing is sent.
    :param capabilities: the capabilities that the client declares.
    :param asker: sends questions to the client in the way of its era.
    :param promote: turns the call into a task; ``None`` if that is not possible.
    :param set_task_message: takes status messages once the call is a task.
    :param stop_heartbeat: ends the progress that the feature does not report itself.
    :param trace: the caller's OpenTelemetry context.
    :param until: clock seconds until which the client waits; the feature sets it.
    :param steps: takes the names of the steps that have succeeded, if it is a list.
    :param params: those of the request.
    :param doing: what the call does, if it is the call of a tool.
    :param sink: takes the call's notifications; at first that of the caller.
    """

    caller: Caller
    clock: IReactorTime | None = None
    progress_token: str | int | None = None
    log_level: str | None = None
    finished: bool = False
    capabilities: JsonObject = field(factory=dict)
    asker: IAsker = NO_CLIENT_REQUESTS
    promote: Callable[[str | None], bool] | None = None
    set_task_message: Callable[[str], None] | None = None
    stop_heartbeat: Callable[[], None] = noop
    trace: Trace | None = None
    until: float | None = None
    steps: list[str] | None = None
    params: JsonObject = field(factory=dict, repr=False)
    doing: Doing | None = None
    sink: INotificationSink = Factory(_callers_sink, takes_self=True)
    _last_progress: float = field(default=float("-inf"), init=False)
    _total: float | None = field(default=None, init=False)

    def ask(self, questions: Mapping[str, Question]) -> Deferred[Answers]:
        """Ask the client; fires with the answers by key once it has answered all.

        In the modern era the feature runs again from its start when the answers arrive.
        So ask before you change anything, and ask the same questions for the same
        arguments. See `client_requests`.

        Fails with `CannotAsk`, `InputRequired` or `ProtocolError`. The feature must not
        catch them: they become its result or error.
        """
        return self.asker.ask(questions)

    def can_ask(self, question: Question) -> bool:
        """Return whether the client declares the capability for this question."""
        return not lacks_capability(self.capabilities, question.required)

    def become_task(self, message: str | None = None) -> bool:
        """Turn the call into a task, if both the client and the tool support tasks.

        The client then gets the task at once, and polls for the result.

        :param message: the first status message of the task.
        :returns: ``False`` if the call goes on as it is and the client waits.
        """
        if self.promote is None:
            return False
        promote, self.promote = self.promote, None
        promoted = promote(message)
        if promoted:
            self.stop_heartbeat()
        return promoted

    @property
    def credential(self) -> Credential:
        """The caller's credential, for features that declare `needs_credential`.

        :raises LookupError: if the caller has no credential, which means that the
            feature does not declare that it needs one.
        """
        if self.caller.credential is None:
            raise LookupError("this call has no credential")
        return self.caller.credential

    @property
    def workspace_name(self) -> str:
        """The operator's name for the workspace of the call; empty without one."""
        credential = self.caller.credential
        if credential is None or self.caller.rights.workspaces:
            return ""
        return credential.workspace_name

    @property
    def client(self) -> str:
        """The label of the caller's program, from what it states; untrusted text."""
        if self.caller.session is not None:
            return self.caller.session.client
        credential = self.caller.credential
        name, version = client_info_in(self.params) or ("", "")
        key = None if credential is None else credential.secret
        return client_label(name, version, key)

    def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress to the client.

        Does nothing without a progress token, after the call has ended, and if
        `progress` does not increase, as the specification requires. Values that JSON
        cannot represent (infinity, NaN) are not sent. A call that became a task has no
        stream: the message becomes the task's status message.

        :param progress: how much is done, in any unit.
        :param total: the whole, in the same unit, if known.
        """
        if self.set_task_message is not None:
            if message is not None and not self.finished:
                self.set_task_message(message)
            return
        if self.progress_token is None or self.finished:
            return
        if not _is_number(progress) or progress <= self._last_progress:
            return
        self._last_progress, self._total = progress, total
        params: dict[str, Json] = {
            "progressToken": self.progress_token,
            "progress": progress,
        }
        if total is not None and _is_number(total):
            params["total"] = total
        if message is not None and self.caller.revision.progress_messages:
            params["message"] = message
        self.sink.send(notification("notifications/progress", params))

    def beat(self) -> None:
        """Report that the call still runs, with a little more progress than before.

        The value stays below the next integer, which the feature may report next.
        """
        reached = max(self._last_progress, 0.0)
        step = (floor(reached) + 1 - reached) / _BEATS_PER_UNIT
        self.progress(reached + step, self._total, "Still waiting")

    def log(self, level: str, data: Json, logger: str | None = None) -> None:
        """Send a log message to the client, if it wants messages of that level.

        :raises ValueError: if `level` is not one of `LOG_LEVELS`.
        """
        severity = LOG_LEVELS.index(level)
        if self.finished or self.log_level is None:
            return
        if severity < LOG_LEVELS.index(self.log_level):
            return
        params: dict[str, Json] = {"level": level, "data": data}
        if logger is not None:
            params["logger"] = logger
        self.sink.send(notification("notifications/message", params))
