"""`/Groups`."""

from typing import Any, Final

from litestar import delete, get, patch, post, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from parlour.access import directory
from parlour.api.scim import patching, resources, serving
from parlour.api.scim.users import followed
from parlour.entrance import Request

_HERE: Final = serving.PATH + "/Groups"
_ONE: Final = _HERE + "/{id:str}"


@get(_HERE, opt=serving.MAY)
async def list_groups(request: Request) -> ASGIResponse:
    return await _listed(request, serving.asked(request.query_params))


@post(_HERE + "/.search", opt=serving.MAY, status_code=200)
async def search_groups(request: Request) -> ASGIResponse:
    return await _listed(request, serving.asked(await serving.sent(request)))


@post(_HERE, opt=serving.MAY)
async def add_group(request: Request) -> ASGIResponse:
    described = resources.described_group(await serving.sent(request))
    async with request.transaction() as tx:
        group, changed = await directory.add_group(tx, described)
    await followed(request, changed)
    return serving.one(request, resources.of_group(group, serving.base_of(request)), 201)


@get(_ONE, opt=serving.MAY)
async def read_group(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    async with request.reading() as tx:
        group = await directory.find_group(tx, serving.uuid_of(id))
    return serving.one(request, resources.of_group(group, serving.base_of(request)))


@put(_ONE, opt=serving.MAY)
async def replace_group(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    sent = await serving.sent(request)
    return await _changed(request, id, lambda _: sent)


@patch(_ONE, opt=serving.MAY)
async def change_group(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    sent = await serving.sent(request)
    return await _changed(request, id, lambda now: patching.patched(now, sent, resources.GROUP_ATTRIBUTES))


@delete(_ONE, opt=serving.MAY, status_code=200)
async def remove_group(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    async with request.transaction() as tx:
        group = await directory.find_group(tx, serving.uuid_of(id))
        serving.must_be_as_read(request, resources.of_group(group, serving.base_of(request)))
        changed = await directory.remove_group(tx, group)
    await followed(request, changed)
    return serving.nothing()


async def _listed(request: Request, asked: serving.Asked) -> ASGIResponse:
    base = serving.base_of(request)
    async with request.reading() as tx:
        # A group may have thousands of members, whom nobody has asked for.
        found, total = await directory.groups(tx, asked.wanted, with_members="members" not in asked.out)
    return serving.page([resources.of_group(group, base) for group in found], total, asked)


async def _changed(request: Request, id_: str, change: Any) -> ASGIResponse:
    base = serving.base_of(request)
    async with request.transaction() as tx:
        group = await directory.find_group(tx, serving.uuid_of(id_))
        now = resources.of_group(group, base)
        serving.must_be_as_read(request, now)
        group, changed = await directory.replace_group(tx, group, resources.described_group(change(now)))
    await followed(request, changed)
    return serving.one(request, resources.of_group(group, base))
