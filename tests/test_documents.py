"""The documents agree with the code: tables, commands, options, names of files."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

from attrs import fields
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.command import SUBCOMMANDS, CommandLine
from instantly_mcp.cli.completion.tree import tree_of
from instantly_mcp.cli.connect_manual import connect_manual
from instantly_mcp.cli.reference import with_table
from instantly_mcp.cli.snippet import DEFAULT_URL
from instantly_mcp.cli.tools import listed_tools, manual_of
from instantly_mcp.clients.address import McpAddress
from instantly_mcp.clients.registry import CLIENTS
from instantly_mcp.daemon.audit.file import FILE_NAME, HEAD_NAME
from instantly_mcp.daemon.audit.key import KEY_FILE_NAME as AUDIT_KEY_FILE_NAME
from instantly_mcp.daemon.control.socket_service import SOCKET_NAME
from instantly_mcp.daemon.settings.loading import examine
from instantly_mcp.metrics.registry import Metrics
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from instantly_mcp.sandbox.faults import Fault, FaultKind, read_fault
from instantly_mcp.sandbox.workspaces import MAX_WORKSPACES
from instantly_mcp.state.database import DATABASE_FILE_NAME
from instantly_mcp.state.directory_lock import LOCK_FILE_NAME
from instantly_mcp.state.ended_sessions import ENDED_SESSIONS_FILE_NAME
from instantly_mcp.state.sealed_tokens import KEY_FILE_NAME
from tests.web.pictures import approval_shots, shots

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
OPERATIONS = ROOT / "docs" / "operations.md"
DEPLOY = ROOT / "deploy"
TOOLS = ROOT / "docs" / "tools.md"
CONNECT = ROOT / "docs" / "connect.md"
SANDBOX = ROOT / "docs" / "sandbox.md"
NEWS = ROOT / "changelog.d"


def text_of(path: Path) -> str:
    """Return the text of a document."""
    return path.read_text(encoding="utf-8")


class GeneratedTests(SynchronousTestCase):
    """What ``make docs`` writes into the documents is up to date."""

    def test_settings(self):
        """The table of settings in the operations manual agrees with the code."""
        written = with_table(text_of(OPERATIONS))
        self.assertEqual(text_of(OPERATIONS), written, "run `make docs`")

    def test_tools(self):
        """The manual of tools agrees with the code."""
        written = manual_of(listed_tools("default"))
        self.assertEqual(text_of(TOOLS), written, "run `make docs`")

    def test_clients(self):
        """The manual for connecting shows what ``instantly-mcp snippet`` prints."""
        self.assertEqual(text_of(CONNECT), f"{connect_manual()}\n", "run `make docs`")


class ReadmeTests(SynchronousTestCase):
    """The commands of the README exist."""

    def blocks(self, language: str) -> list[str]:
        """Return the code blocks of a language."""
        return re.findall(rf"```{language}\n(.*?)```", text_of(README), re.DOTALL)

    def test_snippets(self):
        """The README shows what ``instantly-mcp snippet`` prints."""
        for client in ("claude-code", "cursor", "vscode", "curl"):
            snippet = CLIENTS[client].preferred.write(McpAddress(DEFAULT_URL))
            blocks = [*self.blocks("sh"), *self.blocks("json")]
            fix = f"show the output of `instantly-mcp snippet {client}` in README.md"
            self.assertIn(f"{snippet}\n", blocks, fix)

    def test_make_goals(self):
        """Every goal of make that the README names exists."""
        goals = set(re.findall(r"`?\bmake ([a-z]+)", text_of(README)))
        makefile = text_of(ROOT / "Makefile")
        for goal in goals:
            self.assertRegex(makefile, rf"(?m)^{goal}:", "correct README.md")
        self.assertLessEqual({"run", "test", "lint", "types"}, goals)

    def test_revisions(self):
        """The README names every revision of MCP that the server supports."""
        for version in ALL_REVISIONS:
            self.assertIn(version, text_of(README), "name the revision in README.md")

    def test_subcommands(self):
        """The README names every subcommand, and no other."""
        known = {str(row[0]) for row in SUBCOMMANDS}
        named = set(re.findall(r"instantly-mcp (?!--)([a-z]+)", text_of(README)))
        fix = "name each command of instantly-mcp in README.md, and no other"
        self.assertEqual(named, known, fix)

    def test_shell_blocks_parse(self):
        """Every shell block is valid shell syntax."""
        for block in self.blocks("sh"):
            for line in block.replace("\\\n", " ").splitlines():
                shlex.split(line)

    def test_links(self):
        """Every link to a file leads to a file that exists."""
        for document in (*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))):
            for target in re.findall(r"\]\(([\w./-]+)\)", text_of(document)):
                fix = f"correct the link to {target} in {document.name}"
                self.assertTrue((document.parent / target).exists(), fix)


class ContributingTests(SynchronousTestCase):
    """The manual of developers names only files and commands that exist."""

    def test_shell_blocks_parse(self):
        """Every shell block is valid shell syntax."""
        for block in re.findall(r"```sh\n(.*?)```", text_of(CONTRIBUTING), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                shlex.split(line)

    def test_make_goals(self):
        """Every goal of make that it names exists."""
        makefile = text_of(ROOT / "Makefile")
        for goal in set(
            re.findall(r"(?m)(?:^|`)make ([a-z-]+)", text_of(CONTRIBUTING))
        ):
            self.assertRegex(makefile, rf"(?m)^{goal}:", "correct CONTRIBUTING.md")

    def test_files(self):
        """Every path that it names exists in the tree or in the package."""
        paths = re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.py)`", text_of(CONTRIBUTING))
        self.assertGreater(len(paths), 30)
        for path in paths:
            found = (ROOT / path).exists() or (ROOT / "instantly_mcp" / path).exists()
            self.assertTrue(found, f"correct {path} in CONTRIBUTING.md")

    def test_modules_of_tests(self):
        """Every module or package of tests that it names exists."""
        for name in re.findall(r"\btests(?:\.[a-z_]+)+\b", text_of(CONTRIBUTING)):
            path = ROOT.joinpath(*name.split("."))
            found = path.is_dir() or path.with_suffix(".py").exists()
            self.assertTrue(found, f"correct {name} in CONTRIBUTING.md")


class OperationsTests(SynchronousTestCase):
    """The operations manual names only options, metrics and files that exist."""

    def test_options(self):
        """Every option in the manual and the README is an option of the command."""
        known = {
            f"--{option.name}"
            for node in tree_of(CommandLine()).walk()
            for option in node.options
        }
        known |= {"--pidfile", "--logfile", "--now", "--upgrade", "--bg"}
        for document in (OPERATIONS, README):
            named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text_of(document)))
            others = {"--transport", "--header", "--url", "--auth", "--port"}
            fix = f"correct these options in {document.name}"
            self.assertEqual(named - known - others, set(), fix)

    def test_metrics(self):
        """Every metric in a query is a metric of the daemon."""
        metrics = Metrics()
        for name in (
            "sessions",
            "streams",
            "in_flight",
            "upstream_calls",
            "upstream_waiting",
        ):
            metrics.watch(name, name, lambda: 0)
        for name in ("log_lines_dropped", "reactor_blocked", "reactor_blocked_seconds"):
            metrics.watch_total(name, name, lambda: 0)
        metrics.exchange("/mcp", 200, 0.1)
        metrics.refused(401, "other")
        metrics.session("opened")
        metrics.upstream("listCampaign", "ok", 0.1)
        shown = metrics.exposition().decode()
        for name in re.findall(r"instantly_mcp_[a-z_]+", text_of(OPERATIONS)):
            self.assertIn(name, shown, "correct the metric in docs/operations.md")

    def test_settings_file(self):
        """The daemon accepts the settings that the manual shows as TOML."""
        for block in re.findall(r"```toml\n(.*?)```", text_of(OPERATIONS), re.DOTALL):
            folder = Path(self.mktemp())
            folder.mkdir()
            for key in set(re.findall(r"/etc/instantly-mcp/([\w-]+)\"", block)):
                (folder / key).write_text("some-key-0123456789", encoding="utf-8")
            path = folder / "config.toml"
            here = block.replace("/etc/instantly-mcp", str(folder))
            path.write_text(here, encoding="utf-8")
            _, errors = examine({"config": str(path)}, {})
            self.assertEqual(errors, [])

    def test_state_files(self):
        """Every file of a state directory is in the manual's table of them."""
        names = [DATABASE_FILE_NAME, KEY_FILE_NAME, ENDED_SESSIONS_FILE_NAME]
        names += [FILE_NAME, HEAD_NAME, AUDIT_KEY_FILE_NAME]
        chapter = text_of(OPERATIONS).split("## The state directory\n")[1]
        rows = chapter.split("\n## ")[0]
        for name in (*names, SOCKET_NAME, LOCK_FILE_NAME):
            self.assertIn(f"`{name}`", rows)

    def test_shipped_files(self):
        """The manual shows each file of ``deploy`` and of ``init`` as it is."""
        blocks = re.findall(r"```\w*\n(.*?)```", text_of(OPERATIONS), re.DOTALL)
        folders = (DEPLOY, ROOT / "instantly_mcp" / "cli" / "installation" / "systemd")
        shipped = [
            path for each in folders for path in each.rglob("*") if path.is_file()
        ]
        self.assertGreaterEqual(len(shipped), 6)
        for path in shipped:
            fix = f"show {path.name} as it is in docs/operations.md"
            self.assertIn(text_of(path), blocks, fix)
            self.assertIn(str(path.relative_to(ROOT).parent), text_of(OPERATIONS))


