"""Checks every address that this server hands to Instantly to send mail to.

An address is accepted only if it can be read in one way: one mailbox, without a display
name, in ASCII before the ``@`` and with a domain that a person reads as what it is. All
else is refused before anything is sent, because a header parser further on might read
more recipients in it, or other ones, than the person who approved it.

- RFC 5322 section 3.4.1 has the grammar; `email.headerregistry` reads what is not
  plain. Quoted local parts and domain literals are valid there, and refused here.
- RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4 limit the lengths.
- Domains in other scripts are checked as IDNA 2008 says (RFC 5891) and sent in their
  ASCII form. Python's own codec knows IDNA 2003 only, which turns ``ß`` into ``ss``:
  another domain. Scripts are mixed within a label only as Unicode Technical Standard 39
  allows at the level "highly restrictive".
"""

from __future__ import annotations

import re
import unicodedata
from email.headerregistry import Address
from email.policy import SMTP

import idna
from attrs import frozen

from ...._json_codec import Json
from ...._visible_text import INVISIBLE
from ...results import CallRefusedError

MAX_RECIPIENTS = 10
"""The most recipients of one reply, all of its fields together."""

MAX_ADDRESS = 254
MAX_LOCAL_PART = 64
MAX_READ = 320
"""Characters up to which the meaning of a refused text is looked for.

Python's header parser takes quadratic time, and is used for no more than this.
"""

