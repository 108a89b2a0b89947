"""Becomes a command after preparing the process as systemd would, for tests.

Usage: ``python as_systemd.py '{"gid": 1, …}' COMMAND …``. It hands over the listening
sockets that are file descriptors from 3, takes another user and group, and lets
only those system calls and address families through that a unit allows. It needs
libseccomp, which comes with systemd, only for the latter.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

PR_SET_NO_NEW_PRIVS = 38
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
EQUAL = 4


class Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp``."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def restrict(calls: Sequence[str], families: Sequence[str]) -> None:
    """Refuse all system calls but these, and sockets of other families."""
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("no_new_privs")
    seccomp: Any = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ERRNO | errno.EPERM))
    add = seccomp.seccomp_rule_add_array
    add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
    add.argtypes = [*add.argtypes, ctypes.c_void_p]
    for name in calls:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        # Those of other processors are unknown or have negative numbers.
        if number >= 0 and name != "socket":
            add(context, ALLOW, number, 0, None)
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        equal = Comparison(0, EQUAL, int(getattr(socket, family)), 0)
        add(context, ALLOW, number, 1, ctypes.byref(equal))
    if seccomp.seccomp_load(context):
        raise OSError("the filter was not loaded")


def main() -> None:
    """Become the command."""
    how, *command = sys.argv[1:]
    told = json.loads(how)
    if told.get("sockets"):
        names = ["instantly-mcp.socket"] * told["sockets"]
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.environ["LISTEN_FDS"] = str(told["sockets"])
        os.environ["LISTEN_FDNAMES"] = ":".join(names)
    os.umask(int(told.get("umask", "022"), 8))
    if "gid" in told:
        os.setgroups([])
        os.setresgid(*[told["gid"]] * 3)
        os.setresuid(*[told["uid"]] * 3)
    if "calls" in told:
        restrict(told["calls"], told["families"])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
