"""Who really sent a mail: told by a server we trust, or found out by ourselves."""

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from parlour.email.reading.headers import Headers
from parlour.email.safety import spf
from parlour.email.safety import testimony as told
from parlour.email.safety.checking import Evidence, authenticated
from parlour.email.safety.verdicts import Authentication
from parlour.foundation.name_servers import Lookup, NoAnswer

OUTSIDE = "93.184.215.14"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = "".join(
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
    .splitlines()[1:-1]
)
RAW = b"From: Carol <carol@shop.test>\r\nTo: support@acme.test\r\nSubject: Grinder\r\n\r\nIt hums.\r\n"


def names(**records: list[str]) -> Lookup:
    """A domain name system that holds only these; `none` stands for no answer at all."""
    known = {name.replace("__", "-"): values for name, values in records.items()}

    def lookup(name: str, kind: str) -> list[str]:
        found = known.get(f"{kind} {name}", [])
        if found == ["none"]:
            raise NoAnswer(name)
        return found

    return lookup


def signed(domain: str = "shop.test", raw: bytes = RAW, **options: object) -> bytes:
    return dkim.sign(raw, b"s1", domain.encode(), PRIVATE, include_headers=[b"from", b"subject"], **options) + raw


def verdict(raw: bytes, lookup: Lookup, client: str | None = None, sender: str = "carol@shop.test") -> Authentication:
    return authenticated(raw, Evidence(client, "mx.shop.test", sender, "shop.test"), lookup)


def words(found: Authentication) -> tuple[str, str, str, str | None]:
    return found.spf, found.dkim, found.dmarc, found.aligned_domain


DKIM_RECORD = {"TXT s1._domainkey.shop.test": [f"v=DKIM1; k=rsa; p={PUBLIC}"]}
REJECT = {"TXT _dmarc.shop.test": ["v=DMARC1; p=reject"]}
SPF_RECORD = {"TXT shop.test": [f"v=spf1 ip4:{OUTSIDE} -all"]}


def test_a_signature_that_holds_proves_the_sender() -> None:
    found = verdict(signed(), names(**DKIM_RECORD, **REJECT))
    assert words(found) == ("none", "pass", "pass", "shop.test")
    assert found.passed and not found.failed and found.source == "parlour"


def test_a_mail_that_was_changed_on_its_way_is_not_proved() -> None:
    changed = signed().replace(b"It hums.", b"Pay me.")
    found = verdict(changed, names(**DKIM_RECORD, **REJECT), OUTSIDE)
    assert words(found) == ("none", "fail", "none", None)
    found = verdict(changed, names(**DKIM_RECORD, **REJECT, **SPF_RECORD), "1.1.1.1")
    assert (words(found), found.policy) == (("fail", "fail", "fail", None), "reject")


def test_a_strangers_good_signature_proves_nothing_about_the_sender() -> None:
    record = {"TXT s1._domainkey.evil.test": DKIM_RECORD["TXT s1._domainkey.shop.test"]}
    found = verdict(signed("evil.test"), names(**record, **REJECT, **SPF_RECORD), "1.1.1.1", "x@evil.test")
    assert words(found) == ("none", "pass", "none", None) and not found.passed


def test_a_signature_of_the_beginning_only_is_none() -> None:
    found = verdict(signed(length=True) + b"And more.\r\n", names(**DKIM_RECORD, **REJECT))
    assert found.dkim == "policy" and not found.passed


def test_the_right_server_proves_the_sender() -> None:
    found = verdict(RAW, names(**SPF_RECORD, **REJECT), OUTSIDE)
    assert words(found) == ("pass", "none", "pass", "shop.test")
    found = verdict(RAW, names(**SPF_RECORD, **REJECT), "1.1.1.1")
    assert (words(found), found.failed) == (("fail", "none", "fail", None), True)


def test_a_server_of_our_own_network_proves_and_disproves_nothing() -> None:
    for client in ("127.0.0.1", "10.0.0.1", "::1", None):
        assert verdict(RAW, names(**SPF_RECORD, **REJECT), client) == Authentication()


def test_names_that_do_not_answer_disprove_nothing() -> None:
    silent = names(**{"TXT s1._domainkey.shop.test": ["none"], "TXT _dmarc.shop.test": ["none"]})
    found = verdict(signed(), silent)
    assert (found.dkim, found.dmarc, found.failed, found.passed) == ("temperror", "temperror", False, False)


