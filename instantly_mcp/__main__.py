"""``python -m instantly_mcp``: the same as the command ``instantly-mcp``."""

from . import _prerequisites  # noqa: F401  (before anything that an old Python refuses)
from .cli import main

if __name__ == "__main__":
    main()
