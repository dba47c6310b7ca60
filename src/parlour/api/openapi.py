"""The OpenAPI 3.1 document, made of the operations themselves: what is decoded is what is described."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from parlour.api.operations import Operation
from parlour.entrance import PUBLIC, Failure
from parlour.tickets import Reference

_TITLE: Final = "Parlour"
_DESCRIPTION: Final = """\
Everything a program can do with an organization's tickets.

Send a token as `Authorization: Bearer parlour_…`; make one under *Settings*, or with `parlour token create`.
JSON is camelCase, times are RFC 3339 in UTC. Lists come in pages: give `next` back as `after`.

Each write takes an `Idempotency-Key`: repeated within a day, it happens once and is answered the same.
A ticket's `ETag` is its version: send it as `If-Match`, and nobody's change is overwritten unseen.

A company's directory keeps its people up to date by SCIM 2.0 at `/api/scim/v2`, which describes itself.

Every error is `{error, details?, timestamp, requestId}`: `error` says what to do, `details` names the fields.
"""
_TAGS: Final = {
    "auth": "Signing in and out with a session, as a person does.",
    "app_tokens": "Signing in as an app does: a short-lived access token, and a refresh token for the next one.",
    "security": "One's own password, second factor and sessions, and what the organization asks for.",
    "passkeys": "One's own passkeys: what a device is asked, and what becomes of its answer.",
    "links": "Signing in, and choosing a password, by a link that comes by mail.",
    "tickets": "What customers ask, and where each question stands.",
    "comments": "The words on a ticket: replies, notes, and its timeline.",
    "replies": "Replies on their way: whom they go to, taken back, sent now or again.",
    "attachments": "Files: uploaded first, then named by the reply that sends them.",
    "users": "Agents and customers.",
    "portal_address": "A name of the portal's own, shown by the DNS.",
    "identity_providers": "Other companies' sign-ins that vouch for people, and the domains they may vouch for.",
    "companies": "Companies that customers belong to, and whether these see what their colleagues ask.",
    "claimed_domains": "Domains whose people another company's sign-in may vouch for.",
    "invitations": "Who was asked to come in as an agent.",
    "deletion": "Closing the organization for good, and calling that off in time.",
    "tags": "Words that group tickets.",
    "roles": "What each role allows; those of the organization's own making are made and changed here.",
    "organization": "The organization, and its departments that answer their own tickets.",
    "me": "Who one is, and what waits for oneself.",
    "tokens": "What programs come in with: one's own, and for administrators everybody's.",
    "mailboxes": "Addresses customers write to, and how each is reached.",
    "domains": "Domains that mail is sent from: their keys, and the DNS records that show them.",
    "signatures": "What stands under replies, in several languages.",
    "templates": "Replies that are written once and inserted often.",
    "automatic_mails": "What customers are told without an agent, in one's own words or the built-in ones.",
    "mail_rules": "What counts as spam, as a loop and as too much.",
    "ledger": "Every mail that came in, and what became of it.",
    "audit": "Who did what that matters to security, in a chain that shows when somebody touched it.",
    "health": "Whether this installation is well.",
}
_SENTENCES: Final = {
    200: "As asked.",
    201: "Made.",
    204: "Done; there is nothing to say.",
    400: "The request, a parameter or the JSON could not be understood.",
    401: "No token, or one that is unknown, revoked or expired.",
    403: "The role does not allow this.",
    404: "There is no such thing, or it is not yours to see.",
    409: "That clashes with something that exists.",
    410: "This was here, and is over: a link is good once, and for a short time.",
    412: "It has changed since you read it.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    416: "The range lies outside the file.",
    422: "Some fields need attention: `details` names them.",
    429: "Too many requests: wait as long as `Retry-After` says.",
    503: "Not available right now.",
}


_NO_REFUSALS: Final = {
    304: "It has not changed.",
    206: "Part of the file.",
    307: "It is on the files' own host: `Location`.",
}


def document(operations: Sequence[Operation], public_url: str) -> dict[str, Any]:
    """The whole document, as JSON values."""
    schemas = _Schemas(operations)
    paths: dict[str, Any] = {}
    for operation in operations:
        path = paths.setdefault(f"/api{operation.path}", {})
        path[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE,
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "An API token."}},
        },
    }


class _Schemas:
    """JSON schemas of every struct that is decoded or encoded."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        kinds = [Failure]
        for operation in operations:
            kinds += [kind for kind in (operation.query, operation.body, operation.result) if _is_described(kind)]
        found, self.components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
        self._by_kind = {id(kind): schema for kind, schema in zip(kinds, found, strict=True)}
        self._by_kind[id(Failure)] = found[0]

    def of(self, kind: Any) -> dict[str, Any]:
        return self._by_kind[id(kind)]

    def properties_of(self, kind: Any) -> tuple[dict[str, Any], list[str]]:
        reference = self.of(kind)["$ref"].rpartition("/")[2]
        schema = self.components[reference]
        return schema.get("properties", {}), schema.get("required", [])


