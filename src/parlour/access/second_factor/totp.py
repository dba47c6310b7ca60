"""Codes of an authenticator app: TOTP (RFC 6238), 30 seconds, six digits, SHA-1, which is what every app can do."""

import re
from typing import Any, Final
from uuid import UUID

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.library import library
from parlour.foundation.sealing import Place, Sealer

SECONDS: Final = 30
_DIGITS: Final = re.compile(r"[0-9]{6}")
# Clocks differ, and typing takes time: the code before and the code after count too (RFC 6238, 5.2).
_WINDOW: Final = (0, -1, 1)


class WrongCode(Unauthenticated):
    """That code is not right, or was used already. Wait for the next one, then try again."""


def new_seed() -> str:
    """160 random bits (RFC 4226, 4), as base32."""
    seed: str = library("pyotp").random_base32()
    return seed


def uri(seed: str, email: str, issuer: str) -> str:
    """What the QR code says, for the app: `otpauth://totp/…`."""
    written: str = _otp(seed).provisioning_uri(name=email, issuer_name=issuer.replace(":", " "))
    return written


def qr_code(written: str) -> str:
    """As SVG for a page: dark on light in both themes, since many scanners know nothing else."""
    drawn: str = (
        library("segno")
        .make(written, error="m")
        .svg_inline(border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr-code", lineclass=None)
    )
    return drawn


def matching_step(seed: str, code: str) -> int | None:
    """The time step whose code it is, now or one step to either side."""
    typed = re.sub(r"[\s-]", "", code)
    if not _DIGITS.fullmatch(typed):
        return None
    otp, now = _otp(seed), int(clock.now().timestamp()) // SECONDS
    equal = library("pyotp").utils.strings_equal
    return next((now + shift for shift in _WINDOW if equal(otp.generate_otp(now + shift), typed)), None)


async def spend(tx: Transaction, sealer: Sealer, user_id: UUID, code: str) -> bool:
    """Whether it is a code of theirs that was not used before. Of two who send it at once, one is told yes."""
    sealed = await tx.value("select sealed_seed from second_factors where user_id = %(user_id)s", user_id=user_id)
    if sealed is None:
        return False
    step = matching_step(await open_seed(sealer, tx.organization_id, user_id, sealed), code)
    if step is None:
        return False
    return (
        await tx.run(
            """
        update second_factors set last_step = %(step)s
        where user_id = %(user_id)s and last_step < %(step)s
        """,
            user_id=user_id,
            step=step,
        )
        == 1
    )


async def seal_seed(sealer: Sealer, organization_id: UUID, user_id: UUID, seed: str) -> bytes:
    return await sealer.seal(_place(organization_id, user_id), seed.encode())


async def open_seed(sealer: Sealer, organization_id: UUID, user_id: UUID, sealed: bytes) -> str:
    return (await sealer.open(_place(organization_id, user_id), bytes(sealed))).decode()


def _place(organization_id: UUID, user_id: UUID) -> Place:
    return Place("second_factors", "sealed_seed", organization_id, user_id)


def _otp(seed: str) -> Any:
    return library("pyotp").TOTP(seed, interval=SECONDS)
