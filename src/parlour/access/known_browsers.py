"""Browsers in which an account was signed in before: nobody else's guesses keep them out.

It is no second factor and opens nothing; it says only whose count an attempt belongs to.
"""

import os
from datetime import timedelta
from typing import Final

from parlour.access.client import Client
from parlour.foundation import clock, crypto
from parlour.foundation.crypto import Signer

DAYS: Final = 180
_PURPOSE: Final = "known browser"
_ACCOUNT_BYTES: Final = 12
_OWN_BYTES: Final = 8


def mark_of(signer: Signer, email: str) -> str:
    """The mark a browser is given when this account was signed in there."""
    until = int((clock.now() + timedelta(days=DAYS)).timestamp())
    return signer.sign(_PURPOSE, _account(email) + os.urandom(_OWN_BYTES) + until.to_bytes(5))


def known_browser(signer: Signer, client: Client, email: str) -> str | None:
    """By which this browser's attempts on this account are counted. None: no better known than anybody."""
    now = clock.now().timestamp()
    for mark in client.devices:
        payload = signer.verify(_PURPOSE, mark)
        if payload and payload[:_ACCOUNT_BYTES] == _account(email) and int.from_bytes(payload[-5:]) > now:
            return payload[_ACCOUNT_BYTES:-5].hex()
    return None


def _account(email: str) -> bytes:
    return crypto.digest(email.strip().lower())[:_ACCOUNT_BYTES]
