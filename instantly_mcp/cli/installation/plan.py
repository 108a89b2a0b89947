"""What ``init`` writes: paths, contents and modes, from the answers of the operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from attrs import field, frozen

FOLDER = "/etc/instantly-mcp"
UNITS = "/etc/systemd/system"
SYSUSERS = "/etc/sysusers.d/instantly-mcp.conf"
USER = "instantly-mcp"
SHIPPED_PROGRAM = "/opt/instantly-mcp/bin/instantly-mcp"
"""The path of the program in the unit as it is shipped."""

PUBLIC = 0o644
GROUP_ONLY = 0o640
OWNER_ONLY = 0o600


@frozen(kw_only=True)
class Answers:
    """What the operator decided.

    :param program: the absolute path of ``instantly-mcp``.
    :param key: the operator's Instantly key; ``None`` for none.
    :param secret: the server secret; ``None`` for none.
    :param tokens_only: whether each caller must present a connection token.
    :param public_url: the URL under which clients reach the daemon, if not loopback.
    """

    program: str = SHIPPED_PROGRAM
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    tokens_only: bool = False
    public_url: str | None = None


@frozen
class PlannedFile:
    """A file to write.

    :param path: absolute, as the daemon sees it.
    :param is_secret: it is never shown, and one that exists is kept.
    """

    path: Path
    text: str = field(repr=False)
    mode: int = PUBLIC
    is_secret: bool = False


def shipped(name: str) -> str:
    """Return a file of the folder ``systemd``."""
    return (files(__package__) / "systemd" / name).read_text(encoding="utf-8")


def systemd_files(answers: Answers) -> Sequence[PlannedFile]:
    """Return the files of a daemon that systemd runs."""
    unit = shipped("instantly-mcp.service").replace(SHIPPED_PROGRAM, answers.program)
    socket = shipped("instantly-mcp.socket")
    config = _config(shipped("config.toml"), answers)
    folder, units = Path(FOLDER), Path(UNITS)
    return [
        PlannedFile(Path(SYSUSERS), shipped("sysusers.conf")),
        PlannedFile(folder / "config.toml", config, GROUP_ONLY),
        *_secrets(folder, answers, GROUP_ONLY),
        PlannedFile(units / "instantly-mcp.service", unit),
        PlannedFile(units / "instantly-mcp.socket", socket),
    ]


def user_files(folder: Path, answers: Answers) -> Sequence[PlannedFile]:
    """Return the files of a daemon that a user starts.

    :param folder: where they are, such as ``~/.config/instantly-mcp``.
    """
    lines = [
        f"# {folder / 'config.toml'}",
        "# instantly-mcp check lists all settings.",
        f"state_dir = {_quoted(str(folder / 'state'))}",
        f"api_key_file = {_quoted(str(folder / 'api-key'))}",
        f"server_secret_file = {_quoted(str(folder / 'server-secret'))}",
    ]
    config = _config("\n".join([*lines, ""]), answers)
    return [
        PlannedFile(folder / "config.toml", config, OWNER_ONLY),
        *_secrets(folder, answers, OWNER_ONLY),
    ]


def _config(text: str, answers: Answers) -> str:
    """Return settings without the lines that are not used."""
    lines = text.splitlines()
    if answers.key is None:
        lines = [line for line in lines if not line.startswith("api_key_file")]
    if answers.secret is None:
        lines = [line for line in lines if not line.startswith("server_secret_file")]
    if answers.tokens_only:
        lines.append("tokens_only = true")
    if answers.public_url is not None:
        lines.append(f"public_url = {_quoted(answers.public_url)}")
    return "\n".join([*lines, ""])


def _secrets(folder: Path, answers: Answers, mode: int) -> Iterator[PlannedFile]:
    for name, value in (("api-key", answers.key), ("server-secret", answers.secret)):
        if value is not None:
            yield PlannedFile(folder / name, f"{value}\n", mode, is_secret=True)


def _quoted(text: str) -> str:
    """Return a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
