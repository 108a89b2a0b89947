"""What the workspace of a case has besides the seeded content.

Each step is data with one method, which adds its objects to a world. The same steps in
the same world give the same ids, so that a second world can show what a client changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from attrs import asdict, frozen

from ..campaign_status import activate, draft, start_leads
from ..lead_factory import make_lead
from ..mail import MailContent, campaign_mail, reply_subject
from ..reactions import add_reply
from ..records import (
    ApiObject,
    Campaign,
    Lead,
    LeadStatus,
    ReplyKind,
    VerificationStatus,
)
from ..world import World


@frozen(kw_only=True)
class Person:
    """A lead of a case."""

    email: str
    first_name: str
    last_name: str
    company_name: str
    job_title: str = "Head of Operations"
    phone: str = "+1 555 0100"

    def lead(
        self,
        world: World,
        *,
        campaign: Campaign | None = None,
        list_id: str | None = None,
    ) -> Lead:
        """Return a verified lead of a campaign or list, not in the world yet."""
        lead = make_lead(world, asdict(self), campaign=campaign, list_id=list_id)
        lead.shown["verification_status"] = VerificationStatus.VERIFIED
        return lead


@frozen(kw_only=True)
class Members:
    """People in a list of the seeded workspace."""

    list_name: str
    people: tuple[Person, ...]

    def add_to(self, world: World) -> None:
        """Add the people to the list."""
        list_id = _list_named(world, self.list_name)["id"]
        for person in self.people:
            world.add_lead(person.lead(world, list_id=list_id))


@frozen(kw_only=True)
class Conversation:
    """A person of a seeded campaign, who was written to and has just replied."""

    campaign_name: str
    person: Person
    text: str

    def add_to(self, world: World) -> None:
        """Add the person, the mail of the campaign and the unread reply."""
        campaign = _campaign_named(world, self.campaign_name)
        lead = self.person.lead(world, campaign=campaign)
        lead.shown["status"] = LeadStatus.COMPLETED
        world.add_lead(lead)
        sender = world.accounts[campaign.shown["email_list"][0]]
        first = MailContent.plain("A question", "A question for you.")
        sent = campaign_mail(world, lead, sender, first, (0, 0))
        reply = MailContent.plain(reply_subject("A question"), self.text)
        add_reply(world, campaign, lead, sent, reply, kind=ReplyKind.INTERESTED)


@frozen(kw_only=True)
class NewCampaign:
    """A campaign with two steps and a window on every day.

    :param senders: the addresses of its accounts.
    :param started: whether it is active, otherwise a draft.
    """

    name: str
    senders: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    started: bool = False

    def add_to(self, world: World) -> None:
        """Add the campaign and its leads."""
        campaign = draft(world, self._definition())
        leads = [person.lead(world, campaign=campaign) for person in self.people]
        for lead in leads:
            world.add_lead(lead)
        start_leads(world, campaign, leads)
        if self.started:
            activate(world, campaign)

    def _definition(self) -> ApiObject:
        window = {
            "name": "Every day",
            "timing": {"from": "09:00", "to": "17:00"},
            "days": {str(day): True for day in range(7)},
            "timezone": "America/Chicago",
        }
        texts = (
            ("Idea for {{companyName}}", "Hi {{firstName}},<br/>can we talk?"),
            ("", "Hi {{firstName}},<br/>did you see my note?"),
        )
        steps = [
            {
                "type": "email",
                "delay": 3,
                "delay_unit": "days",
                "variants": [{"subject": subject, "body": body}],
            }
            for subject, body in texts
        ]
        return {
            "name": self.name,
            "campaign_schedule": {"schedules": [window]},
            "sequences": [{"steps": steps}],
            "email_list": list(self.senders),
            "daily_limit": 20,
            "stop_on_reply": True,
        }


StartStep: TypeAlias = Members | Conversation | NewCampaign


def add_all(world: World, steps: Iterable[StartStep]) -> None:
    """Add the objects of all steps to a world; their mail is not in the outbox."""
    world.live = False
    for step in steps:
        step.add_to(world)
    world.live = True


def _campaign_named(world: World, name: str) -> Campaign:
    found = world.campaigns.values()
    return next(each for each in found if each.shown["name"] == name)


def _list_named(world: World, name: str) -> ApiObject:
    return next(each for each in world.lists.values() if each["name"] == name)
