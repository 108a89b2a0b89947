"""``skills/*`` and the reading of folders, in every era."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp._rights import Level, Rights
from instantly_mcp.protocol.methods.resources import read_resource
from instantly_mcp.protocol.methods.skills import (
    get_skill,
    list_skills,
    read_directory,
)
from instantly_mcp.protocol.primitives.registries import ResourceRegistry
from instantly_mcp.protocol.primitives.skill import Skill
from instantly_mcp.protocol.primitives.skill_registry import (
    SkillRegistry,
    directories,
    skill_resources,
)
from instantly_mcp.protocol.server import McpServer
from instantly_mcp.protocol.server_features import Method, ServerFeatures
from instantly_mcp.protocol.wire.errors import INVALID_PARAMS, ProtocolError
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from tests.support.engines import EngineTestCase
from tests.support.messages import MODERN_VERSION, initialize, request
from tests.support.servers import make_server_features

from ..primitives.test_skill import skill
from ..sample_features import request_context

FULL_ONLY = skill("acme/full-only", level=Level.FULL, toolset="travel")
SKILLS = [skill(), skill("alone", beside=()), FULL_ONLY]
EXTENSION = "io.modelcontextprotocol/skills"
KNOWN = sorted(
    {uri for each in SKILLS for uri in each.files}
    | {"skill://acme", "skill://acme/plan-a-trip", "skill://alone"}
)


class SkillTestCase(EngineTestCase):
    """A server with three skills."""

    def setUp(self) -> None:
        """Make it."""
        super().setUp()
        self.features = self.with_skills(SKILLS)
        self.server = McpServer(self.features)

    def with_skills(self, skills: list[Skill], **settings: Json) -> ServerFeatures:
        """Return features with these skills and their files."""
        known = SkillRegistry(skills)
        listed, others = skill_resources(known)
        return make_server_features(
            self.toolbox,
            self.clock,
            skills=known,
            resources=ResourceRegistry(listed, unlisted=others),
            **settings,
        )

    def refusal(
        self, method: Method, params: JsonObject, rights: Rights | None = None
    ) -> ProtocolError:
        """Return the error of a method."""
        context = request_context("x", params, rights=rights or Rights())
        try:
            method(self.features, context)
        except ProtocolError as error:
            return error
        raise self.failureException(f"{params} was not refused")


class DeclarationTests(SkillTestCase):
    def test_both_eras(self) -> None:
        """Each revision declares the extension, with its setting and resources."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                opening = request("server/discover", {})
                if not revision.modern:
                    opening = initialize(version)
                result = self.answer(opening, version)["result"]
                declared = result["capabilities"]
                self.assertEqual(
                    declared["extensions"][EXTENSION], {"directoryRead": True}
                )
                self.assertIn("resources", declared)

    def test_no_skills(self) -> None:
        """Without skills nothing is declared, and the methods do not exist."""
        self.server = McpServer(self.with_skills([]))
        for version in ("2025-11-25", MODERN_VERSION):
            for method in ("skills/list", "skills/get", "resources/directory/read"):
                refused = self.answer(request(method, {}), version)
                self.assertEqual(refused["error"]["code"], -32601)
        opened = self.answer(initialize())["result"]
        self.assertNotIn("extensions", opened["capabilities"])


