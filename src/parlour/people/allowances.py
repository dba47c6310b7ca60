"""How much an organization may ask of us, where that differs from what the installation's settings say: its plan."""

from enum import StrEnum

import msgspec

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation.database import Transaction
from parlour.people.organizations import this_organization


class Allowance(StrEnum):
    """What is counted within an organization. Attempts to sign in are not: nobody buys more guesses."""

    API = "api"
    TICKETS = "tickets"
    SOCKET = "socket"


class _Written(msgspec.Struct):
    kind: Allowance
    most: int
    seconds: int


async def allowances(tx: Transaction) -> dict[Allowance, tuple[int, int]]:
    """How many in how many seconds; what is not there is the settings'."""
    found = await tx.all(_Written, "select kind, most, seconds from allowances")
    return {each.kind: (each.most, each.seconds) for each in found}


async def set_allowance(tx: Transaction, kind: Allowance, most: int, seconds: int) -> None:
    """From now on; processes follow within half a minute."""
    await tx.run(
        """
        insert into allowances (organization_id, kind, most, seconds)
        values (current_organization(), %(kind)s, %(most)s, %(seconds)s)
        on conflict (organization_id, kind) do update set most = excluded.most, seconds = excluded.seconds
        """,
        kind=kind,
        most=most,
        seconds=seconds,
    )
    await _record(tx, kind, f"{most} in {seconds} s")


async def end_allowance(tx: Transaction, kind: Allowance) -> None:
    """Back to what the settings say."""
    if await tx.run("delete from allowances where kind = %(kind)s", kind=kind):
        await _record(tx, kind, None)


async def _record(tx: Transaction, kind: Allowance, now: str | None) -> None:
    organization = await this_organization(tx)
    on = Subject("organization", organization.id, organization.name)
    await audit.record(tx, Act.ORGANIZATION_CHANGED, on=on, details={"after": {f"{kind} limit": now}})
