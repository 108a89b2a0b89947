"""What a page costs a model of OpenAI, counted with its own tokenizer (o200k)."""

from __future__ import annotations

import subprocess

from instantly_mcp._json_codec import dumps, loads
from tests.features.page_size_cases import MOST_DEFAULT_TOKENS, PageSizeCase
from tests.features.tools.running.test_cursors import LISTS
from tests.support.programs import Needed, requires

from .programs import DRIVERS, NODE, NPM, package

TOKENIZER = package("gpt-tokenizer")
NEEDED = Needed(
    name="gpt-tokenizer",
    find=lambda: str(TOKENIZER) if TOKENIZER.exists() else None,
    install="make clients",
)
MOST_SECONDS = 120


@requires(NEEDED)
class TokenTests(PageSizeCase):
    """On a workspace with the longest data that a real one has."""

    def test_default_pages(self) -> None:
        """Each list costs at most 6,000 tokens when no limit is given."""
        texts = [self.text(name) for name in LISTS]
        counted = subprocess.run(
            [NODE, DRIVERS / "count_tokens.mjs"],
            cwd=NPM,
            input=dumps(texts),
            stdout=subprocess.PIPE,
            timeout=MOST_SECONDS,
            check=True,
        )
        for name, tokens in zip(LISTS, loads(counted.stdout), strict=True):
            self.assertLessEqual(tokens, MOST_DEFAULT_TOKENS, name)
            self.assertGreater(tokens, 1_000, name)
