"""What can be wrong with a mailbox, in words, and what to do about it."""

import ssl
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """How far one got."""

    DNS = "DNS"
    CONNECTION = "CONNECTION"
    TLS = "TLS"
    TOKEN = "TOKEN"  # noqa: S105
    LOGIN = "LOGIN"
    FOLDER = "FOLDER"
    OUTGOING = "OUTGOING"
    SILENCE = "SILENCE"


class Trouble(Exception):
    """A mailbox can't be used. `words` say what happened, `advice` what an administrator does next."""

    def __init__(self, step: Step, words: str, advice: str = "") -> None:
        super().__init__(words)
        self.step = step
        self.words = words
        self.advice = advice or _ADVICE[step]

    @property
    def needs_somebody(self) -> bool:
        """Whether waiting won't help: each attempt more might lock the account."""
        return self.step in (Step.LOGIN, Step.TOKEN, Step.FOLDER)


_ADVICE: Final = {
    Step.DNS: "Check the spelling of the server's name.",
    Step.CONNECTION: "Check host, port and security, and that a firewall lets this installation through.",
    Step.TLS: "Ask the server's operator for a certificate of a known authority, or check the host's name.",
    Step.TOKEN: "Sign in with the provider again and enter the new refresh token.",
    Step.LOGIN: "Check user name and password. Many providers want an app password here.",
    Step.FOLDER: "Check the folder's name. The usual one is INBOX.",
    Step.OUTGOING: "Check the server for outgoing mail.",
    Step.SILENCE: "Write a mail to this address yourself, and ask whoever runs its mail server if it does not arrive.",
}


def of_tls(host: str, failure: ssl.SSLError) -> Trouble:
    """What a handshake that failed means."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        reason = failure.verify_message.rstrip(".")
        if "hostname" in reason.lower() or "ip address" in reason.lower():
            return Trouble(
                Step.TLS,
                f"The certificate of {host} is for another name: {reason}.",
                "Enter the name that the certificate is for, as the provider's help page gives it.",
            )
        if "expired" in reason:
            return Trouble(
                Step.TLS, f"The certificate of {host} has expired.", "Ask the server's operator to renew it."
            )
        return Trouble(Step.TLS, f"The certificate of {host} can't be trusted: {reason}.")
    if failure.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return Trouble(
            Step.TLS,
            f"{host} does not speak TLS on this port.",
            "Choose STARTTLS for port 143 or 587, TLS for port 993 or 465.",
        )
    return Trouble(Step.TLS, f"No encrypted connection to {host} came about: {failure.reason or failure}.")
