"""The people, companies and texts of a newly seeded workspace. Data only.

Every address ends in ``example.com`` or ``example.org``, which RFC 2606 reserves.
"""

from __future__ import annotations

from attrs import frozen

from .records import AccountStatus, WarmupStatus

FIRST_NAMES = (
    "Amelia", "Ben", "Carla", "Daniel", "Elena", "Farid", "Greta", "Hugo", "Ines",
    "Jonas", "Katja", "Liam", "Maya", "Noah", "Olivia", "Pavel", "Quinn", "Rosa",
    "Samuel", "Tara", "Umar", "Vera", "Wei", "Ximena", "Yusuf", "Zoe", "Anders",
    "Bianca", "Cyrus", "Dina", "Emil", "Fiona", "Goran", "Helen", "Ivan", "Julia",
    "Kofi", "Lena", "Marco", "Nadia",
)  # fmt: skip

LAST_NAMES = (
    "Abbott", "Berg", "Castillo", "Dahl", "Evans", "Fischer", "Garcia", "Hansen",
    "Ibrahim", "Jansen", "Keller", "Lindgren", "Moreau", "Novak", "Okafor", "Patel",
    "Quist", "Rossi", "Sato", "Turner", "Ueda", "Vargas", "Weber", "Xu", "Young",
    "Zimmer", "Almeida", "Brandt", "Costa", "Duarte", "Ekström", "Fontaine",
    "Gruber", "Horvat", "Ivanova", "Jones", "Kowalski", "Larsen", "Mancini",
    "Nielsen", "Olsen", "Petrov", "Reyes", "Schmidt", "Tanaka", "Ulrich", "Virtanen",
    "Wagner", "Yilmaz", "Zhang", "Archer", "Blake", "Cohen", "Dupont", "Eriksen",
    "Fuchs", "Grant", "Hughes", "Ito", "Juarez", "Khan",
)  # fmt: skip

COMPANIES = (
    "Northwind Freight", "Bluefin Analytics", "Cedar Health", "Delta Foods",
    "Ember Energy", "Foxglove Media", "Granite Capital", "Harbor Logistics",
    "Indigo Systems", "Juniper Retail", "Kestrel Robotics", "Lumen Optics",
    "Maple Software", "Nimbus Cloud", "Orchard Labs", "Pinecone Books",
    "Quarry Minerals", "Ridgeway Motors", "Summit Travel", "Tidewater Marine",
    "Umbra Security", "Verdant Farms", "Willow Interiors", "Xenon Lighting",
    "Yarrow Pharma", "Zephyr Aviation", "Alder Insurance", "Birch Payments",
    "Copperleaf Design", "Dovetail Legal", "Eastgate Realty", "Fernway Schools",
    "Gable Construction", "Hollow Games", "Ironbark Tools", "Jasper Jewelry",
    "Knoll Furniture", "Larkspur Events", "Meadow Dairy", "Nightjar Audio",
    "Oakline Rail", "Pebble Telecom", "Quill Publishing", "Riverstone Water",
    "Saffron Catering", "Thistle Textiles", "Upland Forestry", "Vantage Sports",
    "Whitecap Shipping", "Yellowtail Wines", "Zinnia Cosmetics", "Atlas Staffing",
    "Beacon Learning",
)  # fmt: skip

TITLES = (
    "Head of Operations", "VP Sales", "Chief Executive", "Marketing Director",
    "IT Manager", "Procurement Lead", "Founder",
)  # fmt: skip

CITIES = ("Chicago", "Ghent", "Leeds", "Porto", "Toronto", "Vienna", "Osaka")


@frozen(kw_only=True)
class SeededAccount:
    """A sending account of the seeded workspace."""

    first_name: str
    last_name: str
    email: str
    provider: int
    status: int = AccountStatus.ACTIVE
    warmup_status: int = WarmupStatus.ACTIVE
    score: int = 96
    warmup_days: int = 90
    tag: str = "Team A"


