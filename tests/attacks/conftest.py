"""The same app, processes and browser as elsewhere."""

from tests.browser.conftest import browser, desks, site
from tests.doors.conftest import at_acme, at_globex, connect, environment, limited, processes, unlimited

__all__ = [
    "at_acme",
    "at_globex",
    "browser",
    "connect",
    "desks",
    "environment",
    "limited",
    "processes",
    "site",
    "unlimited",
]
