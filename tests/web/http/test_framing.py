"""Our reading of HTTP/1.1 against h11's: where requests end, and which are refused.

h11 is an independent reader of the same grammar. Wherever the two differ, a rule below
says why ours is the one we want; a difference without a rule fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from .framing import Reading, ours, theirs
from .malformed import CHUNKED, MALFORMED, NEXT

Rule = Callable[[bytes], object]


def matches(pattern: bytes) -> Rule:
    """Return a rule for bytes in which a pattern is found."""
    return re.compile(pattern, re.I | re.M).search


LINE = "a control character, or a line that does not end in CRLF"
CHUNK = "the chunks of the body"

STRICTER: dict[str, tuple[str, Rule]] = {
    # RFC 9112, 2.2: a recipient may take a lone LF for a line end. Proxies differ.
    "a line that ends in LF alone": ("does not end in CRLF", matches(rb"(?<!\r)\n")),
    "a trailer that ends in LF alone": (CHUNK, matches(rb"(?<!\r)\n")),
    # RFC 9112, 5.2: obsolete folding is refused or replaced.
    "a folded header line": ("a header line", matches(rb"\r\n[ \t]")),
    "a folded trailer": (CHUNK, matches(rb"\r\n[ \t]")),
    # RFC 9110, 5.5: other control characters are invalid, and may be kept or refused.
    "a control character": (LINE, matches(rb"[\x01-\x08\x0e-\x1f\x7f]")),
    "a control character in chunks": (CHUNK, matches(rb"[\x00-\x08\x0b-\x1f\x7f]")),
    # RFC 9112, 6.1: both, or chunks before HTTP/1.1, ought to be refused by a server
    # that may stand behind a proxy of another opinion.
    "both framings": (
        "both Content-Length and Transfer-Encoding",
        matches(rb"^content-length:"),
    ),
    "chunks in HTTP/1.0": ("before HTTP/1.1", matches(rb"HTTP/1\.0")),
    # RFC 9110, 8.6: a list of equal lengths may be accepted or refused.
    "a list of lengths": ("one Content-Length", matches(rb"^content-length:.*,")),
    "two equal lengths": (
        "one Content-Length",
        lambda data: len(re.findall(rb"^content-length:", data, re.I | re.M)) > 1,
    ),
    # RFC 9110, 9.1: methods are case-sensitive; all that are served are in capitals.
    "a method in small letters": (
        "a method in small letters",
        re.compile(rb"^[^ a-z]*[a-z]\S* \S+ HTTP", re.M).search,
    ),
    # Whatever is served here has one path. An absolute target names our host.
    "a target that is not a path": ("request target", matches(rb"\S+ [^/ ]\S* HTTP")),
    "a target with a fragment": ("the request line", matches(rb"\S+ \S*#\S* HTTP")),
    "another version": ("HTTP/1.1", matches(rb"HTTP/(?!1\.[01])[0-9]\.[0-9]")),
    "a host that is not an authority": (
        "the Host header",
        matches(rb"^host:(?!\s*h\s*\r)"),
    ),
    "another expectation": (
        "expectation",
        matches(rb"^expect:(?!\s*100-continue\s*\r)"),
    ),
    # RFC 9112, 7.1: white space stands in a size line only within extensions.
    "white space after a chunk size": (CHUNK, matches(rb"^[0-9a-f]+[ \t]+(\r|;)")),
    "a chunk larger than any": (CHUNK, matches(rb"^[0-9a-f]{16,}")),
    # RFC 9110, 6.5.1: fields of framing are not sent as trailers.
    "a trailer that frames": (
        CHUNK,
        matches(rb"^(content-len|transfer-enc).*: *(5|0|3|c)"),
    ),
    "a body that is too large": ("larger than", matches(rb"-length:[ \t]*[0-9]{8}")),
}
"""Why we refuse what h11 accepts: what we say, and bytes that must be there for it."""

LENIENT: dict[str, Rule] = {
    # RFC 9112, 2.2: a server ought to ignore an empty line before a request.
    "an empty line before a request": matches(rb"(\A|\r\n|[^\r\n])\r\n[A-Z]+ /"),
    "half of such a line": matches(rb"\r\Z"),
}
"""Why we may accept what h11 refuses."""


def agree(case: SynchronousTestCase, data: bytes, cuts: Sequence[int] = ()) -> None:
    """Check that both read the same, or that a rule says why not."""
    edges = [0, *sorted(set(cuts)), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges) if end > start]
    here, there = ours(pieces), theirs(pieces)
    shared = min(len(here.requests), len(there.requests))
    told = f"\n{data!r}\nours   {here}\ntheirs {there}"
    for left, right in zip(here.requests, there.requests, strict=False):
        case.assertEqual((left.method, left.body), (right.method, right.body), told)
        if right.target.startswith(b"/"):
            case.assertEqual(left.target, right.target.removesuffix(b"?"), told)
    if _same(here, there):
        return
    rules = _rules(data, here) if len(here.requests) == shared else _lenient(data)
    case.assertTrue(rules, told)


def _rules(data: bytes, here: Reading) -> set[str]:
    """Return the rules for which we refuse, and h11 does not (yet)."""
    if here.end != "refused":
        return _lenient(data)
    return {
        name for name, (why, rule) in STRICTER.items() if why in here.why and rule(data)
    }


def _lenient(data: bytes) -> set[str]:
    return {name for name, rule in LENIENT.items() if rule(data)}


def _same(here: Reading, there: Reading) -> bool:
    if len(here.requests) != len(there.requests):
        return False
    if here.end == there.end:
        return True
    # Bytes that can still become a request, or that are refused a little earlier.
    return {here.end, there.end} <= {"waiting", "ready"}


METHODS = st.sampled_from(
    [b"GET", b"POST", b"DELETE", b"OPTIONS", b"get", b"X-Y", b"G("]
)
TARGETS = st.sampled_from(
    [
        b"/",
        b"/a?b=c",
        b"/a?",
        b"//a",
        b"/%2f",
        b"/a\x80",
        b"a",
        b"*",
        b"http://h/a",
        b"/#",
    ]
)
VERSIONS = st.sampled_from([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/11"])
FIELDS = st.sampled_from(
    [
        b"Host: h",
        b"X: y",
        b"X:",
        b"X: \t y \t",
        b"X: \x80\xff",
        b"X : y",
        b" X: y",
        b"\tX: y",
        b"X: a\x01b",
        b"X: a\x0bb",
        b"X: a\x7fb",
        b"X: a\x00b",
        b"X(: y",
        b"Connection: close",
        b"Connection: keep-alive",
        b"connection: x, Close",
        b"Expect: 100-continue",
        b"Content-Length: 0",
        b"content-length: 3",
        b"Content-Length: 03",
        b"Content-Length:3 ",
        b"Content-Length: +3",
        b"Content-Length: 3,3",
        b"Transfer-Encoding: chunked",
        b"transfer-encoding: Chunked ",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding:\x0bchunked",
    ]
)
ENDS = st.sampled_from([b"\r\n"] * 30 + [b"\n", b"\r", b"\r\r\n", b""])
SIZES = st.one_of(
    st.integers(0, 20).map(lambda size: b"%x" % size),
    st.sampled_from(
        [b"3", b"03", b"3 ", b" 3", b"0x3", b"+3", b"3;a", b'3;a="b"', b""]
    ),
    st.sampled_from(
        [b"3;\t", b"3;\x01", b"3;\n", b"3\n", b"F", b"f_f", b"3;;", b"3\t;a"]
    ),
)


@st.composite
def chunked_bodies(draw: st.DrawFn) -> bytes:
    """Draw chunks of which some are not what they say."""
    body = b""
    for _ in range(draw(st.integers(0, 3))):
        data = draw(st.binary(min_size=1, max_size=20))
        size = draw(st.one_of(st.just(b"%x" % len(data)), SIZES))
        body += size + draw(ENDS) + data + draw(ENDS)
    trailers = draw(st.lists(FIELDS, max_size=2))
    lines = b"".join(trailer + draw(ENDS) for trailer in trailers)
    return body + b"0" + draw(ENDS) + lines + draw(ENDS)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw a request, more often than not a good one."""
    line = b" ".join([draw(METHODS), draw(TARGETS), draw(VERSIONS)])
    fields = draw(st.lists(FIELDS, max_size=3))
    if draw(st.integers(0, 9)):
        fields.insert(0, b"Host: h")
    kind = draw(st.sampled_from(["none", "length", "chunks", "whatever"]))
    body = b""
    if kind == "length":
        body = draw(st.binary(max_size=10))
        fields.append(b"Content-Length: %d" % len(body))
    elif kind == "chunks":
        body = draw(chunked_bodies())
        fields.append(b"Transfer-Encoding: chunked")
    elif kind == "whatever":
        body = draw(st.binary(max_size=10))
    head = b"".join(part + draw(ENDS) for part in [line, *fields])
    return head + draw(ENDS) + body


