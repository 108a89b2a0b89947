"""Matching a URI against a template is the inverse of expanding the template."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.wire.uri_template import UriTemplate

NAMES = ("campaign_id", "b", "_c", "D4")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
literals = st.text("abz09-._~:@!$&'()*,;=%", max_size=5)


def expand(template: str, values: Mapping[str, str]) -> str:
    """Expand as in RFC 6570, for the two supported kinds of expression."""
    path, _, query = template.partition("{?")
    for name, value in values.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    pairs = [
        f"{name}={quote(values[name], safe='')}"
        for name in query.removesuffix("}").split(",")
        if name in values
    ]
    return path + ("?" + "&".join(pairs) if pairs else "")


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """Draw a template, the names in its path and those in its query."""
    names = draw(st.permutations(NAMES))
    split = draw(st.integers(0, len(names)))
    in_path = names[:split]
    in_query = names[split : draw(st.integers(split, len(names)))]
    parts = [f"{draw(literals)}/{{{name}}}/{draw(literals)}" for name in in_path]
    query = "{?" + ",".join(in_query) + "}" if in_query else ""
    return "x://" + draw(literals) + "".join(parts) + query, in_path, in_query


class InverseTests(SynchronousTestCase):
    @given(templates(), st.data())
    def test_inverse(
        self, drawn: tuple[str, list[str], list[str]], data: st.DataObject
    ) -> None:
        """Matching an expanded template returns its values, for any values."""
        template, in_path, in_query = drawn
        values = {name: data.draw(texts.filter(bool)) for name in in_path}
        for name in data.draw(
            st.sets(st.sampled_from(in_query)) if in_query else st.just(set())
        ):
            values[name] = data.draw(texts)
        uri = expand(template, values)
        self.assertEqual(UriTemplate(template).match(uri), values)
        self.assertEqual(UriTemplate(template).expand(values), uri)

    @given(templates(), st.text("xab/?#&=%{}:.0é", max_size=20) | texts)
    def test_total(self, drawn: tuple[str, list[str], list[str]], uri: str) -> None:
        """Any text matches or does not, without a failure; values are never empty."""
        template, in_path, in_query = drawn
        found = UriTemplate(template).match(uri)
        if found is not None:
            self.assertLessEqual(set(in_path), set(found))
            self.assertLessEqual(set(found), {*in_path, *in_query})

    @given(templates())
    def test_names(self, drawn: tuple[str, list[str], list[str]]) -> None:
        """The names of a template are those of its expressions, in order."""
        template, in_path, in_query = drawn
        self.assertEqual(UriTemplate(template).names, (*in_path, *in_query))


class MatchTests(SynchronousTestCase):
    def found(self, template: str, uri: str) -> Mapping[str, str] | None:
        """Return the values in a URI."""
        return UriTemplate(template).match(uri)

    def test_values(self) -> None:
        """Values are percent-decoded text."""
        for uri, value in (
            ("x://a/b", "b"),
            ("x://a/b%20c", "b c"),
            ("x://a/b+c", "b+c"),
            ("x://a/b%2Fc", "b/c"),
            ("x://a/%C3%A9", "é"),
            ("x://a/é", "é"),
            ("x://a/100%25", "100%"),
        ):
            with self.subTest(uri=uri):
                self.assertEqual(self.found("x://a/{v}", uri), {"v": value})

    def test_query(self) -> None:
        """Query values may be absent, empty, and in any order."""
        template = "x://a{?b,c}"
        for uri, values in (
            ("x://a", {}),
            ("x://a?", {}),
            ("x://a?b=1", {"b": "1"}),
            ("x://a?c=2&b=1", {"b": "1", "c": "2"}),
            ("x://a?b=", {"b": ""}),
            ("x://a?b=x%26y%3Dz", {"b": "x&y=z"}),
            ("x://a?b=x=y", {"b": "x=y"}),
        ):
            with self.subTest(uri=uri):
                self.assertEqual(self.found(template, uri), values)

    def test_does_not_fit(self) -> None:
        """A URI that no expansion produces does not match."""
        for template, uri in (
            ("x://a/{v}", "x://a/"),
            ("x://a/{v}", "x://a/b/c"),
            ("x://a/{v}", "x://a/b?c=1"),
            ("x://a/{v}", "x://a/b#c"),
            ("x://a/{v}", "X://a/b"),
            ("x://a/{v}", " x://a/b"),
            ("x://a/{v}/c", "x://a/b\n/c/"),
            ("x://a/{v}", "x://a/%ff"),
            ("x://a.b/{v}", "x://aXb/c"),
            ("x://a{?b}", "x://a?c=1"),
            ("x://a{?b}", "x://a?b=1&b=2"),
            ("x://a{?b}", "x://a?b=1&c=2"),
            ("x://a{?b}", "x://a?b=1#c"),
            ("x://a{?b}", "x://a?b=%ff"),
            ("x://a{?b}", "x://ab"),
        ):
            with self.subTest(template=template, uri=uri):
                self.assertIsNone(self.found(template, uri))


class TemplateTests(SynchronousTestCase):
    def test_unsupported(self) -> None:
        """A template that cannot be matched unambiguously is refused."""
        for template in (
            "x://{",
            "x://}",
            "x://{}",
            "x://{a",
            "x://{+a}",
            "x://{a,b}",
            "x://{a*}",
            "x://{a:3}",
            "x://{1a}",
            "x://{a}{b}",
            "x://{a}-{b}",
            "x://{a}/{a}",
            "x://{?}",
            "x://{?a,}",
            "x://{?a b}",
            "x://{?a*}",
            "x://{?a,a}",
            "x://{a}{?a}",
            "x://{?a}/b",
            "x://y?z={a}",
            "x://y#{a}",
        ):
            with self.subTest(template=template):
                self.assertRaises(ValueError, UriTemplate, template)
