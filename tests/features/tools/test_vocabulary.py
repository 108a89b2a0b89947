"""A vocabulary test: a search by words finds each tool by its users' words.

It tests the words of names, titles, descriptions and argument texts, not what a model
chooses. Models that see all tools understand synonyms; clients that search over many
tools often do not.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from .lexical_search import LexicalSearch, terms
from .questions import HELD_OUT, TUNED
from .test_registry import built, names

FIX = "say the missing word in the tool's description"


class VocabularyTests(SynchronousTestCase):
    """The right tool is among the five best."""

    def setUp(self) -> None:
        """Index the tools of the default list."""
        self.search = LexicalSearch(built().listed())

    def check(self, questions: Mapping[str, str], share: float) -> None:
        """Fail unless this share of the questions finds one of its tools."""
        missed = {
            question: found
            for question, wanted in questions.items()
            if not set(wanted.split()).intersection(found := self.search.best(question))
        }
        lines = [f"{question!r}: {found}" for question, found in missed.items()]
        most = round((1 - share) * len(questions))
        self.assertLessEqual(len(missed), most, "\n".join([FIX, *lines]))

    def test_tuned(self) -> None:
        """At least nine in ten of the questions that chose the words."""
        self.check(TUNED, 0.9)

    def test_held_out(self) -> None:
        """At least eight in ten of the questions that no word was chosen for."""
        self.check(HELD_OUT, 0.8)

    def test_questions(self) -> None:
        """There are many, none twice, and for each tool at least one in each part."""
        self.assertGreaterEqual(len(TUNED) + len(HELD_OUT), 130)
        self.assertEqual(set(TUNED) & set(HELD_OUT), set())
        for part in (TUNED, HELD_OUT):
            asked = {name for wanted in part.values() for name in wanted.split()}
            self.assertEqual(asked, set(names()))


class LexicalSearchTests(SynchronousTestCase):
    """The search can fail, and reads what a client reads."""

    def setUp(self) -> None:
        """Index the tools of the default list."""
        self.search = LexicalSearch(built().listed())

    def test_terms(self) -> None:
        """Words lose endings, dashes and words without meaning."""
        self.assertEqual(
            terms("Is the warm-up of Replies_sent pausing?"),
            ["warmup", "reply", "sent", "paus"],
        )

    def test_unknown_words_find_nothing(self) -> None:
        """A word that no tool has finds no tool, not the first of the list."""
        self.assertEqual(self.search.best("xylophone"), [])

    def test_arguments_count(self) -> None:
        """Names and texts of arguments are searched, nested ones too."""
        for word in ("custom_variables", "bounced", "html"):
            self.assertNotEqual(self.search.best(word), [], word)
