"""``instantly://lists/{id}/scorecard``: how clean a lead list is.

The verification counts cover all leads, because Instantly counts them. Everything else
is computed from a sample, the first hundred leads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from ..._json_codec import Json, JsonObject
from ...catalog.codes import LEAD_STATUS
from ...protocol.calls.call import Call
from .analytics import rate
from .context import FeatureContext, Values
from .fetching import Gathered, gather

SAMPLE_LEADS = 100

ROLE_NAMES = frozenset(
    {"abuse", "admin", "billing", "careers", "contact", "enquiries", "hello", "help"}
    | {"hr", "info", "jobs", "legal", "mail", "marketing", "news", "noreply"}
    | {"no-reply", "office", "postmaster", "press", "privacy", "sales", "security"}
    | {"service", "support", "team", "webmaster"}
)
FREE_MAIL = frozenset(
    {"126.com", "163.com", "aol.com", "arcor.de", "bigpond.com", "bluewin.ch"}
    | {"bol.com.br", "btinternet.com", "charter.net", "comcast.net", "cox.net"}
    | {"duck.com", "earthlink.net", "fastmail.com", "fastmail.fm", "free.fr"}
    | {"freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net"}
    | {"googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de"}
    | {"hotmail.es", "hotmail.fr", "hotmail.it", "hushmail.com", "icloud.com"}
    | {"inbox.ru", "laposte.net", "libero.it", "live.co.uk", "live.com", "live.fr"}
    | {"live.nl", "mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com"}
    | {"naver.com", "o2.pl", "onet.pl", "optonline.net", "orange.fr", "outlook.com"}
    | {"outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.ch"}
    | {"protonmail.com", "qq.com", "rambler.ru", "rediffmail.com", "rocketmail.com"}
    | {"sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.com", "sky.com"}
    | {"t-online.de", "tuta.com", "tutanota.com", "uol.com.br", "verizon.net"}
    | {"virgilio.it", "virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "yahoo.ca"}
    | {"yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.br"}
    | {"yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru"}
    | {"ymail.com", "ziggo.nl", "zoho.com", "zohomail.com"}
)
"""Domains in which anybody can have an address, so that it says nothing of a company.
The list cannot be complete."""
FIELDS = ("first_name", "last_name", "company_name", "job_title", "website")

MAX_INVALID_SHARE = 0.03
"""The share of invalid addresses above which a list should not get mail."""

MAX_RISKY_SHARE = 0.2
"""The share of risky addresses above which a list should get mail with care."""

RISKY = ("risky", "catch_all", "job_change")
PENDING = ("verification_job_pending_leadfinder", "verification_job_pending_user")


@frozen
class ListSurvey:
    """What was read about a list."""

    list: JsonObject
    found: Gathered

    @property
    def leads(self) -> Sequence[JsonObject]:
        """The leads of the sample."""
        return self.found.items("leads")


async def survey_list(context: FeatureContext, id: str, call: Call) -> ListSurvey:
    """Read a list, Instantly's verification counts, and a sample of its leads.

    :raises ApiError: when the list itself cannot be read.
    """
    found = await gather(
        {
            "list": context.execute("getLeadList", {"id": id}, call),
            "stats": context.execute("getVerificationStats", {"id": id}, call),
            "leads": context.execute(
                "listLeads", {"list_id": id, "limit": SAMPLE_LEADS}, call
            ),
        }
    )
    if not found.has("list"):
        raise found.failures["list"]
    return ListSurvey(found.object("list"), found)


async def scorecard(context: FeatureContext, values: Values, call: Call) -> Json:
    """Return the scorecard of a list."""
    return scored(await survey_list(context, values["id"], call))


def scored(survey: ListSurvey) -> JsonObject:
    """Compute the scorecard: shares, a grade, and advice."""
    verification = _verification(survey.found.object("stats"))
    sample = sample_of(survey.leads)
    result: dict[str, Json] = {
        "list": {"id": survey.list.get("id"), "name": survey.list.get("name")},
        "verification": verification,
        "sample": sample,
        "advice": _advice(verification, sample),
    }
    result["grade"] = _grade(verification)
    if survey.found.failures:
        result["unknown"] = survey.found.unknown()
    return result


def _verification(reply: JsonObject) -> JsonObject:
    """Return Instantly's counts, as shares of the leads that were verified."""
    stats = reply.get("stats")
    if not isinstance(stats, dict):
        return {}
    counts = {name: n for name, n in stats.items() if isinstance(n, int | float)}
    total = reply.get("total_leads")
    pending = sum(counts.get(name, 0) for name in PENDING)
    checked = sum(counts.values()) - pending
    risky = sum(counts.get(name, 0) for name in RISKY)
    return {
        "total_leads": total,
        "counts": counts,
        "checked": checked,
        "pending": pending,
        "checked_share": rate(checked, total),
        "verified_share": rate(counts.get("verified", 0), checked),
        "invalid_share": rate(counts.get("invalid", 0), checked),
        "risky_share": rate(risky, checked),
    }


def sample_of(leads: Sequence[JsonObject]) -> JsonObject:
    """Count the problems of a sample of leads."""
    addresses = [str(lead.get("email") or "").strip().lower() for lead in leads]
    given = [address for address in addresses if address]
    parts = [address.partition("@") for address in given]
    domains = Counter(domain for _, _, domain in parts)
    largest, most = domains.most_common(1)[0] if domains else ("", 0)
    statuses = Counter(
        LEAD_STATUS.get(lead.get("status", 0), "unknown") for lead in leads
    )
    return {
        "leads": len(leads),
        "without_email": len(addresses) - len(given),
        "duplicates": len(given) - len(set(given)),
        "role_addresses": sum(name in ROLE_NAMES for name, _, _ in parts),
        "free_mail": sum(domain in FREE_MAIL for _, _, domain in parts),
        "companies": len(domains),
        "largest_company": {"domain": largest, "leads": most},
        "missing": {name: sum(not lead.get(name) for lead in leads) for name in FIELDS},
        "status": dict(statuses),
    }


def _grade(verification: Mapping[str, Json]) -> str:
    if verification.get("total_leads") == 0:
        return "empty"
    invalid, risky = verification.get("invalid_share"), verification.get("risky_share")
    if invalid is None or (verification.get("checked_share") or 0) < 0.5:
        return "unknown: verify it first"
    if invalid > MAX_INVALID_SHARE:
        return "do not mail"
    return "mail with care" if (risky or 0) > MAX_RISKY_SHARE else "good"


def _advice(verification: Mapping[str, Json], sample: Mapping[str, Json]) -> list[str]:
    if verification.get("total_leads") == 0:
        return ["The list has no leads: add_leads_to_campaign_or_list_bulk adds some."]
    said = []
    if (verification.get("checked_share") or 0) < 0.9:
        said.append(
            "Part of the list is not verified. Verifying costs credits; verify_email "
            "with list_id says how many."
        )
    if (verification.get("invalid_share") or 0) > 0:
        said.append("Remove the invalid addresses: each one bounces.")
    if (verification.get("risky_share") or 0) > MAX_RISKY_SHARE:
        said.append("Mail risky and catch-all addresses separately and slowly, or not.")
    if sample["duplicates"]:
        said.append("There are duplicates: add with skip_if_in_workspace.")
    if sample["role_addresses"]:
        said.append("Role addresses (info@, sales@) complain more; leave them out.")
    if sample["without_email"]:
        said.append("Leads without an address cannot be mailed.")
    return said
