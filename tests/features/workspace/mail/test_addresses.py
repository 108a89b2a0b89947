"""Addresses: what is accepted, what is refused, and what was probably meant."""

from __future__ import annotations

from email.policy import SMTP

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.mail.addresses import (
    MAX_RECIPIENTS,
    AddressProblem,
    checked_address,
    checked_addresses,
    read_address,
)

ACCEPTED = {
    "a@example.com": "a@example.com",
    "  Ann.O'Neil+tag@Mail.Example.co.uk ": "Ann.O'Neil+tag@Mail.Example.co.uk",
    "a@münchen.de": "a@xn--mnchen-3ya.de",
    "a@straße.de": "a@xn--strae-oqa.de",
    "a@BÜCHER.example": "a@xn--bcher-kva.example",
    "a@xn--mnchen-3ya.de": "a@xn--mnchen-3ya.de",
    "a@\u0131spa.com": "a@xn--spa-iua.com",
    "a@佐々木.jp": "a@xn--u6jy55gilq.jp",
    "a@россия.рф": "a@xn--h1alffa9f.xn--p1ai",
    "a@日本語ドメイン.jp": "a@xn--eckwd4c7c5976acvb2w6i.jp",
}
REFUSED: dict[str, tuple[str, str | None]] = {
    "": ("is empty", None),
    "not-an-address": ("has no @", None),
    "mailto:a@example.com": ("scheme", "a@example.com"),
    "MailTo: a@example.com?subject=x": ("scheme", "a@example.com"),
    "mailto:a@example.com?cc=b@example.net": ("scheme", None),
    "a\u200b <ann@example.com>": ("invisible", "ann@example.com"),
    "<a@example.com>": ("name, quotes", "a@example.com"),
    "Ann Lee <a@example.com>": ("name, quotes", "a@example.com"),
    '"Lee, Ann" <a@example.com>': ("name, quotes", "a@example.com"),
    '"boss@example.com" <b@example.net>': ("name, quotes", None),
    "boss@example.com <b@example.net>": ("name, quotes", None),
    "a@example.com (b@example.net)": ("name, quotes", None),
    '"a b"@example.com': ("name, quotes", None),
    "a@example.com, b@example.com": ("more than one", None),
    "a@example.com b@example.com": ("more than one", None),
    "a@b@example.com": ("more than one", None),
    "bob@gmail,com": ("comma", None),
    "a@example.com.": ("complete domain", "a@example.com"),
    "a@example.com\r\nBcc: b@example.net": ("control", None),
    "a@example.com\n": ("control", "a@example.com"),
    "a@exam\x00ple.com": ("control", "a@example.com"),
    "a@exam\u200bple.com": ("invisible", "a@example.com"),
    "a@example.com\u202e": ("invisible", "a@example.com"),
    "a@example.com\U000e0041": ("invisible", "a@example.com"),
    "a\u00a0@example.com": ("unusual space", None),
    "a b@example.com": ("space", None),
    "\uff41@example.com": ("not plain ASCII", "a@example.com"),
    "\u0430nn@example.com": ("not plain ASCII", None),
    "a\uff20example.com": ("has no @", "a@example.com"),
    "a@ex\u0430mple.com": ("mixes scripts", None),
    "a@\u30fc\u0430.com": ("mixes scripts", None),
    "a@\u212aelvin.com": ("only looks like", "a@Kelvin.com"),
    "a@\uff45xample.com": ("only looks like", "a@example.com"),
    "a@pa\u0261e.com": ("phonetic", None),
    "a@b\u0130.com": ("phonetic", None),
    "a@bi\u0307.com": ("phonetic", None),
    "a@example\u3002com.de": ("only looks like", None),
    "a@xn--exmple-4nf.com": ("mixes scripts", None),
    "a@\u0430\u0440\u0440\u04cf\u0435.com": ("look like Latin", None),
    "a@\u3164example.com": ("only looks like", None),
    "a@mu\u0308nchen.de": ("only looks like", "a@xn--mnchen-3ya.de"),
    "Ann <a@m\u00fcnchen.de>": ("name, quotes", "a@xn--mnchen-3ya.de"),
    "a@-example.com": ("cannot exist", None),
    "a@exa_mple.com": ("cannot exist", None),
    "a@xn--a.com": ("cannot exist", None),
    "a@" + "b" * 64 + ".com": ("cannot exist", None),
    "a@example": ("complete domain", None),
    "a@.com": ("complete domain", None),
    "@example.com": ("nothing before", None),
    ".a@example.com": ("dots before", None),
    "a..b@example.com": ("dots before", None),
    "{{email}}@example.com": ("before the @", None),
    "a@127.0.0.1": ("number instead", None),
    "a@[127.0.0.1]": ("number instead", None),
    "a" * 65 + "@example.com": ("more than 64", None),
    "a@" + "b." * 130 + "com": ("longer than 254", None),
}
ASCII_ADDRESS = st.from_regex(
    r"\A[a-z]{1,3}(\.[a-z0-9+'-]{1,4})?@[a-z]([a-z0-9-]{0,5}[a-z0-9])?\.(com|co\.uk)\Z"
)
NEAR_MISSES = st.text(
    "ab@.,;:<>()\"'\\ \r\n\t%!-_{}[]xn\u200b\u00fc\u0430\uff20", max_size=16
)


