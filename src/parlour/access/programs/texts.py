"""What a token looks like: `parlour_`, 43 random characters, and six that check them. Scanners for leaked secrets
know one by `parlour_(scim_)?[0-9A-Za-z]{49}`, and by its checksum that it is no chance.
"""

import secrets
import string
import zlib
from typing import Final

PREFIX: Final = "parlour_"
"""So that a person, or a scanner for leaked secrets, knows one when it sees one."""
DIRECTORY_PREFIX: Final = "parlour_scim_"
"""Of a company's directory, which manages people and does nothing else."""

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM: Final = 43  # 62^43 is just above 2^256
_CHECKSUM: Final = 6  # 62^6 is just above 2^32


def new_text(prefix: str = PREFIX) -> str:
    """A new one, of 256 random bits."""
    random = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return prefix + random + checksum(random)


def checksum(random: str) -> str:
    """CRC-32 (ISO 3309) of the random part, as six digits to the base of 62: 0-9, A-Z, a-z."""
    rest, digits = zlib.crc32(random.encode()), ""
    for _ in range(_CHECKSUM):
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def is_mistyped(text: str) -> bool:
    """Whether it looks like one of ours and its checksum says that it was never made: nobody need be asked.

    The tokens of before had no checksum; they are two lengths shorter than any of now.
    """
    prefix = DIRECTORY_PREFIX if text.startswith(DIRECTORY_PREFIX) else PREFIX
    rest = text.removeprefix(prefix)
    if len(rest) != _RANDOM + _CHECKSUM:
        return False
    return checksum(rest[:_RANDOM]) != rest[_RANDOM:]
