"""The page where words are written: one language at a time, with what a customer would get beside it."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from parlour.dashboard.settings.sheet import sheet, words
from parlour.dashboard.settings.words.places import AUTOMATIC, Place, names, owner_of, paths, place_of, written
from parlour.email import wording
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, NotFound, Problem
from parlour.people import Permission

_WRITES: Final = needs(Permission.WRITE_OWN_WORDS)
_NOTHING: Final = wording.Text("")


class Desk(msgspec.Struct, frozen=True):
    """What lies before whoever writes. `text` may be typed and unsaved."""

    place: Place
    kept: wording.Wording | None
    language: str
    text: wording.Text
    owner: str = ""
    name: str = ""
    ticket: str = ""

    @property
    def is_built_in(self) -> bool:
        """Nobody has written it in this language yet, and customers get it all the same."""
        is_own = self.kept is not None and self.language in self.kept.texts
        return not is_own and self.language in wording.BUILT_IN.get(self.place.kind, {})


@get(paths("/new"), opt=_WRITES)
async def new(request: Request) -> Response[str]:
    place = place_of(request)
    language = await _asked_language(request)
    text = wording.BUILT_IN.get(place.kind, {}).get(language, _NOTHING)
    owner = request.query_params.get("owner")
    if owner is None:
        owner = f"user:{request.actor.user_id}"
    return await _page(request, Desk(place, None, language, text, written(owner_of(owner))))


@post(paths(), opt=_WRITES)
async def add(request: Request) -> Response[Any]:
    place, form = place_of(request), await request.form()
    desk = _typed(place, None, form)
    try:
        async with request.transaction() as tx:
            made = await wording.add_wording(tx, _draft(desk, {}), by=request.actor)
    except Problem as problem:
        return await _page(request, desk, problem)
    return pages.redirect(_address(place, made, desk.language), "Saved.")


@post(paths("/preview"), opt=_WRITES)
async def preview(request: Request) -> Response[str]:
    """What is typed, as it would arrive: the part alone where a script asks, else the whole page with it."""
    place, form = place_of(request), await request.form()
    kept = None
    if words(form, "id"):
        kept = await _found(request, place, _id(words(form, "id")))
    desk = _typed(place, kept, form)
    if "x-preview" not in request.headers:
        return await _page(request, desk)
    async with request.reading() as tx:
        shown, said = await _previewed(tx, request, desk)
    return pages.render(request, "dashboard/settings/words_preview.html", shown=shown, said=said, desk=desk)


@get(paths("/{wording_id:uuid}"), opt=_WRITES)
async def one(request: Request, wording_id: FromPath[UUID]) -> Response[str]:
    place = place_of(request)
    kept = await _found(request, place, wording_id)
    language = await _asked_language(request, kept)
    text = kept.texts.get(language) or wording.BUILT_IN.get(place.kind, {}).get(language, _NOTHING)
    return await _page(request, Desk(place, kept, language, text, written(kept.owner), kept.name))


@post(paths("/{wording_id:uuid}"), opt=_WRITES)
async def save(request: Request, wording_id: FromPath[UUID]) -> Response[Any]:
    place, form = place_of(request), await request.form()
    kept = await _found(request, place, wording_id)
    desk = _typed(place, kept, form)
    try:
        async with request.transaction() as tx:
            kept = await wording.find_wording(tx, place.kind, wording_id, seen_by=request.actor)
            await wording.change_wording(tx, kept, _draft(desk, kept.texts), by=request.actor)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _page(request, desk, problem)
    return pages.redirect(_address(place, kept, desk.language), "Saved.")


@post(paths("/{wording_id:uuid}/forget"), opt=_WRITES)
async def forget(request: Request, wording_id: FromPath[UUID]) -> Response[Any]:
    """One language of it; with the last one the whole."""
    place, language = place_of(request), words(await request.form(), "language")
    async with request.transaction() as tx:
        kept = await wording.find_wording(tx, place.kind, wording_id, seen_by=request.actor)
        texts = {code: text for code, text in kept.texts.items() if code != language}
        if texts:
            draft = wording.Draft(kept.kind, texts, kept.owner, kept.name)
            await wording.change_wording(tx, kept, draft, by=request.actor)
        else:
            await wording.remove_wording(tx, kept, by=request.actor)
    called = wording.name_of(language)
    said = f"{called} has the built-in text again." if place is AUTOMATIC else f"{called} is gone."
    return pages.redirect(_address(place, kept) if texts else place.path, said)


@post(paths("/{wording_id:uuid}/remove"), opt=_WRITES)
async def remove(request: Request, wording_id: FromPath[UUID]) -> Response[Any]:
    place = place_of(request)
    async with request.transaction() as tx:
        kept = await wording.find_wording(tx, place.kind, wording_id, seen_by=request.actor)
        await wording.remove_wording(tx, kept, by=request.actor)
    said = "The built-in text is sent again." if place is AUTOMATIC else f"The {place.noun} is gone."
    return pages.redirect(place.path, said)


def _address(place: Place, kept: wording.Wording, language: str = "") -> str:
    return f"{place.path}/{kept.id}" + (f"?language={language}" if language else "")


def _typed(place: Place, kept: wording.Wording | None, form: FormMultiDict) -> Desk:
    text = wording.Text(*(str(form.get(field) or "").replace("\r\n", "\n") for field in ("text", "html", "subject")))
    owner = words(form, "owner") if kept is None or place.kind is wording.Kind.TEMPLATE else written(kept.owner)
    return Desk(place, kept, words(form, "language"), text, owner, words(form, "name"), words(form, "ticket"))


def _draft(desk: Desk, kept: dict[str, wording.Text]) -> wording.Draft:
    texts = {**kept, desk.language: desk.text}
    return wording.Draft(desk.place.kind, texts, owner_of(desk.owner), desk.name)


async def _found(request: Request, place: Place, wording_id: UUID) -> wording.Wording:
    async with request.reading() as tx:
        return await wording.find_wording(tx, place.kind, wording_id, seen_by=request.actor)


async def _asked_language(request: Request, kept: wording.Wording | None = None) -> str:
    asked = request.query_params.get("language", "")
    if asked:
        return wording.checked_language(asked)
    async with request.reading() as tx:
        known = await wording.languages(tx)
    if kept is None:
        return known[0]
    return next((code for code in (*known, *kept.texts) if code in kept.texts), known[0])


async def _previewed(tx: Transaction, request: Request, desk: Desk) -> tuple[wording.Preview | None, str]:
    """What it would be; or why it can't be shown."""
    if not desk.text.text.strip():
        return None, "Write something, and it is shown here."
    if desk.ticket and not (desk.ticket.lstrip("#").isdecimal() and len(desk.ticket) <= 10):
        return None, "A ticket is named by its number."
    try:
        shown = await wording.preview(
            tx,
            desk.place.kind,
            desk.text,
            by=request.actor,
            public_url=request.installation.settings.public_url,
            ticket=int(desk.ticket.lstrip("#")) if desk.ticket else None,
        )
    except NotFound:
        return None, f"There is no ticket #{desk.ticket.lstrip('#')}, or it is not yours to see."
    except Invalid as invalid:
        return None, " ".join(str(said) for said in (invalid.details or {}).values())
    return shown, ""


async def _page(request: Request, desk: Desk, problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        called = await names(tx, request.actor)
        known = await wording.languages(tx)
        shown, said = await _previewed(tx, request, desk)
    written_in = desk.kept.texts if desk.kept else {}
    tabs = list(dict.fromkeys([*known, *written_in, *([desk.language] if desk.language else [])]))
    may_write = desk.kept is None or wording.may_write(desk.place.kind, desk.kept.owner, request.actor)
    return await sheet(
        request,
        "words",
        problem,
        desk=desk,
        owner_words=called.of(owner_of(desk.owner)) if desk.owner else "The organization’s",
        owners=called.choices(desk.place.kind),
        languages=[(code, wording.name_of(code), code in written_in) for code in tabs],
        others=[(code, name) for code, name in wording.NAMES.items() if code not in tabs],
        language_name=wording.name_of(desk.language),
        is_right_to_left=wording.is_right_to_left(desk.language),
        placeholders=[
            (name, words) for name, words in wording.KNOWN.items() if name not in wording.unknown_to(desk.place.kind)
        ],
        may_write=may_write,
        shown=shown,
        said=said,
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as strange:
        raise NotFound() from strange
