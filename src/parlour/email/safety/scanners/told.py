"""What the mailbox's own server has found out about spam, as it stands in a mail's headers."""

import re
from typing import Final

from parlour.email.reading.headers import Headers
from parlour.email.safety.verdicts import Spam

SPAM_ACTIONS: Final = ("reject", "add header", "rewrite subject", "quarantine")
"""Of those that rspamd advises."""

_NUMBER: Final = r"(-?\d{1,6}(?:\.\d{1,4})?)"


def spam_told(fields: Headers) -> Spam | None:
    """What the mailbox's own server wrote into the headers. Any that says spam is believed, wherever it stands."""
    told = [*_by_spamassassin(fields), *_by_rspamd(fields), *_by_microsoft(fields)]
    return next((spam for spam in told if spam.is_spam), told[0] if told else None)


def _by_spamassassin(fields: Headers) -> list[Spam]:
    flags = [value.strip().lower() for value in fields.all("x-spam-flag")]
    told = [Spam(is_spam=flag == "yes", source="X-Spam-Flag") for flag in flags if flag]
    for status in fields.all("x-spam-status"):
        score = re.search(rf"(?:score|hits)={_NUMBER}", status)
        limit = re.search(rf"required={_NUMBER}", status)
        is_spam = status.strip().lower().startswith("yes")
        told.append(Spam(is_spam, _float(score), _float(limit), "X-Spam-Status"))
    return told


def _by_rspamd(fields: Headers) -> list[Spam]:
    told = [
        Spam(is_spam=value.strip().lower() in SPAM_ACTIONS, source="X-Rspamd-Action")
        for value in fields.all("x-rspamd-action")
    ]
    for value in fields.all("x-spamd-result"):
        # default: False [1.20 / 15.00]; …
        found = re.match(rf"\s*\w+:\s*(True|False)\s*\[{_NUMBER}\s*/\s*{_NUMBER}\]", value, re.IGNORECASE)
        if found:
            told.append(Spam(found[1].lower() == "true", float(found[2]), float(found[3]), "X-Spamd-Result"))
    return told


def _by_microsoft(fields: Headers) -> list[Spam]:
    told = []
    for name in ("x-microsoft-antispam", "x-forefront-antispam-report", "x-ms-exchange-organization-scl"):
        for value in fields.all(name):
            level = re.search(r"\bSCL:(-?\d)\b", value) or re.fullmatch(r"\s*(-?\d)\s*", value)
            if level:
                told.append(Spam(int(level[1]) >= 5, float(level[1]), 5.0, "SCL"))
    return told


def _float(found: re.Match[str] | None) -> float | None:
    return float(found[1]) if found else None
