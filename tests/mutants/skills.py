"""Broken rules of skills, the server card, and how a server introduces itself."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

SKILL = "protocol/primitives/skill.py"
REGISTRY = "protocol/primitives/skill_registry.py"
METHODS = "protocol/methods/skills.py"
CARD = "web/server_card.py"
TESTS = "protocol.methods.test_skills"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "The size of a file of a skill is counted in bytes",
        SKILL,
        "        return len(self.text.encode())",
        "        return len(self.text)",
        "protocol.primitives.test_skill",
    ),
    mutant(
        "both",
        "No path of a skill leads upwards",
        SKILL,
        '_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")',
        '_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")',
        "protocol.primitives.test_skill",
    ),
    mutant(
        "both",
        "A skill that the caller may not see is not returned by its URI",
        METHODS,
        '    require_permitted(context, skill, "skill")\n',
        "",
        TESTS,
    ),
    mutant(
        "both",
        "A folder shows only the skills that the caller may see",
        METHODS,
        "directories(features.skills.listed(context.caller.rights))",
        "directories(features.skills.listed())",
        TESTS,
    ),
    mutant(
        "both",
        "The cursor of one folder is not accepted for another one",
        METHODS,
        'f"directory {uri}"',
        '"directory"',
        TESTS,
    ),
    mutant(
        "both",
        "A folder in a skill has its own media type",
        REGISTRY,
        '                    "mimeType": DIRECTORY_TYPE,',
        '                    "mimeType": "text/plain",',
        "protocol.primitives.test_skill_registry",
        suite="--suite all",
    ),
    mutant(
        "both",
        "A server that does not know its public URL has no server card",
        CARD,
        "    if facts.public_url is None:\n        return None\n",
        "    if facts.public_url is None:\n        return discovery_preflight()\n",
        "web.test_server_card",
    ),
    mutant(
        "both",
        "The path of the server card is never taken for a key",
        "web/mcp_routes.py",
        ', "server-card"',
        "",
        "web.test_server_card",
    ),
    mutant(
        "both",
        "Keys and tokens are secrets in the server card",
        CARD,
        '        "isSecret": True,\n        "placeholder"',
        '        "isSecret": False,\n        "placeholder"',
        "web.test_server_card",
    ),
    mutant(
        "both",
        "An answer that a copy is current has no length",
        "web/http/request.py",
        "            if status not in (204, 304):",
        "            if status != 204:",
        "web.test_server_card",
    ),
    mutant(
        "both",
        "A step that needs a tool which the caller does not have is not shown to it",
        "features/prompts/steps.py",
        " if all(name in tools for name in each.needs) else each.otherwise",
        "",
        "features.skills.test_registry",
    ),
    mutant(
        "both",
        "The texts of skills are kept for each access level apart",
        "features/skills/registry.py",
        "        key = (rights.level, rights.toolsets, bool(rights.workspaces))",
        "        key = (Level.FULL, rights.toolsets, bool(rights.workspaces))",
        "features.skills.test_registry",
    ),
    mutant(
        "legacy",
        "Sessions see the skills extension declared",
        "protocol/server_features.py",
        "        if self.has_skills:\n",
        "        if self.has_skills and revision.modern:\n",
        TESTS,
    ),
    mutant(
        "modern",
        "Only the first answer carries the icons of the server",
        "protocol/methods/modern.py",
        "features.info.as_object()}",
        "features.info.introduced(context.caller.revision)}",
        "protocol.methods.test_modern",
    ),
)