def _is_described(kind: Any) -> bool:
    return kind is not None and kind is not type(None) and kind is not Any


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.room],
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation, schemas), *_headers(operation)],
        "responses": {str(operation.status): _success(operation, schemas)},
    }
    if operation.description:
        described["description"] = operation.description
    if operation.permission == PUBLIC:
        described["security"] = []
    else:
        described["x-permission"] = operation.permission
    if operation.body:
        content: dict[str, Any] = {"schema": schemas.of(operation.body)}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    elif operation.file and operation.method == "POST":
        described["requestBody"] = _FILE_BODY
    elif operation.raw:
        described["requestBody"] = _MAIL_BODY
    if operation.when_unwell:
        described["responses"]["503"] = {**_success(operation, schemas), "description": "A check fails."}
    for status in operation.refusals:
        described["responses"].setdefault(str(status), _refusal(status, schemas))
    return described


def _success(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": _SENTENCES.get(operation.status, "Done.")}
    if operation.headers:
        success["headers"] = {
            name: {"description": sentence, "schema": {"type": "string"}}
            for name, sentence in operation.headers.items()
        }
    if operation.file and operation.method == "GET":
        success["content"] = {"*/*": {}}
    elif _is_described(operation.result):
        success["content"] = {"application/json": {"schema": schemas.of(operation.result)}}
    return success


def _refusal(status: int, schemas: _Schemas) -> dict[str, Any]:
    if status in _NO_REFUSALS:
        return {"description": _NO_REFUSALS[status]}
    return {
        "description": _SENTENCES[status],
        "content": {"application/json": {"schema": schemas.of(Failure)}},
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters = []
    for name, kind in operation.parameters.items():
        if kind == Reference:
            schema: dict[str, Any] = {
                "anyOf": [{"type": "string", "format": "uuid"}, {"type": "integer", "minimum": 1}]
            }
            description = "The ticket's id, or its number."
        else:
            schema, description = {"type": "string", "format": "uuid"}, "Its id."
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema, "description": description})
    return parameters


def _query_parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    if not operation.query:
        return []
    properties, required = schemas.properties_of(operation.query)
    parameters = []
    for name, described in properties.items():
        schema = _never_null(described)
        plain = {key: value for key, value in schema.items() if key not in ("description", "examples", "default")}
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": name in required, "schema": plain}
        if "description" in {**schema, **described}:
            parameter["description"] = {**schema, **described}["description"]
        if plain.get("type") == "array":
            parameter |= {"style": "form", "explode": True}
        parameters.append(parameter)
    return parameters


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    # A parameter is there or not: only JSON knows null.
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _headers(operation: Operation) -> list[dict[str, Any]]:
    accepted = dict(operation.accepts)
    if operation.method != "GET" and operation.permission != PUBLIC:
        accepted["Idempotency-Key"] = "Your own name for this write: repeated, it happens once."
    return [
        {"name": name, "in": "header", "required": False, "description": sentence, "schema": _HEADER_SCHEMA[name]}
        for name, sentence in accepted.items()
    ]


_HEADER_SCHEMA: Final[dict[str, Any]] = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "If-Match": {"type": "string"},
    "If-None-Match": {"type": "string"},
    "Range": {"type": "string"},
}
_MAIL_BODY: Final = {
    "required": True,
    "content": {
        "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
_FILE_BODY: Final = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary", "description": "The file."}},
            }
        }
    },
}
