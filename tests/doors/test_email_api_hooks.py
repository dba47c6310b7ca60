"""Providers' webhooks: only what is genuine and fresh comes in, and once."""

import base64
import hmac
import time
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from parlour import email
from parlour.email.sources import providers
from parlour.foundation import clock
from parlour.foundation.fetching import Answer
from tests.builders import Company
from tests.doors.conftest import Connect, failure

RAW = b"From: Carol <carol@customer.test>\r\nSubject: Gr\xfc\xdfe\r\nMessage-ID: <1@c.test>\r\n\r\nIt hums.\x00\r\n"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"


class Hook:
    """A mailbox's webhook, and what its ledger holds."""

    def __init__(self, company: Company, client: httpx.AsyncClient, path: str) -> None:
        self.company = company
        self.client = client
        self.path = path

    async def call(self, **request: Any) -> httpx.Response:
        return await self.client.post(self.path, **request)

    async def raws(self) -> list[bytes]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            keys = await tx.values("select blob_key from inbound_messages order by id")
        return [await self.company.installation.blobs.get(key) for key in keys]


async def hook(company: Company, connect: Connect, push: email.PushSettings, **secrets: str) -> Hook:
    new = email.NewMailbox(
        address=f"support@{company.slug}.test", kind=email.MailboxKind.PUSH, push=push, secrets=secrets
    )
    async with company.database.transaction(company.organization_id) as tx:
        mailbox = await email.set_up_mailbox(tx, company.installation.sealer, new)
        secret = await email.new_push_secret(tx, mailbox)
    return Hook(company, connect(), f"/api/email/hooks/{secret}/mime")


def mailgun(key: str = "key", at: float | None = None, token: str = "token") -> dict[str, Any]:
    timestamp = str(int(at or time.time()))
    signature = hmac.new(key.encode(), (timestamp + token).encode(), "sha256").hexdigest()
    return {
        "data": {"timestamp": timestamp, "token": token, "signature": signature, "sender": "carol@customer.test"},
        "files": {"body-mime": (None, RAW)},
    }


async def test_a_raw_mail_comes_in_by_its_secret_address(acme: Company, connect: Connect) -> None:
    raw = await hook(acme, connect, email.PushSettings())
    assert (await raw.call(content=RAW)).json() == {"taken": True}
    assert await raw.raws() == [RAW]
    assert (await raw.client.post("/api/email/hooks/guessed/mime", content=RAW)).status_code == 404


async def test_mailgun_signs_each_call_and_repeats_none(acme: Company, connect: Connect) -> None:
    gun = await hook(acme, connect, email.PushSettings(provider=email.Provider.MAILGUN), signing_key="key")
    assert [(await gun.call(**mailgun())).json() for _ in range(2)] == [{"taken": True}, {"taken": False}]
    assert await gun.raws() == [RAW]
    for wrong in (mailgun("another key", token="a"), mailgun(at=time.time() - 3600, token="b")):
        assert (await gun.call(**wrong)).status_code == 403
    assert len(await gun.raws()) == 1


async def test_postmark_knows_a_password_and_may_send_pieces(acme: Company, connect: Connect) -> None:
    mark = await hook(acme, connect, email.PushSettings(provider=email.Provider.POSTMARK), push_password="open")
    whole = {"RawEmail": "From: carol@customer.test\r\n\r\nHi", "MessageID": "1"}
    assert (await mark.call(json=whole)).status_code == 403
    assert (await mark.call(json=whole, auth=("x", "open"))).json() == {"taken": True}
    pieces = {
        "MessageID": "2",
        "From": "Carol <carol@customer.test>",
        "Subject": "Grüße",
        "TextBody": "It hums.",
        "HtmlBody": "<p>It hums.</p>",
        "Headers": [{"Name": "Message-ID", "Value": "<2@c.test>"}, {"Name": "X-Bad\r\nBcc", "Value": "a"}],
        "Attachments": [{"Name": "a.txt", "ContentType": "text/plain", "Content": base64.b64encode(b"abc").decode()}],
    }
    assert (await mark.call(json=pieces, auth=("x", "open"))).json() == {"taken": True}
    first, second = await mark.raws()
    assert first == b"From: carol@customer.test\r\n\r\nHi"
    mail = email.parse(second, envelope_sender="carol@customer.test")
    assert (mail.message_id, mail.subject, mail.text.strip(), [file.name for file in mail.attachments]) == (
        "2@c.test",
        "Grüße",
        "It hums.",
        ["a.txt"],
    )


