"""The options of ``instantly-mcp init``, and what it prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from twisted.python import usage

from ...daemon.settings.errors import report
from ..options import FILE, CommandOptions
from .answers import Given, Questions, answers
from .placing import Standing, Target, compared
from .plan import FOLDER, USER, Answers, PlannedFile, systemd_files, user_files
from .system_user import group_id, make_user

EX_REFUSED = 1
HOMES = ("/home/", "/root/", "/run/user/")
"""Folders that the unit hides from the daemon (ProtectHome=yes)."""


class InitOptions(CommandOptions):
    """The options of ``init``."""

    synopsis = "instantly-mcp init [--systemd] [options]"
    longdesc = (
        "Writes the settings of a daemon, the files with its keys, and with --systemd "
        "its units. A file that is there and differs is shown with its changes and "
        "left alone, unless --replace is given; keys are never shown. At a terminal it "
        "asks for the key and the URL. Nothing is started."
    )
    examples = (
        "instantly-mcp init --systemd",
        "instantly-mcp init --systemd --root build --api-key-file key --dry-run",
        "instantly-mcp init",
    )
    takes = {
        **{"api-key-file": FILE, "server-secret-file": FILE},
        **{"root": FILE, "program": FILE},
    }
    optFlags = [
        ["systemd", None, "Write to /etc, with units of systemd; else for this user."],
        ["tokens-only", None, "Make no server secret: callers need a token."],
        ["replace", None, "Also replace files that differ."],
        ["dry-run", None, "Say what would be written, and write nothing."],
    ]
    optParameters = [
        ["api-key-file", None, None, "File with the Instantly key; - for stdin."],
        ["server-secret-file", None, None, "File with the secret; default: a new one."],
        ["public-url", None, None, "URL under which clients reach the daemon."],
        ["root", None, "/", "With --systemd: write below this folder, not /."],
        ["program", None, None, "Path of instantly-mcp in the unit; default: this."],
    ]

    def postOptions(self) -> None:
        """Check what excludes each other."""
        if not self["systemd"] and (self["root"] != "/" or self["program"]):
            raise usage.UsageError("--root and --program are for --systemd")

    def run(self) -> int:
        """Write the files, and print what to do next; return the exit status: 0 or 1.

        :raises ConfigurationError: for a key file that cannot be used.
        """
        program = self["program"] or this_program()
        refusal = self._refusal(program)
        if refusal:
            report([refusal], sys.stderr)
            return EX_REFUSED
        place = Target(Path(self["root"]).absolute(), bool(self["replace"]))
        folder = place.root / FOLDER.lstrip("/") if self["systemd"] else user_folder()
        given = Given(
            program=program,
            key_file=self["api-key-file"],
            secret_file=self["server-secret-file"],
            public_url=self["public-url"],
            tokens_only=bool(self["tokens-only"]),
            # The sockets of systemd count as reachable from other machines.
            needs_secret=bool(self["systemd"]),
        )
        decided = answers(given, folder, Questions() if sys.stdin.isatty() else None)
        try:
            return self._place(place, decided, folder)
        except OSError as error:
            why = f"{error.filename} cannot be written: {error.strerror}"
            report([why], sys.stderr)
            return EX_REFUSED

    def _refusal(self, program: str) -> str:
        if not self["systemd"]:
            return ""
        if self["root"] == "/" and not self["dry-run"] and os.geteuid() != 0:
            return (
                "init --systemd writes to /etc: run it as root (sudo), or name another "
                "folder with --root"
            )
        if " " in program or not program.startswith("/"):
            return "--program must be an absolute path without blanks"
        if program.startswith(HOMES):
            return (
                f"{program} is in a home folder, which the unit hides from the daemon: "
                "install the program in /opt/instantly-mcp, or name another --program"
            )
        return ""

    def _place(self, place: Target, decided: Answers, folder: Path) -> int:
        if self["systemd"]:
            planned = systemd_files(decided)
        else:
            planned = user_files(folder, decided)
        found = compared(place, planned)
        different = [file for file, how in found if how is Standing.DIFFERENT]
        for file in different:
            print("\n".join(place.difference(file)))
        if self["dry-run"]:
            print("\n".join(f"{how.value}: {place.path(file)}" for file, how in found))
            return 0
        if different and not place.replace:
            names = ", ".join(str(place.path(file)) for file in different)
            report([f"nothing was written: --replace would change {names}"], sys.stderr)
            return EX_REFUSED
        self._write(place, found)
        system = place.root == Path("/")
        lines = next_steps(decided) if self["systemd"] else user_steps(folder, decided)
        if system:
            print("\n".join(["", "Next:", *(f"  {line}" for line in lines)]))
        return 0

    def _write(
        self, place: Target, found: Sequence[tuple[PlannedFile, Standing]]
    ) -> None:
        """Write what is new or differs. The user of the daemon comes first."""
        group = None
        for number, (file, how) in enumerate(found):
            path = place.path(file)
            if how in {Standing.NEW, Standing.DIFFERENT}:
                place.write(file, group)
                print(f"wrote {path} ({file.mode:04o})")
            else:
                print(f"{how.value} {path}")
            if self["systemd"] and number == 0:
                # The first file describes the user.
                advice = make_user(place.root, path)
                group = group_id(place.root, USER)
                if group is None:
                    report([advice], sys.stderr)


def this_program() -> str:
    """Return the path of the program that runs."""
    called = Path(sys.argv[0])
    if called.name != "instantly-mcp":
        called = Path(sys.executable).parent / "instantly-mcp"
    return os.path.abspath(called)


def user_folder() -> Path:
    """Return where a user's own settings are."""
    return Path.home() / ".config" / "instantly-mcp"


def next_steps(decided: Answers) -> Iterator[str]:
    """Yield the commands with which the operator goes on."""
    run_as = f"runuser -u {USER} -- {decided.program}"
    config = f"--config {FOLDER}/config.toml"
    yield "systemctl daemon-reload"
    yield "systemctl enable --now instantly-mcp.socket instantly-mcp.service"
    yield "curl -s http://127.0.0.1:3000/healthz"
    yield f"{run_as} check --probe {config}"
    yield f"{run_as} token add --name NAME --access draft {config}"


def user_steps(folder: Path, decided: Answers) -> Iterator[str]:
    """Yield the commands with which a user goes on."""
    config = f"--config {folder / 'config.toml'}"
    yield f"instantly-mcp check --probe {config}"
    yield f"instantly-mcp run {config}"
    yield f"instantly-mcp token add --name NAME {config}   # in another terminal"
