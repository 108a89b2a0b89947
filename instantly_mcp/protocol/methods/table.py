"""The table of the methods that both eras have; each era adds its own methods."""

from __future__ import annotations

from ..server_features import Method, Offer
from .prompts import complete, get_prompt, list_prompts
from .resources import list_resources, list_templates, read_resource
from .tools import call_tool, list_tools


def common_methods(offer: Offer) -> dict[str, Method]:
    """Return a new table, without the methods of features that the server lacks."""
    table: dict[str, Method] = {"tools/list": list_tools, "tools/call": call_tool}
    if offer.has_resources:
        table["resources/list"] = list_resources
        table["resources/templates/list"] = list_templates
        table["resources/read"] = read_resource
    if offer.has_prompts:
        table["prompts/list"] = list_prompts
        table["prompts/get"] = get_prompt
    if offer.has_resources or offer.has_prompts:
        table["completion/complete"] = complete
    return table
