"""What a person newly wrote, apart from what their mail program quoted and from their signature."""

import re
from typing import Final

import msgspec

_LINE_LIMIT: Final = 5000


class Split(msgspec.Struct, frozen=True):
    """The three pieces of a mail's text. `new` is never empty where the mail had words at all."""

    new: str
    quoted: str = ""
    signature: str = ""


_ATTRIBUTION: Final = re.compile(
    r"""^\s*(?:
        (?:on|op|am|le|el|il|em|w\ dniu|den|d\.|på|dne|в|dnia|tarihinde|pe|no\ dia|a\ les)\b .{3,300}?
            (?:wrote|schreef|schrieb|a\ écrit|escribió|ha\ scritto|escreveu|napisał(?:\(a\))?|skrev|kirjoitti|
              |napsal(?:\(a\))?|написал(?:\(а\))?|пишет|yazdı|a\ scris|va\ escriure) .{0,200}?
      | \d.{3,200}? (?:написал(?:\(а\))?|пишет|написав|wrote|schrieb|a\ écrit|escribió|napsal(?:\(a\))?) .{0,100}?
      | .{3,200}? (?:tarihinde\ şunu\ yazdı|(?:のメール|は(?:次のように)?書きました)|さんが書きました)
      | (?:在|於|于) .{3,200}? (?:写道|寫道)
      | [^<>]{0,150}<[^<>\s]{1,200}@[^<>\s]{1,200}>\ ?(?:在|於|于|ezt\ írta).{3,150}
      | [^<>]{0,50}\d.{3,200}?\ kirjoitti
      | \d{4}年.{3,200}? (?:写道|寫道|のメール|:|：)
      | \d{4}[년.].{3,200}? (?:작성)
      | [^<>]{0,150}\d{1,2}[:.]\d\d[^<>]{0,150}<[^<>\s]{1,200}@[^<>\s]{1,200}>\)?\ ?[^<>]{0,20}
    )\s*[:：]?\s*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ORIGINAL: Final = re.compile(
    r"^\s*[-_]{3,}\s*(?:original (?:message|appointment)|ursprüngliche nachricht|message d['’]origine|mensaje original"
    r"|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig meddelelse|ursprungligt meddelande"
    r"|opprinnelig melding|alkuperäinen viesti|исходное сообщение|wiadomość oryginalna|původní zpráva|原始邮件|原始郵件"
    r"|元のメッセージ|reply message)\s*[-_]*\s*$",
    re.IGNORECASE,
)
_FORWARDED: Final = re.compile(
    r"^\s*(?:-{3,}\s*)?(?:begin forwarded message|forwarded message|weitergeleitete nachricht|message transféré"
    r"|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande"
    r"|anfang der weitergeleiteten nachricht|début du message (?:réexpédié|transféré))\b",
    re.IGNORECASE,
)
# Outlook's block of fields: the first word of its lines, in the languages it is sold in.
_FROM: Final = (
    r"from|von|de|da|van|från|fra|lähettäjä|od|от|发件人|寄件者|差出人|보낸 사람|gönderen|kimden"
    r"|feladó|expéditeur|remitente"
)
_SENT: Final = (
    r"sent|date|gesendet|datum|envoyé|enviado(?: el)?|fecha|inviato|data|verzonden|skickat|sendt|lähetetty"
    r"|wysłano|odesláno|отправлено|дата|发送时间|傳送日期|送信日時|보낸 날짜"
    r"|gönderildi|to|an|à|para|a|aan|till|til|do|komu|кому|收件人|宛先"
    r"|vastaanottaja|kime|elküldve|címzett"
)
_FIELD_FROM: Final = re.compile(rf"^\s*\*?(?:{_FROM})\s?[:：]\*?\s*\S", re.IGNORECASE)
_FIELD_SENT: Final = re.compile(rf"^\s*\*?(?:{_SENT})\s?[:：]\*?\s*\S", re.IGNORECASE)
_DEVICE: Final = re.compile(
    r"^\s*(?:sent (?:from|with|via) (?:my |the )?\S.{1,60}|get outlook for (?:ios|android|mac).{0,60}"
    r"|von meinem .{2,40} gesendet|gesendet (?:von|mit) .{2,60}|envoyé (?:de(?:puis)?|à partir de) .{2,60}"
    r"|enviado (?:desde|do|de|a partir d[eo]) .{2,60}|inviato da .{2,60}|verstuurd vanaf .{2,60}"
    r"|(?:skickat|sendt) fr[åa]n? .{2,60}|отправлено (?:с|из) .{2,60}|wysłane z .{2,60}|发自我的.{1,30})\s*$",
    re.IGNORECASE,
)


def split(text: str) -> Split:
    """Top posting, bottom posting, answers between the lines. A forwarded mail is left whole: it is what was sent."""
    lines = text.split("\n")[:_LINE_LIMIT]
    begin = _quote_begins(lines)
    if begin is None:
        new, signature = _without_signature(lines)
        return _never_empty(text, Split(_joined(new), "", _joined(signature)))
    above, below = lines[:begin], lines[begin:]
    if any(line.strip() for line in above):
        answers = _answers_between(below)
        if answers:
            return Split(text.strip())
        new, signature = _without_signature(above)
        return _never_empty(text, Split(_joined(new), _joined(below), _joined(signature)))
    return _never_empty(text, _bottom_posted(below))


_HTML_QUOTE: Final = re.compile(
    r"""<(?:div|blockquote|hr|section|span|p)\b[^<>]*?(?:
        class=["']?[^"'<>]*?\b(?:gmail_quote|gmail_attr|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra|moz-forward-container
          |yahoo-quoted|ms-outlook-mobile-reference-message|OutlookMessageHeader|tutanota_quote|freebirdFormviewerReply)\b
      | id=["']?(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|stopSpelling|isForwardContent
          |yahoo_quoted_\d+|reply-intro|x_divRplyFwdMsg)\b
      | type=["']?cite\b
      | style=["'][^"'<>]*?border(?:-top)?:\s?(?:none;\s?border-top:\s?)?solid\s\#(?:E1E1E1|B5C4DF)\s1\.0pt
    )[^<>]*>""",
    re.IGNORECASE | re.VERBOSE,
)


def split_html(markup: str) -> tuple[str, str]:
    """The new HTML and the quoted HTML below it. Where the new part would be without words, nothing is cut."""
    found = _HTML_QUOTE.search(markup)
    if not found:
        return markup, ""
    above, below = markup[: found.start()], markup[found.start() :]
    visible = re.sub(r"<(style|head|title)\b.*?</\1\s*>|<[^<>]*>|&nbsp;|\s", "", above, flags=re.DOTALL | re.IGNORECASE)
    opening = re.sub(r"<[^<>]*>", " ", below[:3000])
    is_forward = any(_FORWARDED.match(line) for line in opening.split("\n"))
    return (markup, "") if not visible or is_forward else (above, below)


def _quote_begins(lines: list[str]) -> int | None:
    for number, line in enumerate(lines):
        if _FORWARDED.match(line):
            return None
        if (
            line.startswith(">")
            or _ORIGINAL.match(line)
            or _is_attribution(lines, number)
            or _is_field_block(lines, number)
        ):
            return number
        if re.fullmatch(r"\s*_{20,}\s*", line) and _is_field_block(lines, number + 1):
            return number
    return None


def _is_attribution(lines: list[str], number: int) -> bool:
    # Programs break the line wherever it grows too long, so up to three are read as one.
    if not lines[number].strip() or len(lines[number]) > 400:
        return False
    joined = ""
    for line in lines[number : number + 3]:
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > 500 or (line is not lines[number] and not line.strip()):
            return False
        if _ATTRIBUTION.match(joined) and (joined.endswith((":", "：")) or _quotes_follow(lines, number)):
            return True
    return False


def _quotes_follow(lines: list[str], number: int) -> bool:
    return any(line.startswith(">") for line in lines[number + 1 : number + 5])


def _is_field_block(lines: list[str], number: int) -> bool:
    following = [line for line in lines[number : number + 6] if line.strip()]
    return (
        len(following) >= 3
        and bool(_FIELD_FROM.match(following[0]))
        and lines[number] is following[0]
        and sum(bool(_FIELD_SENT.match(line)) for line in following[1:5]) >= 2
    )


def _answers_between(below: list[str]) -> bool:
    """Whether unquoted words stand under the quotation, beyond a signature: the quotation is needed to read them."""
    if not any(line.startswith(">") for line in below):
        return False
    last = max(number for number, line in enumerate(below) if line.startswith(">"))
    first = next(number for number, line in enumerate(below) if line.startswith(">"))
    between = [
        line for line in below[first:last] if line.strip() and not line.startswith(">") and not _is_wrapped(line)
    ]
    tail, _ = _without_signature(below[last + 1 :])
    return bool(between) or any(line.strip() for line in tail)


def _is_wrapped(line: str) -> bool:
    # The end of a quoted line that a program broke without quoting it again.
    return len(line) < 30 and not line[:1].isupper()


def _bottom_posted(lines: list[str]) -> Split:
    quoted = [number for number, line in enumerate(lines) if line.startswith(">")]
    if not quoted:
        return Split(_joined(lines))
    last = quoted[-1] + 1
    unquoted_inside = [line for line in lines[quoted[0] : last] if line.strip() and not line.startswith(">")]
    new, signature = _without_signature(lines[last:])
    if unquoted_inside or not any(line.strip() for line in new):
        return Split(_joined(lines))
    return Split(_joined(new), _joined(lines[:last]), _joined(signature))


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """RFC 3676 section 4.3, mail programs that drop its space, and the lines that telephones add."""
    for number, line in enumerate(lines):
        if line.rstrip("\r") in ("-- ", "--", "—") and len(lines) - number <= 30:
            return lines[:number], lines[number:]
    words = [number for number, line in enumerate(lines) if line.strip()]
    if len(words) > 1 and _DEVICE.match(lines[words[-1]]):
        return lines[: words[-1]], lines[words[-1] :]
    return lines, []


def _joined(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _never_empty(text: str, pieces: Split) -> Split:
    return pieces if pieces.new.strip() else Split(text.strip())
