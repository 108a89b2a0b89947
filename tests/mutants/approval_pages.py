"""Mutants of the pages of approvers: signing in, cookies, headers, listeners."""

from __future__ import annotations

from collections.abc import Sequence

from .approvals import (
    ADMIN,
    DECIDING,
    LOGIN,
    PROTECTED,
    SESSIONS,
    VISIT,
    both,
)
from .mutant import Mutant

ADMIN_RULES = "daemon.settings.test_admin_rules"

MUTANTS: Sequence[Mutant] = (
    both(
        "A login form belongs to the browser that got it",
        LOGIN,
        "        if not self.tokens.belongs(visit.form_token, visit.nonce):",
        "        if False:",
        PROTECTED,
    ),
    both(
        "Name and secret of a login belong together",
        LOGIN,
        "self.sessions.open(known) if known == name else None",
        "self.sessions.open(known) if known else None",
        PROTECTED,
    ),
    both(
        "Logins that fail are throttled",
        LOGIN,
        "        if not all(self.limit.take(key).granted for key in keys):",
        "        if False:",
        PROTECTED,
    ),
    both(
        "Scripts cannot read the cookies of the pages",
        VISIT,
        "; HttpOnly",
        "",
        PROTECTED,
    ),
    both(
        "Browsers send the cookies of the pages for these pages only",
        VISIT,
        "; SameSite=Strict",
        "",
        PROTECTED,
    ),
    both(
        "The cookies of the pages are Secure over https",
        VISIT,
        '"; Secure"',
        '""',
        PROTECTED,
    ),
    both(
        "A session cookie that is there twice counts as missing",
        VISIT,
        "                twice.add(name)",
        "                pass",
        PROTECTED,
    ),
    both(
        "The pages read only forms",
        VISIT,
        "    if kind != FORM_TYPE:",
        "    if False:",
        PROTECTED,
    ),
    both(
        "An idle login ends",
        SESSIONS,
        "        if idle >= IDLE_SECONDS or age >= LONGEST_SECONDS:",
        "        if age >= LONGEST_SECONDS:",
        PROTECTED,
    ),
    both(
        "A login ends after some hours, idle or not",
        SESSIONS,
        "        if idle >= IDLE_SECONDS or age >= LONGEST_SECONDS:",
        "        if idle >= IDLE_SECONDS:",
        PROTECTED,
    ),
    both(
        "A login ends with the secret of its approver",
        SESSIONS,
        "        if self.approvers.version(session.approver) != session.version:",
        "        if False:",
        PROTECTED,
    ),
    both(
        "Signing out ends the login",
        LOGIN,
        "            self.sessions.close(visit.session_id)",
        "            pass",
        PROTECTED,
    ),
    both(
        "The pages cannot be framed",
        "web/pages/look.py",
        "frame-ancestors 'none'",
        "frame-ancestors *",
        PROTECTED,
    ),
    both(
        "The pages are not stored",
        "web/pages/look.py",
        '    ("Cache-Control", "no-store"),\n',
        "",
        PROTECTED,
    ),
    both(
        "The pages show no character that hides or reorders others",
        "web/approvals/request_views.py",
        'visible(text, MAX_SHOWN) or "(empty)"',
        'text or "(empty)"',
        DECIDING,
    ),
    both(
        "The pages are served over loopback or TLS only",
        ADMIN,
        '        if not text.startswith("ssl:"):',
        "        if False:",
        ADMIN_RULES,
    ),
    both(
        "The URL of the pages is https, or of this machine",
        ADMIN,
        "    if url is not None and not _is_safe(url):",
        "    if False:",
        ADMIN_RULES,
    ),
    both(
        "The pages are beside MCP only where that has TLS, or is on loopback",
        ADMIN,
        "    elif not all(map(_is_private, settings.listen)) and not any(",
        "    elif False and not any(",
        ADMIN_RULES,
    ),
)
