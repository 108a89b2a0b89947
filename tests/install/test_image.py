"""The image: its Dockerfile, built and run as far as that goes without Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from tests.daemon.processes import ROOT, ProcessTestCase, Running
from tests.support.programs import SYSTEMD_ANALYZE, requires, takes_long
from tests.support.tool_counts import DEFAULT_TOOLS

from .dockerfile import BASE_PATH, NAMESPACES, Stage, build_script, read_dockerfile
from .tools import HADOLINT, free_port

DOCKERFILE = ROOT / "Dockerfile"
UID = "10001"
KEY = "canary-key-0123456789"


def stages() -> list[Stage]:
    """Return the stages of the Dockerfile."""
    return list(read_dockerfile(DOCKERFILE.read_text(encoding="utf-8")))


class DockerfileTests(SynchronousTestCase):
    """What the Dockerfile says."""

    def setUp(self) -> None:
        """Read it."""
        self.build, self.final = stages()

    def test_runs_as_a_user(self):
        """The user is a number other than root, as Kubernetes wants it."""
        user, _, group = self.final.last("USER").value.partition(":")
        self.assertEqual((user, group), (UID, UID))
        self.assertGreater(
            self.final.instructions.index(self.final.last("USER")),
            self.final.instructions.index(self.final.last("RUN")),
        )

    def test_gets_signals(self):
        """No shell stands between Docker and the daemon."""
        for name in ("ENTRYPOINT", "CMD"):
            self.assertTrue(self.final.last(name).value.startswith("["))

    def test_health(self):
        """The health check needs no other program, and ends before its limit."""
        check = self.final.last("HEALTHCHECK")
        _, _, command = check.value.partition("CMD ")
        program, flag, code = json.loads(command)
        self.assertEqual((program, flag), ("python", "-c"))
        self.assertIn("/ready", code)
        limit = float(check.flags["timeout"].removesuffix("s"))
        (seconds,) = re.findall(r"timeout=(\d+)", code)
        self.assertLess(float(seconds), limit)

    def test_same_base(self):
        """Both stages have the same base: an environment cannot be moved to another."""
        self.assertEqual(self.build.base, self.final.base)

    def test_name_for_the_registry(self):
        """The label has the name under which the server is registered."""
        server = json.loads((ROOT / "server.json").read_bytes())
        label = self.final.labels["io.modelcontextprotocol.server.name"]
        self.assertEqual(label, server["name"])

    def test_context(self):
        """The context is what the Dockerfile copies, and nothing else."""
        ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        lines = [line for line in ignored if line and not line.startswith("#")]
        self.assertEqual(lines[0], "*")
        kept = {line[1:] for line in lines if line.startswith("!")}
        copied = {word for each in self.build.all("COPY") for word in each.words[:-1]}
        self.assertEqual(kept, copied)
        for name in copied:
            self.assertTrue((ROOT / name).exists(), name)

    @requires(HADOLINT)
    def test_lint(self):
        """hadolint finds nothing."""
        done = subprocess.run(
            [HADOLINT.path, "--failure-threshold", "style", str(DOCKERFILE)],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""))


@requires(NAMESPACES, SYSTEMD_ANALYZE)
class BuiltTests(ProcessTestCase):
    """The image as it is built from the Dockerfile."""

    def script(self, work: Path, port: int) -> str:
        """Return a script that builds the image, and runs it as compose.yaml does."""
        final = stages()[-1]
        root = work / "1" / "root"
        listen = final.environment["INSTANTLY_MCP_LISTEN"]
        environment = {
            **final.environment,
            "INSTANTLY_MCP_LISTEN": listen.replace(":3000", f":{port}"),
            "INSTANTLY_MCP_SANDBOX": "true",
        }
        pairs = " ".join(shlex.quote(f"{n}={v}") for n, v in environment.items())
        as_user = f"setpriv --reuid={UID} --regid={UID} --clear-groups --no-new-privs"
        limited = f"{as_user} --bounding-set=-all --inh-caps=-all"
        inside = f"env -i {pairs} chroot {root} {limited}"
        start = shlex.join([*final.last("ENTRYPOINT").words, *final.last("CMD").words])
        _, _, check = final.last("HEALTHCHECK").value.partition("CMD ")
        health = shlex.join(json.loads(check.replace(":3000", f":{port}")))
        state = f"{root}/var/lib/instantly-mcp"
        return "\n".join(
            [
                build_script(stages(), self.context(), work),
                f'stat -c "owner %u:%g %a" {state}',
                # A volume takes the owner and the mode of the folder in the image.
                f"mount -t tmpfs -o uid={UID},gid={UID},mode=700 none {state}",
                f"chroot {root} find / -xdev -name 'pip' -path '*opt*' -type d",
                *self.init(root),
                f"mount -o remount,ro {root}; mount -o remount,ro {root}/opt",
                f'! {inside} touch /opt/x /x 2>/dev/null || echo "not read-only"',
                f"{inside} {start} & server=$!",
                'echo "server $server"',
                f"until {inside} {health} 2>/dev/null; do",
                "  kill -0 $server; sleep 0.2",
                "done",
                "echo healthy",
                f"{inside} instantly-mcp token add --name Anna --json",
                f"{inside} find {shlex.quote('/var/lib/instantly-mcp')} -type f",
                "echo added",
                'wait "$server" && echo "ended well"',
            ]
        )

    def init(self, root: Path) -> list[str]:
        """Return the commands that install it for systemd, as root in ``/``.

        The image is the one installation of the tests in which that may be done.
        """
        inside = f"env -i PATH={BASE_PATH} HOME=/root chroot {root}"
        program = "/opt/instantly-mcp/bin/instantly-mcp"
        files = "/etc/instantly-mcp /etc/instantly-mcp/api-key"
        unit = "/etc/systemd/system/instantly-mcp.service"
        return [
            f"echo {KEY} | {inside} {program} init --systemd --api-key-file -",
            f"{inside} stat -c '%n is %a %U:%G' {files} {unit}",
            f"{inside} systemd-analyze verify {unit} && echo verified",
        ]

    def context(self) -> Path:
        """Return the files that the Dockerfile copies, without caches."""
        context = self.folder / "context"
        if not context.exists():
            context.mkdir()
            for each in stages()[0].all("COPY"):
                for name in each.words[:-1]:
                    if (ROOT / name).is_dir():
                        skip = shutil.ignore_patterns("__pycache__", "dropin.cache")
                        shutil.copytree(ROOT / name, context / name, ignore=skip)
                    else:
                        shutil.copy(ROOT / name, context)
        return context

    async def ended_or_said(self, running: Running, text: bytes) -> None:
        """Wait until the script has written a text; fail if it ends before."""
        await self.until(lambda: text in running.output or running.status is not None)
        self.assertIn(text, running.output)

    @takes_long("installs all dependencies")
    @deferred
    async def test_life(self) -> None:
        """It serves as an unprivileged user on a read-only file system, is healthy,
        takes commands, and ends on the signal of docker stop.
        """
        port = free_port()
        work = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, work, ignore_errors=True)
        program = self.folder / "image.sh"
        program.write_text(self.script(work, port))
        command = (shutil.which("unshare") or "unshare", "--mount", "sh", "-e", program)
        running = self.spawn([str(word) for word in command], environ=self.settings())
        await self.ended_or_said(running, b"added\n")
        output = running.output.decode()
        self.assertIn(f"owner {UID}:{UID} 700", output)
        self.assertNotIn("not read-only", output)
        self.assertNotIn("site-packages/pip\n", output)
        self.assertIn('"token":"imt_', output)
        self.check_init(output)
        listed = await self.call(
            f"http://127.0.0.1:{port}/mcp", "tools/list", headers=self.token_in(output)
        )
        self.assertEqual(len(listed["result"]["tools"]), DEFAULT_TOOLS)
        process = int(output.partition("server ")[2].split()[0])
        os.kill(process, signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(b"ended well", running.output)

    def check_init(self, output: str) -> None:
        """Check that ``init`` made the user, and gave it the keys, which are secret."""
        self.assertNotIn(KEY, output)
        for line in (
            "/etc/instantly-mcp is 750 root:instantly-mcp",
            "/etc/instantly-mcp/api-key is 640 root:instantly-mcp",
            "/etc/systemd/system/instantly-mcp.service is 644 root:root",
            "systemctl enable --now instantly-mcp.socket instantly-mcp.service",
            "verified",
        ):
            self.assertIn(f"{line}\n", output)

    def token_in(self, output: str) -> dict[str, str]:
        """Return the header with the token that the command printed."""
        (line,) = (each for each in output.splitlines() if '"token"' in each)
        record: Any = json.loads(line)
        return {"Authorization": f"Bearer {record['token']}"}

    def settings(self) -> dict[str, str]:
        """Return the environment with which pip works here."""
        return {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "SSL_", "http"))
        }
