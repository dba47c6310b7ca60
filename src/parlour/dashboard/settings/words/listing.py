"""Signatures and templates, as lists."""

from typing import Final

from litestar import Response, get

from parlour.dashboard.settings.sheet import sheet
from parlour.dashboard.settings.words.places import SIGNATURES, TEMPLATES, names, row, written
from parlour.email import wording
from parlour.entrance import Request, needs
from parlour.people import Permission

_MOST_WORDS: Final = 100
_READS: Final = needs(Permission.WRITE_OWN_WORDS)


@get(SIGNATURES.path, opt=_READS)
async def signatures(request: Request) -> Response[str]:
    actor = request.actor
    async with request.reading() as tx:
        called = await names(tx, actor)
        found = await wording.wordings(tx, wording.Kind.SIGNATURE, seen_by=actor)
        first = (await wording.languages(tx))[0]
        ends = await wording.own_signature(tx, by=actor, public_url=request.installation.settings.public_url)
    rows = [row(one, called, first) for one in found]
    taken = {written(one.owner) for one in found}
    return await sheet(
        request,
        "signatures",
        own=next((one for one in rows if one.wording.user_id == actor.user_id), None),
        shared=[one for one in rows if one.wording.user_id is None],
        others=[one for one in rows if one.wording.user_id not in (None, actor.user_id)],
        own_key=written(wording.Owner(user_id=actor.user_id)),
        missing=[
            (key, words)
            for key, words in called.choices(wording.Kind.SIGNATURE)
            if key not in taken and not key.startswith(("user:", "department:"))
        ],
        ends=ends,
    )


@get(TEMPLATES.path, opt=_READS)
async def templates(request: Request) -> Response[str]:
    q = request.query_params.get("q", "").replace("\x00", "").strip()[:_MOST_WORDS]
    async with request.reading() as tx:
        called = await names(tx, request.actor)
        found = await wording.wordings(tx, wording.Kind.TEMPLATE, seen_by=request.actor, q=q)
        first = (await wording.languages(tx))[0]
    rows = [row(one, called, first) for one in found]
    groups: dict[str, list[object]] = {}
    # One's own first.
    for each in sorted(rows, key=lambda each: each.wording.user_id is None):
        groups.setdefault(each.owner, []).append(each)
    return await sheet(request, "templates", groups=groups, q=q)
