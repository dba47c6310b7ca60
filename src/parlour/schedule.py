"""The clock: what is looked at, and how often. With any number of workers each moment is taken by one of them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec

from parlour import audit, email, erasure, notifications, tickets
from parlour.access import programs, providers
from parlour.email import domains, sources
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.people import portal_hosts

_DAY: Final = timedelta(days=1)


class Appointment(msgspec.Struct, frozen=True):
    """A look at something, at the moments a cron line names (UTC)."""

    cron: str
    look: Callable[[Installation], Awaitable[None]]


async def forget_old_idempotency_keys(installation: Installation) -> None:
    """A client repeats within minutes; after a day its key may mean something new."""
    for organization_id in await installation.database.doorways.organizations_with_old_keys():
        async with installation.database.transaction(organization_id) as tx:
            await tx.run("delete from idempotency_keys where created_at < %(before)s", before=clock.now() - _DAY)


async def discard_unsent_uploads(installation: Installation) -> None:
    """Files that were dropped on a composer and never sent."""
    for organization_id in await installation.database.doorways.organizations_with_unsent_uploads():
        async with installation.database.transaction(organization_id) as tx:
            await tickets.discard_unsent(tx, installation.blobs, clock.now() - _DAY)


SCHEDULE: Final = (
    Appointment("47 * * * *", audit.trim_trails),
    Appointment("*/10 * * * *", audit.anchor_trails),
    Appointment("* * * * *", erasure.erase_due_organizations),
    Appointment("27 * * * *", erasure.remind_of_erasures),
    Appointment("7 * * * *", notifications.count_usage),
    Appointment("27 * * * *", programs.tell_of_ending_tokens),
    Appointment("17 * * * *", forget_old_idempotency_keys),
    Appointment("37 * * * *", discard_unsent_uploads),
    Appointment("*/10 * * * *", email.rescue_waiting_mail),
    Appointment("* * * * *", email.release_due_replies),
    Appointment("* * * * *", email.resume_mail),
    Appointment("* * * * *", email.resume_notices),
    Appointment("* * * * *", sources.watch_mailboxes),
    Appointment("*/5 * * * *", domains.check_due_domains),
    Appointment("*/5 * * * *", portal_hosts.check_due_hosts),
    Appointment("*/5 * * * *", providers.check_due_claims),
)
