"""The table of the methods that both eras have; each era adds its own methods."""

from __future__ import annotations

from ..server_features import Method, ServerFeatures
from .prompts import complete, get_prompt, list_prompts
from .resources import list_resources, list_templates, read_resource
from .skills import get_skill, list_skills, read_directory
from .tools import call_tool, list_tools


def common_methods(features: ServerFeatures) -> dict[str, Method]:
    """Return a new table, without the methods of features that the server lacks."""
    table: dict[str, Method] = {"tools/list": list_tools, "tools/call": call_tool}
    if features.has_resources:
        table["resources/list"] = list_resources
        table["resources/templates/list"] = list_templates
        table["resources/read"] = read_resource
    if features.has_prompts:
        table["prompts/list"] = list_prompts
        table["prompts/get"] = get_prompt
    if features.has_skills:
        table["skills/list"] = list_skills
        table["skills/get"] = get_skill
        table["resources/directory/read"] = read_directory
    if features.has_resources or features.has_prompts:
        table["completion/complete"] = complete
    return table
