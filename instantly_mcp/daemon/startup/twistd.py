"""Reads the options of ``twistd`` itself: whether it detaches, its files, its user.

A plugin gets the options of twistd as the parent of its own. An application file
(``twistd -y``) does not, so for it they are parsed from the command line again.
"""

from __future__ import annotations

import getopt
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from twisted.python import usage
from twisted.scripts import twistd

from ..settings.settings import Settings

DEFAULT_LOG = "twistd.log"
"""The default log file of a detached daemon, relative to the working directory."""

_FILES = (
    "api_key_file",
    "server_secret_file",
    "state_dir",
    "seal_key_file",
    "ready_file",
    "log_file",
)


@frozen(kw_only=True)
class TwistdOptions:
    """The options of twistd that matter to the daemon; the defaults without twistd.

    :param detaches: twistd forks and runs the daemon in the background.
    :param log_file: as given; ``-`` is standard output.
    :param changes_user: twistd switches to another user, group or root directory.
    """

    detaches: bool = False
    pid_file: Path | None = None
    log_file: str | None = None
    run_dir: Path | None = None
    changes_user: bool = False

    @classmethod
    def around(cls, options: usage.Options) -> TwistdOptions:
        """Return the options of the twistd that runs a daemon with these options."""
        parent: Any = options.parent
        return cls.of(_of_application_file(sys.argv[1:]) if parent is None else parent)

    @classmethod
    def of(cls, options: Mapping[str, object]) -> TwistdOptions:
        """Pick what is needed from the options of ``twistd`` or ``twist``."""
        if "pidfile" not in options:
            return cls()
        pid_file, run_dir = _text(options, "pidfile"), _text(options, "rundir")
        asked = (options.get(name) for name in ("uid", "gid", "chroot"))
        return cls(
            detaches=not (options.get("nodaemon") or options.get("debug")),
            pid_file=Path(pid_file).absolute() if pid_file else None,
            log_file=_text(options, "logfile"),
            run_dir=None if run_dir in (None, ".") else Path(str(run_dir)),
            changes_user=any(each is not None for each in asked),
        )

    def errors(self) -> Iterator[str]:
        """Yield a line for each option that makes twistd fail late or silently."""
        if self.detaches and self.log_file == "-":
            yield (
                "IMCP-LOG --logfile - is standard output, which a detached daemon does "
                "not have: name a file"
            )
        if self.run_dir is not None and not os.access(self.run_dir, os.X_OK):
            yield f"IMCP-SETTING twistd cannot change to --rundir {self.run_dir}"
        if self.pid_file is not None and not _is_writable(self.pid_file):
            yield f"IMCP-SETTING twistd cannot write --pidfile {self.pid_file}"
        if self.changes_user and os.geteuid() != 0:
            yield "IMCP-SETTING --uid, --gid and --chroot of twistd are for root only"

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings, adapted to twistd.

        The log goes to twistd's log file unless ``log_file`` is set. All paths become
        absolute, because twistd may change the working directory and a reload opens the
        files again. The default state directory belongs to the user that starts
        twistd, so another user gets none.
        """
        log_file = settings.log_file
        if log_file is None and self.log_file not in (None, "-"):
            log_file = Path(str(self.log_file))
        elif log_file is None and self.detaches:
            log_file = Path(DEFAULT_LOG)
        whole = evolve(settings, log_file=log_file)
        if self.changes_user and settings.is_default("state_dir"):
            warnings = (*settings.warnings, _NO_STATE)
            whole = evolve(whole, state_dir=None, warnings=warnings)
        paths = {name: getattr(whole, name) for name in _FILES}
        return evolve(
            whole, **{name: path and path.absolute() for name, path in paths.items()}
        )


_NO_STATE = (
    "IMCP-STATE nothing will survive a restart: with --uid, --gid or --chroot of "
    "twistd, set a state_dir that belongs to the user of the daemon"
)


def _text(options: Mapping[str, object], name: str) -> str | None:
    value = options.get(name)
    return str(value) if value else None


def _of_application_file(words: Sequence[str]) -> Mapping[str, object]:
    """Return twistd's options if this is the command line of ``twistd -y FILE``."""
    script: Any = twistd
    known = script.ServerOptions()
    try:
        given, _ = getopt.getopt(list(words), known.shortOpt, known.longOpt)
    except getopt.GetoptError:
        return {}
    said = {}
    for word, value in given:
        name = known.synonyms.get(word.lstrip("-").replace("-", "_"))
        is_flag = isinstance(known.get(name), int)
        said[name] = True if is_flag else value
    # Without one of these it is another program, such as a test runner.
    if said.keys().isdisjoint(("python", "file", "source")):
        return {}
    return {**known, **said}


def _is_writable(path: Path) -> bool:
    return os.access(path if path.exists() else path.parent, os.W_OK)
