"""Checks a request against an operation's parameters, as the API does.

Messages name the field and the rule but never the value, because a refused request may
contain a password. Query values are converted to the type of their parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from .._json_codec import Json, JsonObject, loads, nested_too_deeply
from ..catalog.operation import ArrayStyle, Operation, Parameter, Place
from ..catalog.schema import plain
from .errors import SandboxError, bad_request

MAX_BODY_BYTES = 10 * 1024 * 1024

CLOSED_BODIES = frozenset(
    {
        "createAccount",
        "patchAccount",
        "createCampaign",
        "patchCampaign",
        "createLead",
        "patchLead",
        "createLeadList",
        "patchLeadList",
        "createEmailVerification",
    }
)
"""Operations whose body must not have unknown fields; all others ignore them."""

NEVER_EMPTY = frozenset({"patchAccount", "patchCampaign", "patchLead", "patchLeadList"})
"""Operations whose body needs at least one field."""

BODY_OPTIONAL = frozenset(
    {
        "enableWarmupForAccounts",
        "disableWarmupForAccounts",
        "testAccountVitals",
        "listLeads",
    }
)
"""Operations whose body may be missing."""

_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_RULES = {
    "type": "must be {0}",
    "enum": "must be equal to one of the allowed values",
    "minimum": "must be >= {0}",
    "maximum": "must be <= {0}",
    "minItems": "must NOT have fewer than {0} items",
    "maxItems": "must NOT have more than {0} items",
    "minProperties": "must NOT have fewer than {0} properties",
    "minLength": "must NOT have fewer than {0} characters",
    "pattern": "must match the documented pattern",
    "format": 'must match format "{0}"',
}


@define(eq=False)
class RequestValidator:
    """The validators of one operation's query and body, compiled once."""

    operation: Operation
    _query: tuple[Parameter, ...] = field(init=False)
    _query_checks: Mapping[str, Draft202012Validator] = field(init=False)
    _has_body: bool = field(init=False)
    _body_check: Draft202012Validator = field(init=False)
    _body_schema: dict[str, Json] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Compile the validators."""
        placed: dict[Place, list[Parameter]] = {place: [] for place in Place}
        for parameter in self.operation.parameters:
            placed[parameter.place].append(parameter)
        self._query = tuple(placed[Place.QUERY])
        self._query_checks = {
            each.name: _compiled(plain(each.schema)) for each in self._query
        }
        self._has_body = bool(placed[Place.BODY])
        self._body_schema = _body_schema(self.operation.id, placed[Place.BODY])
        self._body_check = _compiled(self._body_schema)

    def read_query(self, given: Mapping[bytes, Sequence[bytes]]) -> JsonObject:
        """Return the query values by name; unknown names are ignored.

        :raises SandboxError: 400 when a value breaks its parameter's rules.
        """
        values: dict[str, Json] = {}
        for parameter in self._query:
            found = given.get(parameter.name.encode())
            if not found:
                continue
            texts = [text.decode("utf-8", "replace") for text in found]
            value = _read(parameter, texts)
            for error in self._query_checks[parameter.name].iter_errors(value):
                where = f"querystring/{parameter.name}"
                raise bad_request(_sentence(error, where, parameter.schema))
            values[parameter.name] = value
        return values

    def read_body(self, content: bytes, content_type: str | None) -> JsonObject:
        """Return the body's fields.

        :raises SandboxError: 400, 413 or 415, with the API's message.
        """
        value = _decoded(content, content_type)
        if not self._has_body:
            if value is not None and self.operation.method == "DELETE":
                raise bad_request("body must be null")
            return {}
        if value is None:
            if self.operation.id in BODY_OPTIONAL:
                return {}
            raise bad_request("body must be object")
        for error in self._body_check.iter_errors(value):
            raise bad_request(_sentence(error, "body", self._body_schema))
        fields: JsonObject = value
        return fields


def _body_schema(operation_id: str, parameters: Sequence[Parameter]) -> dict[str, Json]:
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {each.name: plain(each.schema) for each in parameters},
        "required": [each.name for each in parameters if each.required],
    }
    if operation_id in CLOSED_BODIES:
        schema["additionalProperties"] = False
    if operation_id in NEVER_EMPTY:
        schema["minProperties"] = 1
    return schema


def _decoded(content: bytes, content_type: str | None) -> Json:
    media = (content_type or "").partition(";")[0].strip().lower()
    if len(content) > MAX_BODY_BYTES:
        raise SandboxError(413, "Request body is too large")
    if not content:
        if media == "application/json":
            raise bad_request(
                "Body cannot be empty when content-type is set to 'application/json'"
            )
        return None
    if media != "application/json":
        raise SandboxError(415, f"Unsupported Media Type: {media}")
    try:
        value = loads(content)
    except ValueError:
        raise bad_request(
            "Body is not valid JSON but content-type is set to 'application/json'"
        ) from None
    if nested_too_deeply(value):
        raise bad_request("body is nested too deeply")
    return value


def _read(parameter: Parameter, texts: Sequence[str]) -> Json:
    """Convert query text to the parameter's type; what does not convert stays text."""
    schema = parameter.schema
    if schema.get("type") == "array":
        if parameter.style is ArrayStyle.COMMA:
            texts = [part for text in texts for part in text.split(",")]
        return [_scalar(text, schema.get("items", {}).get("type")) for text in texts]
    return _scalar(texts[-1], schema.get("type"))


def _scalar(text: str, kind: str | None) -> Json:
    if kind == "boolean":
        return _TRUTH.get(text, text)
    if kind in ("integer", "number"):
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _compiled(schema: dict[str, Json]) -> Draft202012Validator:
    return Draft202012Validator(schema, validate_formats=True)


def _sentence(error: ValidationError, root: str, schema: JsonObject) -> str:
    where = "/".join([root, *(str(part) for part in error.instance_path)])
    rule = str(error.schema_path[-1]) if error.schema_path else ""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        return f"{where} must have required property '{kind.property}'"
    if rule == "additionalProperties":
        return f"{where} must NOT have additional properties"
    limit = _at(schema, error.schema_path)
    if isinstance(limit, list | tuple):
        limit = ",".join(str(one) for one in limit)
    return f"{where} {_RULES.get(rule, 'is not valid').format(limit)}"


def _at(schema: Json, path: Sequence[str | int]) -> Json:
    for part in path:
        # jsonschema-rs reports a property named "3" as the number 3.
        schema = schema[str(part) if isinstance(schema, Mapping) else part]
    return schema
