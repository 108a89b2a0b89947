"""Mutants of the control of the sandbox, its page, and assertions about it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

SAME_SITE = "web/same_site.py"
APP = "web/site_app.py"
JOURNAL = "sandbox/journal.py"
EVALUATION = "sandbox/checks/evaluation.py"
PARSING = "sandbox/checks/parsing.py"
VIEW = "daemon/sandbox/view.py"

PAGE_TESTS = "web.pages.test_sandbox"
SITE_TESTS = "web.test_same_site"
CHECK_TESTS = "sandbox.checks.test_verdict"
EXPRESSION_TESTS = "sandbox.checks.test_expressions"
VIEW_TESTS = "daemon.sandbox.test_view"

MUTANTS: Sequence[Mutant] = (
    both(
        "A page of another site neither resets the sandbox nor lets time pass",
        APP,
        "not in _GETS and is_from_another_site(headers):",
        "not in _GETS and False:",
        PAGE_TESTS,
    ),
    both(
        "Another port of this machine is another site",
        SAME_SITE,
        'return origin != parse_origin(f"{origin.scheme}://{hosts[0]}")',
        "return origin.name != host.name",
        SITE_TESTS,
    ),
    both(
        "What the browser says of the site is decisive where it says something",
        SAME_SITE,
        "    if claims:",
        "    if claims and not headers.all('origin'):",
        SITE_TESTS,
    ),
    both(
        "Keys in the URL of a call are not in an export",
        JOURNAL,
        '_SECRET.sub(r"\\1***", call.target)',
        "call.target",
        CHECK_TESTS,
    ),
    both(
        "An expression about mails does not hold for an empty outbox",
        EVALUATION,
        "    shown = items or (NO_ITEM,)",
        "    shown = items",
        EXPRESSION_TESTS,
    ),
    both(
        "Conditions that look at all mails do not contain each other",
        PARSING,
        "        if self.counting:",
        "        if False:",
        EXPRESSION_TESTS,
    ),
    both(
        "A key that is not of the sandbox has no control requests",
        VIEW,
        "        if (method, name) not in CONTROLS or not self._accepts(key):",
        "        if (method, name) not in CONTROLS:",
        VIEW_TESTS,
    ),
)
