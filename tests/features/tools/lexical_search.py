"""Plain lexical search (BM25) over what ``tools/list`` shows of each tool.

It knows words, not meanings: no synonyms, no embeddings. What it finds, a client with
a search over its tools finds as well (Robertson and Zaragoza, "The Probabilistic
Relevance Framework", 2009).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.primitives.tool import Tool

SATURATION = 1.2
LENGTH_WEIGHT = 0.75
IGNORED = frozenset(
    re.findall(
        "[a-z]+",
        """
    a an and are as at be but by can did do does for from has have how i if in into is
    it its me my no not of on or our so that the their them there these this those to
    us was we what whats when where which who why will with you your
    """,
    )
)
ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""))
"""The first that fits is replaced, unless fewer than three letters were left."""


def terms(text: str) -> list[str]:
    """Return the words of a text without their endings; ``_`` separates words."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("-", ""))
    return [_stem(word) for word in words if word not in IGNORED]


def _stem(word: str) -> str:
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: len(word) - len(ending)] + instead
    return word


def _texts(schema: Json) -> Iterator[str]:
    """Yield the names and the descriptions of arguments, nested ones too."""
    if isinstance(schema, dict):
        for name, inner in (schema.get("properties") or {}).items():
            yield name
            if "description" in inner:
                yield inner["description"]
            yield from _texts(inner)
        yield from _texts(schema.get("items"))


class LexicalSearch:
    """Ranks tools for a question."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._counts = {
            tool.name: Counter(
                terms(
                    " ".join(
                        (
                            tool.name,
                            tool.title,
                            tool.description,
                            *_texts(tool.input_schema),
                        )
                    )
                )
            )
            for tool in tools
        }
        lengths = {name: counts.total() for name, counts in self._counts.items()}
        mean = sum(lengths.values()) / len(lengths)
        self._norms = {
            name: SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length / mean)
            for name, length in lengths.items()
        }
        found = Counter(term for counts in self._counts.values() for term in counts)
        self._weights = {
            term: log(1 + (len(lengths) - count + 0.5) / (count + 0.5))
            for term, count in found.items()
        }

    def best(self, question: str, number: int = 5) -> list[str]:
        """Return the names of the best tools, best first; those without a hit never."""
        asked = terms(question)
        scores = {name: self._score(name, asked) for name in self._counts}
        ranked = sorted(scores, key=lambda name: (-scores[name], name))
        return [name for name in ranked if scores[name] > 0][:number]

    def _score(self, name: str, asked: Sequence[str]) -> float:
        counts, norm = self._counts[name], self._norms[name]
        return sum(
            self._weights[term]
            * counts[term]
            * (SATURATION + 1)
            / (counts[term] + norm)
            for term in asked
            if term in counts
        )
