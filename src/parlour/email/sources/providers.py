"""Webhooks of mail providers: whether a call is genuine, and the mail in it."""

import base64
import binascii
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from parlour.email.envelopes import envelope_of
from parlour.email.mailboxes import Provider, PushSettings
from parlour.email.sources.forms import File, Form, composed, form_of
from parlour.foundation import clock, fetching
from parlour.foundation.errors import Forbidden, Invalid
from parlour.foundation.signatures import is_signed_by_certificate, is_signed_by_key

_WINDOW: Final = timedelta(minutes=15)
# SNS repeats for an hour, and longer where its owner says so.
_SNS_WINDOW: Final = timedelta(days=1)
_SNS_HOST: Final = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class NotGenuine(Forbidden):
    """This call was not signed as the mailbox's settings ask. Check its signing key, and this machine's clock."""


class Call(msgspec.Struct, frozen=True):
    """A webhook's call, as it came. Header names in lower case."""

    headers: dict[str, str]
    body: bytes


class HandedIn(msgspec.Struct, frozen=True):
    """A genuine mail. `mark` is the same when the same call comes again."""

    raw: bytes
    sender: str
    recipients: list[str]
    mark: str | None = None


async def handed_in(settings: PushSettings, secrets: dict[str, str], call: Call) -> HandedIn | None:
    """The mail of a call, or None where it is about something else. Raises `NotGenuine` or `Invalid`."""
    match settings.provider:
        case Provider.MAILGUN:
            return _mailgun(secrets.get("signing_key", ""), call)
        case Provider.POSTMARK:
            return _postmark(secrets.get("push_password", ""), call)
        case Provider.SENDGRID:
            return _sendgrid(settings, call)
        case Provider.SES:
            return await _ses(settings, call)
        case _:
            return HandedIn(call.body, *envelope_of(call.body))


