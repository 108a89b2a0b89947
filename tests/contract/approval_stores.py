"""The behavior of every store of approvals and approvers, on any database."""

from __future__ import annotations

from itertools import count

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.approvals.approval import Addition, Approval, ApprovalState
from instantly_mcp.access.approvals.approver import Approver
from instantly_mcp.access.preview import Preview
from instantly_mcp.state.interfaces import IDatabase
from instantly_mcp.state.stores.approvals import SqlApprovalStore
from instantly_mcp.state.stores.approvers import SqlApproverStore

NOW = 1_800_000_000.0
REQUEST = Approval(
    id="id-1",
    subject="subject-1",
    principal="operator",
    token=None,
    token_name="",
    client="Claude Code",
    workspace="Acme",
    tool="reply_to_email",
    operation="reply_to_email",
    targets=("email-1", "email-2"),
    risks=("redirects", "sends"),
    preview=Preview(
        title="Reply",
        facts=(("To", "ada@example.com"),),
        untrusted=(("Body", "Hello"),),
        unseen=("7",),
    ),
    policy="policy-1",
    asked_at=NOW,
    since=NOW,
    until=NOW + 900,
)


class _StoreContract(SynchronousTestCase):
    """A test case that derives from it says which database is used."""

    def new_database(self) -> IDatabase:
        """Return an empty database, which the test case closes."""
        raise NotImplementedError


