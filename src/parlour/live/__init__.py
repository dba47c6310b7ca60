"""The door for what happens now: Socket.IO at `/api/socket`."""

from parlour.live.announcing import announcer, events_of
from parlour.live.server import PATH, Live

__all__ = ["PATH", "Live", "announcer", "events_of"]
