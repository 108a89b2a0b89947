"""The agency: twenty workspaces, one admin key, and a key for each client."""

from __future__ import annotations

from instantly_mcp.sandbox.agency import ADMIN_KEY, CLIENTS, Client
from tests.sandbox.calls import SandboxTestCase

BLUE, GREEN = (each for each in CLIENTS if each.name in {"Blue", "Green"})


def acting_for(client: Client) -> dict[str, str]:
    """Return the header of a call for a client."""
    return {"x-as-workspace": client.id}


class AgencyTests(SandboxTestCase):
    key = ADMIN_KEY

    def test_twenty_clients(self) -> None:
        """Aliases, ids and keys of the twenty clients are all different."""
        self.assertEqual(len(CLIENTS), 20)
        for name in ("alias", "id", "key"):
            self.assertEqual(len({getattr(each, name) for each in CLIENTS}), 20, name)

    def test_admin_key_reaches_each(self) -> None:
        """The admin key reaches each client's workspace, which has its id and name."""
        for client in (BLUE, GREEN):
            shown = self.ok("GET", "/workspaces/current", headers=acting_for(client))
            self.assertEqual((shown["id"], shown["name"]), (client.id, client.name))

    def test_both_keys_are_one_workspace(self) -> None:
        """What the admin key creates for a client, the client's own key sees."""
        made = {"name": "Shared"}
        self.ok("POST", "/lead-lists", made, headers=acting_for(BLUE))
        self.key = BLUE.key
        found = self.ok("GET", "/lead-lists", search="Shared")["items"]
        self.assertEqual([each["name"] for each in found], ["Shared"])

    def test_names_show_the_client(self) -> None:
        """The names of campaigns and lists begin with the name of their client."""
        self.key = GREEN.key
        for path in ("/campaigns", "/lead-lists"):
            for each in self.ok("GET", path, limit=100)["items"]:
                self.assertTrue(each["name"].startswith("Green: "), each["name"])

    def test_admin_workspace(self) -> None:
        """Without the header, the admin key acts on a workspace of its own."""
        own = self.ok("GET", "/workspaces/current")["id"]
        self.assertNotIn(own, {each.id for each in CLIENTS})

    def test_unknown_workspace(self) -> None:
        """The admin key reaches no workspace outside of the agency."""
        self.refused(
            403, "GET", "/campaigns", headers={"x-as-workspace": "ws-of-another"}
        )

    def test_client_key_reaches_its_own_only(self) -> None:
        """A client's key is refused for another client, and accepted for its own."""
        self.key = BLUE.key
        self.refused(403, "GET", "/campaigns", headers=acting_for(GREEN))
        self.ok("GET", "/campaigns", headers=acting_for(BLUE))

    def test_revoked_key(self) -> None:
        """A key that was deleted is refused as Instantly refuses it."""
        self.key = "sandbox-revoked-lemon"
        self.refused(401, "GET", "/campaigns")

    def test_outbox_by_both_keys(self) -> None:
        """The outbox of a client is the same for its key and for the admin key."""
        self.key = BLUE.key
        mail = self.ok("GET", "/emails", email_type="received", limit=1)["items"][0]
        self.ok(
            "POST",
            "/emails/reply",
            {
                "eaccount": mail["eaccount"],
                "reply_to_uuid": mail["id"],
                "subject": "Re",
                "body": {"text": "Thanks"},
            },
        )
        self.assertEqual(len(self.sandbox.outbox(ADMIN_KEY, BLUE.id)), 1)
        self.assertEqual(self.sandbox.outbox(ADMIN_KEY, GREEN.id), [])
        self.sandbox.reset(ADMIN_KEY, BLUE.id)
        self.assertEqual(self.sandbox.outbox(BLUE.key), [])
