"""Mutants of levels, keys and workspaces: what a caller cannot widen or reach."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

RIGHTS = "_rights.py"
CREDENTIAL = "_credential.py"
SELECTION = "pipeline/selection.py"
GATEKEEPER = "access/gatekeeper.py"
ADMISSION = "access/tokens/admission.py"
TOKEN_BOOK = "access/tokens/book.py"
BOOK = "access/workspaces/book.py"
TOKEN_COMMANDS = "daemon/control/commands/tokens.py"

SELECTED = "pipeline.test_selection"
KEEPING = "access.test_gatekeeper"
ADMITTED = "access.tokens.test_admission"
TOKENS = "access.tokens.test_book"
WORKSPACES = "access.workspaces.test_book"

MUTANTS: Sequence[Mutant] = (
    both(
        "A level is narrowed, and never raised",
        RIGHTS,
        "        if level is None or level.rank >= self.level.rank:",
        "        if level is None:",
        "test_rights",
    ),
    both(
        "Toolsets are narrowed, and never added",
        RIGHTS,
        "toolsets if seen is None else [n for n in seen if n in toolsets]",
        "toolsets",
        "test_rights",
    ),
    both(
        "An unknown level is refused",
        SELECTION,
        "            if spelled not in known:\n",
        "            if spelled not in known:\n                continue\n"
        "            if spelled not in known:\n",
        SELECTED,
    ),
    both(
        "Every level of a repeated header counts",
        SELECTION,
        '        for word in value.split(","):',
        '        for word in value.split(",")[:1]:',
        SELECTED,
    ),
    both(
        "Unknown toolsets are refused",
        SELECTION,
        '            raise _refused(f"{stated.name}: {error}.") from error',
        "            return None",
        SELECTED,
    ),
    both(
        "Two workspaces in one request are refused",
        SELECTION,
        "    if len(aliases) > 1:",
        "    if False:",
        SELECTED,
    ),
    both(
        "A header that is easily mistaken for one that limits is refused",
        SELECTION,
        '            raise _mistaken(f"The header {name}", MISTAKEN[name])',
        "            continue",
        SELECTED,
    ),
    both(
        "A parameter that is easily mistaken for one that limits is refused",
        SELECTION,
        '            raise _mistaken("A query parameter", MISTAKEN[kind])',
        "            continue",
        SELECTED,
    ),
    mutant(
        "legacy",
        "A session has no more rights than the request that opened it",
        "protocol/calls/session.py",
        '        return rights.narrowed(own.level, own.toolsets, by=own.level_by or "'
        'session")',
        "        return rights",
        "transports.test_rights",
    ),
    mutant(
        "legacy",
        "A restored session has no more rights than before",
        "state/sessions.py",
        "created, principal, _unsealed_rights(limits))",
        "created, principal, ALL_RIGHTS)",
        "state.test_sessions",
    ),
    mutant(
        "modern",
        "requestState is bound to the rights",
        "protocol/calls/ask_by_retry.py",
        "salient, limits]",
        "salient]",
        "protocol.calls.test_ask_by_retry",
    ),
    mutant(
        "modern",
        "A caller with fewer rights than a task answers none of its questions",
        "protocol/methods/tasks.py",
        "    if not context.caller.rights.includes(task.rights):",
        "    if False:",
        "protocol.methods.test_tasks",
    ),
    mutant(
        "legacy",
        "A message with fewer rights answers no question",
        "protocol/calls/ask_by_session.py",
        " and rights.includes(needed)",
        "",
        "protocol.calls.test_ask_by_session",
    ),
    both(
        "Prompts and resources need their toolset",
        "protocol/methods/not_permitted.py",
        "    if not permits(context.caller.rights, item):",
        "    if False:",
        "protocol.methods.test_not_permitted",
    ),
    both(
        "A connection token is never taken for an Instantly key",
        GATEKEEPER,
        "        if any(looks_like_token(key.value) for key in keys):",
        "        if self.tokens and any(self.tokens.valid(k.value) for k in keys):",
        ADMITTED,
    ),
    both(
        "A mistyped token is never taken for an Instantly key",
        CREDENTIAL,
        "    return TOKEN_PREFIX in value or TOKEN_PREFIX in value.lower()",
        "    return value.startswith(TOKEN_PREFIX)",
        ADMITTED,
    ),
    both(
        "A part of an approver's secret is never taken for an Instantly key",
        CREDENTIAL,
        "    return APPROVER_PREFIX in value.lower()",
        "    return value.startswith(APPROVER_PREFIX)",
        KEEPING,
    ),
    both(
        "A token that lost its beginning is not taken for an Instantly key",
        GATEKEEPER,
        "        if self._requires_token and any(lost_its_beginning",
        "        if False and any(lost_its_beginning",
        ADMITTED,
    ),
    both(
        "A former server secret is not taken for an Instantly key",
        GATEKEEPER,
        "        if self.former_secrets and Secret(value).digest() in "
        "self.former_secrets:",
        "        if False:",
        "daemon.test_reload",
        KEEPING,
    ),
    both(
        "Where a server secret is required, no key replaces it",
        GATEKEEPER,
        "        if refusal is not None:\n            return refusal\n        if alias",
        "        if alias",
        KEEPING,
    ),
    both(
        "Once there are tokens, strangers see the status only",
        GATEKEEPER,
        "        return None if self._has_secret_or_token(presented) else "
        "token_required()",
        "        return None",
        ADMITTED,
    ),
    both(
        "A caller of the sandbox does not hand over a real key",
        GATEKEEPER,
        "            return evolve(credential, secret=Secret(NOT_FOR_THE_SANDBOX))",
        "            return credential",
        KEEPING,
    ),
    both(
        "x-as-workspace is refused beside a token",
        ADMISSION,
        "        if asked.workspace_id is not None:",
        "        if False:",
        ADMITTED,
    ),
    both(
        "A token without workspaces names none",
        ADMISSION,
        "        elif asked.alias is not None:",
        "        elif False:",
        ADMITTED,
    ),
    both(
        "A token of the operator's key is a caller of its own",
        ADMISSION,
        "principal=token.id, rights=token.rights",
        "rights=token.rights",
        ADMITTED,
    ),
    both(
        "A token limits its callers",
        ADMISSION,
        "principal=token.id, rights=token.rights",
        "principal=token.id",
        ADMITTED,
    ),
    mutant(
        "legacy",
        "The token of a session is looked at with each message",
        GATEKEEPER,
        "            return self.tokens.renewed(credential)",
        "            return credential",
        ADMITTED,
    ),
    both(
        "A token is looked at whenever its rights are used",
        TOKEN_BOOK,
        "        if token is None or token.state is not TokenState.VALID:",
        "        if token is None:",
        TOKENS,
    ),
    both(
        "A token expires",
        TOKEN_BOOK,
        "        if token.state is not TokenState.VALID or not token.is_past("
        "self.wall()):",
        "        if True:",
        TOKENS,
    ),
    both(
        "Revoking a token counts before it is stored",
        TOKEN_BOOK,
        "        revoked = self._end(token, TokenState.REVOKED)\n"
        "        await self._change(revoked)\n",
        "        revoked = evolve(token, state=TokenState.REVOKED)\n"
        "        await self._change(revoked)\n"
        "        self._put(revoked)\n",
        TOKENS,
    ),
    both(
        "A token is for workspaces that exist",
        TOKEN_COMMANDS,
        "            if not self.known_workspace(alias):",
        "            if False:",
        "daemon.control.test_token_commands",
    ),
    both(
        "A token does not leave its workspaces",
        BOOK,
        "        if asked is not None and asked not in usable:",
        "        if asked is not None and asked not in self._entries:",
        WORKSPACES,
    ),
    both(
        "A call does not leave the workspaces of its token",
        BOOK,
        "        if alias not in credential.rights.workspaces or alias not in "
        "self._entries:",
        "        if alias not in self._entries:",
        WORKSPACES,
    ),
    both(
        "A caller is another one in each workspace",
        BOOK,
        '            principal=f"{rights.token}/{alias}",',
        "            principal=str(rights.token),",
        WORKSPACES,
    ),
    both(
        "An alias that a token uses is not removed",
        BOOK,
        "        if tokens:\n",
        "        if False:\n",
        WORKSPACES,
    ),
    both(
        "One key has one alias, so that its caps are counted once",
        BOOK,
        "            if other == key:",
        "            if False:",
        WORKSPACES,
    ),
    both(
        "One workspace under an admin workspace has one alias",
        "access/workspaces/entry.py",
        "        if other != alias:",
        "        if False:",
        "access.workspaces.test_entry",
    ),
    both(
        "The operator's key without a secret is for this machine only",
        "access/exposure.py",
        "    if operator_key and not (server_secret or tokens_only):",
        "    if False:",
        "access.test_exposure",
    ),
)
