"""What each event on the socket needs: to say it, and to be told it."""

from typing import Final

from parlour.people import Permission

SAID: Final = {
    "ticket:join": Permission.READ_TICKETS,
    "ticket:leave": Permission.READ_TICKETS,
    # Colleagues see who is writing; a customer sees no colleagues.
    "ticket:typing": Permission.READ_PEOPLE,
}
"""What a screen says; which ticket it may name is asked of `tickets` besides."""

TOLD: Final = {
    "ticket:created": Permission.READ_TICKETS,
    "ticket:updated": Permission.READ_TICKETS,
    "ticket:viewers": Permission.READ_PEOPLE,
    "notification:new": Permission.READ_OWN_NOTIFICATIONS,
}
"""What a screen is told; which rooms it is in says about which tickets."""
