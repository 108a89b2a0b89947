"""What a model has to do with what a prompt or a skill tells it, step by step.

Prompts fill in what they have read. Skills, which are read before anything is known,
say in general terms where it comes from. A caller whose tools do not suffice for a step
gets another one, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrs import frozen

from ...catalog.codes import INTEREST
from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext

REPLY_CLASSES = (
    "interested, meeting wanted, question, referral (wrong person), not now, not "
    "interested, unsubscribe, out of office, bounce or other automatic mail"
)

INTEREST_LABELS = ", ".join(f"{word} ({code})" for code, word in INTEREST.items())


@frozen
class Step:
    """One step.

    :param text: the instruction, with fields such as ``{campaign}`` for `str.format`.
    :param needs: the tools that it names.
    :param otherwise: the instruction for callers without these tools, if there is one.
    """

    text: str
    needs: Sequence[str] = ()
    otherwise: str = ""


def possible(
    steps: Sequence[Step], tools: Collection[str], **fields: object
) -> list[str]:
    """Return the instructions for a caller with these tools.

    :param fields: the values for the fields in the instructions.
    """
    chosen = (
        each.text if all(name in tools for name in each.needs) else each.otherwise
        for each in steps
    )
    return [text.format(**fields) for text in chosen if text]


def steps_for(
    context: FeatureContext, call: Call, steps: Sequence[Step], **fields: object
) -> list[str]:
    """Return the instructions for the caller of a prompt."""
    listed = context.listed_tools(call.caller.rights)
    return possible(steps, {tool.name for tool in listed}, **fields)


LAUNCH = (
    Step(
        "Explain each fail and warn in one sentence, worst first, with the smallest "
        "change that fixes it (and the tool for it)."
    ),
    Step(
        "Read the copy yourself (get_campaign): is it clear, honest and personal? "
        "Suggest better lines where it is not.",
        ["get_campaign"],
    ),
    Step(
        "State what a launch would do: senders, leads, mails a day, and when the first "
        "mail is sent in the local time of the user."
    ),
    Step(
        "Ask whether to activate. Only after a clear yes call activate_campaign with "
        "{campaign}.",
        ["activate_campaign"],
        "This connection may not start campaigns: say that a person who may has to "
        "start it in Instantly.",
    ),
)

NOT_SENDING = (
    Step("Name the one cause that explains it best, in plain words."),
    Step(
        "If two causes are possible, say what would distinguish them and check it "
        "(get_campaign, list_accounts, test_account_vitals: they only read).",
        ["get_campaign", "list_accounts", "test_account_vitals"],
        "If two causes are possible, say what would distinguish them.",
    ),
    Step(
        "Propose the fix as one call with its arguments, and say what it changes for "
        "mail that is due.",
        ["pause_campaign"],
        "Propose the fix, and say what it changes for mail that is due. This "
        "connection cannot make it: name who can.",
    ),
    Step(
        "Wait for a clear yes before you call it: activate_campaign and resume_account "
        "start real mail.",
        ["activate_campaign", "resume_account"],
    ),
)

HYGIENE = (
    Step("Say in two sentences whether to mail the list, or which part of it."),
    Step(
        "List the cleaning steps with the number of leads each affects. Do not "
        "extrapolate numbers of the sample to the whole list."
    ),
    Step(
        "Verification costs credits: verify_email with list_id says how many and "
        "spends nothing; ask before you agree to it.",
        ["verify_email"],
        "Verification costs credits, and this connection may not spend them: name the "
        "leads that should be verified.",
    ),
    Step(
        "The user decides about deleting and moving leads: name the call and its "
        "arguments, and wait for a clear yes.",
        ["delete_lead"],
        "The user decides about deleting and moving leads: name those that should go.",
    ),
)

INBOX = (
    Step(
        f"Sort every mail into one of: {REPLY_CLASSES}. Do not guess from a preview "
        "that is cut: read the mail with get_email first.",
        ["get_email"],
    ),
    Step(
        "List the mails that deserve a reply today, most promising first, each with "
        "one line explaining why."
    ),
    Step(
        "Draft a short reply to each of the first five, in the language of the mail. "
        "Show drafts as text; do not send them."
    ),
    Step("Propose for the rest: mark as read, label, or leave as is."),
    Step(
        "Send only drafts that the user approves one by one: reply_to_email with "
        "reply_to_uuid (the mail's id), its eaccount, and expected_recipient.",
        ["reply_to_email"],
        "This connection may not send mail: the user copies the drafts, or a person "
        "who may send does it.",
    ),
)

TRIAGE = (
    Step(f"Say what kind of reply it is: {REPLY_CLASSES}."),
    Step(f"Propose the interest status: {INTEREST_LABELS}."),
    Step(
        "Draft one reply: under 80 words, in the thread's language and tone, with one "
        "clear next step, and no promise that the thread does not contain. If no reply "
        "is due (unsubscribe, automatic mail), say so."
    ),
    Step(
        "Show the draft and ask. Only after a clear yes call reply_to_email with "
        "{answered} and expected_recipient set to the address that you showed.",
        ["reply_to_email"],
        "Show the draft. This connection may not send mail: the user copies it, or a "
        "person who may send does it.",
    ),
)

WEEK = (
    Step(
        "Begin with three sentences: what went well, what did not, what to do next "
        "week."
    ),
    Step(
        "Then a table of the campaigns with sent, reply rate and bounce rate. Use the "
        "numbers as they were read; do not compute rates yourself."
    ),
    Step(
        "Point out what changed compared with the period before, and only if the "
        "numbers are large enough to mean something."
    ),
    Step(
        "A bounce rate above 3 % or a reply rate below 1 %: name the campaign and the "
        "first thing to check."
    ),
    Step("Propose actions as a list; do not carry them out."),
)

CLIENT = (
    Step(
        "Write for the client, not for us: half a page, plain words, no ids, no tool "
        "names, no mailboxes."
    ),
    Step(
        "Begin with results: conversations, opportunities and their value, then reach "
        "(people contacted), then quality (reply and bounce rate) compared with the "
        "period before."
    ),
    Step("Explain each rate in half a sentence, using its definition."),
    Step("End with what we will do next and what we need from them."),
    Step(
        "Do not invent anything: no meetings, revenue or quotes that were not read. "
        "Show the report to the user; do not send it to anyone."
    ),
)
