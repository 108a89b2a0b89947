"""The hash chain of the audit file: seals its lines, and finds what was changed.

Each line is a JSON object whose last member is the HMAC-SHA-256 (RFC 2104) of the HMAC
of the line before and of this line without that member. Without the key no line can be
changed, removed, added or moved. A missing end leaves a valid chain: it is found only
by someone who noted the HMAC of a later line, the head.

A file begins with a line of the kind `OPENED`, which names the line before it if that
is in an earlier file, so each file can be verified alone and all of them together. A
crash may leave a part of a line. It is kept, and the next line has its digest: no other
text that is not a line is accepted.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from attrs import define, field, frozen

from ..._json_codec import JsonObject, dumps, loads

OPENED = "opened"
REPAIRED = "repaired"

_SIZE = sha256().digest_size
_MAC_LINE = re.compile(rb'(\{.+),"mac":"([0-9a-f]{64})"\}', re.DOTALL)


@frozen
class ChainHead:
    """The last line of a chain.

    :param seq: its sequence number; 0 before the first line.
    :param mac: its HMAC in hexadecimal.
    """

    seq: int = 0
    mac: str = "00" * _SIZE

    @property
    def is_origin(self) -> bool:
        """Whether no line was written yet."""
        return self.seq == 0


ORIGIN = ChainHead()


@frozen
class Sealed:
    """A line as it is written, and the head after it."""

    text: bytes
    head: ChainHead


@define(eq=False)
class Chain:
    """Seals lines, one after the other.

    :param key: 32 random bytes.
    :param head: the last line that was written.
    """

    key: bytes = field(repr=False)
    head: ChainHead = ORIGIN

    def seal(self, facts: JsonObject) -> Sealed:
        """Return the line of these facts, with a newline; does not move the head.

        :param facts: without ``seq`` and ``mac``, which are added.
        """
        before = self.head
        body = dumps({"seq": before.seq + 1, **facts})
        mac = _mac(self.key, before, body[:-1])
        text = b'%s,"mac":"%s"}\n' % (body[:-1], mac.encode())
        return Sealed(text, ChainHead(before.seq + 1, mac))


def opened(head: ChainHead) -> JsonObject:
    """Return the facts with which a file begins.

    :param head: the last line of the file before.
    """
    previous = {} if head.is_origin else {"previous": head.mac}
    return {"kind": OPENED, **previous}


def after_part(facts: JsonObject, part: bytes) -> JsonObject:
    """Return the facts of the line after a part of a line.

    :param facts: what else the line says.
    :param part: the part, without a newline.
    """
    digest = sha256(part).hexdigest()
    return {**facts, "part": {"bytes": len(part), "sha256": digest}}


def _mac(key: bytes, before: ChainHead, body: bytes) -> str:
    return hmac.digest(key, bytes.fromhex(before.mac) + body, "sha256").hex()


@frozen
class Defect:
    """Something that should not be so.

    :param file: the name of the file.
    :param line: its line, from 1 on.
    :param reason: what is wrong, worded to follow the place.
    """

    file: str
    line: int
    reason: str


@frozen
class Checked:
    """A line of the file that could be read.

    :param facts: its members, without ``mac``.
    """

    facts: JsonObject
    mac: str


@define(eq=False)
class Verifier:
    """Reads the lines of one or more files, the oldest file first.

    A line that was changed is reported once: the lines after it are checked against
    what it says of itself.

    :ivar head: the last line that was read.
    :ivar first: the sequence number of the first line; 0 before it was read.
    :ivar part: the last line without a newline that is not complete, if any.
    """

    key: bytes = field(repr=False)
    head: ChainHead = ORIGIN
    first: int = 0
    defects: list[Defect] = field(factory=list)
    part: bytes = b""
    _file: str = ""
    _line: int = 0
    _begins: bool = True
    _unread: bytes | None = None

    def begin(self, file: str) -> None:
        """Go on with the next file.

        :param file: its name, for the defects.
        """
        self._end_unread()
        if self.part:
            self._report("is not complete", self._line + 1)
        self._file, self._line, self.part, self._begins = file, 0, b"", True

    def read(self, raw: bytes) -> Checked | None:
        """Read a line; return its members if it can be read, changed or not.

        :param raw: the line with its newline; only the last one may have none.
        """
        text = raw.removesuffix(b"\n")
        checked = parse(text)
        if checked is None and not raw.endswith(b"\n"):
            self.part = text
            return None
        self.part = b""
        self._line += 1
        if checked is None:
            self._end_unread(before=True)
            self._unread = text
            return None
        if self._begins and checked.facts.get("kind") != OPENED:
            self._report("is not the first of a file: lines before it are missing")
        self._begins = False
        self._check_part(checked.facts)
        self._check_place(checked, text)
        self.head = ChainHead(int(checked.facts["seq"]), checked.mac)
        return checked

    def end(self) -> None:
        """Report what can be reported only after the last line."""
        self._end_unread()

    def _check_part(self, facts: JsonObject) -> None:
        """Accept a line that cannot be read only right before one with its digest."""
        if "part" not in facts:
            self._end_unread(before=True)
            return
        unread, self._unread = self._unread, None
        if unread is None or facts != after_part(facts, unread):
            self._report("follows another incomplete line than the one that was found")

    def _check_place(self, checked: Checked, text: bytes) -> None:
        seq, before = int(checked.facts["seq"]), self.head
        if not self.first:
            self.first = seq
            previous = checked.facts.get("previous")
            if previous is not None:
                before = ChainHead(seq - 1, str(previous))
        if seq != before.seq + 1:
            self._report(f"has number {seq} after number {before.seq}")
            return
        body = text[: -len(checked.mac) - len(',"mac":""}')]
        if not _is_hex(before.mac) or not hmac.compare_digest(
            _mac(self.key, before, body), checked.mac
        ):
            self._report("was changed, or is not from this server")

    def _end_unread(self, before: bool = False) -> None:
        if self._unread is not None:
            self._unread = None
            self._report("cannot be read", self._line - before)

    def _report(self, reason: str, line: int = 0) -> None:
        self.defects.append(Defect(self._file, line or self._line, reason))


def parse(text: bytes) -> Checked | None:
    """Return the members of a line, ``None`` if it is not one.

    :param text: without the newline.
    """
    match = _MAC_LINE.fullmatch(text)
    if match is None:
        return None
    try:
        facts = loads(match[1] + b"}")
    except ValueError:
        return None
    seq = facts.get("seq")
    if type(seq) is not int or seq < 1 or not _is_sound(facts):
        return None
    return Checked(facts, match[2].decode())


def _is_sound(facts: JsonObject) -> bool:
    """Say whether the lists of a line are lists.

    Readers rely on it, and lines that someone else wrote are read as well.
    """
    left = facts.get("open", [])
    if not isinstance(left, list) or not all(isinstance(it, dict) for it in left):
        return False
    return all(isinstance(it.get("targets", []), list) for it in (facts, *left))


def _is_hex(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", text) is not None
