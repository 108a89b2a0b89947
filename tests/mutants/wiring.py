"""Mutants of how the daemon joins the rules of access, and keeps callers apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

WRITE_GUARD = "daemon/access/write_guard.py"
MCP = "daemon/mcp.py"
BOOKS = "daemon/access/books.py"

PRODUCT = "access.product"
WALK = f"{PRODUCT}.test_walk"
CAPS = f"{PRODUCT}.test_caps"
OPERATOR = f"{PRODUCT}.test_operator"
SPELLINGS = f"{PRODUCT}.test_spellings"
ASKING = f"{PRODUCT}.test_asking"
TOOLSETS = "protocol.methods.test_not_permitted"
TOKEN_WALK = f"{PRODUCT}.test_token_walk"

MUTANTS: Sequence[Mutant] = (
    both(
        "The policy of the daemon is that of the settings",
        WRITE_GUARD,
        "        policy=policy_of(settings),",
        "        policy=Policy(),",
        WALK,
    ),
    both(
        "What follows silence is in the settings",
        WRITE_GUARD,
        "            fallback=settings.confirm_fallback,\n",
        "",
        ASKING,
    ),
    both(
        "The campaigns that the settings deny are not changed",
        WRITE_GUARD,
        "            deny=frozenset(settings.campaigns_deny),\n",
        "",
        SPELLINGS,
    ),
    both(
        "Only the campaigns that the settings allow are changed",
        WRITE_GUARD,
        "            allow=frozenset(settings.campaigns_allow),\n",
        "",
        SPELLINGS,
    ),
    both(
        "The daemon counts what a move selects",
        WRITE_GUARD,
        "        counts_selections=True,\n",
        "",
        CAPS,
    ),
    both(
        "The refusals of the daemon have lines in its audit",
        WRITE_GUARD,
        "        audit=state.audit,\n",
        "",
        CAPS,
    ),
    both(
        "The daemon's approvals are bound to its policy",
        MCP,
        "        policy=policy_of(settings).version,\n",
        "",
        OPERATOR,
    ),
    both(
        "The daemon's approvals and switches have lines in its audit",
        MCP,
        "        note=noting(state.audit),\n",
        "",
        OPERATOR,
    ),
    both(
        "The setting switches sending off at the start",
        MCP,
        '    books.sending.set(settings.sending == "off")\n',
        "",
        WALK,
    ),
    both(
        "The setting tokens_only counts",
        MCP,
        "only=settings.tokens_only, ",
        "",
        TOKEN_WALK,
    ),
    both(
        "The caps of a token count in the daemon",
        MCP,
        "make_durable_rails(settings, state.database, wall, tokens.book.caps_of)",
        "make_durable_rails(settings, state.database, wall, lambda token: {})",
        TOKEN_WALK,
    ),
    both(
        "The rights of a running call are looked up again",
        MCP,
        "        rights_now=tokens.book.current,\n",
        "",
        TOKEN_WALK,
    ),
    both(
        "An approval ends with the token of its caller",
        BOOKS,
        "        is_valid=partial(_is_valid, tokens),\n",
        "",
        "daemon.test_approvals_on_pages",
    ),
    both(
        "The daemon does not remove an alias that a token uses",
        BOOKS,
        "    workspaces.tokens_of = tokens.names_for\n",
        "",
        "daemon.control.commands.test_workspaces",
    ),
    both(
        "A tool that a connection does not list cannot be called",
        "protocol/methods/tools.py",
        "    if not permits(context.caller.rights, tool):",
        "    if False:",
        TOOLSETS,
    ),
    both(
        "A list shows only what the connection may use",
        "protocol/primitives/selected.py",
        "tuple(item for item in self.all if permits(rights, item))",
        "self.all",
        f"{PRODUCT}.test_selection",
    ),
    both(
        "A resource of another toolset cannot be watched",
        "protocol/methods/resources.py",
        "    return permits(caller.rights, described)",
        "    return True",
        "protocol.methods.test_not_permitted",
    ),
    both(
        "A cursor is for its caller, in its workspace",
        "features/tools/running/cursors.py",
        "_digest([call.caller.principal, self.tool])",
        "_digest([self.tool])",
        "features.tools.running.test_cursors",
    ),
    both(
        "The same reply of two callers is two replies",
        "features/tools/workflows/reply.py",
        "digest_of(call.caller.principal, request)",
        'digest_of("", request)',
        TOKEN_WALK,
    ),
    both(
        "The result of a write whose caller left is for that caller",
        "api/left_writes.py",
        "    owner = [credential.principal, credential.workspace]",
        "    owner = [credential.workspace]",
        "api.test_left_writes",
    ),
    both(
        "A new server secret disconnects those who came with the old one",
        "daemon/reload.py",
        "            self.disconnect()",
        "            pass",
        "daemon.test_reload",
    ),
)
