"""What this server can do, and what its resources look like (RFC 7643, 5 to 7)."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from parlour.api.scim import serving
from parlour.api.scim.resources import GROUP, LIST, USER
from parlour.entrance import Request
from parlour.foundation.errors import Forbidden, NotFound

_CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"


@get(serving.PATH + "/ServiceProviderConfig", opt=serving.MAY)
async def read_config(request: Request) -> ASGIResponse:
    return serving.answer(
        {
            "schemas": [_CONFIG],
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": serving.MOST},
            "changePassword": {"supported": False},
            "sort": {"supported": True},
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Token of the directory",
                    "description": "Made under Settings, Directory; sent as `Authorization: Bearer …`.",
                    "specUri": "https://www.rfc-editor.org/info/rfc6750",
                    "primary": True,
                }
            ],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{serving.base_of(request)}/ServiceProviderConfig",
            },
        }
    )


@get(serving.PATH + "/ResourceTypes", opt=serving.MAY)
async def list_types(request: Request) -> ASGIResponse:
    return _listed(request, [_type(request, name) for name in _TYPES])


@get(serving.PATH + "/ResourceTypes/{id:str}", opt=serving.MAY)
async def read_type(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    if id not in _TYPES:
        raise NotFound()
    return serving.answer(_type(request, id))


@get(serving.PATH + "/Schemas", opt=serving.MAY)
async def list_schemas(request: Request) -> ASGIResponse:
    return _listed(request, [_schema(request, name) for name in _SCHEMAS])


@get(serving.PATH + "/Schemas/{id:str}", opt=serving.MAY)
async def read_schema(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    if id not in _SCHEMAS:
        raise NotFound()
    return serving.answer(_schema(request, id))


@post(serving.PATH + "/.search", opt=serving.MAY, status_code=200)
async def search_everything(request: Request) -> ASGIResponse:
    """RFC 7644, 3.4.3 leaves it to the server."""
    said = "Users and Groups are searched each on its own."
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": said, "status": "501"}
    return serving.answer(error, 501)


def _listed(request: Request, found: list[dict[str, Any]]) -> ASGIResponse:
    if request.query_params.get("filter"):
        # RFC 7644, 4: these lists are never filtered.
        raise Forbidden("These lists take no filter.")
    listed = {"schemas": [LIST], "totalResults": len(found), "startIndex": 1, "itemsPerPage": len(found)}
    return serving.answer({**listed, "Resources": found})


def _type(request: Request, name: str) -> dict[str, Any]:
    described, schema = _TYPES[name]
    return {
        "schemas": [_TYPE],
        "id": name,
        "name": name,
        "description": described,
        "endpoint": f"/{name}s",
        "schema": schema,
        "meta": {"resourceType": "ResourceType", "location": f"{serving.base_of(request)}/ResourceTypes/{name}"},
    }


def _schema(request: Request, urn: str) -> dict[str, Any]:
    name, described, attributes = _SCHEMAS[urn]
    meta = {"resourceType": "Schema", "location": f"{serving.base_of(request)}/Schemas/{urn}"}
    return {
        "schemas": [_SCHEMA],
        "id": urn,
        "name": name,
        "description": described,
        "attributes": attributes,
        "meta": meta,
    }


def _attribute(name: str, described: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    usual = {
        "name": name,
        "type": kind,
        "description": described,
        "multiValued": False,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return {**usual, **{("subAttributes" if key == "parts" else key): value for key, value in more.items()}}


_FIXED: Final = {"mutability": "readOnly"}
_EXTERNAL: Final = _attribute("externalId", "The directory's own name of it.", caseExact=True)
_REFERENCE: Final = _attribute("$ref", "Where it is.", "reference", **_FIXED)
_EMAIL_PARTS: Final = [
    _attribute("value", "The address.", required=True),
    _attribute("type", "What it is for.", canonicalValues=["work"]),
]
_USER_ATTRIBUTES: Final = [
    _attribute("userName", "What the directory calls them.", required=True, uniqueness="server"),
    _EXTERNAL,
    _attribute(
        "name",
        "Their names.",
        "complex",
        parts=[_attribute("givenName", "The given name."), _attribute("familyName", "The family name.")],
    ),
    _attribute("displayName", "How they are called on every page.", required=True),
    _attribute(
        "emails", "The address they sign in with.", "complex", required=True, multiValued=True, parts=_EMAIL_PARTS
    ),
    _attribute("active", "Whether they may come in.", "boolean", required=True),
    _attribute(
        "groups",
        "The groups they are in.",
        "complex",
        multiValued=True,
        **_FIXED,
        parts=[
            _attribute("value", "The group's id.", **_FIXED),
            {**_REFERENCE, "referenceTypes": ["Group"]},
            _attribute("display", "Its name.", **_FIXED),
            _attribute("type", "Always direct.", **_FIXED, canonicalValues=["direct"]),
        ],
    ),
]
_GROUP_ATTRIBUTES: Final = [
    _attribute("displayName", "Its name.", required=True, uniqueness="server"),
    _EXTERNAL,
    _attribute(
        "members",
        "Who is in it.",
        "complex",
        multiValued=True,
        parts=[
            _attribute("value", "The user's id.", mutability="immutable"),
            {**_REFERENCE, "mutability": "immutable", "referenceTypes": ["User"]},
            _attribute("type", "Always User.", mutability="immutable", canonicalValues=["User"]),
        ],
    ),
]
_TYPES: Final = {"User": ("Agents.", USER), "Group": ("Groups of agents.", GROUP)}
_SCHEMAS: Final[dict[str, tuple[str, str, list[dict[str, Any]]]]] = {
    USER: ("User", "An agent.", _USER_ATTRIBUTES),
    GROUP: ("Group", "A group of agents.", _GROUP_ATTRIBUTES),
}
