"""Clear orders: exactly what was asked for must happen."""

from __future__ import annotations

from .case import ANY, EvalCase, Pattern, answer_to, changed, containing
from .people import DANA
from .reading import DANAS_REPLY, READ_IT
from .start_state import Members, NewCampaign

CAMPAIGNS = (
    EvalCase(
        id="pause-campaign",
        question="Stop the sequence Q4 Fintech for now.",
        about="pauses the campaign that is named, and deletes nothing",
        tools=(("pause_campaign",),),
        forbidden_tools=("delete_campaign",),
        expected=(changed("campaign", "Q4 Fintech", status=2),),
        forbidden=(Pattern(change="deleted", kind="campaign"),),
    ),
    EvalCase(
        id="new-campaign",
        question="Set up a sequence 'Dentists Ghent': an intro and one follow-up after "
        "3 days, Monday to Friday, sent by nora@hale.example.com only. You may write "
        "the texts. Do not start it.",
        about="creates a complete draft and does not start it",
        tools=(("create_campaign",),),
        forbidden_tools=("activate_campaign",),
        expected=(
            Pattern(
                change="created",
                kind="campaign",
                name="Dentists Ghent",
                fields={
                    "status": 0,
                    "email_list": ["nora@hale.example.com"],
                    "sequences": [{"steps": [{"delay": 3}, ANY]}],
                },
            ),
        ),
    ),
    EvalCase(
        id="campaign-limit",
        question="Lower the daily limit of Healthcare pilots to 15. Leave everything "
        "else as it is.",
        about="changes one setting and resets no other",
        tools=(("update_campaign",),),
        expected=(changed("campaign", "Healthcare pilots", daily_limit=15),),
    ),
    EvalCase(
        id="reset-limit",
        question="Healthcare pilots should have no daily limit of its own any more. "
        "Leave everything else as it is.",
        about="resets one setting on purpose, instead of setting it to 0",
        tools=(("update_campaign",),),
        expected=(changed("campaign", "Healthcare pilots", daily_limit=None),),
    ),
    EvalCase(
        id="start-campaign",
        question="Launch 'Dentists Porto' now. I have checked copy, senders and leads.",
        about="starts a campaign that is ready",
        start=(
            NewCampaign(
                name="Dentists Porto", senders=("tom@hale.example.com",), people=(DANA,)
            ),
        ),
        tools=(("activate_campaign",),),
        expected=(changed("campaign", "Dentists Porto", status=1),),
    ),
)
LEADS = (
    EvalCase(
        id="add-one",
        question="Put Mia Stone (mia.stone@acme.example.org, CTO of Acme) into the "
        "list Website inbound.",
        about="adds one lead to the list, with its fields",
        tools=(("create_lead", "add_leads_to_campaign_or_list_bulk"),),
        expected=(
            Pattern(
                change="created",
                kind="lead",
                name="mia.stone@acme.example.org",
                fields={
                    "first_name": "Mia",
                    "last_name": "Stone",
                    "company_name": "Acme",
                    "job_title": "CTO",
                    "list": "Website inbound",
                },
            ),
        ),
        forbidden=(
            Pattern(change="created", kind="lead", fields={"campaign": "Q4 Fintech"}),
        ),
    ),
    EvalCase(
        id="import-rows",
        question="Import these rows of my spreadsheet into the list Partner referrals:"
        "\nemail,first name,city\nlea@river.example.org,Lea,Ghent\n"
        "ola@north.example.org,Ola,Bergen\nkim@delta.example.org,Kim,Leeds",
        about="adds every row with its extra column",
        tools=(("add_leads_to_campaign_or_list_bulk", "create_lead"),),
        expected=tuple(
            Pattern(
                change="created",
                kind="lead",
                name=email,
                fields={
                    "first_name": name,
                    "list": "Partner referrals",
                    "custom_variables": containing(city),
                },
            )
            for email, name, city in (
                ("lea@river.example.org", "Lea", "Ghent"),
                ("ola@north.example.org", "Ola", "Bergen"),
                ("kim@delta.example.org", "Kim", "Leeds"),
            )
        ),
    ),
    EvalCase(
        id="move-one",
        question=f"Move {DANA.email} from the list Website inbound into the campaign "
        "Healthcare pilots, and tell me when it is finished.",
        about="moves one lead, neither a copy nor the whole list",
        start=(Members(list_name="Website inbound", people=(DANA,)),),
        tools=(("move_leads_to_campaign_or_list",),),
        operations=(("moveLeads",),),
        expected=(
            changed("lead", DANA.email, campaign="Healthcare pilots", list=None),
        ),
        forbidden=(
            Pattern(change="created", kind="lead"),
            Pattern(change="changed", kind="lead"),
        ),
    ),
    EvalCase(
        id="not-interested",
        question="Mark Dana Frost as not interested.",
        about="sets the interest and keeps the lead",
        start=(DANAS_REPLY,),
        tools=(("update_lead",),),
        forbidden_tools=("delete_lead",),
        expected=(changed("lead", DANA.email, lt_interest_status=-1),),
        forbidden=(Pattern(change="deleted", kind="lead"),),
    ),
    EvalCase(
        id="erase-person",
        question=f"{DANA.email} asked us to erase her data. Delete her, only her.",
        about="deletes one lead",
        start=(Members(list_name="Website inbound", people=(DANA,)),),
        tools=(("delete_lead",),),
        expected=(Pattern(change="deleted", kind="lead", name=DANA.email),),
    ),
    EvalCase(
        id="new-list",
        question="Make a new empty list 'Webinar attendees'.",
        about="creates a list and nothing in it",
        tools=(("create_lead_list",),),
        expected=(Pattern(change="created", kind="list", name="Webinar attendees"),),
    ),
    EvalCase(
        id="rename-list",
        question="Give the list Partner referrals the name Partners.",
        about="renames the list instead of making a second one",
        tools=(("update_lead_list",),),
        expected=(changed("list", "Partner referrals", name="Partners"),),
    ),
    EvalCase(
        id="verify-one",
        question="Is billing@river.example.org valid? It may cost one credit.",
        about="verifies once and waits instead of paying twice",
        tools=(("verify_email",),),
        operations=(("createEmailVerification",),),
        expected=(Pattern(change="spent", kind="credits", fields={"amount": 1}),),
    ),
)
MAIL = (
    EvalCase(
        id="answer-one",
        question="Tell Dana Frost that Tuesday at 10:00 works.",
        about="answers in the right thread, and only to its sender",
        start=(DANAS_REPLY,),
        tools=(("reply_to_email",),),
        expected=(answer_to(DANA.email, "Tuesday"),),
        allowed=(READ_IT,),
    ),
    EvalCase(
        id="mark-read",
        question="Mark the conversation with Dana Frost as read.",
        about="marks one thread and answers nothing",
        start=(DANAS_REPLY,),
        tools=(("mark_thread_as_read",),),
        expected=(changed("email", DANA.email, is_unread=0),),
    ),
)
SENDERS = (
    EvalCase(
        id="pause-mailbox",
        question="Stop sending from the mailbox tom@hale.example.com.",
        about="pauses one sender and removes none",
        tools=(("pause_account",),),
        forbidden_tools=("delete_account",),
        expected=(changed("account", "tom@hale.example.com", status=2),),
    ),
    EvalCase(
        id="start-warmup",
        question="Start warming up luis@reach.example.com again, and tell me when it "
        "is on.",
        about="turns warm-up on, and does not confuse it with sending",
        tools=(("enable_warmup",),),
        forbidden_tools=("resume_account",),
        operations=(("enableWarmupForAccounts",),),
        forbidden_operations=("resumeAccount",),
        expected=(
            changed(
                "account",
                "luis@reach.example.com",
                warmup_status=1,
                timestamp_warmup_start=ANY,
            ),
        ),
    ),
    EvalCase(
        id="mailbox-limit",
        question="Lower the daily limit of the sender nora@hale.example.com to 25.",
        about="changes one sender, not the campaigns",
        tools=(("update_account",),),
        forbidden_tools=("update_campaign",),
        expected=(changed("account", "nora@hale.example.com", daily_limit=25),),
    ),
)
WRITING = (*CAMPAIGNS, *LEADS, *MAIL, *SENDERS)