class SandboxTests(SynchronousTestCase):
    """The sandbox manual agrees with the code."""

    def test_faults(self):
        """The manual shows valid faults, and lists every kind of fault."""
        text = text_of(SANDBOX)
        bodies = re.findall(r"sandbox/faults \\?\s*-d '([^']+)'", text)
        self.assertEqual(len(bodies), 3)
        for body in bodies:
            read_fault(json.loads(body), frozenset({"listCampaign"}))
        of_kinds, _, of_fields = text.partition("| Field |")
        kinds = set(re.findall(r"(?m)^\| `([a-z]+)` \|", of_kinds))
        fix = "list each kind of fault in docs/sandbox.md"
        self.assertEqual(kinds - {"kind"}, {kind.value for kind in FaultKind}, fix)
        named = set(re.findall(r"(?m)^\| `([a-z_]+)` \|", of_fields))
        self.assertLessEqual(named, {each.name for each in fields(Fault)})

    def test_number_of_workspaces(self):
        """The sandbox keeps as many workspaces as the manual says."""
        self.assertIn(f"keeps the {MAX_WORKSPACES} workspaces", text_of(SANDBOX))

    def test_shell_blocks_parse(self):
        """Every shell block is valid shell syntax."""
        for block in re.findall(r"```sh\n(.*?)```", text_of(SANDBOX), re.DOTALL):
            shlex.split(block)