async def test_sendgrid_signs_with_its_own_key(acme: Company, connect: Connect) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings = email.PushSettings(provider=email.Provider.SENDGRID, public_key=base64.b64encode(der).decode())
    grid = await hook(acme, connect, settings)
    envelope = b'{"to": ["support@acme.test"], "from": "carol@customer.test"}'
    request = grid.client.build_request("POST", grid.path, files={"email": (None, RAW), "envelope": (None, envelope)})
    body, timestamp = request.read(), str(int(time.time()))
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {
        "content-type": request.headers["content-type"],
        "x-twilio-email-event-webhook-timestamp": timestamp,
        "x-twilio-email-event-webhook-signature": signature,
    }
    assert (await grid.call(content=body + b" ", headers=headers)).status_code == 403
    assert (await grid.call(content=body, headers=headers)).json() == {"taken": True}
    assert await grid.raws() == [RAW]


async def test_amazon_is_asked_for_its_certificate_and_nobody_else(
    acme: Company, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = _certificate()
    asked: list[str] = []

    async def from_amazon(url: str, **_: object) -> Answer:
        asked.append(url)
        return Answer(200, {}, certificate, url)

    monkeypatch.setattr(providers.fetching, "fetch", from_amazon)
    ses = await hook(acme, connect, email.PushSettings(provider=email.Provider.SES, topics=[TOPIC]))
    confirmation = _sns("SubscriptionConfirmation", key, SubscribeURL=_PLACE + "?Action=ConfirmSubscription", Token="t")
    assert (await ses.call(json=confirmation)).json() == {"taken": False}
    assert asked == [f"{_PLACE}cert.pem", f"{_PLACE}?Action=ConfirmSubscription"]
    received = {
        "notificationType": "Received",
        "content": base64.b64encode(RAW).decode(),
        "mail": {"source": "carol@customer.test"},
        "receipt": {"recipients": ["support@acme.test"], "action": {"encoding": "BASE64"}},
    }
    message = _sns("Notification", key, Message=msgspec.json.encode(received).decode())
    assert [(await ses.call(json=message)).json() for _ in range(2)] == [{"taken": True}, {"taken": False}]
    assert await ses.raws() == [RAW]
    old = _sns("Notification", key, Timestamp=(clock.now() - timedelta(days=2)).isoformat())
    for wrong in (
        {**message, "Message": "{}"},
        {**message, "TopicArn": "arn:aws:sns:eu-west-1:1:another"},
        {**message, "SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.test/cert.pem"},
        {**message, "SigningCertURL": "http://169.254.169.254/cert.pem"},
        old,
    ):
        refused = await ses.call(json=wrong)
        assert (refused.status_code, bool(failure(refused)["error"])) == (403, True)
    assert all(url.startswith(_PLACE) for url in asked)


async def test_a_removed_mailbox_takes_nothing(acme: Company, connect: Connect) -> None:
    raw = await hook(acme, connect, email.PushSettings())
    async with acme.database.transaction(acme.organization_id) as tx:
        [mailbox] = await email.mailboxes(tx)
        await email.remove_mailbox(tx, acme.installation.sealer, mailbox)
    assert (await raw.call(content=RAW)).status_code == 404


_PLACE = "https://sns.eu-west-1.amazonaws.com/"


def _sns(kind: str, key: rsa.RSAPrivateKey, **more: str) -> dict[str, str]:
    message = {
        "Type": kind,
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": "Confirm",
        "Timestamp": clock.now().isoformat(),
        "SignatureVersion": "2",
        "SigningCertURL": f"{_PLACE}cert.pem",
        **more,
    }
    signed = key.sign(providers.signed_by_sns(message), padding.PKCS1v15(), hashes.SHA256())
    return {**message, "Signature": base64.b64encode(signed).decode()}


def _certificate() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = clock.now()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, built.public_bytes(serialization.Encoding.PEM)


class Became(msgspec.Struct):
    outcome: str | None
    reason: str | None
    size: int


async def test_fifty_megabytes_are_refused_in_words_that_the_ledger_keeps(acme: Company, connect: Connect) -> None:
    raw = await hook(acme, connect, email.PushSettings())
    answer = await raw.call(content=b"X-Long: a\r\n" * (50 * 1024 * 1024 // 11))
    words = "That is too large: at most 36,765,696 bytes are accepted here."
    assert (answer.status_code, failure(answer)["error"]) == (413, words)
    async with acme.database.reading(acme.organization_id) as tx:
        became = await tx.one(Became, "select outcome, reason, size from inbound_messages")
    reason = f"The provider handed in a mail, and was told this: {words}"
    assert (became.outcome, became.reason, became.size) == ("REFUSED", reason, 0)
    assert (await raw.client.post("/api/email/hooks/guessed/mime", content=b"x" * 40_000_000)).status_code == 404
    assert len(await raw.raws()) == 1