MAX_SHOWN = 80

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`|~-]+"
"""RFC 5322's, without braces: those belong to a variable that was not filled in."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Without re.ASCII the dotless i, the long s and the Kelvin sign equal ASCII letters.
_ANY_CASE = re.ASCII | re.IGNORECASE
_PLAIN = re.compile(
    rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}", _ANY_CASE
)
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", _ANY_CASE)
_SCHEME = re.compile(r"\s*(?:mailto|e-?mail|smtp)\s*:\s*", re.IGNORECASE)
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")
_WORDS = re.compile(r"[\w .'-]*<")
"""A display name that needs no quotes, which is most of them."""

_SEPARATOR = re.compile(r"[,;]")

_INVISIBLE = INVISIBLE | {"Me"}
"""Unicode categories that show nothing, or nothing that belongs into an address."""

_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "LATIN"}),
    frozenset({"CJK", "BOPOMOFO", "LATIN"}),
    frozenset({"CJK", "HANGUL", "LATIN"}),
)
"""The scripts that one label may mix, by the first word of the characters' names."""

IDEOGRAPHIC_STOP = "\u3002"
"""IDNA 2003 read it as a dot; a reader may not."""

_LETTERS = ("Ll", "Lo", "Lm")
_SCRIPT_OF = {"KATAKANA-HIRAGANA": "KATAKANA", "IDEOGRAPHIC": "CJK"}
"""The script of marks whose names begin differently, such as ``ー`` and ``々``."""

_PHONETIC = re.compile("[\u0250-\u02af\u0307\u1d00-\u1dbf]")
"""Letters of the phonetic alphabet, and the dot above, which is lost over an i.

No language that names domains needs them.
"""

_LOOK_LATIN = frozenset("асԁеһіјӏорԛѕԝхуьъүհոսαινορτυχ")
"""Letters of other scripts that most fonts draw like Latin ones."""


@frozen
class AddressProblem:
    """Why a text is not an address that mail may be sent to.

    :param reason: what is wrong, worded to follow the address, such as "has no @".
    :param meant: the address that was certainly meant, or ``None``.
    """

    reason: str
    meant: str | None = None


def read_address(text: str) -> str | AddressProblem:
    """Return an address as it is sent, or why there is none.

    Spaces around it are dropped, and a domain in another script becomes ASCII; case is
    kept.
    """
    address = text.strip(" ")
    problem = _problem_of(address)
    if problem is None:
        return _as_sent(address)
    return AddressProblem(problem, _meant(address))


def checked_address(value: Json, argument: str) -> str:
    """Return the one address of an argument.

    :param argument: its name, with a path if it is nested, for the message.
    :raises CallRefusedError: ``bad_address``, with the address that was meant if that
        is certain.
    """
    found = read_address(value if isinstance(value, str) else "")
    if isinstance(found, AddressProblem):
        raise _refusal(str(value), argument, found)
    return found


def checked_addresses(
    values: Json, argument: str, most: int = MAX_RECIPIENTS
) -> list[str]:
    """Return the addresses of an argument, each once, in their order.

    :param values: a list of texts, or one text separated by commas.
    :param argument: its name, for the message.
    :param most: how many addresses are allowed.
    :raises CallRefusedError: ``bad_address`` for the first that is not an address, with
        its position counted from 0; ``too_many_recipients``.
    """
    given = _separated(values) if isinstance(values, str) else values or ()
    several = not isinstance(values, str) or len(given) > 1
    checked: dict[str, str] = {}
    for place, value in enumerate(given):
        if isinstance(value, str) and not value.strip(" "):
            continue
        named = f"{argument}.{place}" if several else argument
        address = checked_address(value, named)
        checked.setdefault(address.lower(), address)
    require_few(len(checked), argument, most)
    return list(checked.values())


def require_few(count: int, argument: str, most: int = MAX_RECIPIENTS) -> None:
    """Refuse more recipients than one call may address.

    :raises CallRefusedError: ``too_many_recipients``.
    """
    if count > most:
        raise CallRefusedError(
            "too_many_recipients",
            f"{argument} names {count} recipients; at most {most} are allowed.",
            "Name fewer recipients. Nothing was sent.",
        )


def _separated(text: str) -> list[str]:
    """Split at commas; not beside quotes, or a name would become a recipient."""
    return [text] if any(mark in text for mark in '"<(') else _SEPARATOR.split(text)


def _refusal(text: str, argument: str, problem: AddressProblem) -> CallRefusedError:
    shown = ascii(text[:MAX_SHOWN])
    facts: dict[str, Json] = {"argument": argument}
    hint = "Give one plain address, such as ann@example.com. Nothing was sent."
    if problem.meant is not None:
        facts["meant"] = problem.meant
        hint = f"If {problem.meant} is meant, give exactly that. Nothing was sent."
    return CallRefusedError(
        "bad_address", f"{argument}: {shown} {problem.reason}.", hint, **facts
    )


def _is_plain(address: str) -> bool:
    """Return whether the address is ASCII, also as it is shown; most are."""
    return (
        len(address) <= MAX_ADDRESS
        and address.find("@") <= MAX_LOCAL_PART
        and _PLAIN.fullmatch(address) is not None
        and "xn--" not in address.lower()
    )


def _problem_of(address: str) -> str | None:
    """Return what is wrong, worded to follow the address; ``None`` if all is well."""
    if _is_plain(address):
        return None
    if not address:
        return "is empty"
    if len(address) > MAX_ADDRESS:
        return f"is longer than {MAX_ADDRESS} characters"
    for problem in (_hidden, _structure, _local_part):
        found = problem(address)
        if found is not None:
            return found
    return _domain(address.rpartition("@")[2])


def _hidden(address: str) -> str | None:
    """Return a problem with characters that a reader does not see."""
    for character in address:
        category = unicodedata.category(character)
        if category == "Cc":
            return "contains a control character"
        if category in _INVISIBLE:
            return "contains an invisible character"
        if category == "Zs" and character != " ":
            return "contains an unusual space"
    return None


def _structure(address: str) -> str | None:
    """Return a problem with what stands around the address."""
    if _SCHEME.match(address):
        return "begins with the scheme of a link"
    if "@" not in address:
        return "has no @"
    if "<" in address or ">" in address or '"' in address or "(" in address:
        return "has a name, quotes, brackets or a comment beside the address"
    if address.count("@") > 1:
        return "holds more than one address"
    if _SEPARATOR.search(address):
        return "contains a comma or semicolon"
    if " " in address:
        return "contains a space"
    return None


def _local_part(address: str) -> str | None:
    """Return a problem with the part before the ``@``."""
    local = address.partition("@")[0]
    if not local:
        return "has nothing before the @"
    if len(local) > MAX_LOCAL_PART:
        return f"has more than {MAX_LOCAL_PART} characters before the @"
    if not local.isascii():
        return "has letters before the @ that are not plain ASCII"
    if not _LOCAL_PART.fullmatch(local):
        return "has characters or dots before the @ that are not allowed there"
    return None


def _domain(domain: str) -> str | None:
    """Return a problem with the part after the ``@``."""
    if domain.startswith("["):
        return "has a number instead of a domain"
    if "." not in domain or domain.startswith(".") or domain.endswith("."):
        return "has no complete domain, such as example.com"
    if IDEOGRAPHIC_STOP in domain or unicodedata.normalize("NFKC", domain) != domain:
        return "has a character that only looks like a plain one"
    try:
        labels = _unicode_labels(domain)
    except UnicodeError:
        return "has a domain that cannot exist"
    if labels[-1].isdigit():
        return "has a number instead of a domain"
    latin = _scripts(labels[-1]) == {"LATIN"}
    for label in labels:
        scripts = _scripts(label)
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
            return "has a domain that mixes scripts, as imitations do"
        if _PHONETIC.search(label):
            return "has a domain with phonetic letters that look like plain ones"
        foreign = scripts and scripts != {"LATIN"}
        if latin and foreign and set(label) <= _LOOK_LATIN | set("-0123456789"):
            return "has a domain of foreign letters that look like Latin ones"
    return None


def _scripts(label: str) -> set[str]:
    """Return the scripts of its letters, each as the first word of their names."""
    letters = (each for each in label if unicodedata.category(each) in _LETTERS)
    words = {unicodedata.name(each, "UNKNOWN").partition(" ")[0] for each in letters}
    return {_SCRIPT_OF.get(word, word) for word in words}


def _unicode_labels(domain: str) -> list[str]:
    """Return the labels as they are shown.

    :raises UnicodeError: when a label is not valid in IDNA 2008, or too long.
    """
    ascii_form = idna.encode(domain.lower(), std3_rules=True)
    return [idna.ulabel(label) for label in ascii_form.split(b".")]


def _as_sent(address: str) -> str:
    """Return a valid address with its domain in ASCII."""
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain.lower()).decode()
    return f"{local}@{domain}"


def _meant(address: str) -> str | None:
    """Return the address that a refused text certainly means, or ``None``."""
    if len(address) > MAX_READ or "\r" in address.strip() or "\n" in address.strip():
        return None
    text = unicodedata.normalize("NFKC", address)
    shown = (each for each in text if unicodedata.category(each) not in _INVISIBLE)
    text, _, query = _SCHEME.sub("", "".join(shown), count=1).partition("?")
    text = text.strip().rstrip(".,;").strip()
    if text.count("@") != 1 or "@" in query:
        return None
    for candidate in (text, _only_mailbox(text)):
        if candidate and candidate != address and _problem_of(candidate) is None:
            return _as_sent(candidate)
    return None


def _only_mailbox(text: str) -> str | None:
    """Return the address of ``Ann <ann@example.com>``, where no other @ is."""
    named = _NAMED.fullmatch(text)
    if named is None:
        return None
    if _WORDS.match(text):
        return named[1]
    mailboxes = _mailboxes(text)
    return mailboxes[0].addr_spec if len(mailboxes) == 1 else None


def _mailboxes(text: str) -> tuple[Address, ...]:
    try:
        header = SMTP.header_factory("to", text)
    except Exception:
        # Python's parser fails in several ways: with IndexError for `"`, AttributeError
        # for `.:` and UnboundLocalError for `.@[  `.
        return ()
    return () if header.defects else tuple(header.addresses)
