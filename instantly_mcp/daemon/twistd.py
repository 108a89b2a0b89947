"""What ``twistd`` itself was told: whether it detaches, its files, its user.

The plugin is given the options of twistd; an application file is not, so they are read
from the command line once more.
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

from .settings import Settings

DEFAULT_LOG = "twistd.log"
"""Where a detached daemon logs unless told otherwise, in the folder of the start."""

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
    """The options of twistd that matter to a daemon; without twistd none is set.

    :param detaches: it forks, and its first process ends once the daemon runs.
    :param log_file: as given; ``-`` is standard output.
    :param changes_user: another user or group, or another root directory, is asked for.
    """

    detaches: bool = False
    pid_file: Path | None = None
    log_file: str | None = None
    run_dir: Path | None = None
    changes_user: bool = False

    @classmethod
    def around(cls, options: usage.Options) -> TwistdOptions:
        """Return those that a daemon with these options was started with."""
        parent: Any = options.parent
        return cls.of(_of_application_file(sys.argv[1:]) if parent is None else parent)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> TwistdOptions:
        """Take what is needed from the options of ``twistd``, or of ``twist``."""
        if "pidfile" not in options:
            return cls()
        pid_file, run_dir = options["pidfile"], options.get("rundir") or "."
        asked = (options.get(name) for name in ("uid", "gid", "chroot"))
        return cls(
            detaches=not (options.get("nodaemon") or options.get("debug")),
            pid_file=Path(pid_file).absolute() if pid_file else None,
            log_file=options.get("logfile") or None,
            run_dir=None if run_dir == "." else Path(run_dir),
            changes_user=any(each is not None for each in asked),
        )

    def mistakes(self) -> Iterator[str]:
        """Yield what twistd would fail at, which it says late or not at all."""
        if self.detaches and self.log_file == "-":
            yield "IMCP-LOG a detached daemon has no standard output: name a log file"
        if self.run_dir is not None and not os.access(self.run_dir, os.X_OK):
            yield f"IMCP-SETTING twistd cannot change to --rundir {self.run_dir}"
        if self.pid_file is not None and not _is_writable(self.pid_file):
            yield f"IMCP-SETTING twistd cannot write --pidfile {self.pid_file}"
        if self.changes_user and os.geteuid() != 0:
            yield "IMCP-SETTING --uid, --gid and --chroot of twistd are for root only"

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings as they are under twistd.

        The log goes where twistd's goes. All files are named from the root, because
        twistd may change the folder after the start, and they are opened again later.
        """
        log_file = settings.log_file
        if log_file is None and self.log_file not in (None, "-"):
            log_file = Path(str(self.log_file))
        elif log_file is None and self.detaches:
            log_file = Path(DEFAULT_LOG)
        whole = evolve(settings, log_file=log_file)
        paths = {name: getattr(whole, name) for name in _FILES}
        return evolve(
            whole, **{name: path and path.absolute() for name, path in paths.items()}
        )


def _of_application_file(words: Sequence[str]) -> Mapping[str, Any]:
    """Return twistd's options, if these are the words of ``twistd -y FILE``."""
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
    # Without one of these this is another program, such as a test runner.
    if said.keys().isdisjoint(("python", "file", "source")):
        return {}
    return {**known, **said}


def _is_writable(path: Path) -> bool:
    return os.access(path if path.exists() else path.parent, os.W_OK)
