"""`/Users`."""

from typing import Any, Final

from litestar import delete, get, patch, post, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from parlour import access, email
from parlour.access import directory
from parlour.api.scim import patching, resources, serving
from parlour.entrance import Request
from parlour.people import User

_HERE: Final = serving.PATH + "/Users"
_ONE: Final = _HERE + "/{id:str}"


@get(_HERE, opt=serving.MAY)
async def list_users(request: Request) -> ASGIResponse:
    return await _listed(request, serving.asked(request.query_params))


@post(_HERE + "/.search", opt=serving.MAY, status_code=200)
async def search_users(request: Request) -> ASGIResponse:
    return await _listed(request, serving.asked(await serving.sent(request)))


@post(_HERE, opt=serving.MAY)
async def add_user(request: Request) -> ASGIResponse:
    described = resources.described(await serving.sent(request))
    async with request.transaction() as tx:
        person, user = await directory.add_person(tx, described)
    await followed(request, [user])
    return serving.one(request, resources.of_person(person, serving.base_of(request)), 201)


@get(_ONE, opt=serving.MAY)
async def read_user(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    async with request.reading() as tx:
        person = await directory.find_person(tx, serving.uuid_of(id))
    return serving.one(request, resources.of_person(person, serving.base_of(request)))


@put(_ONE, opt=serving.MAY)
async def replace_user(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    sent = await serving.sent(request)
    return await _changed(request, id, lambda _: sent)


@patch(_ONE, opt=serving.MAY)
async def change_user(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    sent = await serving.sent(request)
    return await _changed(request, id, lambda now: patching.patched(now, sent, resources.USER_ATTRIBUTES))


@delete(_ONE, opt=serving.MAY, status_code=200)
async def remove_user(request: Request, id: FromPath[str]) -> ASGIResponse:  # noqa: A002
    """For the directory they are gone; here they are inactive, and what they wrote stays."""
    async with request.transaction() as tx:
        person = await directory.find_person(tx, serving.uuid_of(id))
        serving.must_be_as_read(request, resources.of_person(person, serving.base_of(request)))
        user = await directory.remove_person(tx, person)
    await followed(request, [user])
    return serving.nothing()


async def followed(request: Request, users: list[User]) -> None:
    """Every web process looks at them anew; who is inactive is out everywhere."""
    request.forget_identities()
    for user in users:
        await access.after_change(request.installation, request.actor.organization_id, user)


async def _listed(request: Request, asked: serving.Asked) -> ASGIResponse:
    base = serving.base_of(request)
    async with request.reading() as tx:
        found, total = await directory.persons(tx, asked.wanted)
    return serving.page([resources.of_person(person, base) for person in found], total, asked)


async def _changed(request: Request, id_: str, change: Any) -> ASGIResponse:
    base = serving.base_of(request)
    async with request.transaction() as tx:
        person = await directory.find_person(tx, serving.uuid_of(id_))
        now = resources.of_person(person, base)
        serving.must_be_as_read(request, now)
        before = person.email
        person, user = await directory.replace_person(tx, person, resources.described(change(now), person))
        if user.email != before:
            await email.tell_of_new_address(tx, before, user.name)
    await followed(request, [user])
    return serving.one(request, resources.of_person(person, base))
