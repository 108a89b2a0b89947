"""Marks tests that need another program or much time.

``make test`` does not run marked tests, and prints their number. ``make test-all`` and
``.ci/run`` run them; there a test *fails* when its program is missing. Example::

    @requires(NGINX)
    class ProxyTests(ProcessTestCase): ...

    @takes_long("builds and installs a wheel")
    def test_wheel(self): ...

Both decorators work on test case classes and test methods. For another program, add a
constant with the command that installs it. ``.ci/run`` installs the programs that name
a Debian package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from attrs import frozen

ALL = "TESTS_ALL"
"""The environment variable for marked tests; ``python -m tests --all`` sets it to 1."""

Marked = TypeVar("Marked", bound=Callable[..., Any])

SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]
)
"""The search path of ordinary users on Debian lacks the folders of servers."""


class Left(str):
    """The reason of a skip of ``make test``; ``make test-all`` runs the test."""

    __slots__ = ()


@frozen(kw_only=True)
class Needed:
    """A program that tests need.

    :param name: its name in messages.
    :param find: returns its path, or ``None`` when it is missing.
    :param install: the command that installs it.
    :param debian: its Debian package, if it has one.
    """

    name: str
    find: Callable[[], str | None]
    install: str
    debian: str | None = None

    @property
    def path(self) -> str:
        """Its path.

        :raises AssertionError: when it is missing, with the command that installs it.
        """
        found = self.find()
        if found is None:
            raise AssertionError(self.missing)
        return found

    @property
    def missing(self) -> str | None:
        """A message when it is missing; ``None`` when it is installed."""
        if self.find() is not None:
            return None
        return f"{self.name} is not installed; run: {self.install}"


def command(name: str, debian: str) -> Needed:
    """Return a program that is found on the search path.

    :param debian: the Debian package that contains it.
    """
    return Needed(
        name=name,
        find=lambda: shutil.which(name, path=SEARCH_PATH),
        install=f"apt-get install {debian}",
        debian=debian,
    )


def _curl_with_http2() -> str | None:
    path = shutil.which("curl")
    if path is None:
        return None
    said = subprocess.run([path, "-V"], capture_output=True, text=True, check=False)
    return path if "HTTP2" in said.stdout else None


NGINX = command("nginx", "nginx-light")
CURL_HTTP2 = Needed(
    name="curl with HTTP/2",
    find=_curl_with_http2,
    install="apt-get install curl",
    debian="curl",
)
SYSTEMD_ANALYZE = command("systemd-analyze", "systemd")
LOGROTATE = command("logrotate", "logrotate")
CHROMIUM = command("chromium", "chromium")
BASH = command("bash", "bash")
ZSH = command("zsh", "zsh")
FISH = command("fish", "fish")


def all_wanted() -> bool:
    """Return whether marked tests run, too."""
    return os.environ.get(ALL) == "1"


def requires(*needed: Needed) -> Callable[[Marked], Marked]:
    """Mark a test case class or a test method that needs programs."""

    def mark(test: Marked) -> Marked:
        whole: Any = test
        whole.requirements = (*getattr(test, "requirements", ()), *needed)
        if not all_wanted():
            names = ", ".join(one.name for one in whole.requirements)
            whole.skip = Left(f"needs {names}")
        return test

    return mark


def takes_long(why: str) -> Callable[[Marked], Marked]:
    """Mark a test case class or a test method that takes too long for ``make test``."""

    def mark(test: Marked) -> Marked:
        whole: Any = test
        if not all_wanted():
            whole.skip = Left(why)
        return test

    return mark


def debian_packages() -> list[str]:
    """Return the Debian packages of the programs listed here that are missing."""
    listed = [one for one in globals().values() if isinstance(one, Needed)]
    return sorted({one.debian for one in listed if one.debian and one.missing})


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in debian_packages()))
