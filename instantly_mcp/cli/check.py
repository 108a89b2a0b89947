"""``instantly-mcp check``: shows every setting with its origin, and every mistake.

It checks the settings first, then the files, certificates and ports of this machine. It
uses the network only with ``--probe``. With ``--stream URL`` it checks nothing but the
streams of a running server, from wherever it is run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..daemon.process.file_limits import current_limits, within_limits
from ..daemon.self_check.checks import run_checks
from ..daemon.self_check.findings import Findings
from ..daemon.self_check.stream import run_stream_test
from ..daemon.settings.errors import EX_CONFIG, report
from ..daemon.settings.loading import examine_process
from ..daemon.settings.setting import SettingValue
from ..daemon.settings.settings import Settings
from ..daemon.settings.sources.options import SettingOptions
from ..daemon.settings.sources.reader import SECRETS
from ..daemon.settings.sources.secret_files import may_be_key
from ..daemon.settings.table import SETTINGS
from .options import CommandOptions
from .single_task import run_until_done

_KEY_FILES = frozenset({"api_key_file", "server_secret_file", "seal_key_file"})

EX_USAGE = 64
"""Exit status for an option that cannot be used."""

EX_UNAVAILABLE = 69
"""Exit status when this machine is fine, but the upstream is not."""


class CheckOptions(CommandOptions, SettingOptions):
    """The options of ``run``, and ``--probe``."""

    synopsis = "instantly-mcp check [options]"
    examples = (
        "instantly-mcp check --config /etc/instantly-mcp/config.toml --probe",
        "instantly-mcp check --stream https://mcp.example.com",
    )
    optFlags = [["probe", None, "Also test the connection to Instantly, and the key."]]
    optParameters = [
        [
            "stream",
            None,
            None,
            "Only test whether a proxy holds back streams of the server at this URL.",
        ]
    ]

    def run(self) -> int:
        """Print the report and return the exit status: 0, 69 or 78."""
        if self["stream"] is not None:
            return check_stream(str(self["stream"]))
        settings, errors = examine_process(self.given())
        for line in describe(settings):
            print(line)
        findings = Findings()
        limited = within_limits(settings, current_limits())
        findings.warnings.extend(limited.warnings)
        findings.errors.extend(errors)
        unread = any(line.startswith("IMCP-SETTING") for line in errors)
        if not (unread or settings.unknown):
            from twisted.internet import reactor

            probe = bool(self["probe"])
            run_until_done(
                reactor, lambda: run_checks(settings, reactor, findings, probe=probe)
            )
        return conclude(findings)


def check_stream(url: str) -> int:
    """Test the streams of a running server, and print the result.

    :param url: the URL under which clients reach the server.
    :returns: the exit status: 0, 64 for an invalid URL, or 69.
    """
    from twisted.internet import reactor

    findings = Findings()
    try:
        run_until_done(reactor, lambda: run_stream_test(url, reactor, findings))
    except ValueError:
        report([f"--stream {url!r} is not an http:// or https:// URL"], sys.stderr)
        return EX_USAGE
    for line in findings.fine:
        print(f"ok: {line}")
    report(findings.failures, sys.stderr)
    return EX_UNAVAILABLE if findings.failures else 0


def conclude(findings: Findings) -> int:
    """Print the findings; return the exit status: 0, 69 or 78."""
    for line in findings.fine:
        print(f"ok: {line}")
    sys.stdout.flush()
    report([f"warning: {line}" for line in findings.warnings], sys.stderr)
    report([*findings.errors, *findings.failures], sys.stderr)
    if findings.errors:
        return EX_CONFIG
    if findings.failures:
        return EX_UNAVAILABLE
    taken = any(line.startswith("IMCP-BIND") for line in findings.warnings)
    depends = " once the port in use is free" if taken else ""
    print(f"The daemon would start with these settings{depends}.")
    return 0


def describe(settings: Settings) -> Iterator[str]:
    """Yield ``name = value  (origin)`` for every setting.

    For a secret the value is ``set`` or ``none``. A setting that could not be read is
    shown as not known, not with its default.
    """
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        if setting.name in _KEY_FILES and value is not None and may_be_key(value):
            value = "(not shown: it may be a key)"
        usual = setting.default_text if value == setting.default else ""
        yield _line(settings, setting.name, usual or shown(value))
    for name in SECRETS:
        held = "set" if getattr(settings, name) is not None else "none"
        yield _line(settings, name, held)


def _line(settings: Settings, name: str, value: str) -> str:
    origin = settings.origins.get(name, "default")
    if name not in settings.unknown:
        return f"{name} = {value}  ({origin})"
    source = str(settings.config) if origin == "default" else origin
    return f"{name} is not known  ({source} cannot be used)"


def shown(value: SettingValue | None) -> str:
    """Return the value of a setting as text for a person."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
