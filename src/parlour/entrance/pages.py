"""Pages: one template environment for every door, built on first use; each door keeps its own templates folder."""

import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import jinja2
import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from markupsafe import Markup

from parlour.entrance import words

PACKAGE = Path(__file__).parents[1]
STATIC = PACKAGE / "static"
DOORS = ("dashboard", "portal", "site")
UI = ("icon", "button", "field", "badge", "feedback")
STREAM = "text/vnd.turbo-stream.html"
THEMES = ("light", "dark")
FLASH = "parlour_flash"
# A path of ours: not `//elsewhere`, nor what a browser would read as that.
_OUR_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


class Manifest(msgspec.Struct, frozen=True):
    """What the assets build wrote: the hashed file behind each name, and what each script loads at once."""

    files: dict[str, str]
    preload: dict[str, list[str]]


class UserInterface:
    """The macros of components/, by name, as `ui` in every template; they call one another the same way."""


def render(
    request: Request[Any, Any, Any],
    name: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    media_type: str = MediaType.HTML,
    **context: Any,
) -> Response[str]:
    """A page; `name` is the door and the file in its templates folder, such as `portal/ticket.html`."""
    content = fragment(request, name, **context)
    response = Response(content, status_code=status, media_type=media_type, headers=headers)
    if FLASH in request.cookies:
        response.delete_cookie(FLASH)
    return response


def redirect(path: str, said: str = "", *, tone: str = "done") -> Redirect:
    """After a form: see the other page (303), which says this once; tone is `done` or `error`."""
    flash = Cookie(FLASH, value=quote(json.dumps([tone, said])), max_age=30, httponly=True, samesite="lax")
    return Redirect(path, status_code=303, cookies=[flash] if said else None)


def stream(request: Request[Any, Any, Any], name: str, *, status: int = 200, **context: Any) -> Response[str]:
    """Turbo Stream actions, for a form or a fetch that asked for them; see `wants_stream`."""
    return render(request, name, status=status, media_type=f"{STREAM}; charset=utf-8", **context)


def fragment(request: Request[Any, Any, Any], name: str, **context: Any) -> str:
    """The text of a template, when a door wants to put it into something else."""
    door = name.partition("/")[0]
    theme = request.cookies.get("parlour_theme")
    defaults = {
        "request": request,
        "here": request.url.path,
        "stylesheet": f"{door if door in DOORS else 'site'}.css",
        "script": "dashboard.js" if door == "dashboard" else "public.js",
        "theme": theme if theme in THEMES else None,
        "flashes": _flashes(request),
    }
    return environment().get_template(name).render(defaults | context)


def wants_stream(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser can take Turbo Stream actions as the answer to this request."""
    return STREAM in request.headers.get("accept", "")


def wants_frame(request: Request[Any, Any, Any], name: str) -> bool:
    """Whether only the Turbo frame of this name is wanted."""
    return request.headers.get("turbo-frame") == name


def our_path(asked: str) -> str | None:
    """The page somebody was sent here from, if it is one of ours and not this very door."""
    if _OUR_PATH.fullmatch(asked) and not asked.startswith(("/sign-", "/api/", "/confirm", "/switch")):
        return asked
    return None


def asset(name: str) -> str:
    """The address of a built file; its name changes with its content, so browsers may keep it for ever."""
    return f"/static/{manifest().files[name]}"


def preloads(script: str) -> list[str]:
    """What a script imports at once, so that the browser asks for all of it together."""
    return [f"/static/{file}" for file in manifest().preload.get(script, ())]


@functools.cache
def manifest() -> Manifest:
    return msgspec.json.decode((STATIC / "manifest.json").read_bytes(), type=Manifest)


@functools.cache
def environment() -> jinja2.Environment:
    """Built once, on first use; templates are compiled once and their bytecode kept between starts."""
    doors = {door: jinja2.FileSystemLoader(PACKAGE / door / "templates") for door in DOORS}
    shared = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    env = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PrefixLoader(doors), shared]),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        cache_size=-1,
        bytecode_cache=jinja2.FileSystemBytecodeCache(),
    )
    env.filters |= words.FILTERS
    env.globals |= {"asset": asset, "preloads": preloads, "csrf_token": _csrf_token, "csrf_field": _csrf_field}
    env.globals["other_places"] = _other_places
    macros = UserInterface()
    env.globals["ui"] = macros
    for name in UI:
        module = env.get_template(f"components/{name}.html").module
        vars(macros).update({key: it for key, it in vars(module).items() if isinstance(it, jinja2.runtime.Macro)})
    return env


def _flashes(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    try:
        tone, said = json.loads(unquote(request.cookies.get(FLASH, "")))
    except ValueError:
        return []
    return [("error" if tone == "error" else "done", str(said)[:500])]


@jinja2.pass_context
def _csrf_token(context: jinja2.runtime.Context) -> str:
    token = context["request"].scope.get("state", {}).get("csrf_token", "")
    return str(token)


@jinja2.pass_context
def _other_places(context: jinja2.runtime.Context) -> list[Any]:
    """The organizations this session may switch to."""
    found: list[Any] = context["request"].scope.get("state", {}).get("other_places", [])
    return found


@jinja2.pass_context
def _csrf_field(context: jinja2.runtime.Context) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(_csrf_token(context))
