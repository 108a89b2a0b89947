"""Confirmation of one write by the person behind the client, or by its model.

A client that can ask its user shows the preview in a form (elicitation). One that
cannot gets the preview and a token in an error, and calls again with the token. A model
that reads that error can confirm by itself: that is what the operator accepts with
``confirm``. Where the user can be asked, a token is only made after the client was
silent, so that a model cannot choose the token in the place of the question.

A user's refusal is final: the same write is refused for some minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from attrs import define, frozen

from ..._noop import noop
from ...access.act import Act, Consent
from ...access.canonical import digest_of
from ...access.preview import Preview
from ...access.rails.durably import recorded
from ...access.rails.interfaces import IMarks
from ...access.refusal import (
    CONFIRMATION_INVALID,
    CONFIRMATION_REQUIRED,
    NOT_ALLOWED,
    AccessRefusedError,
)
from ...protocol.calls.call import NO_CLIENT_REQUESTS, NULL_SINK, Call, Doing
from ...protocol.calls.client_requests import (
    CannotAsk,
    Elicit,
    NotAnswered,
)
from .confirm_tokens import (
    VALID_SECONDS,
    ConfirmTokens,
    TokenSubject,
    TokenVerdict,
    mark_of,
)
from .previews.showing import form_text, result_object

ANSWER_SECONDS = 45.0
"""How long a legacy client may take to answer; many of them give up after 60 s."""

DECLINED_SECONDS = 300.0
"""How long a write that the user declined is refused."""

STATE_SECONDS = 900.0
"""How long an answer is remembered; a ``requestState`` is valid for less."""

CONFIRM_FIELD = "confirm"
"""The field of the form, in which the user says yes."""

CONFIRMATIONS = "confirmation"
"""The marks of tokens and answers, each of which counts once; see `IMarks`."""

DECLINED = "declined"
"""The marks of writes that a user declined."""


class Silence(Exception):
    """The client was asked and did not answer."""


@frozen
class ConsentRequest:
    """A write that a person has to agree to.

    :param doing: what the tool does, with the token if the call has one.
    :param pause: called before the call waits for a person; its preview is built again
        after that.
    """

    act: Act
    preview: Preview
    call: Call
    doing: Doing
    pause: Callable[[], None] = noop

    @property
    def preview_is_older(self) -> bool:
        """Whether the preview is built before the answer of a client.

        It is if this very call waits for the answer. A retry that brings the answer
        has built the preview after it.
        """
        modern = self.call.caller.revision.modern
        return not modern or self.call.set_task_message is not None

    @property
    def declined_mark(self) -> str:
        """Identifies what is refused after the user declined it."""
        act = self.act
        caller = [act.principal, act.workspace_key]
        return digest_of([*caller, act.tool, act.arguments_digest, self.preview.digest])

    def token_subject(self, *, can_ask: bool) -> TokenSubject:
        """Return what a token for this write confirms."""
        return TokenSubject(
            principal=self.act.principal,
            workspace_key=self.act.workspace_key,
            tool=self.act.tool,
            arguments_digest=self.act.arguments_digest,
            preview_digest=self.preview.digest,
            can_ask=can_ask,
        )

    def consent(self, how: str) -> Consent:
        """Return the consent of the caller itself."""
        return Consent(
            how=how, by=self.act.principal, preview_digest=self.preview.digest
        )


@define(eq=False, kw_only=True)
class Confirmations:
    """Obtains confirmations.

    :param marks: makes each token and each answer count once, durably.
    """

    tokens: ConfirmTokens
    marks: IMarks

    async def obtain(self, asked: ConsentRequest) -> Consent:
        """Return the user's consent.

        :raises AccessRefusedError: when the user must be asked with a token, declined,
            or did so a short time ago.
        :raises Silence: when the client was asked and did not answer.
        """
        if await recorded(self.marks.holds(DECLINED, asked.declined_mark)):
            raise _declined("The user declined this a short time ago.")
        question = _question(asked.preview)
        can_ask = _can_ask(asked.call, question)
        if asked.doing.confirm_token is not None:
            return await self._by_token(asked, asked.doing.confirm_token, can_ask)
        if can_ask:
            return await self._by_question(asked, question)
        raise self.token_required(asked, can_ask=False)

    def token_required(
        self, asked: ConsentRequest, *, can_ask: bool
    ) -> AccessRefusedError:
        """Return the refusal that carries the preview and a token.

        :param can_ask: whether the client was asked, and was silent.
        """
        token = self.tokens.issue(asked.token_subject(can_ask=can_ask))
        return AccessRefusedError(
            CONFIRMATION_REQUIRED,
            "Nothing was sent: the user must confirm this first.",
            "Show the preview to the user and ask. Only if the user agrees, call "
            f"{asked.act.tool} with the same arguments and this confirm_token.",
            preview=result_object(asked.preview),
            confirm_token=token,
            expires_in_seconds=int(VALID_SECONDS),
        )

    async def _by_token(
        self, asked: ConsentRequest, token: str, can_ask: bool
    ) -> Consent:
        verdict = self.tokens.verdict(asked.token_subject(can_ask=can_ask), token)
        if verdict is TokenVerdict.OTHER_PREVIEW:
            raise _changed(self.token_required(asked, can_ask=can_ask))
        if verdict is TokenVerdict.WRONG:
            raise _invalid(
                "The confirm_token is not one that this server gave for this call."
            )
        # One that was seen too late is used up, too: the clock may be set back.
        until = self.tokens.wall() + VALID_SECONDS
        unused = await recorded(self.marks.use(CONFIRMATIONS, mark_of(token), until))
        if verdict is TokenVerdict.EXPIRED:
            raise _invalid("The confirm_token is too old.")
        if not unused:
            raise _invalid("The confirm_token was used before.")
        return asked.consent("token")

    async def _by_question(self, asked: ConsentRequest, question: Elicit) -> Consent:
        key = f"{CONFIRM_FIELD}-{asked.preview.digest[:32]}"
        call, clock = asked.call, asked.call.clock
        began = None if clock is None else clock.seconds()
        if asked.preview_is_older:
            asked.pause()
        try:
            answers = await call.ask({key: question})
        except NotAnswered as silence:
            raise Silence from silence
        except CannotAsk as refused:
            raise _declined("The client did not let the user decide.") from refused
        finally:
            if clock is not None and began is not None and call.until is not None:
                # The user's time does not count as time of the call.
                call.until += clock.seconds() - began
        await self._use_answer(asked, key)
        answer = answers[key]
        content = answer.get("content")
        agreed = isinstance(content, dict) and content.get(CONFIRM_FIELD) is True
        if answer.get("action") == "accept" and agreed:
            return asked.consent("elicitation")
        until = self.tokens.wall() + DECLINED_SECONDS
        await recorded(self.marks.put(DECLINED, asked.declined_mark, until))
        raise _declined("The user declined this.")

    async def _use_answer(self, asked: ConsentRequest, key: str) -> None:
        """Make the answer of a modern client to one question count once.

        A legacy client answers a question of this very call.
        """
        state = asked.call.params.get("requestState")
        if not isinstance(state, str) or asked.call.set_task_message is not None:
            return
        mark = f"state:{sha256(f'{state} {key}'.encode()).hexdigest()}"
        until = self.tokens.wall() + STATE_SECONDS
        if not await recorded(self.marks.use(CONFIRMATIONS, mark, until)):
            raise AccessRefusedError(
                CONFIRMATION_INVALID,
                "This answer of the user was used before. Nothing was sent now.",
                "It may have been done: check that first, and tell the user.",
            )


def _can_ask(call: Call, question: Elicit) -> bool:
    """Say whether a question reaches the client: a legacy one needs a stream."""
    reached = call.caller.revision.modern or call.caller.sink is not NULL_SINK
    return reached and call.asker is not NO_CLIENT_REQUESTS and call.can_ask(question)


def _question(preview: Preview) -> Elicit:
    return Elicit(
        message=form_text(preview),
        fields={CONFIRM_FIELD: {"type": "boolean", "title": "Do it"}},
        required_fields=[CONFIRM_FIELD],
        patience_seconds=ANSWER_SECONDS,
        only_asked=True,
    )


def _changed(required: AccessRefusedError) -> AccessRefusedError:
    return AccessRefusedError(
        required.code,
        "Nothing was sent: what this would do has changed since it was confirmed.",
        required.hint,
        **required.facts,
    )


def _invalid(message: str) -> AccessRefusedError:
    return AccessRefusedError(
        CONFIRMATION_INVALID,
        f"{message} Nothing was sent.",
        "Call without confirm_token to see what would be done, and ask the user.",
    )


def _declined(message: str) -> AccessRefusedError:
    return AccessRefusedError(
        NOT_ALLOWED,
        f"{message} Nothing was sent.",
        "Tell the user that nothing was done. Do not call it again unless the user "
        "asks for it.",
    )
