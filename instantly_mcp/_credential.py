"""Secrets, and the credentials that contain them.

Every package may hold a `Credential`, but only ``api`` (to send it) and ``access`` (to
compare it) may call `Secret.reveal`; a test checks this. ``repr``, ``str`` and
``format`` never show more than a digest.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from attrs import Factory, evolve, field, frozen

from ._rights import ALL_RIGHTS, Rights

ANONYMOUS = "anonymous"
"""The principal of a caller who presented no credential."""

OPERATOR = "operator"
"""The source of the operator's key, which is used for callers without a key, and the
principal of these callers."""

SANDBOX_PREFIX = "sandbox"
"""The prefix of the keys that the sandbox accepts."""

TOKEN_PREFIX = "imt_"
"""The beginning of the connection tokens that a daemon issues; they are not keys."""

APPROVER_PREFIX = "ima_"
"""The beginning of approvers' secrets, which open their pages and nothing else."""

SHOWN_CHARACTERS = len(ANONYMOUS)
"""How many characters of a principal the log shows: enough to distinguish callers."""

NOT_FOR_THE_SANDBOX = "a-key-that-the-sandbox-must-not-see"
"""Replaces a real Instantly key that was presented to a sandbox."""


_PLACES = {
    "authorization": "the Authorization header",
    "path": "the URL path",
    "query": "the URL query",
    "session-id": "the sessionId",
    "session": "the request that opened this session",
    OPERATOR: "the settings of this server",
}


def place_of(source: str) -> str:
    """Return where a key was found, for messages to people.

    :param source: see `Credential`; an unknown one is the name of a header.
    """
    return _PLACES.get(source, f"the {source} header")


def looks_like_token(value: str) -> bool:
    """Say whether a value is a connection token, whole or mistyped.

    Instantly's keys are base64, which has no underscore, so a value with the prefix
    anywhere and in any case is never one of them, and must not be sent to Instantly.
    """
    return TOKEN_PREFIX in value or TOKEN_PREFIX in value.lower()


def looks_like_approver_secret(value: str) -> bool:
    """Say whether a value in a place for keys is an approver's secret, or part of one.

    As with tokens, a value with the prefix is never a key, because of its underscore.
    """
    return APPROVER_PREFIX in value.lower()


def is_of_token(principal: str, token: str) -> bool:
    """Say whether a principal is that of a token's callers, in any workspace.

    :param token: the token's id.
    """
    return principal.partition("/")[0] == token


class Secret:
    """A string that is never printed and is compared in constant time."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, to send or compare it; never store or show it."""
        return self._value

    def digest(self) -> str:
        """Return 32 hexadecimal digits that are equal for equal secrets."""
        return sha256(self._value.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def cut_from(self, text: str, replacement: str) -> str:
        """Return `text` with the secret replaced wherever it occurs.

        A token for several workspaces has an empty secret until one is chosen.
        """
        return text.replace(self._value, replacement) if self._value else text

    def __repr__(self) -> str:
        return f"<secret {self.digest()[:8]}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"),
            other._value.encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not to be pickled")


class CurrentSecret(Secret):
    """A secret whose value can be replaced, for example at a reload.

    Every object that refers to it, such as a session, a task, a watch or a call that
    waits for its next attempt, then uses the new value.

    :param name: identifies the secret across replacements; see `digest`.
    """

    __slots__ = ("_name",)

    def __init__(self, value: Secret, name: str) -> None:
        super().__init__(value._value)
        self._name = name

    def replace(self, value: Secret) -> None:
        """Use another value from now on."""
        self._value = value._value

    def digest(self) -> str:
        """Return the name, which does not change when the value is replaced."""
        return self._name

    def at_present(self) -> Secret:
        """Return the present value as a secret that is not replaced."""
        return Secret(self._value)

    def __hash__(self) -> int:
        return hash(self._name)


def _workspace_key_of(credential: Credential) -> str:
    digest = credential.secret.digest()
    if credential.workspace is None:
        return digest
    return sha256(f"{digest}:{credential.workspace}".encode()).hexdigest()[:32]


def _principal_of(credential: Credential) -> str:
    return credential.workspace_key


@frozen(kw_only=True)
class Credential:
    """An Instantly key and where it was found.

    :param secret: the key.
    :param source: a short label for logs and metrics: ``authorization``, ``path``,
        ``query``, ``session``, ``session-id``, ``operator`` …
    :param workspace: the value of ``x-as-workspace``, for agency keys.
    :param workspace_name: the alias that the operator gave to the workspace; empty if
        it has none.
    :param workspace_key: identifies the workspace: a digest of key and workspace, the
        same after a restart. For a key that the operator keeps it is made from the
        name of the key, so that replacing the key changes nothing.
    :param principal: identifies the caller, in this workspace: what all state of a
        caller is kept by. By default it is `workspace_key`; for the operator's key
        that is `OPERATOR`. For a connection token it is the token's id and the alias.
    :param rights: what may be done with it; a request can narrow them.
    """

    secret: Secret
    source: str = field(eq=False)
    workspace: str | None = None
    workspace_name: str = field(default="", eq=False)
    workspace_key: str = Factory(_workspace_key_of, takes_self=True)
    principal: str = Factory(_principal_of, takes_self=True)
    rights: Rights = field(default=ALL_RIGHTS, eq=False)

    def with_rights(self, rights: Rights) -> Credential:
        """Return this credential with other rights."""
        return self if rights is self.rights else evolve(self, rights=rights)

    @property
    def pinned(self) -> Credential:
        """This credential with its present secret, which will not be replaced."""
        secret = self.secret
        if not isinstance(secret, CurrentSecret):
            return self
        return evolve(self, secret=secret.at_present())

    @property
    def kept_back(self) -> bool:
        """Whether the caller presented a real key to a sandbox."""
        return self.secret == Secret(NOT_FOR_THE_SANDBOX)
