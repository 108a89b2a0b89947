"""Reaches a running sandbox from a command: control requests over HTTP.

A command ends after a few requests, so that these block; no reactor runs meanwhile.
``http.client`` reads no proxy from the environment: the server is on this machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from ..._json_codec import Json, JsonObject, dumps, loads

REPLY_SECONDS = 30.0
PROBE_SECONDS = 2.0
PAUSE_SECONDS = 0.05
MAX_REPLY_BYTES = 256 * 2**20
_MCP = "/mcp"


class UnreachableError(Exception):
    """A sandbox cannot be asked, or refuses. The text says why."""


@frozen
class SandboxClient:
    """Sends control requests for one workspace.

    :param url: the address of the server, without a path for MCP.
    :param key: the key of the workspace, which begins with ``sandbox``.
    """

    url: str
    key: str

    def get(self, name: str) -> JsonObject:
        """Return what a GET of ``/sandbox/{name}`` returns.

        :raises UnreachableError: when it returns nothing usable.
        """
        return self._ask("GET", name, None)

    def post(self, name: str, given: JsonObject) -> JsonObject:
        """Return what a POST to ``/sandbox/{name}`` returns.

        :raises UnreachableError: when it returns nothing usable.
        """
        return self._ask("POST", name, given)

    def facts(self) -> JsonObject:
        """Return what the server says about itself at ``/info``.

        :raises UnreachableError: when it says nothing usable.
        """
        status, body = exchange(self.url, "GET", "/info", None, REPLY_SECONDS)
        return self._read(status, body, "/info")

    def _ask(self, method: str, name: str, given: JsonObject | None) -> JsonObject:
        target = f"/sandbox/{name}?key={quote(self.key, '')}"
        status, body = exchange(self.url, method, target, given, REPLY_SECONDS)
        return self._read(status, body, f"/sandbox/{name}")

    def _read(self, status: int, body: bytes, path: str) -> JsonObject:
        try:
            value: Json = loads(body)
        except ValueError:
            value = None
        if status == 200 and isinstance(value, dict):
            return value
        said = value.get("message") if isinstance(value, dict) else None
        if status == 404 and not said:
            said = "this server has no sandbox, or none with this namespace"
        raise UnreachableError(
            f"{self.url} answered {path} with {status}: {said or 'no JSON'}"
        )


def exchange(
    url: str, method: str, target: str, given: JsonObject | None, seconds: float
) -> tuple[int, bytes]:
    """Send a request; return the status and the body of the response.

    :param given: the JSON of the body; ``None`` for no body.
    :param seconds: the limit for connecting, and for each part of the response.
    :raises UnreachableError: when there is no response.
    """
    parts = urlsplit(url)
    kinds = {"http": HTTPConnection, "https": HTTPSConnection}
    try:
        kind, host, port = kinds[parts.scheme], parts.hostname or "", parts.port
    except (KeyError, ValueError):
        raise UnreachableError(
            f"{url} is not an address such as http://127.0.0.1:3001"
        ) from None
    connection = kind(host, port, timeout=seconds)
    body = None if given is None else dumps(given)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, parts.path.rstrip("/") + target, body, headers)
        response = connection.getresponse()
        return response.status, response.read(MAX_REPLY_BYTES)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreachableError(f"{url} does not answer: {reason}") from None
    finally:
        connection.close()


def address_in(path: Path) -> str:
    """Return the first address in a ready file, without the path of MCP.

    :raises UnreachableError: for a file that is missing, or of a process that has
        ended, or that names no address.
    """
    try:
        record: Json = loads(path.read_bytes())
        pid, urls = int(record["pid"]), record["urls"]
    except FileNotFoundError:
        raise UnreachableError(
            f"{path} does not exist: the server does not listen yet, has ended, or "
            "was started without --ready-file"
        ) from None
    except (OSError, ValueError, TypeError, KeyError):
        raise UnreachableError(f"{path} is not a ready file") from None
    if not _runs(pid):
        raise UnreachableError(f"{path} is of process {pid}, which has ended")
    web = [str(url) for url in urls if str(url).startswith("http")]
    if not web:
        raise UnreachableError(f"{path} names no HTTP address")
    return base_of(web[0])


def base_of(url: str) -> str:
    """Return an address without the path of the MCP endpoint."""
    return url.rstrip("/").removesuffix(_MCP)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@frozen
class Waiting:
    """Waits until a server is ready.

    :param find: returns its address, or raises `UnreachableError`.
    :param timeout: seconds.
    :param now: returns seconds of any clock.
    :param pause: sleeps for so many seconds.
    """

    find: Callable[[], str]
    timeout: float
    now: Callable[[], float] = field(default=time.monotonic)
    pause: Callable[[float], object] = field(default=time.sleep)

    def run(self) -> str:
        """Return the address as soon as the server is ready.

        :raises UnreachableError: when it is not ready in time, saying why.
        """
        end = self.now() + self.timeout
        while True:
            try:
                return _ready_at(self.find())
            except UnreachableError as error:
                if self.now() >= end:
                    raise UnreachableError(
                        f"not ready after {self.timeout:g} s: {error}"
                    ) from None
            self.pause(PAUSE_SECONDS)


def _ready_at(url: str) -> str:
    """Return `url` if the server there is ready.

    The simulated API alone has no ``/ready``: it is ready when it answers.
    """
    status, body = exchange(url, "GET", "/ready", None, PROBE_SECONDS)
    if status in {200, 404}:
        return url
    raise UnreachableError(f"{url}/ready answers {status}: {_reason(body)}")


def _reason(body: bytes) -> str:
    try:
        value = loads(body)
        return str(value.get("reason") or value.get("message") or value["status"])
    except (ValueError, AttributeError, KeyError, TypeError):
        return "the server is starting or stopping"
