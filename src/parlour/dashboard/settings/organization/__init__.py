"""The organization itself: what it is called and looks like, its plan and what is used of it."""

from parlour.dashboard.settings.organization import about, plan

ROUTES = [
    about.show,
    about.change,
    about.change_origins,
    about.change_logo,
    about.remove_logo,
    plan.show,
]

__all__ = ["ROUTES"]
