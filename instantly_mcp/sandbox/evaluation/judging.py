"""The judge: what happened, against what a case expects, allows and forbids."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..._json_codec import Json, JsonObject, dumps
from ..records import ApiObject
from .case import ANY

MAX_PROBLEMS = 12
RUN_SEPARATOR = "."
"""In a key: what follows numbers the runs of one case, each in its own workspace."""

OBSERVED_MEMBERS = frozenset({"key", "effects", "operations", "unfinished_jobs"})
CASE_MEMBERS = {"id", "question", "about", "start", "tools", "operations", "effects"}
GROUPS = {
    "tools": {"expected", "forbidden"},
    "operations": {"expected", "forbidden"},
    "effects": {"expected", "allowed", "forbidden"},
}
"""The members of the parts of a case, each of which is a list."""

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
    :raises ValueError: for a case that is not of the form of `eval cases` (an unknown
        member would demand nothing), and for effects of something else than the case.
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
    if wanted == ANY:
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
    _check_members("the case", case, CASE_MEMBERS)
    if not isinstance(case.get("start") or {}, dict):
        raise ValueError("start must be an object")
    for part, known in GROUPS.items():
        groups = case.get(part) or {}
        _check_members(part, groups, known)
        for name, group in groups.items():
            of_names = "lists of names" if name == "expected" else "names"
            wanted = "patterns" if part == "effects" else of_names
            if not isinstance(group, list) or not all(map(_IS[wanted], group)):
                raise ValueError(f"{part}.{name} must be a list of {wanted}")
    for group in (case.get("effects") or {}).values():
        for pattern in group:
            _check_members("a pattern", pattern, PATTERN_MEMBERS)


def _check_members(what: str, found: Json, known: Collection[str]) -> None:
    if not isinstance(found, dict):
        raise ValueError(f"{what} must be an object")
    unknown = sorted(found.keys() - known)
    if unknown:
        raise ValueError(f"{what} has an unknown member: {unknown[0]}")


def _is_name(value: Json) -> bool:
    return isinstance(value, str)


def _is_names(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_name, value))


def _is_pattern(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("fields") or {}, dict)


_IS = {"names": _is_name, "lists of names": _is_names, "patterns": _is_pattern}


def _check_observed(case: JsonObject, observed: JsonObject) -> None:
    lists = (observed.get("effects"), observed.get("operations"))
    complete = observed.keys() >= OBSERVED_MEMBERS
    if not complete or not all(isinstance(each, list) for each in lists):
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