MANY = settings(max_examples=300, deadline=None, derandomize=True)
"""Always the same examples, so that no unrelated change meets a difference that has no
rule yet. To look for such a one, run with ``derandomize=False`` and thousands of them.
"""


class FramingTests(SynchronousTestCase):
    def test_known_to_be_malformed(self):
        """Each of the corpus, alone and before another request, whole and in bytes."""
        for data in MALFORMED.values():
            for whole in (data, data + NEXT):
                agree(self, whole)
                agree(self, whole, range(1, len(whole)))

    @settings(MANY)
    @given(st.lists(requests(), min_size=1, max_size=3), st.data())
    def test_generated(self, parts, data):
        """Whatever is sent, in whatever pieces, is read as h11 reads it, or refused
        for a reason that has a name.
        """
        whole = b"".join(parts)
        cuts = data.draw(st.sets(st.integers(1, len(whole)), max_size=6))
        agree(self, whole, sorted(cuts))

    @settings(MANY)
    @given(chunked_bodies(), st.data())
    def test_generated_chunks(self, body, data):
        """So are chunks: their data, and where the next request begins."""
        whole = CHUNKED + body + NEXT
        cuts = data.draw(st.sets(st.integers(1, len(whole)), max_size=6))
        agree(self, whole, sorted(cuts))

    @given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.data())
    def test_pieces_make_no_difference(self, chunks, data):
        """The same bytes in other pieces are the same requests."""
        body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks)
        whole = CHUNKED + body + b"0\r\n\r\n" + NEXT
        cuts = data.draw(st.sets(st.integers(1, len(whole)), max_size=10))
        edges = [0, *sorted(cuts), len(whole)]
        pieces = [whole[start:end] for start, end in pairwise(edges)]
        reading = ours(pieces)
        self.assertEqual(reading, ours([whole]))
        self.assertEqual([r.body for r in reading.requests], [b"".join(chunks), b""])

    def test_every_rule_has_a_case(self):
        """No rule is there that the corpus does not need."""
        used = set()
        for data in MALFORMED.values():
            for whole in (data, data + NEXT):
                here, there = ours([whole]), theirs([whole])
                if not _same(here, there):
                    used |= _rules(whole, here)
        self.assertEqual(set(STRICTER) | set(LENIENT), used)
