"""What an organization asks of whoever signs in to it."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from parlour import audit
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Role, StandingsChanged

_IDLE: Final = (5, 90 * 24 * 60)
_LONGEST: Final = (1, 365 * 24)
_DEVICE_DAYS: Final = (0, 90)
_MOST_GRACE: Final = timedelta(days=90)


class Policy(msgspec.Struct, frozen=True):
    """The organization's rules. Unset limits are the installation's."""

    second_factor_for: tuple[Role, ...] = ()
    second_factor_from: datetime | None = None
    """Until then, those who have none yet come in without: their time to set one up."""
    idle_minutes: int | None = None
    longest_hours: int | None = None
    device_days: int = 30
    """How long a browser is remembered; 0: never."""

    def asks_second_factor_of(self, role: Role) -> bool:
        return role in self.second_factor_for

    @property
    def grace_is_over(self) -> bool:
        return self.second_factor_from is None or self.second_factor_from <= clock.now()


NO_POLICY: Final = Policy()

_COLUMNS: Final = "second_factor_for, second_factor_from, idle_minutes, longest_hours, device_days"


async def policy_of(tx: Transaction) -> Policy:
    """The organization's; where it never made one, the one that asks for nothing."""
    found = await tx.maybe(Policy, f"select {_COLUMNS} from security_policies")
    return _plain(found) if found else NO_POLICY


async def set_policy(tx: Transaction, policy: Policy) -> Policy:
    """Raises `Invalid`."""
    _check(policy)
    before = await policy_of(tx)
    changed = audit.changes(msgspec.structs.asdict(before), msgspec.structs.asdict(policy))
    await audit.record(tx, Act.SECURITY_POLICY_CHANGED, details=changed)
    tx.record(StandingsChanged())
    written = await tx.one(
        Policy,
        f"""
        insert into security_policies as known (organization_id, {_COLUMNS})
        values (current_organization(), %(second_factor_for)s, %(second_factor_from)s, %(idle_minutes)s,
            %(longest_hours)s, %(device_days)s)
        on conflict (organization_id) do update set
            second_factor_for = excluded.second_factor_for,
            second_factor_from = excluded.second_factor_from,
            idle_minutes = excluded.idle_minutes,
            longest_hours = excluded.longest_hours,
            device_days = excluded.device_days
        returning {_COLUMNS}
        """,
        **msgspec.structs.asdict(policy) | {"second_factor_for": sorted(set(policy.second_factor_for))},
    )
    return _plain(written)


def _plain(row: Policy) -> Policy:
    # The database gives a list of words.
    return msgspec.structs.replace(row, second_factor_for=tuple(Role(word) for word in row.second_factor_for))


def _check(policy: Policy) -> None:
    wrong = {}
    if policy.idle_minutes is not None and not _IDLE[0] <= policy.idle_minutes <= _IDLE[1]:
        wrong["idleMinutes"] = "Choose 5 minutes to 90 days."
    if policy.longest_hours is not None and not _LONGEST[0] <= policy.longest_hours <= _LONGEST[1]:
        wrong["longestHours"] = "Choose one hour to 365 days."
    if not _DEVICE_DAYS[0] <= policy.device_days <= _DEVICE_DAYS[1]:
        wrong["deviceDays"] = "Choose 0 to 90 days."
    if policy.second_factor_from and policy.second_factor_from > clock.now() + _MOST_GRACE:
        wrong["secondFactorFrom"] = "Give people 90 days at most."
    if wrong:
        raise Invalid(details=wrong)
