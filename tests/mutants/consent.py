"""Mutants of what stands between a tool and a write: level, policy, consent."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

CONFIRMATION = "features/consent/confirmation.py"
GUARD = "features/consent/guard.py"
REACH = "features/consent/assessment/reach.py"
TOKENS = "features/consent/confirm_tokens.py"
TESTS = "features.consent"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "A confirm_token counts once",
        CONFIRMATION,
        "        if not unused:",
        "        if False:",
        f"{TESTS}.test_token_confirmation",
    ),
    mutant(
        "both",
        "A confirm_token that was seen too late is used up",
        CONFIRMATION,
        "        # One that was seen too late is used up, too: the clock may be "
        "set back.\n",
        "        if verdict is TokenVerdict.EXPIRED:\n"
        '            raise _invalid("The confirm_token is too old.")\n',
        f"{TESTS}.test_token_confirmation",
    ),
    mutant(
        "both",
        "A confirm_token is for what was shown",
        CONFIRMATION,
        "        if verdict is TokenVerdict.OTHER_PREVIEW:",
        "        if False:",
        f"{TESTS}.test_token_confirmation",
    ),
    mutant(
        "both",
        "A confirm_token is bound to the principal",
        TOKENS,
        "                self.principal,\n",
        "",
        f"{TESTS}.test_confirm_tokens",
    ),
    mutant(
        "both",
        "A confirm_token is bound to the workspace",
        TOKENS,
        "                self.workspace_key,\n",
        "",
        f"{TESTS}.test_confirm_tokens",
    ),
    mutant(
        "both",
        "A confirm_token is bound to the arguments",
        TOKENS,
        "                self.arguments_digest,\n",
        "",
        f"{TESTS}.test_confirm_tokens",
    ),
    mutant(
        "both",
        "A client that can ask its user gets no way round the question",
        TOKENS,
        "                self.can_ask,\n",
        "",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "modern",
        "An answer of the user counts once",
        CONFIRMATION,
        "        if not await recorded(self.marks.use(CONFIRMATIONS, mark, until)):",
        "        if False:",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "modern",
        "A confirmation cannot be answered before it was asked",
        CONFIRMATION,
        "        only_asked=True,\n",
        "",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "modern",
        "An answer is for the preview that was shown",
        CONFIRMATION,
        'key = f"{CONFIRM_FIELD}-{asked.preview.digest[:32]}"',
        "key = CONFIRM_FIELD",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "both",
        "What the user declined is refused for some minutes",
        CONFIRMATION,
        "await recorded(self.marks.put(DECLINED, asked.declined_mark, until))",
        "pass",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "both",
        "Only a yes confirms, not every accepted form",
        CONFIRMATION,
        "content.get(CONFIRM_FIELD) is True",
        "CONFIRM_FIELD in content",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "legacy",
        "A client that refuses to ask is not silent: it gets no token",
        CONFIRMATION,
        "        except CannotAsk as refused:\n"
        '            raise _declined("The client did not let the user decide.")'
        " from refused",
        "        except CannotAsk as refused:\n            raise Silence from refused",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "legacy",
        "What changed while the user decided is not sent",
        "features/consent/consents.py",
        "            if preview.digest != asked.preview.digest:",
        "            if False:",
        f"{TESTS}.test_questions",
    ),
    mutant(
        "both",
        "A second class in one call is refused once something was changed",
        GUARD,
        "            if held.wrote:",
        "            if False:",
        f"{TESTS}.test_several_writes",
    ),
    mutant(
        "both",
        "A campaign that cannot be read counts as running",
        REACH,
        "            raise\n        return UNKNOWN\n\n\ndef _concerns",
        "            raise\n        return NOWHERE\n\n\ndef _concerns",
        f"{TESTS}.test_token_confirmation",
    ),
    mutant(
        "both",
        "A completed campaign counts as running",
        REACH,
        "SURELY_IDLE = frozenset({0, 2})",
        "SURELY_IDLE = frozenset({0, 2, 3})",
        f"{TESTS}.test_token_confirmation",
    ),
    mutant(
        "both",
        "The domain of a mail provider belongs to no lead",
        "features/consent/assessment/redirects.py",
        " - FREE_MAIL - ",
        " - ",
        f"{TESTS}.test_token_confirmation",
    ),
    mutant(
        "both",
        "A preview shows no password",
        "features/consent/previews/parts.py",
        "shown = without_secrets(arguments)",
        "shown = arguments",
        f"{TESTS}.previews.test_previews",
    ),
    mutant(
        "both",
        "An approval is for the preview as it is after the wait",
        "features/consent/consents.py",
        "            await self.approvals.when_changed(id)\n"
        "            preview = await rebuild()",
        "            await self.approvals.when_changed(id)",
        f"{TESTS}.test_approval",
    ),
)
