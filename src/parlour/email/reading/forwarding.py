"""A mail that somebody passed on: whose it was, and what it said."""

import re
from datetime import datetime
from typing import Final

import msgspec

from parlour.email.reading.headers import Address
from parlour.email.reading.parsing import Mail, MailAttachment, parse

_LINE_LIMIT: Final = 400
_FIELD_LIMIT: Final = 30

_PREFIX: Final = re.compile(
    r"^\s*(?:(?:fwd?|wg|tr|rv|enc|i|inoltro|vs|vb|vidarebefordrat|doorst|doorgestuurd|pd|videresendt|välitetty|ilt|"
    r"přeposl|továbbítás|转发|轉寄|転送|전달|пересл|отпр)\s*[:：]|\[fwd?:)\s*",
    re.IGNORECASE,
)
_MARK: Final = re.compile(
    r"^[\s>*]*[-_]*\s*(?:begin forwarded message|forwarded (?:message|by .{1,80})|weitergeleitete nachricht"
    r"|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|message (?:transféré|réexpédié)"
    r"|début du message (?:réexpédié|transféré)|mensaje reenviado|inicio del mensaje reenviado|mensagem encaminhada"
    r"|mensagem reencaminhada|início da mensagem (?:encaminhada|reencaminhada)|messaggio inoltrato"
    r"|inizio messaggio inoltrato|inizio del messaggio inoltrato|doorgestuurd bericht|begin doorgestuurd bericht"
    r"|vidarebefordrat (?:meddelande|brev|mejl)|vidarebefordrat meddelande börjar|videresendt (?:meddelelse|besked)"
    r"|videresendt e-post|start på videresendt (?:besked|melding)|välitetty viesti|edelleen lähetetty viesti"
    r"|välitetty viesti alkaa|przekazana wiadomość|wiadomość przekazana|początek przekazywanej wiadomości"
    r"|přeposlaná zpráva|továbbított (?:üzenet|levél)|пересылаемое сообщение|пересланное сообщение"
    r"|начало переадресованного сообщения|iletilmiş mesaj|iletilen mesaj(?: başlangıcı)?|転送されたメッセージ"
    r"|転送メッセージ|转发的邮件|转发的消息|以下是转发的邮件|轉寄郵件|轉寄的郵件|전달된 메시지).{0,40}$",
    re.IGNORECASE,
)
_RULE: Final = re.compile(
    r"^\s*(?:_{20,}|-{3,}\s*(?:original message|ursprüngliche nachricht|message d['’]origine|mensaje original"
    r"|mensagem original|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|oprindelig meddelelse"
    r"|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|původní zpráva|исходное сообщение|özgün ileti"
    r"|元のメッセージ|原始邮件|原始郵件)\s*-*)\s*$",
    re.IGNORECASE,
)
_NAMES: Final = {
    "from": "from von de da van från fra lähettäjä od feladó от gönderen kimden 发件人 寄件者 寄件人 差出人 보낸사람"
    " expéditeur remitente remetente afzender avsändare mittente nadawca odesílatel",
    "subject": "subject betreff objet asunto assunto oggetto onderwerp ämne emne aihe temat předmět tárgy тема konu"
    " 主题 主旨 件名 제목",
    "other": "sent date gesendet datum envoyé enviado enviadoel fecha data inviato verzonden skickat sendt dato"
    " lähetetty päivä päivämäärä wysłano wysłane odesláno küldve dátum отправлено дата gönderildi gönderilen tarih"
    " 发送时间 日期 傳送日期 送信日時 日付 보낸날짜 날짜 to an à a aan para till til vastaanottaja kopia kopie copie do"
    " komu címzett кому kime alıcı 收件人 宛先 받는사람 cc kopie kopi kopio копия bilgi 抄送 副本 참조 reply-to"
    " antwort responder répondreà resentfrom importance wichtigkeit priorité attachments anlagen piècesjointes",
}
_KINDS: Final = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_FIELD: Final = re.compile(r"^[\s>]*\*?([^\s:：*][^:：*]{0,25}?)\s?\*?\s?[:：]\*?\s*(.*)$")
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}")


class Forwarded(msgspec.Struct, frozen=True):
    """The mail inside. `note` is what the one who passed it on wrote above it."""

    sender: Address
    subject: str
    note: str
    text: str
    html: str | None = None
    attachments: tuple[MailAttachment, ...] | None = None
    """None where those of the outer mail are meant."""
    message_id: str | None = None
    date: datetime | None = None


