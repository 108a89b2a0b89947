"""The commands of docs/sandbox.md for a job that tests an agent, as written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.sandbox.control.scenario import read_scenario
from tests.support.programs import takes_long

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "sandbox.md"
EXAMPLES = ROOT / "docs" / "examples"
SECTION = re.compile(r"^## Test your agent in CI$(.*?)(?=^## |\Z)", re.M | re.S)
BLOCK = re.compile(r"^```(\w+)$\n(.*?)^```$", re.M | re.S)


def blocks(language: str) -> Iterator[str]:
    """Yield the blocks of the section in this language."""
    section = SECTION.search(DOCUMENT.read_text(encoding="utf-8"))
    assert section is not None
    for found in BLOCK.finditer(section[1]):
        if found[1] == language:
            yield found[2]


class ExampleTests(SynchronousTestCase):
    """What the document shows is what the program reads."""

    def test_scenarios(self):
        """The scenarios of the section and of the example are valid."""
        (shown,) = blocks("toml")
        example = (EXAMPLES / "happy.toml").read_text(encoding="utf-8")
        for text in (shown, example):
            self.assertEqual(read_scenario(text).seed, 42)

    def test_workflow(self):
        """The workflow runs the commands of the section."""
        workflow = (EXAMPLES / "test-an-agent.yml").read_text(encoding="utf-8")
        for words in (
            "run --sandbox --sandbox-scenario happy.toml --port 0",
            "wait --ready-file ready.json --timeout 60",
            "sandbox assert --url",
            "sandbox export --url",
            "python agent.py",
        ):
            self.assertIn(words, workflow)
            if "python" not in words:
                self.assertIn(words, "".join(blocks("sh")))


@takes_long("starts a server, and a client with the official SDK")
class JobTests(SynchronousTestCase):
    """The section from top to bottom."""

    def test_section(self):
        """Each command succeeds; the report and the calls are written."""
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        for name in ("agent.py", "happy.toml"):
            shutil.copy(EXAMPLES / name, folder)
        programs = Path(sys.executable).parent
        script = "".join(["set -em\n", *blocks("sh"), "wait\n"])
        done = subprocess.run(
            ["bash", "-c", script.replace("--timeout 60", "--timeout 600")],
            cwd=folder,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        log = (folder / "server.log").read_text(encoding="utf-8")
        self.assertEqual(done.returncode, 0, (done.stdout, done.stderr, log))
        self.assertIn("replied to ", done.stdout)
        self.assertIn("passed  --max-calls 30", done.stdout)
        self.assertIn('failures="0"', (folder / "report.xml").read_text())
        lines = (folder / "calls.jsonl").read_bytes().splitlines()
        calls = [loads(line) for line in lines]
        tools = [call["tool"] for call in calls if call["kind"] == "tool"]
        self.assertEqual(tools, ["list_emails", "reply_to_email", "reply_to_email"])
        self.assertIn("status", [call.get("fault") for call in calls])
