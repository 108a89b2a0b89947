"""Verification of single addresses. Starting one costs credits; its status is free."""

from __future__ import annotations

from . import replies
from .fragments import EMAIL, STRING, body_of, in_path, scopes
from .operation import ONE, READ, WRITE, Operation, Risk

OPERATIONS = (
    Operation(
        id="createEmailVerification",
        reply=replies.VERIFICATION,
        method="POST",
        path="/api/v2/email-verification",
        summary="Verify an address, which costs a credit",
        effect=WRITE,
        risks={Risk.SPENDS},
        risks_of={"webhook_url": Risk.EGRESS},
        amounts={"credits": ONE},
        scopes=scopes("email_verifications", "create"),
        parameters=body_of({"email": STRING, "webhook_url": STRING}, "email"),
    ),
    Operation(
        id="checkVerificationStatus",
        reply=replies.VERIFICATION,
        method="GET",
        path="/api/v2/email-verification/{email}",
        summary="Read the status of a verification, free of charge",
        effect=READ,
        scopes=scopes("email_verifications", "read"),
        parameters=(in_path("email", EMAIL),),
    ),
)
