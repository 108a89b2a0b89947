"""Asks by session (legacy era): a server request that the client answers with a POST.

The request is sent on the event stream of the call that asks, and on no other stream:
the specification ties server requests to the client request that caused them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen
from twisted.internet.defer import Deferred, fail
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from ..._deferred import reraise
from ..._json_codec import JsonObject
from ..._rights import ALL_RIGHTS, Rights
from ..interfaces import INotificationSink
from ..wire.jsonrpc import ClientResponse, notification
from .call import NULL_SINK
from .client_requests import (
    AdaptedQuestion,
    Answers,
    CannotAsk,
    IAsker,
    NotAnswered,
    NotReachable,
    Question,
    gather_answers,
    missing_capabilities,
)
from .session import McpSession

METHOD_NOT_FOUND = -32601
"""The JSON-RPC error of a client that declares questions and does not know them."""


@implementer(IAsker)
@frozen
class SessionAsker:
    """Asks on the event stream of a call in a legacy session.

    :param rights: those of the call; a message with fewer cannot answer its questions.
    """

    session: McpSession
    sink: INotificationSink
    clock: IReactorTime
    rights: Rights = ALL_RIGHTS

    def ask(self, questions: Mapping[str, Question]) -> Deferred[Answers]:
        missing = missing_capabilities(self.session.capabilities, questions)
        if missing or self.sink is NULL_SINK:
            lacking = ", ".join(missing) or "an event stream"
            return fail(NotReachable(f"This client does not offer {lacking}."))
        return gather_answers(
            {key: self._ask(question) for key, question in questions.items()}
        )

    def _ask(self, question: Question) -> Deferred[JsonObject]:
        id = self.session.next_request_id()
        adapted = question.adapted_to(self.session.revision)
        answer: Deferred[ClientResponse] = Deferred(lambda _: self._withdraw(id))
        self.session.pending[id] = (answer, self.rights)
        self.sink.send(
            {
                "jsonrpc": "2.0",
                "id": id,
                "method": question.method,
                "params": adapted.params,
            }
        )
        answer.addTimeout(question.patience_seconds, self.clock)
        return answer.addCallbacks(_checked(question, adapted), _unanswered)

    def _withdraw(self, id: str) -> None:
        """Notify the client that the server no longer waits for the answer."""
        if self.session.pending.pop(id, None) is not None:
            self.sink.send(notification("notifications/cancelled", {"requestId": id}))


def deliver_response(
    session: McpSession, reply: ClientResponse, rights: Rights = ALL_RIGHTS
) -> None:
    """Deliver a client's response to its question.

    A response without a question is ignored. One whose message has fewer rights than
    the call that asked is ignored, too: who may only read cannot confirm a change.

    :param rights: those of the message.
    """
    answer, needed = session.pending.get(reply.id, (None, ALL_RIGHTS))
    if answer is not None and rights.includes(needed):
        del session.pending[reply.id]
        answer.callback(reply)


def _checked(
    question: Question, adapted: AdaptedQuestion
) -> Callable[[ClientResponse], JsonObject]:
    def check(reply: ClientResponse) -> JsonObject:
        if reply.error is not None:
            if reply.error.get("code") == METHOD_NOT_FOUND:
                raise NotAnswered("The client cannot show questions.")
            raise CannotAsk("The client refused to answer.")
        answer = adapted.read(reply.result)
        problem = question.problem(answer)
        if problem is not None:
            raise CannotAsk(f"The client's answer is not valid: {problem}")
        result: JsonObject = answer
        return result

    return check


def _unanswered(failure: Failure) -> JsonObject:
    if failure.check(DeferredTimeout):
        raise NotAnswered("The client did not answer in time.")
    reraise(failure)
