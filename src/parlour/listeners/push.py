"""Takes mail that providers hand in over HTTP. Each call is answered only after its mail is in the ledger."""

from contextlib import suppress
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from redis.exceptions import RedisError

from parlour import email, people
from parlour.email import Delivery, sources
from parlour.entrance import Request, public
from parlour.foundation import crypto
from parlour.foundation.errors import NotFound, TooLarge

# Beyond the windows in which a call counts as fresh.
_REMEMBERED_SECONDS: Final = 2 * 24 * 3600
_LONGEST_ADDRESS: Final = 1000
_TOO_LARGE: Final = "The provider handed in a mail, and was told this:"


# Mailgun hands in the mail as it came only to addresses that end in `mime`.
@post(
    ["/api/email/hooks/{secret:str}", "/api/email/hooks/{secret:str}/mime"],
    opt={**public(), "mails": True, "uncounted": True},
    status_code=200,
)
async def take_call(request: Request, secret: FromPath[str]) -> Response[dict[str, Any]]:
    installation = request.installation
    place = await installation.database.doorways.mailbox_by_push(crypto.digest(secret))
    if place is None:
        raise NotFound()
    if await installation.database.doorways.is_closed(place.organization_id):
        raise people.OrganizationClosed()
    async with installation.database.reading(place.organization_id) as tx:
        mailbox = await email.find_mailbox(tx, place.id)
        kept = await sources.secrets_of(tx, installation.sealer, place.id)
    try:
        body = await request.body()
    except TooLarge as large:
        # The provider tells the sender, or nobody: whoever misses the mail has to find it here.
        delivery = Delivery(place.id, "", [mailbox.address], b"", source="PUSH")
        await email.note_refused(installation, place.organization_id, delivery, f"{_TOO_LARGE} {large.message}")
        raise
    call = sources.Call({name.lower(): value for name, value in request.headers.items()}, body)
    secrets = {name: known.text for name, known in kept.items()}
    mail = await sources.handed_in(mailbox.push or email.PushSettings(), secrets, call)
    if mail is None or await _was_here(request, place.id.hex, mail.mark):
        return Response({"taken": False})
    delivery = Delivery(
        mailbox_id=place.id,
        envelope_sender=_line(mail.sender),
        envelope_recipients=list(dict.fromkeys([*map(_line, mail.recipients), mailbox.address])),
        raw=mail.raw,
        source="PUSH",
    )
    await email.receive(installation, place.organization_id, delivery)
    await _remember(request, place.id.hex, mail.mark)
    return Response({"taken": True})


ROUTES: Final = [take_call]


async def _was_here(request: Request, mailbox: str, mark: str | None) -> bool:
    # Without Valkey a second call is a second row: the ledger still makes one ticket of both.
    with suppress(RedisError, OSError):
        return bool(mark and await request.installation.cache.exists(_key(mailbox, mark)))
    return False


async def _remember(request: Request, mailbox: str, mark: str | None) -> None:
    if mark:
        with suppress(RedisError, OSError):
            await request.installation.cache.set(_key(mailbox, mark), "1", ex=_REMEMBERED_SECONDS)


def _key(mailbox: str, mark: str) -> str:
    return f"push:{mailbox}:{crypto.digest(mark).hex()}"


def _line(address: str) -> str:
    return " ".join(address.replace("\0", "").split())[:_LONGEST_ADDRESS]
