"""The parts of the sandbox page that say how to fill a workspace, or open another."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.web.template import Tag, tags

from ..._json_codec import JsonObject
from ..interfaces import Facts
from .look import copyable

PROMPT = (
    "Create a campaign named Test with one short step, add the leads "
    "reply.ann@example.com and bounce.bob@example.com to it, and start it."
)


def how_to_fill(facts: Facts, shown: JsonObject) -> Iterator[Tag]:
    """Yield a prompt for an assistant, and a command that answers a mail."""
    yield tags.h2("Fill it")
    yield tags.p(
        "Connect an assistant (see ",
        tags.a("Connect", href=f"{facts.prefix}/connect"),
        "), and say to it:",
    )
    yield copyable(PROMPT)
    yield tags.p(
        "Then let a day pass: Ann replies and Bob bounces, because the first word of "
        "an address decides what a person does."
    )
    if shown["answerable"] is not None:
        yield tags.p(
            "Or answer the newest mail from a shell. The first call returns a preview "
            "and a token, the second one confirms it:"
        )
        yield copyable(_curl(facts, str(shown["key"]), str(shown["answerable"])))


def _curl(facts: Facts, key: str, mail: str) -> str:
    """Return two lines of shell: the first call only asks to be confirmed."""
    base = facts.public_url or facts.url or "http://127.0.0.1:3000"
    return (
        f"reply() {{ curl -s {base}/mcp -H 'Authorization: Bearer {_shell_word(key)}' "
        "-H 'Content-Type: application/json' -d '"
        '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": '
        '{"name": "reply_to_email", "arguments": '
        f'{{"reply_to_uuid": "{mail}", "subject": "Re: Hello", '
        '"body": {"text": "Thank you!"}\'"$1"\'}}}\'; }\n'
        'reply ", $(reply | grep -o \'"confirm_token":"[^"]*"\' | tail -1)"'
    )


def _shell_word(text: str) -> str:
    return text.replace("'", "'\\''")


def other_workspaces(facts: Facts) -> Iterator[Tag]:
    """Yield the form that opens another workspace."""
    yield tags.h2("Other workspaces")
    yield tags.p(
        "Each key that begins with ",
        tags.code("sandbox"),
        " has a workspace of its own.",
    )
    yield tags.form(
        tags.label("Key", **{"for": "key"}),
        tags.div(
            tags.input(
                id="key",
                name="key",
                placeholder="sandbox-NAME",
                maxlength="200",
                pattern="sandbox.*",
                title="begins with sandbox",
                autocomplete="off",
                required="required",
            ),
            tags.button("Open", type="submit"),
            class_="row",
        ),
        action=f"{facts.prefix}/sandbox",
        method="get",
    )
