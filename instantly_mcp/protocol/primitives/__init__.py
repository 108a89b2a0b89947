"""Tools, resources and prompts, and the registries that hold them."""
