"""An id in another spelling: it is the same object, and the same rules hold for it."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from .attempts import ACTIVE, ATTEMPTS
from .memory_daemon import MemoryDaemon
from .oracle import everything, settings_of
from .ways import KEY, Caller, error_of, modern_call

(REPLY,) = (each for each in ATTEMPTS if each.name == "a reply")
WORKSPACE = "0190a4f2-5d6a-7c14-8f00-00000000abcd"


class SpellingTests(SynchronousTestCase):
    """Instantly reads UUIDs in upper case, too."""

    def start(self, **settings: str) -> None:
        """Start a daemon whose policy allows everything."""
        given: Any = {**settings_of(everything("allow")), **settings}
        self.daemon = MemoryDaemon(**given)
        self.caller = Caller(daemon=self.daemon)

    def test_same_reply(self) -> None:
        """A reply is sent once, however the mail that it answers is named."""
        self.start()
        arguments = REPLY.made(self.daemon.world(KEY))
        id = arguments["reply_to_uuid"]
        for spelled in (id, id.upper(), id.title()):
            given = {**arguments, "reply_to_uuid": spelled}
            result = modern_call(self.caller, REPLY.tool, given)
            self.assertNotEqual(error_of(result).get("code"), "not_found", spelled)
        self.assertEqual(self.daemon.writes(KEY), [REPLY.operation])

    def test_denied_campaign(self) -> None:
        """A campaign that is never changed is not changed by its id in upper case."""
        self.start()
        world = self.daemon.world(KEY)
        id = next(c.id for c in world.campaigns.values() if c.shown["name"] == ACTIVE)
        self.start(campaigns_deny=id.upper())
        self.daemon.world(KEY)
        for spelled in (id, id.upper()):
            given = {"campaign_id": spelled, "daily_limit": 20}
            result = modern_call(self.caller, "update_campaign", given)
            self.assertEqual(error_of(result)["code"], "not_allowed", spelled)
        self.assertEqual(self.daemon.writes(KEY), [])

    def test_allowed_campaign(self) -> None:
        """If only one campaign may be changed, any spelling of its id names it."""
        self.start()
        world = self.daemon.world(KEY)
        ids = {c.shown["name"]: c.id for c in world.campaigns.values()}
        allowed = ids.pop(ACTIVE)
        self.start(campaigns_allow=allowed.upper())
        self.daemon.world(KEY)
        for id, code in (
            (allowed, None),
            (allowed.upper(), None),
            *((other, "not_allowed") for other in ids.values()),
        ):
            given = {"campaign_id": id, "daily_limit": 20}
            result = modern_call(self.caller, "update_campaign", given)
            self.assertEqual(error_of(result).get("code"), code, id)
        self.assertEqual(self.daemon.writes(KEY), ["patchCampaign"] * 2)

    def test_workspace_of_an_agency(self) -> None:
        """A cap of a workspace is one cap, however the workspace is named."""
        self.start(caps_mails="1")
        codes = []
        for number, spelled in enumerate((WORKSPACE, WORKSPACE.upper())):
            caller = self.caller.with_(headers={"X-As-Workspace": spelled})
            mails = modern_call(caller, "list_emails", {"email_type": "received"})
            mail = mails["structuredContent"]["items"][0]["id"]
            given = {"reply_to_uuid": mail, "subject": "Hi", "body": f"Hello {number}"}
            result = modern_call(caller, "reply_to_email", given)
            codes.append(error_of(result).get("code"))
        self.assertEqual(codes, [None, "cap_reached"])
