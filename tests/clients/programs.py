"""Where ``make clients`` puts the clients, and how each is driven."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from instantly_mcp._json_codec import Json
from tests.support.programs import Needed

ROOT = Path(__file__).parent.parent.parent
DRIVERS = Path(__file__).parent / "drivers"
WORK = ROOT / ".ci" / "work"
NPM = WORK / "npm" / "clients"
BIN = NPM / "node_modules" / ".bin"

THIS_PYTHON = Path(sys.executable)
V1_PYTHON = WORK / "mcp-v1" / "bin" / "python"
FRAMEWORKS_PYTHON = WORK / "frameworks" / "bin" / "python"
NODE = BIN / "node"


@frozen(kw_only=True)
class Program:
    """A client, and its driver.

    :param interpreter: the program that runs the driver.
    :param needs: a file of the installed client; ``None`` if the tests need the client
        anyway.
    :param name: the name of the client, for people.
    :param plan: settings of the driver, added to the plan of the test.
    :param version: the revision that the client and our servers agree on.
    """

    driver: str
    name: str
    interpreter: Path = THIS_PYTHON
    needs: Path | None = None
    version: str
    plan: Mapping[str, Json] = field(factory=dict)

    @property
    def command(self) -> Sequence[str]:
        """The command line of the driver, without the plan."""
        return (str(self.interpreter), str(DRIVERS / self.driver))

    @property
    def needed(self) -> Sequence[Needed]:
        """The program that its tests need."""
        if self.needs is None:
            return ()
        place = self.needs
        return (
            Needed(
                name=self.name,
                find=lambda: str(place) if place.exists() else None,
                install="make clients",
            ),
        )


def package(name: str) -> Path:
    """Return the folder of an installed npm package."""
    return NPM / "node_modules" / name
