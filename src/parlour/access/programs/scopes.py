"""What a token may do of what its owner may: always the lesser of the two, as both stand at that moment."""

from typing import Final

import msgspec

from parlour.foundation.errors import Forbidden, Invalid
from parlour.people import Actor, Permission

Scopes = frozenset[Permission] | None
"""None: everything that its owner may do, whatever that will be."""

READ_ONLY: Final = frozenset(
    {
        Permission.READ_TICKETS,
        Permission.READ_PEOPLE,
        Permission.READ_DEPARTMENTS,
        Permission.READ_TAGS,
        Permission.READ_ORGANIZATION,
    }
)
"""The bundle of a program that only looks."""

DIRECTORY: Final = frozenset({Permission.PROVISION_PEOPLE})
"""What a company's directory may do, and nothing else."""


class BeyondTheToken(Forbidden):
    """A token can't make one that may do more than itself."""


def narrowed(actor: Actor, scopes: Scopes) -> Actor:
    """Whoever the token acts for, with no more than it allows."""
    return actor if scopes is None else msgspec.structs.replace(actor, granted=actor.permissions & scopes)


def scopes_for(asked: Scopes, *, by: Actor, within: Scopes) -> Scopes:
    """What a new token gets: what is asked for, or all that its maker has. `within`: what the maker's own token allows.

    Raises `Invalid` where nothing is asked for, `BeyondTheToken` where too much is.
    """
    if asked is not None and not asked:
        raise Invalid(details={"scopes": "Choose what the token may do."})
    if asked is None:
        return within
    if within is not None and not asked <= within:
        raise BeyondTheToken()
    if not asked <= by.permissions:
        raise Invalid(details={"scopes": "You may not do all of this yourself."})
    return asked


def of_names(names: list[str] | None) -> Scopes:
    """As stored. A permission of another version of Parlour counts for nothing."""
    if names is None:
        return None
    return frozenset(Permission(name) for name in names if name in Permission.__members__)
