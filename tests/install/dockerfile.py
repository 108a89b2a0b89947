"""Reads a Dockerfile, and builds what it describes without Docker.

No registry with base images can be reached from here. In the place of the base image is
this machine, below an overlay that takes all changes, with the Python of the tests in
``/usr/local`` and without the home folders and the checkout. It needs the rights of
root, for a mount namespace.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from tests.support.programs import Needed

BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
"""``PATH`` of the official images of Python."""

_VARIABLE = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def _mount_namespace() -> str | None:
    done = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True,
        check=False,
    )
    return "unshare" if done.returncode == 0 else None


NAMESPACES = Needed(
    name="a mount namespace",
    find=_mount_namespace,
    install="run the tests as root",
)


@frozen
class Instruction:
    """One instruction, such as ``COPY --from=build a b``."""

    name: str
    flags: Mapping[str, str]
    value: str

    @property
    def words(self) -> Sequence[str]:
        """The value as a list: its JSON form, or its words."""
        if self.value.startswith("["):
            words: Sequence[str] = json.loads(self.value)
            return words
        return shlex.split(self.value)


@frozen
class Stage:
    """A stage: what is between one ``FROM`` and the next."""

    name: str
    base: str
    instructions: list[Instruction] = field(factory=list)

    def all(self, name: str) -> Sequence[Instruction]:
        """Return the instructions of one kind."""
        return [each for each in self.instructions if each.name == name]

    def last(self, name: str) -> Instruction:
        """Return the last instruction of one kind."""
        return self.all(name)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """What ``ENV`` sets."""
        found = {"PATH": BASE_PATH}
        for each in self.all("ENV"):
            for name, value in _VARIABLE.findall(each.value):
                found[name] = value.strip('"').replace("$PATH", found["PATH"])
        return found

    @property
    def labels(self) -> dict[str, str]:
        """What ``LABEL`` sets."""
        pairs = (
            word.partition("=") for each in self.all("LABEL") for word in each.words
        )
        return {name: value for name, _, value in pairs}


def read_dockerfile(text: str) -> Sequence[Stage]:
    """Return the stages of a Dockerfile."""
    found: list[Stage] = []
    for instruction in _instructions(text):
        if instruction.name == "FROM":
            base, *rest = instruction.words
            found.append(Stage(rest[-1] if rest else "", base))
        elif found:
            found[-1].instructions.append(instruction)
    return found


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = line.strip().partition(" ")
        if not name:
            continue
        flags: dict[str, str] = {}
        while found := re.match(r"--([\w-]+)=(\S+)\s+", rest):
            flags[found[1]] = found[2]
            rest = rest[found.end() :]
        yield Instruction(name, flags, rest.strip())


def build_script(stages: Sequence[Stage], context: Path, work: Path) -> str:
    """Return a script for ``unshare --mount sh -e`` that builds every stage.

    Stage number N is then at ``work/N/root``.
    """
    lines = [f"mount -t tmpfs none {work}"]
    for number, stage in enumerate(stages):
        lines += _begin(work / str(number))
        root, folder = work / str(number) / "root", "/"
        for each in stage.instructions:
            if each.name == "WORKDIR":
                folder = each.value
                lines.append(f"mkdir -p {root}{folder}")
            elif each.name == "COPY":
                lines += _copy(each, stages, context, work, f"{root}{folder}")
            elif each.name == "RUN":
                command = shlex.quote(f"cd {folder} && {each.value}")
                lines.append(
                    f"env -i PATH={BASE_PATH} {_PIP} chroot {root} sh -ec {command}"
                )
    return "\n".join(lines)


_PIP = '$(env | grep -E "^(PIP_|SSL_|https?_proxy)" | grep -v " ")'
"""The settings of pip of this machine, without which it may reach no packages."""


def _begin(place: Path) -> Iterator[str]:
    """Yield the commands that make the root of a stage."""
    root = place / "root"
    yield f"mkdir -p {place}/up {place}/work {root}"
    options = f"lowerdir=/,upperdir={place}/up,workdir={place}/work"
    yield f"mount -t overlay overlay -o {options} {root}"
    yield f"mount --bind {sys.base_prefix} {root}/usr/local"
    for hidden in ("root", "home", "work", "tmp", "opt"):
        yield f"[ ! -d {root}/{hidden} ] || mount -t tmpfs none {root}/{hidden}"
    yield f"chmod 1777 {root}/tmp"
    yield f"mkdir -p {root}/root/.cache/pip /root/.cache/pip"
    yield f"mount --bind /root/.cache/pip {root}/root/.cache/pip"
    yield f"mount --rbind /proc {root}/proc; mount --rbind /dev {root}/dev"
    yield f"chroot {root} ldconfig"


def _copy(
    each: Instruction, stages: Sequence[Stage], context: Path, work: Path, into: str
) -> Iterator[str]:
    *sources, target = each.words
    place = target if target.startswith("/") else f"{into}/{target}"
    if "from" in each.flags:
        number = [stage.name for stage in stages].index(each.flags["from"])
        here = into.removesuffix("/")
        yield f"mkdir -p {here}{target}"
        for source in sources:
            yield f"cp -a {work}/{number}/root{source}/. {here}{target}/"
        return
    for source in sources:
        if (context / source).is_dir():
            yield f"mkdir -p {place} && cp -r {context / source}/. {place}/"
        else:
            yield f"cp {context / source} {place}"
