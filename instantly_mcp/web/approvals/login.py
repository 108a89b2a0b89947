"""Signing in and out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen
from twisted.logger import Logger
from twisted.web.template import Tag, tags

from ..._credential import Secret
from ...access.approvals.interfaces import IApprovers
from ...pipeline.interfaces import IAdmissionLimit
from ...pipeline.replies.reply import Answer
from ...pipeline.stages.admission import network_of
from .page import form, page_answer, redirect
from .sessions import ApproverSessions, LoginTokens
from .visit import NONCE_COOKIE, SESSION_COOKIE, Visit, cookie, no_cookie

TRIES_A_MINUTE = 10
"""Tries to sign in that fail, for one address and for one name.

The right secret is always taken, so that no one locks an approver out. Secrets are long
and random: the limit keeps the log and the work small, not guesses from succeeding.
"""

UNKNOWN_NAME = "an unknown name"
"""All names that no approver has share one limit."""

_ID = re.compile(r"[a-z0-9]{1,20}")

log = Logger()


@frozen
class Login:
    """Signs approvers in and out.

    :param limit: of the tries that fail, by address and by name.
    """

    approvers: IApprovers
    sessions: ApproverSessions
    tokens: LoginTokens
    limit: IAdmissionLimit

    def page(
        self, visit: Visit, root: str, wanted: str = "", problem: str = ""
    ) -> Answer:
        """Return the login form, with status 401.

        :param wanted: the id of the request that the person wants to see.
        :param problem: why the last try failed.
        """
        nonce = self.tokens.new_nonce()
        again = f"{root}approvals/{wanted}" if wanted else f"{root}approvals"
        return page_answer(
            "Sign in to approve",
            *([tags.p(problem, class_="mode", role="alert")] if problem else []),
            form(
                f"{root}approvals/login",
                self.tokens.token(nonce),
                *_inputs(wanted),
            ),
            tags.p(
                "Are you signed in already? Browsers do not say so when you follow a "
                "link from another site. ",
                tags.a("Open this page again", href=again),
                ".",
                class_="dim",
            ),
            status=401,
            headers=(cookie(NONCE_COOKIE, nonce, secure=visit.secure),),
        )

    def enter(self, visit: Visit) -> Answer:
        """Sign in with the fields of the form."""
        name = visit.fields.get("name", "").strip()
        wanted = visit.fields.get("wanted", "")
        wanted = wanted if _ID.fullmatch(wanted) else ""
        if not self.tokens.belongs(visit.form_token, visit.nonce):
            return self.page(visit, "../", wanted, "The form was out of date.")
        secret = Secret(visit.fields.get("secret", "").strip())
        known = self.approvers.recognized(secret)
        id = self.sessions.open(known) if known == name else None
        if known is None or id is None:
            return self.page(visit, "../", wanted, self._failed(name, visit.address))
        log.info("IMCP-APPROVAL {name} signed in to the approvals page", name=known)
        return redirect(
            f"../approvals/{wanted}" if wanted else "../approvals",
            headers=(
                cookie(SESSION_COOKIE, id, secure=visit.secure),
                no_cookie(NONCE_COOKIE, secure=visit.secure),
            ),
        )

    def leave(self, visit: Visit) -> Answer:
        """Sign out."""
        if visit.session_id is not None:
            self.sessions.close(visit.session_id)
        return redirect(
            "../approvals", headers=(no_cookie(SESSION_COOKIE, secure=visit.secure),)
        )

    def _failed(self, name: str, address: str) -> str:
        """Count and log a try that failed; return what the page says about it."""
        listed = name if name in self.approvers.names() else UNKNOWN_NAME
        keys = (f"address:{network_of(address)}", f"approver:{listed}")
        if not all(self.limit.take(key).granted for key in keys):
            return "There were too many tries. Wait a minute."
        log.warn("IMCP-APPROVAL a sign-in to the approvals page failed")
        return "The name or the secret is wrong."


def _inputs(wanted: str) -> Iterator[Tag]:
    yield tags.input(type="hidden", name="wanted", value=wanted)
    yield tags.label("Your name", for_="name")
    yield tags.input(
        id="name", name="name", autocomplete="username", required="", maxlength="40"
    )
    yield tags.label("Your secret", for_="secret")
    yield tags.input(
        id="secret",
        name="secret",
        type="password",
        autocomplete="current-password",
        required="",
        maxlength="100",
    )
    yield tags.p(tags.button("Sign in", type="submit"))
