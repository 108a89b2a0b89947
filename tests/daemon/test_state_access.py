"""State directories that other users can change."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.self_check.files import check_files
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.state_access import open_to_group, open_to_others, user_name


class StateAccessTests(SynchronousTestCase):
    """One directory, with different owners and modes."""

    def setUp(self) -> None:
        """Have a directory of this user."""
        self.path = Path(self.mktemp()).absolute()
        self.path.mkdir(mode=0o700)
        self.user = self.path.stat().st_uid

    def test_private(self) -> None:
        """A directory to which only its owner can write is used."""
        for mode in (0o700, 0o750, 0o755, 0o770):
            self.path.chmod(mode)
            self.assertIsNone(open_to_others(self.path, self.user))

    def test_every_user(self) -> None:
        """One to which every user can write is refused, also with the sticky bit.

        Another user could put a socket or a key there first.
        """
        for mode in (0o777, 0o702, 0o1777):
            self.path.chmod(mode)
            self.assertIn("chmod go-w", open_to_others(self.path, self.user) or "")
            self.assertIn("chmod go-w", open_to_others(self.path, 0) or "")

    def test_owner(self) -> None:
        """One of another user is refused, unless the other or this one is root."""
        status = list(self.path.stat())
        for owner, user, refused in (
            (4242, 4242, False),
            (0, 4242, False),
            (4242, 0, False),
            (4243, 4242, True),
        ):
            status[4] = owner
            seen = os.stat_result(status)
            self.patch(Path, "stat", lambda path, seen=seen: seen)
            said = open_to_others(self.path, user)
            self.assertEqual(said is not None, refused, (owner, user))
        self.assertIn("belongs to user 4243", said or "")
        self.assertEqual(user_name(0), "root")

    def test_group(self) -> None:
        """One to which its group can write is a warning: it may be a group of one."""
        self.path.chmod(0o770)
        (warning,) = open_to_group(self.path)
        self.assertIn("IMCP-PERM", warning)
        self.assertIn("chmod g-w", warning)
        settings = resolve({"state_dir": str(self.path)}, {})
        self.assertIn(warning, settings.warnings)
        for mode in (0o750, 0o777):
            self.path.chmod(mode)
            self.assertEqual(list(open_to_group(self.path)), [])
        self.assertEqual(list(open_to_group(self.path / "missing")), [])

    def test_check(self) -> None:
        """``check`` finds it, as the start would."""
        self.path.chmod(0o777)
        findings = Findings()
        check_files(resolve({"state_dir": str(self.path)}, {}), findings)
        self.assertIn("every user can write", findings.errors[0])
