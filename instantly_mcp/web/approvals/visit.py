"""Reads a request for a page: where it was sent, by which browser, with which form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from attrs import field, frozen

from ...pipeline.exchange import Headers
from ...pipeline.origins import Origin
from .own_origins import OwnOrigins, is_sent_from
from .sessions import ApproverSession, ApproverSessions, same

MAX_FORM_BYTES = 4096
MAX_FIELDS = 10
FORM_TYPE = "application/x-www-form-urlencoded"
FORM_TOKEN = "form_token"

SESSION_COOKIE = "instantly-approver"
NONCE_COOKIE = "instantly-approver-login"
_SECURE_PREFIX = "__Host-"
"""Browsers accept such a cookie over https only, and only from this very host."""

_KEY_HEADERS = ("authorization", "x-instantly-api-key", "x-api-key")


class VisitRefusedError(Exception):
    """A request that these pages do not serve.

    :param status: the HTTP status.
    :param message: a sentence for the person at the browser.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@frozen(kw_only=True)
class Visit:
    """One request, after its checks.

    :param own: the origin of the page.
    :param address: the client's address, for limits.
    :param session_id: from the cookie; it may not be valid.
    :param session: of the approver, if one is signed in.
    :param nonce: from the cookie of the login form.
    :param fields: of the form, if one was sent. With a session it is a form of that
        session; without one it can only sign in; see `Login.enter`.
    """

    own: Origin
    address: str
    session_id: str | None = field(repr=False)
    session: ApproverSession | None
    nonce: str | None = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)

    @property
    def form_token(self) -> str:
        """The token of the form."""
        return self.fields.get(FORM_TOKEN, "")

    @property
    def secure(self) -> bool:
        """Whether the browser uses https."""
        return self.own.scheme == "https"


@frozen
class VisitReader:
    """Makes visits of requests, and refuses what must not reach a page."""

    origins: OwnOrigins
    sessions: ApproverSessions

    def read(
        self, method: str, headers: Headers, query: str, body: bytes, address: str
    ) -> Visit:
        """Return the visit.

        :param address: the client's address.
        :raises VisitRefusedError: when the request must not be served.
        """
        own = self.origins.requested(headers)
        if own is None:
            raise VisitRefusedError(421, "These pages have another address.")
        if query or presents_key(headers):
            raise VisitRefusedError(
                400, "These pages accept neither keys nor tokens, only an approver."
            )
        cookies = _cookies(headers)
        prefix = _SECURE_PREFIX if own.scheme == "https" else ""
        session_id = cookies.get(prefix + SESSION_COOKIE)
        visit = Visit(
            own=own,
            address=address,
            session_id=session_id,
            session=self.sessions.find(session_id),
            nonce=cookies.get(prefix + NONCE_COOKIE),
            fields=_fields(headers, body) if method == "POST" else {},
        )
        if method == "POST":
            self._require_own_form(visit, headers)
        return visit

    def _require_own_form(self, visit: Visit, headers: Headers) -> None:
        """Check that the form was sent by a page of this origin, in this browser.

        :raises VisitRefusedError: if not.
        """
        if not is_sent_from(visit.own, headers):
            raise VisitRefusedError(403, "This form was sent from another site.")
        session = visit.session
        if session is not None and not same(visit.form_token, session.form_token):
            raise VisitRefusedError(
                403, "This form is out of date. Open the page again, then repeat."
            )


def presents_key(headers: Headers) -> bool:
    """Say whether a request presents a key, a token or a secret."""
    return any(headers.all(name) for name in _KEY_HEADERS)


def cookie(name: str, value: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that sets a cookie for this browser session."""
    prefix, ending = (_SECURE_PREFIX, "; Secure") if secure else ("", "")
    return (
        "Set-Cookie",
        f"{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Strict{ending}",
    )


def no_cookie(name: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that deletes a cookie."""
    header, value = cookie(name, "", secure=secure)
    return header, f"{value}; Max-Age=0"


def _cookies(headers: Headers) -> Mapping[str, str]:
    """Return the cookies; one that is there twice counts as missing.

    Another server on the same host can set a cookie, but not remove this one.
    """
    found: dict[str, str] = {}
    twice: set[str] = set()
    for value in headers.all("cookie"):
        for pair in value.split(";"):
            name, _, text = pair.strip().partition("=")
            if name in found:
                twice.add(name)
            found[name] = text
    return {name: text for name, text in found.items() if name not in twice}


def _fields(headers: Headers, body: bytes) -> Mapping[str, str]:
    """Return the fields of a form.

    :raises VisitRefusedError: for a body that is not a small form, or that has a field
        twice.
    """
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise VisitRefusedError(415, "These pages accept their own forms only.")
    if len(body) > MAX_FORM_BYTES:
        raise VisitRefusedError(413, "This form is too large.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise VisitRefusedError(400, "This form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise VisitRefusedError(400, "This form cannot be read.")
    return fields