class ListTests(SkillTestCase):
    def test_every_era(self) -> None:
        """Each revision lists the same whole entries."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                result = self.answer(request("skills/list", {}), version)["result"]
                self.assertEqual(
                    result["skills"], [each.as_object() for each in SKILLS]
                )

    def test_caching(self) -> None:
        """The modern era says how long, and whether others may share it."""
        got = request("skills/get", {"uri": SKILLS[0].uri})
        for message in (request("skills/list", {}), got):
            result = self.answer(message, MODERN_VERSION)["result"]
            self.assertEqual(
                (result["ttlMs"], result["cacheScope"]), (300000, "public")
            )

    def test_pages(self) -> None:
        """An entry is never split, and every page but the last has a cursor."""
        self.features = self.with_skills(SKILLS, page_size=2)
        first = list_skills(self.features, request_context("skills/list", {}))
        params = {"cursor": first["nextCursor"]}
        last = list_skills(self.features, request_context("skills/list", params))
        self.assertEqual(
            [*first["skills"], *last["skills"]], [each.as_object() for each in SKILLS]
        )
        self.assertNotIn("nextCursor", last)

    @given(st.integers(1, 6), st.sampled_from(["", "skill://acme", "skill://alone"]))
    def test_every_page_size(self, page_size: int, folder: str) -> None:
        """Whatever the size of pages, they hold each item once, in order."""
        self.features = self.with_skills(SKILLS, page_size=page_size)
        kind = "resources" if folder else "skills"
        found: list[str] = []
        params: dict[str, Json] = {"uri": folder} if folder else {}
        while True:
            page = self.page(read_directory if folder else list_skills, params)
            self.assertLessEqual(len(page[kind]), page_size)
            found += [each["uri"] for each in page[kind]]
            if "nextCursor" not in page:
                break
            params["cursor"] = page["nextCursor"]
        if folder:
            expected = [each["uri"] for each in directories(SKILLS)[folder]]
        else:
            expected = [each.uri for each in SKILLS]
        self.assertEqual(found, expected)

    @given(st.text(max_size=30) | st.integers() | st.booleans())
    def test_invented_cursors(self, cursor: Json) -> None:
        """A cursor that this server did not issue is an invalid parameter."""
        for method, params in (
            (list_skills, {}),
            (read_directory, {"uri": "skill://acme"}),
        ):
            error = self.refusal(method, {**params, "cursor": cursor})
            self.assertEqual(error.code, INVALID_PARAMS)

    def page(self, method: Method, params: JsonObject) -> Json:
        """Return one page, as JSON."""
        return loads(dumps(method(self.features, request_context("x", params))))

    def test_cursors_of_others(self) -> None:
        """A cursor works for its own list only; folders have lists of their own."""
        self.features = self.with_skills(SKILLS, page_size=1)
        folder = {"uri": "skill://acme"}
        skills = list_skills(self.features, request_context("x", {}))["nextCursor"]
        children = read_directory(self.features, request_context("x", folder))
        for method, params in (
            (list_skills, {"cursor": children["nextCursor"]}),
            (list_skills, {"cursor": ""}),
            (read_directory, {**folder, "cursor": skills}),
            (
                read_directory,
                {
                    "uri": "skill://acme/plan-a-trip",
                    "cursor": children["nextCursor"],
                },
            ),
        ):
            error = self.refusal(method, params)
            self.assertEqual(error.code, INVALID_PARAMS, params)

    def test_rights(self) -> None:
        """A caller with fewer rights does not see the skills that need more."""
        for rights in (Rights(level=Level.READ_ONLY), Rights(toolsets=("other",))):
            context = request_context("skills/list", {}, rights=rights)
            listed = loads(dumps(list_skills(self.features, context)["skills"]))
            self.assertEqual(
                [each["uri"] for each in listed], [each.uri for each in SKILLS[:2]]
            )


class GetTests(SkillTestCase):
    def test_same_as_listed(self) -> None:
        """Each revision returns the entry of the list."""
        for version in ALL_REVISIONS:
            for each in SKILLS:
                message = request("skills/get", {"uri": each.uri})
                result = self.answer(message, version)["result"]
                self.assertEqual(result["skill"], each.as_object())

    def test_unknown(self) -> None:
        """A URI that is not the SKILL.md of a skill is an invalid parameter."""
        for uri in (
            "skill://acme/plan-a-trip",
            "skill://acme/plan-a-trip/references/dates.md",
            "skill://unknown/SKILL.md",
            None,
            7,
            "x" * 5000,
        ):
            error = self.refusal(get_skill, {"uri": uri})
            self.assertEqual(error.code, INVALID_PARAMS)

    def test_not_permitted(self) -> None:
        """A skill that the caller may not see is refused, and so are its files."""
        for rights in (Rights(level=Level.DRAFT), Rights(toolsets=("other",))):
            for method, uri in (
                (get_skill, FULL_ONLY.uri),
                (read_resource, FULL_ONLY.uri),
                (read_resource, "skill://acme/full-only/references/dates.md"),
                (read_directory, "skill://acme/full-only"),
            ):
                error = self.refusal(method, {"uri": uri}, rights)
                self.assertEqual(error.code, INVALID_PARAMS)


class DirectoryTests(SkillTestCase):
    def test_every_era(self) -> None:
        """Each revision lists the children of a folder."""
        for version in ALL_REVISIONS:
            message = request(
                "resources/directory/read", {"uri": "skill://acme/plan-a-trip"}
            )
            result = self.answer(message, version)["result"]
            self.assertEqual(
                [child["uri"] for child in result["resources"]],
                [
                    "skill://acme/plan-a-trip/SKILL.md",
                    "skill://acme/plan-a-trip/references",
                ],
            )

    def test_what_others_may_not_see(self) -> None:
        """A folder shows no skill that the caller may not see."""
        context = request_context(
            "x", {"uri": "skill://acme"}, rights=Rights(level=Level.DRAFT)
        )
        children = read_directory(self.features, context)["resources"]
        self.assertEqual([child["name"] for child in children], ["plan-a-trip"])

    @given(
        st.sampled_from(KNOWN),
        st.sampled_from(
            ["/", "/.", "/..", "/../alone", "//", "?", "#", "%2F", "\\", "\0", " "]
        ),
    )
    @example("skill://acme/plan-a-trip", "/references/../../full-only")
    def test_no_other_spelling(self, uri: str, more: str) -> None:
        """Only the normal form of a URI is known: nothing is decoded or resolved."""
        for method in (get_skill, read_directory, read_resource):
            error = self.refusal(method, {"uri": uri + more})
            self.assertEqual(error.code, INVALID_PARAMS)

    @given(st.sampled_from(KNOWN), st.data())
    def test_no_encoding(self, uri: str, data: st.DataObject) -> None:
        """A URI with one character percent-encoded, or in another case, is unknown."""
        place = data.draw(st.integers(0, len(uri) - 1))
        letter = uri[place]
        encoded = f"%{ord(letter):02X}"
        for other in (encoded, quote(encoded), letter.swapcase()):
            if other == letter:
                continue
            spelled = uri[:place] + other + uri[place + 1 :]
            for method in (get_skill, read_directory, read_resource):
                error = self.refusal(method, {"uri": spelled})
                self.assertEqual(error.code, INVALID_PARAMS)
