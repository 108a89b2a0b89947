"""The expressions of assertions: how they are read, and what they mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.checks.evaluation import failing
from instantly_mcp.sandbox.checks.parsing import MAX_LENGTH, ExpressionError, parse
from instantly_mcp.sandbox.checks.syntax import (
    OPERATORS,
    Comparison,
    CountOf,
    FieldOf,
    Junction,
    Negation,
    Quantified,
    written,
)

FIELDS = ("to", "cc", "subject", "body", "status")
ANN = {"to": ["ann@x.org"], "cc": [], "subject": "Hi Ann", "status": 200}
BOB = {"to": ["bob@x.org"], "cc": ["ann@x.org"], "subject": "Hi Bob", "status": 429}

SCALARS = st.one_of(
    st.text(max_size=8),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
LITERALS = st.one_of(SCALARS, st.lists(SCALARS, max_size=3).map(tuple))
PATHS = st.sampled_from([("to",), ("body", "text"), ("status",), ("body", "a", "0")])


def expressions(*, counting: bool = True) -> st.SearchStrategy:
    """Return expressions; without `counting` those that may be inside ``count()``."""
    left: st.SearchStrategy = PATHS.map(FieldOf)
    if counting:
        inner = expressions(counting=False)
        left = st.one_of(left, st.just(CountOf()), inner.map(CountOf))
    signs = st.sampled_from([one for one in OPERATORS if one != "in"])
    leaves = st.one_of(
        st.builds(Comparison, left, signs, LITERALS),
        st.builds(Comparison, left, st.just("in"), st.lists(SCALARS).map(tuple)),
    )
    if counting:
        quantified = st.builds(Quantified, st.sampled_from(["any", "none"]), inner)
        leaves = st.one_of(leaves, quantified)
    return st.recursive(
        leaves,
        lambda part: st.one_of(
            part.map(Negation),
            st.builds(
                Junction,
                st.sampled_from(["and", "or"]),
                st.lists(part, min_size=2, max_size=3).map(tuple),
            ),
        ),
        max_leaves=5,
    )


class ParsingTests(SynchronousTestCase):
    """Text becomes an expression, or an error that names the column."""

    @given(expressions())
    def test_round_trip(self, expression):
        """What is written is read as the same expression, if it is short enough."""
        text = written(expression)
        if len(text) <= MAX_LENGTH:
            self.assertEqual(parse(text, FIELDS), expression)

    @given(st.text(alphabet="countoany()[]\"'\\=!<> 12.,x", max_size=60))
    def test_any_text(self, text):
        """Any text is an expression or an error with a column inside the text."""
        try:
            parse(text, FIELDS)
        except ExpressionError as error:
            self.assertTrue(1 <= error.column <= len(text) + 1)

    def test_mistakes(self):
        """A mistake is named with its place."""
        for text, column, words in (
            ("", 1, "expected count or a field"),
            ("count", 6, "expected one of =="),
            ("count = 1", 7, "write =="),
            ("count == x", 10, "in quotation marks"),
            ("form == 'a'", 1, "no field form; there are to, cc"),
            ("to == 'a", 7, "closing quotation mark"),
            ("to == 'a' to", 11, "expected and, or"),
            ("(to == 'a'", 11, "or )"),
            ("any to == 'a'", 5, "( after any"),
            ("any(count(to=='a')==1)", 11, "cannot contain each other"),
            ("to in 'a'", 10, "a list such as"),
            ("to in [['a']]", 8, "cannot contain a list"),
            ("to in ['a' 'b']", 12, "expected , or ]"),
            ("'a' == to", 1, "literals to the right"),
            ("to == 'a'; import os", 10, "no meaning"),
            ("__import__('os')", 1, "no field __import__"),
            ("not " * 30 + "to == 'a'", 85, "nested more than 20"),
            ("(" * 30 + "to == 'a'", 22, "nested more than 20"),
            ("x" * (MAX_LENGTH + 1), 1, "longer than"),
        ):
            error = self.assertRaises(ExpressionError, parse, text, FIELDS)
            self.assertIn(words, str(error), text)
            self.assertEqual(error.column, column, text)

    def test_shown_place(self):
        """The message shows the expression, and a mark below the mistake."""
        error = self.assertRaises(ExpressionError, parse, "to == 'a' or x", FIELDS)
        self.assertEqual(
            str(error).splitlines()[1:], ["  to == 'a' or x", " " * 15 + "^"]
        )


class MeaningTests(SynchronousTestCase):
    """For which lists an expression holds."""

    def holds(self, text, *items):
        """Say whether an expression holds for all items."""
        return not failing(parse(text, FIELDS), items)

    def test_every_item(self):
        """Fields are those of each item; one that differs fails."""
        self.assertTrue(self.holds("subject contains 'Hi'", ANN, BOB))
        self.assertEqual(failing(parse("to == 'ann@x.org'", FIELDS), [ANN, BOB]), [1])
        self.assertTrue(self.holds("to=='ann@x.org' or to=='bob@x.org'", ANN, BOB))

    def test_of_the_journey(self):
        """The number of mails, and to whom."""
        text = 'count==1 and to=="ann@x.org"'
        self.assertTrue(self.holds(text, ANN))
        for items in ((), (BOB,), (ANN, ANN), (ANN, BOB)):
            self.assertFalse(self.holds(text, *items), items)

    def test_no_items(self):
        """With no items, all fields are null, so that a check of a field fails."""
        self.assertTrue(self.holds("count == 0"))
        self.assertFalse(self.holds("to == 'ann@x.org'"))
        self.assertTrue(self.holds("count == 0 or to == 'ann@x.org'"))
        self.assertTrue(self.holds("none(to == 'ann@x.org')"))
        self.assertFalse(self.holds("any(to == 'ann@x.org')"))

    def test_counts(self):
        """Conditions about all items."""
        self.assertTrue(self.holds("count(to == 'ann@x.org') == 1", ANN, BOB))
        self.assertTrue(self.holds("any(cc contains 'ann@x.org')", ANN, BOB))
        self.assertFalse(self.holds("none(cc contains 'ann@x.org')", ANN, BOB))
        self.assertTrue(self.holds("none(to == 'eve@x.org')", ANN, BOB))

    def test_comparisons(self):
        """Equality, order, membership; values of another type are not in order."""
        for text in (
            "status < 300",
            "status <= 200",
            "status >= 200",
            "status in [200, 201]",
            "subject != 'Hi'",
            "subject < 'J'",
            "not subject > 'J'",
            "not subject < 3",
            "not status == '200'",
            "not status == true",
            "body == null",
            "body.text == null",
            "to == ['ann@x.org']",
            "cc == []",
            "not to contains 'ann'",
            "not body contains 'x'",
        ):
            self.assertTrue(self.holds(text, ANN), text)

    def test_order_of_words(self):
        """``not`` binds before ``and``, ``and`` before ``or``."""
        self.assertTrue(self.holds("status==1 and status==2 or status==200", ANN))
        self.assertFalse(self.holds("not status==1 and status==2", ANN))
        self.assertTrue(self.holds("not (status==1 and status==2)", ANN))

    @given(expressions(), st.lists(st.sampled_from([ANN, BOB]), max_size=3))
    def test_total(self, expression, items):
        """Of an expression and its opposite one holds, for every list."""
        wrong = set(failing(expression, items))
        opposite = set(failing(Negation(expression), items))
        self.assertEqual(wrong ^ opposite, set(range(max(1, len(items)))))
