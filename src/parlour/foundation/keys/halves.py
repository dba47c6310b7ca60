"""Key halves: 32 bytes an organization, without which no master opens its data keys.

They lie apart from database and blobs, in a folder or a bucket of their own that keeps no past versions. So a backup of
the others is worth nothing once an organization's half is deleted.
"""

from uuid import UUID

from obstore.exceptions import AlreadyExistsError, NotFoundError

from parlour.foundation.disks import Disk
from parlour.foundation.keys import ciphers
from parlour.foundation.keys.broken import KeysOutOfReach


class Halves:
    """The store of them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._disk = Disk(url)

    async def make(self, organization_id: UUID) -> bytes:
        """A new one; where another process was first, that one's."""
        name = str(organization_id)
        try:
            await self._disk.put(name, ciphers.new_key(), "create")
        except (AlreadyExistsError, FileExistsError):
            return await self.find(organization_id)
        return await self.find(organization_id)

    async def find(self, organization_id: UUID) -> bytes:
        """Raises `KeysOutOfReach`."""
        try:
            half = (await self._disk.get(str(organization_id)))[2]
        except (NotFoundError, FileNotFoundError) as missing:
            words = f"The key half of the organization {organization_id} is not in {self._url}."
            raise KeysOutOfReach(f"{words} Is PARLOUR_KEY_STORE the right one?") from missing
        if len(half) != ciphers.KEY_BYTES:
            raise KeysOutOfReach(f"The key half of the organization {organization_id} is damaged.")
        return half

    async def destroy(self, organization_id: UUID) -> None:
        """It is gone for good; nothing happens where there is none."""
        try:
            await self._disk.delete(str(organization_id))
        except (NotFoundError, FileNotFoundError):
            return
