"""Mutants of the audit, of the commands of the operator, and of the state directory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

RAIL = "access/audit/rail.py"
CHAIN = "access/audit/chain.py"
LINES = "access/audit/records.py"
FILE = "daemon/audit/file.py"
KEY = "daemon/audit/key.py"
LOG = "daemon/audit/audit_log.py"
DISPATCH = "daemon/control/dispatch.py"

RAILED = "access.audit.test_rail"
CHAINED = "access.audit.test_chain"
FILED = "daemon.audit.test_file"
LOGGED = "daemon.audit.test_audit_log"

MUTANTS: Sequence[Mutant] = (
    both(
        "Nothing is sent if the audit cannot be written",
        RAIL,
        '            self.log.failure("IMCP-AUDIT the audit file cannot be written")\n',
        "            return\n",
        RAILED,
    ),
    both(
        "The audit has the intent before a write is sent",
        RAIL,
        "            await self.audit.append(intent(act))",
        "            self.audit.append(intent(act)).addErrback(noop)",
        RAILED,
    ),
    both(
        "The audit has the outcome of a write",
        RAIL,
        "        return self.audit.append(outcome(act, ending))",
        "        done: Deferred[None] = Deferred()\n"
        "        done.callback(None)\n"
        "        return done",
        RAILED,
    ),
    both(
        "A line of the audit is on the disk before it counts",
        FILE,
        "            self._sync(descriptor)\n",
        "",
        FILED,
    ),
    both(
        "A line that could not be written leaves no part",
        FILE,
        "                os.ftruncate(descriptor, before)",
        "                pass",
        FILED,
    ),
    both(
        "A line that could not be written does not count",
        LOG,
        "                done.errback(result)",
        "                done.callback(None)",
        LOGGED,
    ),
    both(
        "An outcome that could not be written is written later",
        LOG,
        "            self.late = kept[:MAX_LATE]",
        "            self.late = []",
        LOGGED,
    ),
    both(
        "The head of the audit is logged at the end",
        LOG,
        "        self.log_head()\n        self.file.close()",
        "        self.file.close()",
        LOGGED,
    ),
    both(
        "A line is chained to the one before",
        CHAIN,
        "hmac.digest(key, bytes.fromhex(before.mac) + body, ",
        "hmac.digest(key, body, ",
        CHAINED,
    ),
    both(
        "A line that was changed is found",
        CHAIN,
        "        if not _is_hex(before.mac) or not hmac.compare_digest(",
        "        if False and hmac.compare_digest(",
        CHAINED,
    ),
    both(
        "Lines that are missing at the beginning of a file are found",
        CHAIN,
        '        if self._begins and checked.facts.get("kind") != OPENED:',
        "        if False:",
        CHAINED,
    ),
    both(
        "Only the part that a crash left is accepted as no line",
        CHAIN,
        "        if unread is None or facts != after_part(facts, unread):",
        "        if False:",
        CHAINED,
    ),
    both(
        "Lines that are missing at the end are found with a head",
        "daemon/audit/reading.py",
        "    errors.extend(map(_missing, wanted.values()))\n",
        "",
        "cli.administration.test_audit",
    ),
    both(
        "A key of the audit that other users can read is refused",
        KEY,
        "        if os.fstat(descriptor).st_mode & _BY_OTHERS:",
        "        if False:",
        FILED,
    ),
    both(
        "An audit whose key is lost does not go on with another one",
        KEY,
        "        if path.exists() and path.stat().st_size:",
        "        if False:",
        FILED,
    ),
    both(
        "Other users cannot read the key of the audit",
        KEY,
        "os.open(temporary, flags, 0o600)",
        "os.open(temporary, flags, 0o644)",
        FILED,
    ),
    both(
        "Other users cannot read the audit",
        FILE,
        "flags | os.O_NONBLOCK, 0o600)",
        "flags | os.O_NONBLOCK, 0o644)",
        FILED,
    ),
    both(
        "A write without an outcome is ambiguous at the next start",
        "daemon/audit/build.py",
        "[*lines, *map(lost, left)]",
        "lines",
        "daemon.audit.test_build",
    ),
    both(
        "A new file repeats the writes that are under way",
        FILE,
        '**opened(self.head), "open": left}',
        '**opened(self.head), "open": []}',
        FILED,
    ),
    both(
        "The audit has no argument, but a digest",
        LINES,
        '        "arguments": act.arguments_digest,',
        '        "arguments": dict(act.arguments),',
        RAILED,
    ),
    both(
        "The audit says who agreed to a write, and how",
        LINES,
        "        **consent,\n",
        "",
        RAILED,
    ),
    both(
        "A command that changes rights has a line in the audit",
        DISPATCH,
        "        if command.recorded:",
        "        if False:",
        "daemon.control.test_dispatch",
    ),
    both(
        "Other users cannot send commands",
        "daemon/control/socket_service.py",
        "mode=0o600",
        "mode=0o666",
        "daemon.control.test_socket",
    ),
    both(
        "A command without a daemon is for the owner of the state",
        "daemon/control/client.py",
        "    if refusal is not None:",
        "    if False:",
        "daemon.control.test_socket",
    ),
    both(
        "Other users cannot open the state directory",
        "daemon/state_dir.py",
        "path.mkdir(mode=0o700,",
        "path.mkdir(mode=0o755,",
        "daemon.test_state_dir",
    ),
    both(
        "A second daemon does not use the state of the first",
        "daemon/state_dir.py",
        'does_without = settings.sandbox and settings.is_default("state_dir")',
        "does_without = True",
        "daemon.test_state_dir",
    ),
    both(
        "The head of the audit is logged every hour",
        "daemon/assembly.py",
        "HEAD_SECONDS, mcp.state.audit.log_head,",
        "HEAD_SECONDS, int,",
        "access.product.test_operator",
    ),
    both(
        "A state directory that every user can write to is refused",
        "daemon/state_access.py",
        "    if status.st_mode & stat.S_IWOTH:",
        "    if False:",
        "daemon.test_state_access",
    ),
    both(
        "A state directory of another user is refused",
        "daemon/state_access.py",
        "    if user == 0 or status.st_uid in {0, user}:",
        "    if True:",
        "daemon.test_state_access",
    ),
    both(
        "The connections of commands are limited",
        "daemon/control/lines.py",
        "        if len(self._connected) >= MAX_CONNECTIONS:",
        "        if False:",
        "daemon.control.test_lines",
    ),
)
