"""Ids and random choices that are derived from a seed.

Two worlds with the same seed and the same history have the same ids, byte for byte.
"""

from __future__ import annotations

from hashlib import blake2b

from attrs import define, field


@define(eq=False)
class IdSource:
    """Makes ids with the form of a UUID version 7, which sort by time of creation."""

    seed: str
    _count: int = field(init=False, default=0)

    def next(self, now: float) -> str:
        """Return an id that is greater than every id given before it."""
        self._count += 1
        count = self._count
        moment = f"{round(now * 1000):012x}"
        tail = blake2b(f"{self.seed}:{count}".encode(), digest_size=6).hexdigest()
        high, low = (count >> 12) & 0xFFF, count & 0xFFF
        return f"{moment[:8]}-{moment[8:]}-7{high:03x}-8{low:03x}-{tail}"


def id_salt(key: str, workspace: str) -> str:
    """Return a text that makes the ids of one key's workspace unlike all others.

    It is a digest, so that a world does not contain its key.
    """
    return blake2b(f"{key}|{workspace}".encode(), digest_size=8).hexdigest()


def random_bytes(seed: str, name: str) -> bytes:
    """Return 16 pseudorandom bytes that depend only on the seed and on `name`."""
    return blake2b(f"{seed}|{name}".encode(), digest_size=16).digest()


def fixed_id(seed: str, name: str) -> str:
    """Return the id of something that exists only once, such as the workspace."""
    text = random_bytes(seed, name).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"