def _mailgun(signing_key: str, call: Call) -> HandedIn:
    form = form_of(call.headers.get("content-type", ""), call.body)
    timestamp, token = form.text("timestamp"), form.text("token")
    expected = hmac.new(signing_key.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest()
    if not signing_key or not hmac.compare_digest(expected.encode(), form.fields.get("signature", b"")):
        raise NotGenuine()
    _check_time(timestamp, _WINDOW)
    raw = form.fields.get("body-mime") or _from_pieces(form, "body-plain", "body-html", form.text("message-headers"))
    return HandedIn(raw, form.text("sender"), _addresses(form.text("recipient")), token)


def _postmark(password: str, call: Call) -> HandedIn:
    if password and not _is_basic(call.headers.get("authorization", ""), password):
        raise NotGenuine()
    message = _json(call.body)
    raw = str(message.get("RawEmail") or "").encode()
    if not raw:
        headers = [(str(one.get("Name", "")), str(one.get("Value", ""))) for one in _list(message, "Headers")]
        headers += [(name, str(message.get(name, ""))) for name in ("From", "To", "Cc", "Subject", "Date")]
        # Postmark gives its own id beside the mail's.
        files = [
            File(str(one.get("Name", "")), str(one.get("ContentType", "")), _decoded(str(one.get("Content", ""))))
            for one in _list(message, "Attachments")
        ]
        raw = composed(headers, str(message.get("TextBody", "")), str(message.get("HtmlBody", "")), files)
    recipients = _addresses(str(message.get("OriginalRecipient", "")))
    return HandedIn(raw, envelope_of(raw)[0], recipients, str(message.get("MessageID", "")) or None)


def _sendgrid(settings: PushSettings, call: Call) -> HandedIn:
    if settings.public_key:
        timestamp = call.headers.get("x-twilio-email-event-webhook-timestamp", "")
        signature = call.headers.get("x-twilio-email-event-webhook-signature", "")
        if not is_signed_by_key(settings.public_key, signature, timestamp.encode() + call.body):
            raise NotGenuine()
        _check_time(timestamp, _WINDOW)
    form = form_of(call.headers.get("content-type", ""), call.body)
    raw = form.fields.get("email") or _from_pieces(form, "text", "html", "")
    envelope = _json(form.fields.get("envelope", b"{}"))
    recipients = [str(one) for one in _list_of_any(envelope, "to")]
    return HandedIn(raw, str(envelope.get("from") or envelope_of(raw)[0]), recipients)


async def _ses(settings: PushSettings, call: Call) -> HandedIn | None:
    message = _json(call.body)
    if str(message.get("TopicArn", "")) not in settings.topics:
        raise NotGenuine("This topic is not one of those that may deliver here.")
    certificate = await _from_amazon(str(message.get("SigningCertURL", "")), ".pem")
    version = str(message.get("SignatureVersion", ""))
    if not is_signed_by_certificate(certificate, str(message.get("Signature", "")), signed_by_sns(message), version):
        raise NotGenuine()
    _check_time(str(message.get("Timestamp", "")), _SNS_WINDOW)
    if message.get("Type") == "SubscriptionConfirmation":
        await _from_amazon(str(message.get("SubscribeURL", "")), "")
    if message.get("Type") != "Notification":
        return None
    return _of_notification(_json(str(message.get("Message", "")).encode()), str(message.get("MessageId", "")))


def signed_by_sns(message: dict[str, Any]) -> bytes:
    """What SNS has signed: names and values in turn, each on a line."""
    names = _SIGNED.get(str(message.get("Type")), ())
    return "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None).encode()


def _of_notification(notification: dict[str, Any], mark: str) -> HandedIn | None:
    if notification.get("notificationType") != "Received":
        return None
    content = notification.get("content")
    if not isinstance(content, str):
        raise Invalid(
            "The notification holds no mail. Let the SES rule publish to SNS itself, instead of storing in S3."
        )
    receipt, mail = notification.get("receipt"), notification.get("mail")
    action = receipt.get("action") if isinstance(receipt, dict) else None
    is_encoded = isinstance(action, dict) and str(action.get("encoding", "")).lower() == "base64"
    raw = _decoded(content) if is_encoded else content.encode()
    recipients = _list_of_any(receipt, "recipients") if isinstance(receipt, dict) else []
    sender = str(mail.get("source", "")) if isinstance(mail, dict) else envelope_of(raw)[0]
    return HandedIn(raw, sender, [str(one) for one in recipients], mark)


async def _from_amazon(url: str, ending: str) -> bytes:
    """Only Amazon's own addresses are asked: the message that names them isn't proved yet."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not _SNS_HOST.fullmatch(parts.netloc) or not parts.path.endswith(ending):
        raise NotGenuine()
    try:
        answer = await fetching.fetch(url, limits=fetching.Limits(seconds=10, size=64 * 1024, redirects=0))
    except fetching.NotFetched as failure:
        raise NotGenuine(f"Amazon's certificate could not be read: {failure.words}") from failure
    return answer.body


def _from_pieces(form: Form, text: str, html: str, listed: str) -> bytes:
    headers = [(str(pair[0]), str(pair[1])) for pair in _pairs(listed)] or [
        (name, value)
        for line in re.sub(r"\r?\n[ \t]+", " ", form.text("headers")).splitlines()
        for name, _, value in [line.partition(":")]
    ]
    if not headers:
        headers = [(name.title(), form.text(name)) for name in ("from", "to", "cc", "subject") if form.text(name)]
    return composed(headers, form.text(text), form.text(html), form.files)


def _check_time(written: str, window: timedelta) -> None:
    try:
        at = datetime.fromtimestamp(int(written), UTC) if written.isdecimal() else datetime.fromisoformat(written)
        is_fresh = abs(clock.now() - at) <= window
    except (ValueError, OverflowError, OSError, TypeError) as wrong:
        raise NotGenuine() from wrong
    if not is_fresh:
        raise NotGenuine("This call is too old, or a clock is wrong.")


def _is_basic(sent: str, password: str) -> bool:
    scheme, _, encoded = sent.partition(" ")
    given = _decoded(encoded).partition(b":")[2]
    return scheme.lower() == "basic" and hmac.compare_digest(given, password.encode())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise Invalid("The call holds no JSON as this provider writes it.") from wrong


def _pairs(listed: str) -> list[list[Any]]:
    try:
        return [pair for pair in msgspec.json.decode(listed, type=list[list[Any]]) if len(pair) == 2]
    except msgspec.MsgspecError:
        return []


def _list(message: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in _list_of_any(message, name) if isinstance(one, dict)]


def _list_of_any(message: dict[str, Any], name: str) -> list[Any]:
    found = message.get(name)
    return found if isinstance(found, list) else []


def _addresses(text: str) -> list[str]:
    return [address.strip() for address in text.split(",") if "@" in address][:50]
