"""Broken rules of stdio: what is written, who may do what, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

PROCESS = "daemon.stdio.test_process"
PIPE = "transports.test_stdio"
DIRECT = "daemon.stdio.test_direct"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "On stdio, standard output has nothing but messages, whatever a library prints",
        "transports/stdio_pipes.py",
        "    os.dup2(2, 1)\n",
        "",
        PROCESS,
    ),
    mutant(
        "both",
        "On stdio, a line that is not UTF-8 is answered with an error",
        "transports/stdio_lines.py",
        '        return UnusableLine(parse_error("the line is not UTF-8"))',
        "        raise",
        "transports.test_stdio_lines",
    ),
    mutant(
        "both",
        "On stdio, a line that is too long does not fill the memory",
        "transports/stdio_lines.py",
        "        if self._size > self.limit + 1:",
        "        if False:",
        "transports.test_stdio_lines",
    ),
    mutant(
        "modern",
        "On stdio, notifications/cancelled ends a request, which is not answered",
        "transports/stdio.py",
        "                pending.reply.cancel()\n",
        "",
        PIPE,
    ),
    mutant(
        "modern",
        "On stdio, a client gets only the notifications that it subscribed to",
        "transports/stdio.py",
        'if request.method == "initialize" and not modern:',
        "if True:",
        PIPE,
    ),
    mutant(
        "both",
        "On stdio, the level of the settings limits the client",
        "daemon/stdio/direct.py",
        "rights=selector.narrowed(credential.rights, ()),",
        "rights=credential.rights,",
        DIRECT,
        "access.product.test_stdio_walk",
    ),
    mutant(
        "both",
        "On stdio, the caps of a day hold for all processes with one key together",
        "daemon/stdio/state.py",
        "database=make_database(path),",
        "database=make_database(own),",
        "daemon.stdio.test_state",
    ),
    mutant(
        "both",
        "On stdio, calls in flight are finished at the end of the input",
        "daemon/stdio/direct.py",
        "await self._is_empty_within(0.0 if self._hurried else DRAIN_SECONDS)",
        "True",
        DIRECT,
    ),
)
