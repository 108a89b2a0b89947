"""The judge: what happened, against what a case expects, allows and forbids."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..._json_codec import Json, JsonObject, dumps
from ..records import ApiObject

MAX_PROBLEMS = 12
RUN_SEPARATOR = "."
"""In a key: what follows numbers the runs of one case, each in its own workspace."""

OBSERVED_MEMBERS = frozenset({"key", "effects", "operations", "unfinished_jobs"})
CASE_MEMBERS = {"id", "question", "about", "start", "tools", "operations", "effects"}
NAME_GROUPS = {"expected", "forbidden"}
EFFECT_GROUPS = {"expected", "allowed", "forbidden"}
PATTERN_MEMBERS = {"change", "kind", "name", "fields", "times"}
_SHOWN_CHARACTERS = 300


def judge(
    case: JsonObject, observed: JsonObject, called: Collection[str] | None = None
) -> ApiObject:
    """Return the verdict: ``{case, passed, problems}``.

    :param case: a line of a case file. Members that are missing demand nothing.
    :param observed: what ``GET /sandbox/effects`` returned after the client's work.
    :param called: the names of the tools that the client called; ``None`` if that is
        not known, and then not judged.
    :raises ValueError: for a case with unknown members, which would demand nothing, and
        for effects of something else than the case.
    """
    _check_case(case)
    _check_observed(case, observed)
    executed = {each["operation"] for each in observed["operations"]}
    problems = [
        *_unfinished(observed),
        *_of_effects(case.get("effects") or {}, observed["effects"]),
        *_of_names("operation", case.get("operations") or {}, executed),
    ]
    if called is not None:
        problems += _of_names("tool", case.get("tools") or {}, called)
    more = len(problems) - MAX_PROBLEMS
    shown = problems[:MAX_PROBLEMS] + [f"And {more} more."] * (more > 0)
    return {"case": case.get("id"), "passed": not problems, "problems": shown}


def matches(pattern: JsonObject, effect: JsonObject) -> bool:
    """Say whether a pattern of a case describes an effect.

    A ``changed`` effect must not have fields that the pattern does not name.
    """
    for name in ("change", "kind", "name"):
        if name in pattern and pattern[name] != effect[name]:
            return False
    wanted: JsonObject = pattern.get("fields") or {}
    fields: JsonObject = effect["fields"]
    strict = bool(wanted) and effect["change"] == "changed"
    if strict and not fields.keys() <= wanted.keys():
        return False
    return all(name in fields and _fits(wanted[name], fields[name]) for name in wanted)


def _fits(wanted: Json, value: Json) -> bool:
    if wanted == {"any": True}:
        return True
    if isinstance(wanted, dict) and wanted.keys() == {"contains"}:
        return str(wanted["contains"]).lower() in dumps(value).decode().lower()
    if isinstance(wanted, dict) and isinstance(value, dict):
        return all(
            name in value and _fits(wanted[name], value[name]) for name in wanted
        )
    if isinstance(wanted, list) and isinstance(value, list):
        pairs = zip(wanted, value, strict=False)
        return len(wanted) == len(value) and all(_fits(*pair) for pair in pairs)
    return bool(wanted == value)


def _check_case(case: JsonObject) -> None:
    effects = case.get("effects") or {}
    patterns = [each for group in effects.values() for each in group]
    for what, found, known in (
        ("the case", case, CASE_MEMBERS),
        ("effects", effects, EFFECT_GROUPS),
        ("operations", case.get("operations") or {}, NAME_GROUPS),
        ("tools", case.get("tools") or {}, NAME_GROUPS),
        *(("a pattern", pattern, PATTERN_MEMBERS) for pattern in patterns),
    ):
        unknown = sorted(set(found) - known)
        if unknown:
            raise ValueError(f"{what} has an unknown member: {unknown[0]}")


def _check_observed(case: JsonObject, observed: JsonObject) -> None:
    if not observed.keys() >= OBSERVED_MEMBERS:
        raise ValueError("the effects are not what GET /sandbox/effects returns")
    key, used = (case.get("start") or {}).get("key"), observed["key"]
    if key is not None and used.partition(RUN_SEPARATOR)[0] != key:
        raise ValueError(f"the effects are those of the key {used}, not of {key}")


def _unfinished(observed: JsonObject) -> list[str]:
    if not observed["unfinished_jobs"]:
        return []
    return ["A background job is still running. Read the effects when it has ended."]


def _of_effects(case: JsonObject, effects: Sequence[JsonObject]) -> list[str]:
    left = list(effects)
    problems = []
    for pattern in case.get("expected") or ():
        others = [effect for effect in left if not matches(pattern, effect)]
        times, found = pattern.get("times", 1), len(left) - len(others)
        if found != times:
            problems.append(
                f"Expected {times} time(s), found {found}: {_text(pattern)}"
            )
        left = others
    for effect in left:
        if any(matches(each, effect) for each in case.get("forbidden") or ()):
            problems.append(f"Forbidden: {_text(effect)}")
        elif not any(matches(each, effect) for each in case.get("allowed") or ()):
            problems.append(f"Not asked for: {_text(effect)}")
    return problems


def _of_names(kind: str, case: JsonObject, used: Collection[str]) -> list[str]:
    problems = [
        f"Expected one of these {kind}s: {', '.join(group)}"
        for group in case.get("expected") or ()
        if not set(group) & set(used)
    ]
    forbidden = set(case.get("forbidden") or ()) & set(used)
    return problems + [f"Forbidden {kind}: {name}" for name in sorted(forbidden)]


def _text(value: Json) -> str:
    text = dumps(value).decode()
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
