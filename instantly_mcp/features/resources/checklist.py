"""``instantly://docs/deliverability-checklist``: how to keep mail out of spam."""

from __future__ import annotations

from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext, Values

CHECKLIST = """\
# Deliverability checklist

Before a launch

1. Domain: SPF, DKIM and DMARC pass (`test_account_vitals`). Send cold mail from a
   domain that is not the company's main one.
2. Mailboxes: connected, no error status, warm-up for two weeks or more, warm-up
   score 80 or better (`list_accounts`).
3. Volume: at most 30 to 50 campaign mails a day from one mailbox, fewer from new ones,
   rising slowly. Add mailboxes rather than mail from one.
4. List: verified; invalid below 3 %, risky and catch-all few
   (`get_verification_stats_for_lead_list`). No role addresses (info@, sales@), no
   duplicates, no unsubscribed leads.
5. Copy: under 120 words, one question, no image, no attachment, no link in the first
   mail. Subject short, in sentence case. No sales jargon.
6. Variables: every variable in the copy is filled in every lead, or has a fallback.
7. Tracking: off for opens unless needed; if on, with your own tracking domain.
8. Opting out: a sentence or a link, and the unsubscribe header.
9. Schedule: working hours in the recipients' time zone.
10. Stop on reply, and on automatic replies unless they need follow-ups.

While it runs

- Bounce rate (bounced / sent) below 2 %; pause at 3 %.
- Reply rate (people who replied / new leads contacted) above 1 %; below it the list
  or the offer is wrong, not the volume.
- Check account errors and warm-up scores once a day; pause an account below 80.
- Pause a mailbox that lands in spam for two weeks, with warm-up on.
"""


async def checklist(context: FeatureContext, values: Values, call: Call) -> str:
    """Return the checklist as Markdown."""
    return CHECKLIST
