"""Finds out what ``init`` needs to know: from options, files that exist, questions."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path

from attrs import frozen
from twisted.python import usage

from ...daemon.settings.parsers import public_url
from ...daemon.settings.sources.secret_files import as_secret, read_secret
from .plan import Answers

SECRET_BYTES = 32


@frozen(kw_only=True)
class Given:
    """The options of the command line that decide something.

    :param key_file: the file with the Instantly key; ``-`` for standard input.
    :param tokens_only: each caller presents a token, so there is no server secret.
    :param needs_secret: make a server secret if there is none.
    """

    program: str
    key_file: str | None = None
    secret_file: str | None = None
    public_url: str | None = None
    tokens_only: bool = False
    needs_secret: bool = False


@frozen
class Questions:
    """Asks the operator at a terminal.

    :param hidden: asks for a text that the terminal does not show.
    """

    shown: Callable[[str], str] = input
    hidden: Callable[[str], str] = getpass

    def complete(self, given: Given) -> tuple[str | None, str | None]:
        """Ask for what the command line leaves open; return key and public URL."""
        key = url = None
        if given.key_file is None:
            key = self.hidden("Instantly key for callers without one (empty: none): ")
        if given.public_url is None:
            url = self.shown("URL under which clients reach it (empty: this machine): ")
        return key or None, url or None


def answers(given: Given, folder: Path, questions: Questions | None) -> Answers:
    """Return what to write.

    :param folder: where the files with keys are to be. Those that are there are used
        if the command line names no others.
    :param questions: asks what else is open; ``None`` without a terminal.
    :raises ConfigurationError: for a text that is not a key.
    :raises usage.UsageError: for a text that is not a URL.
    """
    key = _value(given.key_file) or _present(folder / "api-key")
    url = given.public_url
    if questions is not None and key is None:
        said, asked = questions.complete(given)
        key, url = _checked(said), url or asked
    secret = _value(given.secret_file) or _present(folder / "server-secret")
    if secret is None and given.needs_secret:
        secret = secrets.token_urlsafe(SECRET_BYTES)
    return Answers(
        program=given.program,
        key=key,
        secret=None if given.tokens_only else secret,
        tokens_only=given.tokens_only,
        public_url=None if url is None else _url(url),
    )


def _value(name: str | None) -> str | None:
    """Return the key in a file that the command line names."""
    if name is None:
        return None
    if name == "-":
        return _checked(sys.stdin.readline())
    read_secret(Path(name), "init")
    return Path(name).read_text(encoding="utf-8").strip()


def _present(path: Path) -> str | None:
    """Return the key that is in place."""
    return _value(str(path)) if path.exists() else None


def _checked(text: str | None) -> str | None:
    if text is None:
        return None
    as_secret(text, "the answer")
    return text.strip()


def _url(text: str) -> str:
    try:
        return public_url(text)
    except ValueError as error:
        raise usage.UsageError(f"--public-url {error}") from None
