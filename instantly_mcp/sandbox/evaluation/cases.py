"""All cases, and the start state that a sandbox key selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .case import EvalCase
from .judging import RUN_SEPARATOR
from .reading import READING
from .start_state import StartStep
from .traps import TRAPS
from .writing import WRITING

CASES: Sequence[EvalCase] = (*READING, *WRITING, *TRAPS)

_STARTS: Mapping[str, tuple[StartStep, ...]] = {case.key: case.start for case in CASES}


def start_of(key: str) -> Sequence[StartStep]:
    """Return the start state of the case of a sandbox key; no steps for other keys.

    :param key: the key of a case, or such a key with ``.`` and the name of a run.
    """
    return _STARTS.get(key.partition(RUN_SEPARATOR)[0], ())
