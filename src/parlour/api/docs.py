"""The API's documentation: the OpenAPI document, and a page made of it."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec
from litestar import get
from litestar.response.base import ASGIResponse
from markupsafe import Markup, escape

from parlour.api.openapi import document
from parlour.entrance import Request, public

_TEMPLATES: Final = Path(__file__).parent / "templates"
_CODE: Final = re.compile(r"`([^`]+)`")
_EMPHASIS: Final = re.compile(r"\*([^*]+)\*")
_FOR_A_WHILE: Final = {"cache-control": "public, max-age=300"}


@get("/openapi.json", opt={**public(), "uncounted": True})
async def openapi(request: Request) -> ASGIResponse:
    """The OpenAPI 3.1 document."""
    return ASGIResponse(body=_json(request), media_type="application/json", headers=dict(_FOR_A_WHILE))


@get("/docs", opt={**public(), "uncounted": True})
async def docs(request: Request) -> ASGIResponse:
    """The same for people."""
    return ASGIResponse(body=_page(request), media_type="text/html", headers=dict(_FOR_A_WHILE))


@get("/docs.css", opt={**public(), "uncounted": True})
async def docs_style(request: Request) -> ASGIResponse:
    """How the page looks."""
    return ASGIResponse(body=_style(), media_type="text/css", headers=dict(_FOR_A_WHILE))


def _json(request: Request) -> bytes:
    return msgspec.json.encode(_document(request))


def _page(request: Request) -> bytes:
    return _environment().get_template("docs.html").render(api=_document(request)).encode()


def _document(request: Request) -> dict[str, Any]:
    state = request.app.state
    if "document" not in state:
        state["document"] = document(state["operations"], request.installation.settings.public_url)
    built: dict[str, Any] = state["document"]
    return built


@cache
def _style() -> bytes:
    return (_TEMPLATES / "docs.css").read_bytes()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["pretty"] = _pretty
    environment.filters["kind"] = _kind
    environment.filters["prose"] = _prose
    return environment


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _prose(text: str) -> Markup:
    """A sentence, its `code` and *emphasis* marked up."""
    marked = _CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_EMPHASIS.sub(r"<em>\1</em>", marked))  # noqa: S704


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string, date-time`, `list of Ticket`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    named = [str(schema.get("type", "anything")), *([schema["format"]] if "format" in schema else [])]
    return ", ".join(named)
