"""``python -m instantly_mcp``: the same as the command ``instantly-mcp``.

Its imports are absolute, so that ``python instantly_mcp`` works as well.
"""

from instantly_mcp import _prerequisites  # noqa: F401  (before what an old Python refuses)
from instantly_mcp.cli import main

if __name__ == "__main__":
    main()