SEEDED_ACCOUNTS = (
    SeededAccount(
        first_name="Nora", last_name="Hale", email="nora@hale.example.com", provider=2
    ),
    SeededAccount(
        first_name="Tom", last_name="Ashby", email="tom@hale.example.com", provider=2
    ),
    SeededAccount(
        first_name="Priya",
        last_name="Raman",
        email="priya@reach.example.com",
        provider=3,
        score=91,
        tag="Team B",
    ),
    SeededAccount(
        first_name="Luis",
        last_name="Ortega",
        email="luis@reach.example.com",
        provider=1,
        status=AccountStatus.CONNECTION_ERROR,
        warmup_status=WarmupStatus.PAUSED,
        score=58,
        tag="Team B",
    ),
    SeededAccount(
        first_name="Ada",
        last_name="Winter",
        email="ada@fresh.example.com",
        provider=2,
        score=64,
        warmup_days=6,
    ),
)
"""Three that can send, one with a failed login, one that is still warming up."""


@frozen(kw_only=True)
class SeededCampaign:
    """A campaign of the seeded workspace and its past, in days before the start.

    :param created: when it was created; `activated` and `paused` are alike.
    :param replies: how many leads reply, and the interval of their numbers.
    :param decided: among so many leads, only those that `replies` selects reply.
    :param value: the value of an opportunity.
    """

    name: str
    timezone: str
    leads: int
    daily_limit: int
    created: int
    activated: int | None = None
    paused: int | None = None
    replies: tuple[int, int] = (0, 1)
    decided: int = 0
    steps: tuple[tuple[str, str, int], ...]
    value: int = 1000


_SIGNED = "<br/><br/>Best,<br/>{{sendingAccountFirstName}}"

FINTECH = (
    (
        "{{companyName}} and late invoices",
        "Hi {{firstName}},<br/><br/>finance teams tell us that chasing payments "
        "costs them two days a month. Is that different at {{companyName}}?" + _SIGNED,
        3,
    ),
    (
        "",
        "Hi {{firstName}},<br/><br/>one more thought: teams of your size usually "
        "start with the ten slowest payers." + _SIGNED,
        4,
    ),
    (
        "",
        "Hi {{firstName}},<br/><br/>shall I close the file, or is there someone "
        "better to ask?" + _SIGNED,
        1,
    ),
)
FOUNDERS = (
    (
        "Question about hiring at {{companyName}}",
        "Hello {{firstName}},<br/><br/>how do you find people in {{city}} at the "
        "moment? We keep a list of candidates who want to move." + _SIGNED,
        3,
    ),
    (
        "",
        "Hello {{firstName}},<br/><br/>I can send three anonymous profiles, free "
        "of charge." + _SIGNED,
        4,
    ),
    ("", "Hello {{firstName}},<br/><br/>last note from me." + _SIGNED, 1),
)
LOGISTICS = (
    (
        "Empty runs at {{companyName}}",
        "Dear {{firstName}},<br/><br/>every fourth truck in Europe drives empty. "
        "We match return loads." + _SIGNED,
        4,
    ),
    ("", "Dear {{firstName}},<br/><br/>may I show you one route?" + _SIGNED, 1),
)
HEALTH = (
    (
        "Quiet waiting rooms",
        "Hi {{firstName}},<br/><br/>clinics use our planner to halve waiting "
        "times." + _SIGNED,
        3,
    ),
    ("", "Hi {{firstName}},<br/><br/>any thoughts?" + _SIGNED, 1),
)

SEEDED_CAMPAIGNS = (
    SeededCampaign(
        name="Founders, hiring (Q3)",
        timezone="America/Detroit",
        leads=180,
        daily_limit=60,
        created=36,
        activated=35,
        replies=(24, 7),
        decided=180,
        steps=FOUNDERS,
    ),
    SeededCampaign(
        name="Logistics EU",
        timezone="Europe/Belgrade",
        leads=200,
        daily_limit=12,
        created=21,
        activated=20,
        paused=13,
        replies=(4, 5),
        decided=60,
        steps=LOGISTICS,
        value=2500,
    ),
    SeededCampaign(
        name="Q4 Fintech",
        timezone="America/Chicago",
        leads=400,
        daily_limit=30,
        created=11,
        activated=10,
        replies=(12, 7),
        decided=200,
        steps=FINTECH,
        value=1500,
    ),
    SeededCampaign(
        name="Healthcare pilots",
        timezone="Europe/Isle_of_Man",
        leads=120,
        daily_limit=20,
        created=2,
        steps=HEALTH,
    ),
)
"""One completed, one paused, one active, one draft: 900 leads in campaigns."""

SEEDED_LISTS = (("Conference attendees", 150, 30), ("Website inbound", 100, 12),
         ("Partner referrals", 50, 5))  # fmt: skip
"""Name, number of leads, age in days: 300 leads in lists."""
