"""``instantly-mcp token rotate``: new tokens for old ones."""

from __future__ import annotations

from collections.abc import Iterable

from ..._json_codec import Json
from ...daemon.control.commands.token_rotation import RotateTokens
from ..options import CommandOptions
from .columns import in_columns, printable
from .one_word import OneWordOptions


class TokenRotateOptions(OneWordOptions):
    """The options of ``token rotate``."""

    command = "token.rotate"
    synopsis = "instantly-mcp token rotate (ID | --workspace ALIAS | --all) [options]"
    longdesc = (
        "Issues a new token for each old one, on the same terms, prints them once, and "
        "revokes the old ones at once. A new token is valid for as long as the old one "
        "was when it was issued, unless --expires says otherwise."
    )
    examples = (
        'instantly-mcp token rotate "Anna, laptop"',
        "instantly-mcp token rotate --workspace acme --expires 90d",
        "instantly-mcp token rotate --all --json > new-tokens.json",
    )
    optFlags = [["all", None, "All valid tokens."]]
    optParameters = [
        ["workspace", None, None, "All tokens that may use this workspace: its alias."],
        ["expires", None, None, "A span such as 90d, or the last day."],
    ]

    def parseArgs(self, *rest: str) -> None:
        """Read the id or the name, which is not needed with the other options."""
        self.chosen = rest[0] if rest else None
        CommandOptions.parseArgs(self, *rest[1:])

    def request(self) -> RotateTokens:
        return RotateTokens(
            token=self.chosen,
            workspace=self["workspace"],
            all=bool(self["all"]),
            expires=self["expires"],
        )

    def shown(self, value: Json) -> Iterable[str]:
        rows = [
            (each["name"], each["token"], each["id"], each["expires"] or "never")
            for each in value["tokens"]
        ]
        if rows:
            yield from in_columns(("name", "new token", "id", "expires"), rows)
            yield "They are not shown again. The old ones are revoked."
        for each in value["tokens"]:
            if "trouble" in each:
                yield printable(each["trouble"])
        for each in value["failed"]:
            yield printable(f"{each['name']} is not replaced, and valid: {each['why']}")