def mailboxes(header: str) -> list[tuple[str, str]]:
    """Return name and address of each mailbox that Python's parser reads."""
    read = SMTP.header_factory("to", header)
    assert not read.defects, (header, read.defects)
    return [(each.display_name, each.addr_spec) for each in read.addresses]


class ReadingTests(SynchronousTestCase):
    def test_accepted(self) -> None:
        """Plain addresses stay as they are; a domain in another script gets ASCII."""
        for text, address in ACCEPTED.items():
            self.assertEqual(read_address(text), address)

    def test_refused(self) -> None:
        """All else is refused with its reason, and what was certainly meant."""
        for text, (reason, meant) in REFUSED.items():
            found = read_address(text)
            assert isinstance(found, AddressProblem), text
            self.assertIn(reason, found.reason, ascii(text))
            self.assertEqual(found.meant, meant, ascii(text))

    @settings(deadline=None)
    @given(
        st.one_of(st.text(max_size=30), NEAR_MISSES, NEAR_MISSES.map("a@b.co{}".format))
    )
    @example("a@b.co\u0301m")
    @example('"@')
    @example(".:@")
    @example(" .<@")
    @example(".@[  ")
    def test_has_one_meaning(self, text: str) -> None:
        """A header parser reads an accepted or suggested address as that mailbox."""
        found = read_address(text)
        if isinstance(found, AddressProblem):
            if found.meant is None:
                return
            found = found.meant
        self.assertEqual(mailboxes(found), [("", found)])
        self.assertTrue(found.isascii() and found.isprintable(), ascii(found))
        self.assertEqual(read_address(found), found)

    @given(ASCII_ADDRESS, st.data())
    def test_hidden_characters(self, address: str, data: st.DataObject) -> None:
        """One control, format or tag character anywhere makes it no address."""
        kinds = st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs"])
        hidden = data.draw(kinds.filter(lambda each: each != " "))
        place = data.draw(st.integers(0, len(address)))
        spoiled = address[:place] + hidden + address[place:]
        self.assertIsInstance(read_address(spoiled), AddressProblem)


class ArgumentTests(SynchronousTestCase):
    def refusal(self, values: object, argument: str = "cc") -> CallRefusedError:
        """Return why an argument is refused."""
        with self.assertRaises(CallRefusedError) as caught:
            checked_addresses(values, argument)
        refusal: CallRefusedError = caught.exception
        return refusal

    def test_text_and_lists(self) -> None:
        """Both forms give each address once, in order."""
        wanted = ["a@example.com", "b@example.com"]
        text = " a@example.com , b@example.com;A@EXAMPLE.com, "
        self.assertEqual(checked_addresses(text, "cc"), wanted)
        self.assertEqual(checked_addresses([*wanted, "A@example.com"], "cc"), wanted)
        self.assertEqual(checked_addresses("", "cc"), [])
        self.assertEqual(checked_addresses(None, "cc"), [])

    def test_names_argument_and_position(self) -> None:
        """The error names the argument, the position in a list, and what was meant."""
        error = self.refusal(["a@example.com", "mailto:b@example.com"])
        self.assertEqual(error.code, "bad_address")
        self.assertIn("cc.1", error.message)
        self.assertEqual(error.facts["meant"], "b@example.com")
        self.assertIn("b@example.com", error.hint)
        self.assertIn(
            "cc:", self.refusal("a@example.com\r\nBcc: b@example.net").message
        )

    def test_names_are_not_recipients(self) -> None:
        """A name with a comma and an address in it does not become a recipient."""
        self.refusal('"boss@example.com, x" <b@example.net>')

    def test_messages_show_nothing_hidden(self) -> None:
        """What is quoted is short, and hidden characters are visible in it."""
        error = self.refusal("a\u202e\x1b" + "x" * 500)
        self.assertTrue(error.message.isascii() and error.message.isprintable())
        self.assertIn("\\u202e", error.message)
        self.assertLess(len(error.message), 200)

    def test_one_address(self) -> None:
        """An argument for one address does not take two."""
        self.assertEqual(checked_address(" a@example.com", "email"), "a@example.com")
        self.assertRaises(
            CallRefusedError, checked_address, "a@example.com,b@example.com", "email"
        )

    def test_at_most_ten(self) -> None:
        """More recipients than the limit are refused."""
        many = [f"p{n}@example.com" for n in range(MAX_RECIPIENTS + 1)]
        self.assertEqual(len(checked_addresses(many[1:], "cc")), MAX_RECIPIENTS)
        self.assertEqual(self.refusal(many).code, "too_many_recipients")

    @given(st.lists(ASCII_ADDRESS, max_size=5, unique_by=str.lower))
    def test_a_header_of_them(self, addresses: list[str]) -> None:
        """Joined in a header they are read as exactly these recipients."""
        checked = checked_addresses(", ".join(addresses), "cc")
        self.assertEqual(checked, addresses)
        if checked:
            read = [address for _, address in mailboxes(", ".join(checked))]
            self.assertEqual(read, checked)
