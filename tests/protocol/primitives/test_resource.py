"""Resources and templates, and their wire form."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.primitives.resource import (
    Resource,
    ResourceContents,
    ResourceTemplate,
)
from instantly_mcp.protocol.wire.uri_template import UriTemplate
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from tests.support.wire import check


def read(
    uri: str, values: Mapping[str, str], call: Call
) -> Deferred[Sequence[ResourceContents]]:
    """Return the values that were found in the URI."""
    text = ",".join(f"{name}={value}" for name, value in sorted(values.items()))
    return succeed([ResourceContents(uri=uri, mime_type="text/plain", text=text)])


NOTE = Resource(
    uri="test://note",
    name="note",
    title="A note",
    description="A note of the tests.",
    mime_type="text/plain",
    read=read,
)
LETTER = ResourceTemplate(
    template=UriTemplate("test://letters/{letter}{?size}"),
    name="letter",
    title="A letter",
    description="One letter.",
    mime_type="text/plain",
    read=read,
    needs_credential=False,
)


class ContentsTests(SynchronousTestCase):
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_text(self, text: str) -> None:
        """Text stays text, the empty one as well."""
        contents = ResourceContents(uri="u", mime_type="text/plain", text=text)
        self.assertEqual(
            contents.as_object(), {"uri": "u", "mimeType": "text/plain", "text": text}
        )

    @given(st.binary())
    def test_bytes(self, blob: bytes) -> None:
        """Bytes travel in base64, no bytes at all too."""
        found = ResourceContents(uri="u", mime_type="image/png", blob=blob).as_object()
        self.assertEqual(b64decode(found["blob"]), blob)
        self.assertNotIn("text", found)

    def test_meta(self) -> None:
        """Contents say more about themselves in ``_meta``, if there is more."""
        meta = {"ui": {"prefersBorder": True}}
        found = ResourceContents(uri="u", mime_type="m", text="", meta=meta)
        self.assertEqual(found.as_object()["_meta"], meta)

    def test_one_of_both(self) -> None:
        """Contents are either text or bytes."""
        with self.assertRaises(ValueError):
            ResourceContents(uri="u", mime_type="m")
        with self.assertRaises(ValueError):
            ResourceContents(uri="u", mime_type="m", text="", blob=b"")


class EntryTests(SynchronousTestCase):
    def test_fits_every_revision(self) -> None:
        """Entries fit the schema of each revision; titles only where they exist."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                note = NOTE.as_object(revision.structured)
                letter = LETTER.as_object(revision.structured)
                check(version, "Resource", note)
                check(version, "ResourceTemplate", letter)
                self.assertEqual("title" in note, revision.structured)
                self.assertEqual("title" in letter, revision.structured)

    def test_uris(self) -> None:
        """A resource shows its URI, a template itself."""
        self.assertEqual(NOTE.as_object(True)["uri"], "test://note")
        self.assertEqual(
            LETTER.as_object(True)["uriTemplate"], "test://letters/{letter}{?size}"
        )

    def test_templates_are_private(self) -> None:
        """By default a template needs a credential and is private."""
        careful = ResourceTemplate(
            template=UriTemplate("x://{a}"),
            name="x",
            title="X",
            description="X.",
            mime_type="text/plain",
            read=read,
        )
        self.assertEqual((careful.needs_credential, careful.private), (True, True))
