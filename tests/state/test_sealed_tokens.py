"""Sealed tokens: valid only unchanged and for their purpose; and the key file."""

from __future__ import annotations

import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.protocol.interfaces import ITokenSealer
from instantly_mcp.state.sealed_tokens import (
    MAX_KEYS,
    KeyFile,
    TokenSealer,
    make_token_sealer,
)


def some_sealer() -> TokenSealer:
    """Return a sealer with a key of its own."""
    return TokenSealer([Fernet.generate_key()], lambda: 1_700_000_000.0)


class TokenSealerTests(SynchronousTestCase):
    """`TokenSealer` without files."""

    sealer = some_sealer()

    def test_provides_interface(self) -> None:
        """A Seal provides ITokenSealer."""
        self.assertTrue(verifyObject(ITokenSealer, self.sealer))

    @given(purpose=st.text("abc-", min_size=1), payload=st.binary(max_size=500))
    def test_round_trip(self, purpose: str, payload: bytes) -> None:
        """What was sealed opens again, and the token fits headers and URLs."""
        token = self.sealer.seal(purpose, payload)
        self.assertRegex(token, r"\A[A-Za-z0-9_-]+\Z")
        self.assertEqual(self.sealer.unseal(purpose, token), payload)

    def test_purposes_are_apart(self) -> None:
        """A token is invalid for another purpose, and for a prefix of its purpose."""
        token = self.sealer.seal("session", b"payload")
        for purpose in ("", "sess", "session2", "session\0pay"):
            self.assertIsNone(self.sealer.unseal(purpose, token))

    def test_every_flipped_bit(self) -> None:
        """A token with any one bit of its text flipped is invalid."""
        token = self.sealer.seal("session", b"payload")
        for index in range(len(token)):
            for bit in range(7):
                flipped = chr(ord(token[index]) ^ 1 << bit)
                forged = token[:index] + flipped + token[index + 1 :]
                self.assertIsNone(self.sealer.unseal("session", forged), forged)

    def test_every_flipped_bit_inside(self) -> None:
        """A token with any one bit of its encoded bytes flipped is invalid."""
        token = self.sealer.seal("session", b"payload")
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for index in range(len(raw)):
            for bit in range(8):
                forged = bytearray(raw)
                forged[index] ^= 1 << bit
                text = urlsafe_b64encode(bytes(forged)).rstrip(b"=").decode()
                self.assertIsNone(self.sealer.unseal("session", text))

    def test_one_spelling(self) -> None:
        """No other spelling of a token is valid: padded, spaced, or interrupted."""
        token = self.sealer.seal("session", b"payload!")
        for text in (
            f"{token}=",
            f"{token}==",
            f" {token}",
            f"{token[:9]}!{token[9:]}",
        ):
            self.assertIsNone(self.sealer.unseal("session", text))

    @given(st.text(max_size=300))
    def test_rubbish(self, text: str) -> None:
        """Any other text gives None, also one that begins like a token."""
        self.assertIsNone(self.sealer.unseal("session", text))
        self.assertIsNone(self.sealer.unseal("session", f"gAAAAA{text}"))

    def test_foreign_key(self) -> None:
        """A token of another key does not open."""
        self.assertIsNone(self.sealer.unseal("a", some_sealer().seal("a", b"")))

    def test_rotation(self) -> None:
        """After a rotation old tokens still open, and new ones use the new key."""
        old, new = Fernet.generate_key(), Fernet.generate_key()
        sealer = TokenSealer([old], lambda: 0.0)
        before = sealer.seal("a", b"before")
        sealer.replace_keys([new, old])
        self.assertEqual(sealer.unseal("a", before), b"before")
        after = sealer.seal("a", b"after")
        self.assertIsNone(TokenSealer([old], lambda: 0.0).unseal("a", after))
        self.assertEqual(TokenSealer([new], lambda: 0.0).unseal("a", after), b"after")

    def test_no_keys(self) -> None:
        """A sealer without a key is refused at once."""
        self.assertRaises(ValueError, TokenSealer, [], lambda: 0.0)


class KeyFileTests(SynchronousTestCase):
    """The file behind the keys."""

    def setUp(self) -> None:
        """Make a state directory."""
        self.directory = self.mktemp()
        os.mkdir(self.directory)
        self.path = os.path.join(self.directory, "seal.keys")

    def write(self, content: bytes, mode: int = 0o600) -> None:
        """Put a key file there."""
        with open(self.path, "wb") as file:
            file.write(content)
        os.chmod(self.path, mode)

    def test_creates_private_file(self) -> None:
        """The file is made with mode 0600, whatever the umask, and nothing is left."""
        previous = os.umask(0)
        self.addCleanup(os.umask, previous)
        KeyFile(self.path).load()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(os.listdir(self.directory), ["seal.keys"])

    def test_loads_again(self) -> None:
        """The next process finds the same keys."""
        first = KeyFile(self.path).load()
        self.assertEqual(KeyFile(self.path).load(), first)
        self.assertEqual(len(first), 1)

    def test_number_of_keys_is_limited(self) -> None:
        """Further lines than `MAX_KEYS` are ignored."""
        keys = [Fernet.generate_key() for _ in range(MAX_KEYS + 3)]
        self.write(b"\n".join(keys))
        self.assertEqual(KeyFile(self.path).load(), keys[:MAX_KEYS])

    def test_refuses_exposed_file(self) -> None:
        """A file that others may open is warned about, left alone, and not used."""
        key = Fernet.generate_key()
        for mode in (0o604, 0o602, 0o620):
            self.write(key, mode)
            with capturedLogs() as events:
                keys = KeyFile(self.path).load()
            self.assertNotIn(key, keys)
            self.assertEqual(len(keys), 1)
            self.assertEqual(len(events), 1)
            self.assertNotIn(key.decode(), repr(events))

    def test_group_may_read(self) -> None:
        """A file that its group may read, as container secrets are, is used."""
        key = Fernet.generate_key()
        self.write(key, 0o640)
        self.assertEqual(KeyFile(self.path).load(), [key])

    def test_malformed_file(self) -> None:
        """A file without keys, or with something else, is an error that names it."""
        for content in (b"", b"\n\n", b"not a key\n", Fernet.generate_key() + b"x\n"):
            self.write(content)
            error = self.assertRaises(ValueError, KeyFile(self.path).load)
            self.assertIn(self.path, str(error))

    def test_other_instance_was_faster(self) -> None:
        """When another instance creates the file first, its keys are used."""
        key = Fernet.generate_key()
        file = KeyFile(self.path)
        self.write(key)
        file._create([Fernet.generate_key()])
        self.assertEqual(file.load(), [key])
        self.assertEqual(os.listdir(self.directory), ["seal.keys"])

    def test_make_token_sealer(self) -> None:
        """Tokens are valid for all sealers of one state directory, and no others."""
        token = make_token_sealer(self.directory, lambda: 0.0).seal("a", b"x")
        self.assertEqual(
            make_token_sealer(self.directory, lambda: 9.9).unseal("a", token), b"x"
        )
        self.assertIsNone(make_token_sealer(None, lambda: 0.0).unseal("a", token))
