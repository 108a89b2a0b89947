"""Mutants of the rails: caps, kill switch, unknown outcomes, and their stores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

CAPS = "access/rails/caps.py"
COUNTERS = "state/stores/counters.py"
SWITCH = "access/rails/kill_switch.py"
OUTCOMES = "access/rails/outcomes.py"
RECORDS = "access/rails/records.py"
WRITES = "state/stores/write_records.py"
MARKS = "state/stores/marks.py"
ORDER = "daemon/access/rails.py"
DATABASE = "state/database.py"

CAPPED = "access.rails.test_caps"
SWITCHED = "access.rails.test_kill_switch"
UNKNOWN = "access.rails.test_outcomes"
STORED = "state.stores.test_rails"
MACHINE = "access.rails.test_machine"
PRODUCT = "access.product.test_walk"
IN_ORDER = "(sending, durable.outcomes, durable.caps, AuditRail(state.audit)),"

MUTANTS: Sequence[Mutant] = (
    both(
        "A cap is reserved before the request, and refuses what is above it",
        CAPS,
        "raise self._refusal(reached)\n\n    @deferred\n    async def after",
        "pass\n\n    @deferred\n    async def after",
        CAPPED,
    ),
    both(
        "A cap is not given back for what may have been sent",
        CAPS,
        "        if ending.kind is EndingKind.REFUSED and act.amounts:",
        "        if ending.kind is not EndingKind.DONE and act.amounts:",
        CAPPED,
    ),
    both(
        "A cap refuses what states no number",
        CAPS,
        "            if limits:\n",
        "            if False:\n",
        CAPPED,
    ),
    both(
        "The caps of a token do not exceed those of the settings",
        CAPS,
        "            daily[cap] = min(most, daily.get(cap, most))",
        "            daily[cap] = most",
        CAPPED,
    ),
    both(
        "A cap counts for 24 hours",
        COUNTERS,
        "(reservation.owner, cap, now - DAY_SECONDS)",
        "(reservation.owner, cap, now - DAY_SECONDS / 2)",
        CAPPED,
        MACHINE,
    ),
    both(
        "A cap of one call counts all of its acts",
        COUNTERS,
        "    if used + asked <= most:\n        return None\n    return CapReached(",
        "    if asked <= most:\n        return None\n    return CapReached(",
        CAPPED,
    ),
    both(
        "A write that cannot be recorded is refused",
        "access/rails/durably.py",
        'log.failure("A write was refused, because it could not be recorded")',
        "return None",
        CAPPED,
    ),
    both(
        "A command does not switch on what the setting switched off",
        SWITCH,
        "        return self.off_in_settings or self.off_by_command",
        "        return self.off_by_command",
        SWITCHED,
    ),
    both(
        "The kill switch is remembered over a restart",
        SWITCH,
        "        self.switched = await self.store.load()",
        "        await self.store.load()",
        SWITCHED,
    ),
    both(
        "Sending off counts before it is stored",
        SWITCH,
        "        if off:\n            self._command(switched)\n"
        "        await self.store.save(switched)\n",
        "        await self.store.save(switched)\n"
        "        if off:\n            self._command(switched)\n",
        SWITCHED,
    ),
    both(
        "Sending on counts once it is stored",
        SWITCH,
        "        if off:\n            self._command",
        "        if True:\n            self._command",
        SWITCHED,
    ),
    both(
        "What stops sending passes while sending is off",
        SWITCH,
        "        sends = Risk.SENDS in act.risks and not act.operation.stops",
        "        sends = Risk.SENDS in act.risks",
        SWITCHED,
    ),
    both(
        "The kill switch has a line in the audit",
        SWITCH,
        '        self.note({"kind": SENDING, "off": off, "how": how, "by": by})\n',
        "",
        SWITCHED,
    ),
    both(
        "A reload reads whether sending is on",
        "daemon/reload.py",
        "            self.switch_off(read_sending(self.settings))",
        "            read_sending(self.settings)",
        "daemon.test_reload",
    ),
    both(
        "The daemon's kill switch is the one that a reload switches",
        "daemon/assembly.py",
        "                mcp.books.sending.set,\n",
        "",
        PRODUCT,
    ),
    both(
        "A write whose answer was lost is not repeated",
        OUTCOMES,
        "            state = WriteState.UNKNOWN",
        "            state = WriteState.SETTLED",
        UNKNOWN,
    ),
    both(
        "An unknown outcome refuses the same write",
        OUTCOMES,
        "        states[WriteState.UNKNOWN] = now - UNKNOWN_SECONDS\n",
        "        pass\n",
        UNKNOWN,
    ),
    both(
        "The same mail is not sent twice at the same time",
        OUTCOMES,
        "        states[WriteState.SENDING] = now - UNKNOWN_SECONDS\n",
        "",
        UNKNOWN,
    ),
    both(
        "The same mail is not sent again for some minutes",
        OUTCOMES,
        "        states[WriteState.DONE] = now - SENT_SECONDS\n",
        "",
        UNKNOWN,
    ),
    both(
        "What an earlier process left under way is unknown",
        OUTCOMES,
        "        await self.records.recover()\n",
        "",
        UNKNOWN,
    ),
    both(
        "Only the tool that shows an outcome settles it",
        OUTCOMES,
        ' and shows.split(" ")[0] == tool',
        "",
        UNKNOWN,
    ),
    both(
        "A read that is too early settles nothing",
        OUTCOMES,
        "            before = self.wall() - SHOWN_AFTER_SECONDS",
        "            before = self.wall() + 1",
        UNKNOWN,
    ),
    both(
        "A read of one caller settles nothing of another",
        WRITES,
        "WHERE state = 'unknown' AND owner = ? \"\n        f\"AND at",
        "WHERE state = 'unknown' AND owner != ? || '' \"\n        f\"AND at",
        UNKNOWN,
    ),
    both(
        "Caps and records are kept by workspace",
        RECORDS,
        "dumps([principal, workspace_key])",
        "dumps([principal])",
        CAPPED,
    ),
    both(
        "Caps and records are kept by caller",
        RECORDS,
        "dumps([principal, workspace_key])",
        "dumps([workspace_key])",
        CAPPED,
    ),
    both(
        "A write that a later rail refuses is not counted",
        "access/rails/passing.py",
        "                await self._after(passed, act, NOT_SENT)\n",
        "",
        "access.rails.test_passing",
    ),
    both(
        "The daemon refuses what sends while sending is off",
        ORDER,
        IN_ORDER,
        IN_ORDER.replace("sending, ", ""),
        "daemon.access.test_rails",
    ),
    both(
        "The daemon does not repeat a write of unknown outcome",
        ORDER,
        IN_ORDER,
        IN_ORDER.replace("durable.outcomes, ", ""),
        "daemon.test_writes_over_restarts",
    ),
    both(
        "The daemon counts every write",
        ORDER,
        IN_ORDER,
        IN_ORDER.replace("durable.caps, ", ""),
        "access.product.test_caps",
    ),
    both(
        "The daemon records every write",
        ORDER,
        IN_ORDER,
        IN_ORDER.replace(", AuditRail(state.audit)", ""),
        "daemon.test_audit_of_writes",
    ),
    both(
        "The daemon asks the kill switch again right before the request",
        ORDER,
        "        may_go=sending.permits,\n",
        "",
        "daemon.access.test_rails",
    ),
    both(
        "A mark is used once",
        MARKS,
        "    first = cursor.rowcount == 1",
        "    first = True",
        STORED,
    ),
    both(
        "A mark whose time is over cannot be used",
        MARKS,
        "    if until <= now:\n",
        "    if False:\n",
        STORED,
    ),
    both(
        "A mark that was set is not shortened",
        MARKS,
        "until = max(until, excluded.until)",
        "until = excluded.until",
        STORED,
    ),
    both(
        "A used mark outlives its time, in case the clock was wrong",
        MARKS,
        'AND number <= (SELECT max(number) FROM marks) - ?"',
        'AND ? > 0"',
        STORED,
    ),
    both(
        "A commit waits for the disk",
        DATABASE,
        '"PRAGMA synchronous = FULL"',
        '"PRAGMA synchronous = NORMAL"',
        "state.test_database",
    ),
    both(
        "What a transaction reads is true until it has written",
        DATABASE,
        '"BEGIN IMMEDIATE"',
        '"BEGIN"',
        "state.test_database",
    ),
    both(
        "Other users cannot read a new database",
        DATABASE,
        "os.O_EXCL, 0o600)",
        "os.O_EXCL, 0o644)",
        "state.test_database",
    ),
    both(
        "A database that other users can open is refused",
        DATABASE,
        "    if mode & _BY_OTHERS:",
        "    if False:",
        "state.test_database",
    ),
    both(
        "A database of a later version is refused",
        "state/migrations.py",
        "    if version > len(migrations):",
        "    if False:",
        "state.test_database",
    ),
)
