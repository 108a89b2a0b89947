"""Steps written with the arguments of earlier servers.

Those took ``sequence_steps`` (a number), ``sequence_bodies`` and ``sequence_subjects``
(texts of all steps, the first included) and ``step_delay_days``, and made up the copy
of steps that lacked it. Here they are read only where each step has its copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ...results import CallRefusedError
from ..mail.html import one_line

OLD_ARGUMENTS = (
    "sequence_steps",
    "sequence_bodies",
    "sequence_subjects",
    "step_delay_days",
)
WRITE_STEPS = (
    'Give steps instead: [{"subject", "body"}, {"body", "wait": 3}], with the copy of '
    "every mail; the server never makes it up."
)


def with_steps(given: JsonObject) -> JsonObject:
    """Return the arguments with ``steps`` in place of the old ones.

    :raises CallRefusedError: when the old arguments have no certain meaning.
    """
    old = {name: given[name] for name in OLD_ARGUMENTS if name in given}
    if not old:
        return given
    rest = {name: value for name, value in given.items() if name not in old}
    bodies, subjects = old.get("sequence_bodies"), old.get("sequence_subjects")
    steps = rest.get("steps")
    if bodies is None and subjects is None:
        _check_number(old, len(steps) if steps else 1)
        return rest if not steps else {**rest, "steps": _waiting(steps, old)}
    if steps is not None or bodies is None:
        raise _uncertain(old, "do not say the copy of every mail")
    written = _steps(bodies, subjects, rest)
    _check_number(old, len(written))
    for name in ("subject", "body"):
        rest.pop(name, None)
    return {**rest, "steps": _waiting(written, old)}


def _steps(
    bodies: Sequence[str], subjects: Sequence[str] | None, rest: JsonObject
) -> list[JsonObject]:
    first = rest.get("subject", "")
    if subjects is None:
        subjects = [first, *[""] * (len(bodies) - 1)]
    if len(subjects) != len(bodies):
        raise _uncertain(
            {"sequence_bodies": 0, "sequence_subjects": 0}, "are not of equal length"
        )
    if first and one_line(first) != one_line(subjects[0]):
        raise _uncertain({"subject": 0, "sequence_subjects": 0}, "differ in the first")
    body = rest.get("body")
    if body and body.strip() != bodies[0].strip():
        raise _uncertain({"body": 0, "sequence_bodies": 0}, "differ in the first mail")
    return [
        {"subject": subject, "body": body}
        for subject, body in zip(subjects, bodies, strict=True)
    ]


def _waiting(steps: Sequence[JsonObject], old: JsonObject) -> list[JsonObject]:
    wait = old.get("step_delay_days")
    if wait is None:
        return list(steps)
    first, *others = steps
    return [first, *({"wait": wait, **each} for each in others)]


def _check_number(old: JsonObject, number: int) -> None:
    if old.get("sequence_steps", number) != number:
        said = f"says {old['sequence_steps']}, but the copy of {number} was given"
        raise _uncertain({"sequence_steps": 0}, said)


def _uncertain(names: JsonObject, what: str) -> CallRefusedError:
    listed: Json = " and ".join(names)
    return CallRefusedError("bad_argument", f"{listed} {what}.", WRITE_STEPS)
