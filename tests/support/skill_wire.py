"""Checks results of the skills extension (SEP-2640), which has no JSON schema.

The rules are those of the specification of the extension:
https://github.com/modelcontextprotocol/ext-skills/blob/main/specification/stable/skills.mdx
"""

from __future__ import annotations

import re

from instantly_mcp._json_codec import Json, JsonObject

METHODS = frozenset({"skills/list", "skills/get", "resources/directory/read"})

NAME = re.compile(r"(?!.*--)[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def result_problem(method: str, result: JsonObject, *, modern: bool) -> str | None:
    """Say what is wrong with a result, or return ``None``."""
    expected = {"resultType", "_meta"} if modern else set()
    if modern and method != "resources/directory/read":
        expected |= {"ttlMs", "cacheScope"}
    if method == "skills/get":
        expected |= {"skill"}
        entries = [result.get("skill")]
    elif method == "skills/list":
        expected |= {"skills"}
        entries = result.get("skills", [])
    else:
        expected |= {"resources"}
        entries = []
    found = set(result) - ({"nextCursor"} if method != "skills/get" else set())
    if found != expected:
        return f"members {sorted(found)}, not {sorted(expected)}"
    return next(filter(None, map(entry_problem, entries)), None)


def entry_problem(entry: Json) -> str | None:
    """Say what is wrong with the entry of a skill, or return ``None``."""
    if not isinstance(entry, dict) or set(entry) != {"uri", "frontmatter", "resources"}:
        return "not an entry"
    uri, head, files = entry["uri"], entry["frontmatter"], entry["resources"]
    root, _, last = uri.rpartition("/")
    name = head.get("name", "")
    if last != "SKILL.md" or root.rpartition("/")[2] != name:
        return f"the URI {uri} does not belong to the name {name}"
    if not NAME.fullmatch(name) or not 0 < len(head.get("description", "")) <= 1024:
        return "name or description break the rules of Agent Skills"
    if [file["uri"] for file in files].count(uri) != 1:
        return "SKILL.md is not among the files, or twice"
    for file in files:
        if set(file) != {"uri", "digest", "size"} or type(file["size"]) is not int:
            return f"not a file: {file}"
        if not file["uri"].startswith(f"{root}/") or not DIGEST.fullmatch(
            file["digest"]
        ):
            return f"not a file of the skill: {file}"
    return None