def forwarded(mail: Mail) -> Forwarded | None:
    """The mail that this one passes on, attached whole or written below a heading; None where it passes on none."""
    return _attached(mail) or _inline(mail)


def without_prefix(subject: str) -> str:
    """A subject without the `Fwd:` that programs put before it, in their languages."""
    while found := _PREFIX.match(subject):
        rest = subject[found.end() :]
        subject = rest.removesuffix("]") if "[" in found[0] else rest
    return subject.strip()


def _attached(mail: Mail) -> Forwarded | None:
    inside = [file for file in mail.attachments if file.content_type == "message/rfc822"]
    if len(inside) != 1:
        return None
    inner = parse(inside[0].content)
    # A mail in an answer's attachment is a document; one that came with hardly a word was passed on.
    if not inner.sender or not (_PREFIX.match(mail.subject) or len(mail.text) < 200 or not mail.ancestors):
        return None
    beside = tuple(file for file in mail.attachments if file is not inside[0])
    return Forwarded(
        sender=inner.sender,
        subject=inner.subject or without_prefix(mail.subject),
        note=mail.text,
        text=inner.text,
        html=inner.html,
        attachments=(*inner.attachments, *beside),
        message_id=inner.message_id,
        date=inner.date,
    )


def _inline(mail: Mail) -> Forwarded | None:
    lines = mail.text.split("\n")
    for number, line in enumerate(lines[:_LINE_LIMIT]):
        is_marked = bool(_MARK.match(line))
        if is_marked or (_PREFIX.match(mail.subject) and _may_begin(lines, number)):
            start = number if not (is_marked or _RULE.match(line)) else number + 1
            found = _block(lines, start, _prefixed(lines, start))
            if found:
                fields, end = found
                sender = _address(fields["from"])
                if sender:
                    return Forwarded(
                        sender=sender,
                        subject=fields.get("subject", "") or without_prefix(mail.subject),
                        note="\n".join(lines[:number]).strip(),
                        text=_unquoted(lines[end:], _prefixed(lines, start)),
                    )
    return None


def _may_begin(lines: list[str], number: int) -> bool:
    field = _field(lines[number])
    return bool(_RULE.match(lines[number])) or bool(field and field[0] == "from")


def _prefixed(lines: list[str], start: int) -> bool:
    # Apple Mail quotes what it forwards, its heading included.
    first = next((line for line in lines[start : start + 4] if line.strip()), "")
    return first.startswith(">")


def _block(lines: list[str], start: int, is_quoted: bool) -> tuple[dict[str, str], int] | None:
    """The fields of the heading, and where the words begin. It ends with the first line that is no field."""
    fields: dict[str, str] = {}
    seen = 0
    last = ""
    for number in range(start, min(start + _FIELD_LIMIT, len(lines))):
        line = lines[number].removeprefix(">") if is_quoted else lines[number]
        if not line.strip():
            if seen >= 2:
                return (fields, number + 1) if "from" in fields else None
            continue
        field = _field(line)
        if field:
            seen += 1
            last = field[0]
            fields.setdefault(last, field[1])
        elif seen and last in ("from", "subject", "other") and number - start < _FIELD_LIMIT and _goes_on(line):
            # A long list of recipients, or a subject, broken onto the next line.
            fields[last] = f"{fields[last]} {line.strip()}"
        else:
            return (fields, number) if seen >= 2 and "from" in fields else None
    return (fields, len(lines)) if seen >= 2 and "from" in fields else None


def _goes_on(line: str) -> bool:
    return line.startswith((" ", "\t", "<")) or "@" in line


def _field(line: str) -> tuple[str, str] | None:
    found = _FIELD.match(line)
    kind = _KINDS.get(re.sub(r"\s", "", found[1]).lower()) if found else None
    return (kind, found[2].strip()) if found and kind else None


def _address(value: str) -> Address | None:
    found = _EMAIL.search(value)
    if not found:
        return None
    name = re.split(r"[<\[(]", value[: found.start()])[0].replace("mailto:", "")
    return Address(found[0].lower(), " ".join(name.strip(" \"'*,").split())[:200])


def _unquoted(lines: list[str], is_quoted: bool) -> str:
    kept = [line.removeprefix(">").removeprefix(" ") for line in lines] if is_quoted else lines
    return "\n".join(line.rstrip() for line in kept).strip("\n")
