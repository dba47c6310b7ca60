"""Words that somebody else chose, in the headers of a mail (RFC 5322): they end no line and begin no header."""

import re
from email.policy import SMTP, EmailPolicy
from typing import Any, Final

_BREAKS: Final = re.compile(r"[\r\n]+(?P<folded>[ \t])?")


def one_line(words: str) -> str:
    """As it may be given to a header: without line breaks, and without encoded words (RFC 2047).

    The library takes what it is given for the wire's form and decodes it: `=?utf-8?q?=0d=0aBcc:…?=` would end the line.
    """
    return " ".join(words.split()).replace("=?", "= ?")


class LinePolicy(EmailPolicy):
    """Each header is one header, whatever the library made of its value: the second net below `one_line`."""

    def fold(self, name: str, value: Any) -> str:
        folded: str = super().fold(name, value)
        return _kept_together(folded, self.linesep)

    def fold_binary(self, name: str, value: Any) -> bytes:
        folded: bytes = super().fold_binary(name, value)
        return _kept_together(folded.decode("utf-8", "surrogateescape"), self.linesep).encode(
            "utf-8", "surrogateescape"
        )


# Seven bits: a server on the way that can't carry eight would write the mail anew, and break its signature
# (RFC 6376, section 5.3).
SEVEN_BITS: Final = LinePolicy(linesep=SMTP.linesep, max_line_length=78, cte_type="7bit")


def _kept_together(folded: str, line_break: str) -> str:
    whole = _BREAKS.sub(lambda found: line_break + found["folded"] if found["folded"] else " ", folded.rstrip("\r\n"))
    return whole + line_break