def test_strict_alignment_takes_no_relatives() -> None:
    record = {"TXT s1._domainkey.mail.shop.test": DKIM_RECORD["TXT s1._domainkey.shop.test"]}
    relaxed = verdict(signed("mail.shop.test"), names(**record, **REJECT))
    assert words(relaxed) == ("none", "pass", "pass", "mail.shop.test")
    strict = {"TXT _dmarc.shop.test": ["v=DMARC1; p=reject; adkim=s"]}
    assert not verdict(signed("mail.shop.test"), names(**record, **strict)).passed


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1", "neutral"),
        ("v=spf1 +all", "pass"),
        (f"v=spf1 ip4:{OUTSIDE}/24 -all", "pass"),
        ("v=spf1 a -all", "pass"),
        ("v=spf1 a:other.test/24 -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 include:good.test -all", "pass"),
        ("v=spf1 include:bad.test ~all", "softfail"),
        ("v=spf1 redirect=good.test", "pass"),
        ("v=spf1 exists:%{i}.list.test -all", "pass"),
        ("v=spf1 exists:%{ir}.%{l}.list.test -all", "fail"),
        ("v=spf1 include:nowhere.test -all", "permerror"),
        ("v=spf1 nonsense -all", "permerror"),
        ("v=spf1 include:round.test -all", "permerror"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf2 -all", "none"),
    ],
)
def test_spf_is_evaluated_as_the_standard_says(record: str, expected: str) -> None:
    lookup = names(
        **{
            "TXT shop.test": [record],
            "A shop.test": [OUTSIDE],
            "A other.test": ["93.184.215.200"],
            "MX shop.test": ["mx.shop.test"],
            "A mx.shop.test": [OUTSIDE],
            "TXT good.test": [f"v=spf1 ip4:{OUTSIDE} -all"],
            "TXT bad.test": ["v=spf1 -all"],
            "TXT round.test": ["v=spf1 include:round.test -all"],
            f"A {OUTSIDE}.list.test": ["127.0.0.2"],
        }
    )
    assert spf.check(OUTSIDE, "mx.shop.test", "carol@shop.test", lookup) == (expected, "shop.test")


def test_the_null_sender_is_judged_by_what_the_server_calls_itself() -> None:
    lookup = names(**{"TXT mx.shop.test": [f"v=spf1 ip4:{OUTSIDE} -all"]})
    assert spf.check(OUTSIDE, "mx.shop.test", "", lookup) == ("pass", "mx.shop.test")
    assert spf.check(OUTSIDE, "[1.2.3.4]", "", lookup)[0] == "none"


GMAIL = (
    "Authentication-Results: mx.google.com; dkim=pass header.i=@shop.test header.s=s1; "
    "spf=pass (google.com: domain of carol@shop.test designates 1.2.3.4; fine) smtp.mailfrom=carol@shop.test; "
    "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=shop.test"
)
MICROSOFT = (
    "Authentication-Results: spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=shop.test; dkim=pass (verified)"
    " header.d=shop.test;dmarc=pass action=none header.from=shop.test;compauth=pass reason=100"
)


def asked(trusted: str | None, *fields: str) -> Authentication | None:
    return told.testimony(Headers("\r\n".join(fields).encode()), trusted, "shop.test")


def test_a_trusted_servers_words_are_taken() -> None:
    found = asked("mx.google.com", GMAIL)
    assert found and words(found) == ("pass", "pass", "pass", "shop.test") and found.passed
    found = asked("protection.outlook.com", MICROSOFT)
    assert found and words(found) == ("pass", "pass", "pass", "shop.test")


def test_words_of_servers_we_do_not_trust_are_not() -> None:
    assert asked(None, GMAIL) is None
    assert asked("mx.acme.test", GMAIL, MICROSOFT) is None


def test_only_the_topmost_words_of_the_trusted_server_count() -> None:
    bad = "Authentication-Results: mx.google.com; dmarc=fail (p=REJECT sp=NONE) header.from=shop.test"
    found = asked("mx.google.com", bad, GMAIL)
    assert found and (found.dmarc, found.failed, found.policy) == ("fail", True, "reject")


@pytest.mark.parametrize(
    "field",
    [
        "Authentication-Results: mx.google.com; spf=fail (dmarc=pass header.from=shop.test)",
        'Authentication-Results: mx.google.com; spf=fail reason="x; dmarc=pass header.from=shop.test"',
        "Authentication-Results: mx.google.com; dmarc=pass header.from=evil.test",
        "Authentication-Results: mx.google.com; dkim=pass header.d=evil.test; spf=pass smtp.mailfrom=x@evil.test",
        "Authentication-Results: mx.google.com; none",
    ],
)
def test_words_hidden_in_comments_or_about_somebody_else_prove_nothing(field: str) -> None:
    found = asked("mx.google.com", field)
    assert found is not None and not found.passed
