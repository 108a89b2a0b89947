"""The words of the project are standard English in the terms of the field.

The list catches turns of phrase that readers stumbled over. It is a floor: whether a
sentence is clear is for the review of a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parent.parent
PLACES = (
    *("instantly_mcp", "tests", "benchmarks", "docs", "deploy", "changelog.d"),
    *("twisted", ".ci/run", "Makefile", "README.md", "CONTRIBUTING.md", "NEWS.md"),
    *("setup.py", "pyproject.toml", "instantly.tac", "Dockerfile", "compose.yaml"),
)
KINDS = {".py", ".js", ".mjs", ".md", ".toml", ".yml", ".yaml", ".conf", ".service"}
KINDS |= {".socket", ".tac", ".in", ""}

INSTEAD = {
    r"nobody('s)?|whoever": "no one, no client, the caller, the operator",
    r"somebody": "someone, a client, a person",
    r"anew": "again",
    r"mend(s|ed|ing)?": "fix, repair",
    r"for good": "permanently, or leave it out",
    r"the very same": "the same, equal",
    r"doors?|front doors?": "listener, entry point, proxy",
    r"knobs?": "setting",
    r"on duty": "current",
    r"goodbyes?": "unsubscribe",
    r"outsiders?": "third party, sender, untrusted",
    r"of ours": "of this server, our",
    r"whose it is": "its owner, that owns it",
    r"makes? way": "is closed for",
    r"(the|full) house( is)?(?! rules)": "the connection limit is reached",
    r"lest|hence|thereof|whence": "so that, so, from which",
    r"never heard of|hears of|knows? no(?= [a-z])|refuses to know": "does not use",
    r"a word about": "a notice, a message about",
    r"behind us": "upstream",
    r"witness(es|ed)?": "observer, observe",
    r"(is|are|was|were|be) told": "is notified, is reported",
    r"lets? go of": "releases, closes",
    r"at rest": "idle",
    r"(?<!there )(is|are|was|were) (?-i:no|none|nothing)"
    r"(?= [a-z])(?! (longer|more|less|later|earlier|worse|better))": "is not",
}
BANNED = re.compile(
    r"\b(" + "|".join(f"(?P<r{n}>{each})" for n, each in enumerate(INSTEAD)) + r")\b",
    re.IGNORECASE,
)


def texts() -> Iterator[tuple[Path, str]]:
    """Yield the files that people wrote, with their text."""
    for place in PLACES:
        top = ROOT / place
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if "node_modules" in path.parts or path == Path(__file__):
                continue
            if path.suffix in KINDS and path.is_file():
                yield path, path.read_text(encoding="utf-8")


def found_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, words and what to write instead; also for words in names."""
    hints = list(INSTEAD.values())
    for match in BANNED.finditer(text.replace("_", " ")):
        number = next(n for n in range(len(hints)) if match[f"r{n}"] is not None)
        line = text.count("\n", 0, match.start()) + 1
        yield line, match[0], hints[number]


class LanguageTests(SynchronousTestCase):
    """No banned word in code, documents, messages or news."""

    def test_every_file(self):
        """Every file is free of them."""
        found = [
            f"{path.relative_to(ROOT)}:{line}: {words!r}: write: {instead}"
            for path, text in texts()
            for line, words, instead in found_in(text)
        ]
        self.assertEqual(found, [], "\n".join(["", *found]))

    def test_list_is_applied(self):
        """The list finds its words in any case, and leaves standard turns alone."""
        for text in (
            "Nobody asked",
            "it is no key",
            "a word\nfor good",
            "of ours.",
            "test_is_no_key",
        ):
            self.assertEqual(len(list(found_in(text))), 1, text)
        for text in (
            "x is None",
            "there is no key",
            "it is no longer used",
            "the indoor lead",
            "house rules",
            "hearing",
        ):
            self.assertEqual(list(found_in(text)), [], text)

    def test_all_places_exist(self):
        """Every place of the list exists, so that none is skipped by mistake."""
        self.assertEqual([p for p in PLACES if not (ROOT / p).exists()], [])
