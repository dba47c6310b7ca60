"""What an organization asks of whoever signs in to it."""

from datetime import datetime
from typing import Final

import msgspec

from parlour.foundation import clock
from parlour.people import Role


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
