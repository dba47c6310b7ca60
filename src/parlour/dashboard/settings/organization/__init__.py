"""The organization itself: what it is called and looks like, its plan and what is used of it."""

from parlour.dashboard.settings.organization import about, deletion, plan, portal_address

ROUTES = [
    about.show,
    about.change,
    about.change_origins,
    about.change_logo,
    about.remove_logo,
    plan.show,
    portal_address.show,
    portal_address.ask_for,
    portal_address.check,
    portal_address.give_up,
    deletion.show,
    deletion.form,
    deletion.ask,
    deletion.call_off,
]

__all__ = ["ROUTES"]
