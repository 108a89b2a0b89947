"""Secrets, and the credentials that carry them.

Every package may hold a `Credential`; only ``api`` (to send it) and ``access`` (to
compare it) may call `Secret.reveal`. No ``repr``, ``str`` or ``format`` of anything
here shows more than a digest.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from attrs import Factory, evolve, field, frozen

ANONYMOUS = "anonymous"
"""The principal of a caller who presented no credential."""

OPERATOR = "operator"
"""The source of the operator's key, which serves callers that bring none, and the
principal that they act as."""

SANDBOX_PREFIX = "sandbox"
"""What the keys of the simulated Instantly begin with."""

SHOWN = len(ANONYMOUS)
"""So much of a principal in the log tells callers apart, and ``anonymous`` is whole."""

NOT_FOR_THE_SANDBOX = "a-key-that-the-sandbox-must-not-see"
"""Stands for a caller's Instantly key where no real key may get near the upstream."""


_PLACES = {
    "authorization": "the Authorization header",
    "path": "the URL path",
    "query": "the URL query",
    "session-id": "the sessionId",
    "session": "the request that opened this session",
    OPERATOR: "the settings of this server",
}


def place_of(source: str) -> str:
    """Return where a key was found, in words for a person.

    :param source: see `Credential`; one that is not known is the name of a header.
    """
    return _PLACES.get(source, f"the {source} header")


class Secret:
    """A string that must not be printed. Compared in constant time."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, to be sent or compared, never stored or shown."""
        return self._value

    def digest(self) -> str:
        """Return 32 hexadecimal digits that are equal for equal secrets."""
        return sha256(self._value.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def cut_from(self, text: str, replacement: str) -> str:
        """Return `text` with the secret replaced wherever it occurs."""
        return text.replace(self._value, replacement)

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
    """A secret that its owner may replace while copies of this object are held.

    Everything that keeps it, such as a session, a task, a watch or a call that waits
    for its next attempt, uses the new value from then on.

    :param name: stands for it where equal callers must stay equal: see `digest`.
    """

    __slots__ = ("_name",)

    def __init__(self, value: Secret, name: str) -> None:
        super().__init__(value._value)
        self._name = name

    def replace(self, value: Secret) -> None:
        """Hold another value from now on."""
        self._value = value._value

    def digest(self) -> str:
        """Return the name, which stays when the value is replaced."""
        return self._name

    def at_present(self) -> Secret:
        """Return what is held now, as a secret that stays as it is."""
        return Secret(self._value)

    def __hash__(self) -> int:
        return hash(self._name)


def _principal_of(credential: Credential) -> str:
    digest = credential.secret.digest()
    if credential.workspace is None:
        return digest
    return sha256(f"{digest}:{credential.workspace}".encode()).hexdigest()[:32]


@frozen(kw_only=True)
class Credential:
    """An Instantly key together with where it was found.

    :param secret: the key.
    :param source: a short label for logs and metrics: ``authorization``, ``path``,
        ``query``, ``session``, ``session-id``, ``operator`` …
    :param workspace: the value of ``x-as-workspace``, for agency keys.
    :param principal: the digest that this credential acts as; equal for equal key
        and workspace, stable over restarts. Of the operator's key it is `OPERATOR`,
        whatever the key is, so that a rotation changes no principal.
    """

    secret: Secret
    source: str = field(eq=False)
    workspace: str | None = None
    principal: str = Factory(_principal_of, takes_self=True)

    @property
    def pinned(self) -> Credential:
        """The same with the secret of this moment, which no rotation replaces."""
        secret = self.secret
        if not isinstance(secret, CurrentSecret):
            return self
        return evolve(self, secret=secret.at_present())

    @property
    def kept_back(self) -> bool:
        """The caller's key was a real one, and this daemon is a sandbox."""
        return self.secret == Secret(NOT_FOR_THE_SANDBOX)
