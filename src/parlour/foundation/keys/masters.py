"""Master keys: they wrap data keys and nothing else. Several may be known, so that one can take another's place."""

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import msgspec

from parlour.foundation.keys import ciphers
from parlour.foundation.keys.broken import KeysOutOfReach
from parlour.foundation.keys.kms import Kms
from parlour.foundation.settings import Settings

_NAMED: Final = b"parlour master key name 1"


class Belonging(msgspec.Struct, frozen=True):
    """Whose data key it is. A wrapped key opens as no other."""

    organization_id: UUID
    version: int

    @property
    def bond(self) -> bytes:
        return ciphers.bond("data key", str(self.organization_id), str(self.version))


class Wrapped(msgspec.Struct, frozen=True):
    """A data key that only the master of this name opens."""

    master: str
    text: bytes


class Master(Protocol):
    """What a master key can do, wherever it lies."""

    async def name(self) -> str:
        """What `wrap` would write down now as its master."""

    async def wrap(self, key: bytes, belonging: Belonging) -> Wrapped: ...

    async def unwrap(self, wrapped: Wrapped, belonging: Belonging) -> bytes: ...


class LocalMaster:
    """32 bytes that this process knows. Its name says nothing about them."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.known_as = f"local:{ciphers.derived(key, _NAMED)[:8].hex()}"

    async def name(self) -> str:
        return self.known_as

    async def wrap(self, key: bytes, belonging: Belonging) -> Wrapped:
        return Wrapped(self.known_as, ciphers.sealed(self._key, belonging.bond, key))

    async def unwrap(self, wrapped: Wrapped, belonging: Belonging) -> bytes:
        return ciphers.opened(self._key, belonging.bond, wrapped.text)


class OutsideMaster:
    """A key that a KMS keeps to itself; see `kms.py` for what is said to it."""

    def __init__(self, kms: Kms) -> None:
        self._kms = kms

    async def name(self) -> str:
        return f"kms:{await self._kms.name()}"

    async def wrap(self, key: bytes, belonging: Belonging) -> Wrapped:
        name, text = await self._kms.wrap(key, str(belonging.organization_id), belonging.version)
        return Wrapped(f"kms:{name}", text)

    async def unwrap(self, wrapped: Wrapped, belonging: Belonging) -> bytes:
        name = wrapped.master.removeprefix("kms:")
        return await self._kms.unwrap(name, wrapped.text, str(belonging.organization_id), belonging.version)


class Masters:
    """All that are known: the KMS, else the environment's first, else the file's first is the one that wraps."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.data / "master-key"
        self._named_in_environment = [LocalMaster(key) for key in _keys_in(settings.master_key, "PARLOUR_MASTER_KEY")]
        self._outside = OutsideMaster(Kms(settings.kms)) if settings.kms else None

    def make_ready(self) -> None:
        """Where no other is named, the data folder has one from the first start on."""
        if not self._outside and not self._named_in_environment:
            _make(self._file)

    @property
    def in_file(self) -> bool:
        """Whether the key that wraps is the file's, so that we may change it ourselves."""
        return not self._outside and not self._named_in_environment

    def current(self) -> Master:
        self.make_ready()
        return self._outside or self._local()[0]

    def _local(self) -> list[LocalMaster]:
        # Read each time, a few times a minute: a rotation in another process changes it under us.
        text = self._file.read_text() if self._file.exists() else ""
        return [*self._named_in_environment, *(LocalMaster(key) for key in _keys_in(text, str(self._file)))]

    async def unwrap(self, wrapped: Wrapped, belonging: Belonging) -> bytes:
        """Raises `KeysOutOfReach` where its master is not known here, `SealBroken` where it was changed."""
        if wrapped.master.startswith("kms:"):
            if not self._outside:
                raise KeysOutOfReach(f"A data key is wrapped by {wrapped.master}: set PARLOUR_KMS.")
            return await self._outside.unwrap(wrapped, belonging)
        for master in self._local():
            if master.known_as == wrapped.master:
                return await master.unwrap(wrapped, belonging)
        raise KeysOutOfReach(f"A data key is wrapped by the master key {wrapped.master}, which is not known here.")

    def put_first(self, key: bytes, keeping: set[str]) -> None:
        """A new key in the file, and behind it the one before and those in use. Older ones are forgotten."""
        stay = _keys_in(self._file.read_text(), str(self._file))
        behind = [old for old in stay if old == stay[0] or LocalMaster(old).known_as in keeping]
        lines = [_written(one) for one in (key, *behind)]
        draft = _draft(self._file, "\n".join(lines) + "\n")
        draft.replace(self._file)


def _keys_in(text: str, place: str) -> list[bytes]:
    """One a line, or with commas between: 32 bytes in base64 or hexadecimal. Raises `SystemExit`."""
    words = [word.strip() for line in text.splitlines() if not line.startswith("#") for word in line.split(",")]
    return [_read(word, place) for word in words if word]


def _read(word: str, place: str) -> bytes:
    with suppress(ValueError, binascii.Error):
        if len(word) == 2 * ciphers.KEY_BYTES:
            return bytes.fromhex(word)
        key = base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True)
        if len(key) == ciphers.KEY_BYTES:
            return key
    raise SystemExit(f"{place}: a master key is 32 bytes in base64, as `openssl rand -base64 32` makes them.")


def _written(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


def _make(file: Path) -> None:
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft(file, _written(ciphers.new_key()) + "\n")
    # A link, unlike a rename, fails when another process was first: all agree on one key.
    with suppress(FileExistsError):
        file.hardlink_to(draft)
    draft.unlink()


def _draft(file: Path, text: str) -> Path:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        # What it wraps must never outlive it.
        os.fsync(opened.fileno())
    return draft
