"""The door for what happens now: Socket.IO at `/api/socket`."""

from parlour.live.announcing import Announcer, announcer, events_of
from parlour.live.needs import SAID, TOLD
from parlour.live.server import PATH, Live

__all__ = ["PATH", "SAID", "TOLD", "Announcer", "Live", "announcer", "events_of"]
