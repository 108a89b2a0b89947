"""What a person is shown of a write before it is sent."""

from __future__ import annotations

from hashlib import sha256
from typing import TypeAlias

from attrs import Factory, frozen

from .._json_codec import dumps

Fact: TypeAlias = tuple[str, str]
"""A label, such as "Campaign", and the text that belongs to it."""


def _digest_of(preview: Preview) -> str:
    shown = [preview.title, preview.facts, preview.untrusted, preview.unseen]
    return sha256(dumps(shown)).hexdigest()


@frozen(kw_only=True)
class Preview:
    """The resolved facts of one write, for a person who agrees to it or does not.

    Two previews are equal exactly if their digests are: a consent is bound to the
    digest, and what changed since then needs another consent. So nothing in a preview
    may depend on the moment at which it is built.

    :param title: one sentence: what the write does.
    :param facts: what this server knows: workspace, number of leads, senders, price.
    :param untrusted: text by other people or by the model, such as the body of a mail.
        It is shown as text and marked as untrusted.
    :param unseen: what is not shown, but must not change either, such as the time of
        an object's last change.
    :param digest: 64 hexadecimal digits.
    """

    title: str
    facts: tuple[Fact, ...] = ()
    untrusted: tuple[Fact, ...] = ()
    unseen: tuple[str, ...] = ()
    digest: str = Factory(_digest_of, takes_self=True)
