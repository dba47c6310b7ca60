"""Why something sealed does not open."""

from typing import ClassVar

from parlour.foundation.errors import Problem, Unavailable


class SealBroken(Problem):
    """This can't be opened: it was changed, moved from its place, or sealed by another installation."""


class KeyDestroyed(SealBroken):
    """This was encrypted, and its key has been destroyed. It can't be read any more, here or in any backup."""

    status: ClassVar[int] = 410


class KeysOutOfReach(Unavailable):
    """The keys that open this are out of reach at the moment. An administrator can ask `parlour doctor`."""
