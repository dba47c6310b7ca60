"""Whether two deliveries are the same mail: sent again, fetched again, or come through two mailboxes."""

import hashlib
import re
from typing import Final

from parlour.email.reading.parsing import Mail

_LIST_FOOTER: Final = re.compile(
    r"\n(?:_{30,}|-{30,}|-- ?)[ ]?\n(?=[^\n]{0,300}(?:mailing list|you received this message because)).*\Z",
    re.IGNORECASE | re.DOTALL,
)
_LIST_TAG: Final = re.compile(r"\[[^\[\]#]{1,60}\]")
_REPLY: Final = re.compile(r"^(?:\s*(?:re|aw|sv|antw|odp|vs|ynt|回复|答复|返信)\s*[:：])+", re.IGNORECASE)


def identity_of(raw: bytes, mail: Mail) -> bytes | None:
    """The same for the same mail, by whatever way it came: the servers on its way add lines, lists a footer and a tag.

    None where two deliveries could as well be two mails: no Message-ID, and nothing in it says when it was sent. An
    empty or reused Message-ID makes nothing the same: what the mail says counts too.
    """
    if mail.message_id:
        said = [
            mail.message_id,
            mail.sender.email if mail.sender else "",
            str(mail.date),
            _plain(_LIST_TAG.sub("", _REPLY.sub("", mail.subject))),
            _plain(_LIST_FOOTER.sub("", "\n" + mail.text)),
            *sorted(hashlib.sha256(file.content).hexdigest() for file in mail.attachments),
        ]
        return hashlib.sha256("\0".join(said).encode()).digest()
    is_dated = mail.date is not None or bool(mail.fields.raw("received"))
    return hashlib.sha256(raw).digest() if is_dated else None


def _plain(words: str) -> str:
    return re.sub(r"\s+", "", words).casefold()