class ApprovalStoreContract(_StoreContract):
    """Every store of approvals."""

    def setUp(self) -> None:
        """Make an empty store."""
        self.store = SqlApprovalStore(self.new_database())

    def add(self, approval: Approval, most: int = 9) -> Addition:
        """Add a request."""
        return self.successResultOf(self.store.add(approval, most))

    def replace(self, approval: Approval, before: ApprovalState) -> bool:
        """Store a new state."""
        return bool(self.successResultOf(self.store.replace(approval, before)))

    def found(self, id: str = "id-1") -> Approval:
        """Return a request that is there."""
        approval = self.successResultOf(self.store.get(id))
        assert approval is not None
        return approval

    def newest(self) -> Approval | None:
        """Return the newest request of the subject of `REQUEST`."""
        return self.successResultOf(self.store.newest(REQUEST.subject))

    def test_kept(self) -> None:
        """What was added is returned as it was."""
        self.assertIsNone(self.newest())
        self.assertIsNone(self.successResultOf(self.store.get(REQUEST.id)))
        self.assertIs(self.add(REQUEST), Addition.ADDED)
        self.assertEqual(self.found(), REQUEST)
        self.assertEqual(self.newest(), REQUEST)

    def test_any_text(self) -> None:
        """Any text is kept."""
        numbers = count()

        @given(st.text(), st.lists(st.text(), max_size=2).map(tuple))
        @settings(max_examples=15, deadline=None)
        def keep(text: str, targets: tuple[str, ...]) -> None:
            id = f"id-{next(numbers)}"
            pairs = ((text, id),)
            preview = Preview(title=text, facts=pairs, untrusted=pairs)
            asked = evolve(
                REQUEST,
                id=id,
                subject=id,
                client=text,
                targets=targets,
                token=text,
                preview=preview,
            )
            self.add(asked, 1000)
            self.assertEqual(self.found(id), asked)

        keep()

    def test_one_open(self) -> None:
        """A subject has one open request; once that is closed, another is added."""
        self.add(REQUEST)
        second = evolve(REQUEST, id="id-2")
        self.assertIs(self.add(second), Addition.EXISTS)
        approved = REQUEST.decided(True, "Bo", "page", NOW)
        self.replace(approved, ApprovalState.PENDING)
        self.assertIs(self.add(second), Addition.EXISTS)
        used = approved.closed(ApprovalState.USED, NOW)
        self.replace(used, ApprovalState.APPROVED)
        self.assertIs(self.add(second), Addition.ADDED)
        self.assertEqual(self.newest(), second)

    def test_unique_id(self) -> None:
        """An id is used once."""
        self.add(REQUEST)
        again = evolve(REQUEST, subject="subject-2")
        self.assertIs(self.add(again), Addition.EXISTS)
        self.assertEqual(self.found(), REQUEST)

    def test_most_pending(self) -> None:
        """A principal has a limit of pending requests; others are not counted."""
        for number in range(2):
            asked = evolve(REQUEST, id=f"{number}", subject=f"{number}")
            self.assertIs(self.add(asked, 2), Addition.ADDED)
        third = evolve(REQUEST, id="3", subject="3")
        self.assertIs(self.add(third, 2), Addition.FULL)
        another = evolve(third, principal="another")
        self.assertIs(self.add(another, 2), Addition.ADDED)
        self.replace(asked.decided(True, "Bo", "page", NOW), ApprovalState.PENDING)
        fourth = evolve(third, id="4", subject="4")
        self.assertIs(self.add(fourth, 2), Addition.ADDED)

    def test_compare_and_set(self) -> None:
        """A new state is stored only from the state that it was made from."""
        self.add(REQUEST)
        approved = REQUEST.decided(True, "Bo", "page", NOW)
        denied = REQUEST.decided(False, "Eve", "terminal", NOW)
        self.assertFalse(self.replace(approved, ApprovalState.APPROVED))
        self.assertTrue(self.replace(approved, ApprovalState.PENDING))
        self.assertFalse(self.replace(denied, ApprovalState.PENDING))
        self.assertEqual(self.found(), approved)
        self.assertFalse(
            self.replace(evolve(approved, id="id-2"), ApprovalState.APPROVED)
        )

    def test_lists(self) -> None:
        """Open requests come oldest first, those that are not pending newest first."""
        for number in range(4):
            self.add(evolve(REQUEST, id=f"{number}", subject=f"{number}"))
        for id in ("1", "2"):
            approve = id == "1"
            decided = self.found(id).decided(approve, "Bo", "page", NOW)
            self.replace(decided, ApprovalState.PENDING)
        found = self.successResultOf(self.store.open())
        self.assertEqual([each.id for each in found], ["0", "1", "3"])
        for most, ids in ((5, ["2", "1"]), (1, ["2"])):
            found = self.successResultOf(self.store.settled(most))
            self.assertEqual([each.id for each in found], ids)

    def test_forget(self) -> None:
        """Old closed requests are removed; open ones and later ones stay."""
        self.add(REQUEST)
        self.add(evolve(REQUEST, id="id-2", subject="subject-2"))
        self.add(evolve(REQUEST, id="id-3", subject="subject-3", asked_at=NOW + 1))
        for id in ("id-2", "id-3"):
            denied = self.found(id).decided(False, "Bo", "page", NOW)
            self.replace(denied, ApprovalState.PENDING)
        self.successResultOf(self.store.forget(NOW + 1, 1 << 20))
        self.assertIsNone(self.successResultOf(self.store.get("id-2")))
        self.assertEqual((self.found("id-1"), self.found("id-3").by), (REQUEST, "Bo"))

    def test_forget_what_is_too_much(self) -> None:
        """Of too many bytes the oldest closed requests go, but no denial."""
        long = evolve(REQUEST.preview, untrusted=(("Body", "x" * 1000),))
        for number in range(6):
            asked = evolve(REQUEST, id=f"{number}", subject=f"{number}", preview=long)
            self.add(asked)
        for id in "1345":
            replaced = self.found(id).closed(ApprovalState.REPLACED, NOW)
            self.replace(replaced, ApprovalState.PENDING)
        denied = self.found("0").decided(False, "Bo", "page", NOW)
        self.replace(denied, ApprovalState.PENDING)
        self.successResultOf(self.store.forget(NOW - 1, 4000))
        left = [
            id
            for id in "012345"
            if self.successResultOf(self.store.get(id)) is not None
        ]
        self.assertEqual(left, ["0", "2", "4", "5"])


class ApproverStoreContract(_StoreContract):
    """Every store of approvers."""

    def test_approvers(self) -> None:
        """Names and secrets are unique; what is removed is gone."""
        store = SqlApproverStore(self.new_database())
        ada = Approver(name="Ada", digest="1" * 64, added_at=NOW)
        bo = Approver(name="Bo", digest="2" * 64, added_at=NOW + 0.5)
        added = [
            self.successResultOf(store.add(each))
            for each in (bo, ada, ada, evolve(bo, digest="3" * 64))
        ]
        self.assertEqual(added, [True, True, False, False])
        self.assertFalse(self.successResultOf(store.add(evolve(bo, name="Eve"))))
        self.assertEqual(self.successResultOf(store.all()), (ada, bo))
        self.assertTrue(self.successResultOf(store.remove("Ada")))
        self.assertFalse(self.successResultOf(store.remove("Ada")))
        self.assertEqual(self.successResultOf(store.all()), (bo,))
