"""``python -m instantly_mcp``: the same as the command ``instantly-mcp``."""

from .cli import main

if __name__ == "__main__":
    main()
