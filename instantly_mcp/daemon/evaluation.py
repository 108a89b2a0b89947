"""The cases and the judge of the sandbox, for the command ``instantly-mcp eval``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._json_codec import JsonObject
from ..sandbox.evaluation.cases import CASES
from ..sandbox.evaluation.judging import judge


def eval_cases() -> Sequence[JsonObject]:
    """Return all cases in the form of case files."""
    return [case.as_object() for case in CASES]


def verdict(
    case: JsonObject, observed: JsonObject, called: Collection[str] | None
) -> JsonObject:
    """Judge what happened in a case; see `judge`."""
    return judge(case, observed, called)