class CodeTests(SynchronousTestCase):
    """The index of the manual lists every error code."""

    def test_codes(self):
        """The manual lists each code that the program can report, and no other."""
        said = set()
        for path in (ROOT / "instantly_mcp").rglob("*.py"):
            said |= set(re.findall(r"IMCP-[A-Z]+\b", text_of(path)))
        table = text_of(OPERATIONS).partition("## Codes")[2]
        fix = "list each code under Codes in docs/operations.md"
        self.assertEqual(set(re.findall(r"IMCP-[A-Z]+", table)), said, fix)


class NewsTests(SynchronousTestCase):
    """towncrier can read the notes in ``changelog.d``."""

    def test_names_and_kinds(self):
        """A note is named by its subject, and has a section in the release notes."""
        settings = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["towncrier"]
        kinds = "|".join(each["directory"] for each in settings.get("type", ()))
        pattern = rf"^\+[a-z0-9]+(-[a-z0-9]+)*\.({kinds})\.md$"
        for fragment in sorted(set(NEWS.iterdir()) - {NEWS / "README.md"}):
            self.assertRegex(fragment.name, pattern, "see changelog.d/README.md")
            fix = f"end {fragment.name} with a full stop"
            self.assertTrue(text_of(fragment).rstrip().endswith("."), fix)


class PicturesTests(SynchronousTestCase):
    """The pictures of the pages."""

    def test_each_page(self):
        """The operations manual shows a picture of each page."""
        manual = text_of(ROOT / "docs" / "operations.md")
        for shot in (*shots(everything=False), *approval_shots(False, "")):
            self.assertIn(f"](images/{shot.file})", manual, "run `make pictures`")
            picture = (ROOT / "docs" / "images" / shot.file).read_bytes()
            self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
