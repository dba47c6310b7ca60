"""SSRF by an identity provider: what its description names, and where its addresses lead, must not be inside.

Outside is 127.0.0.2 and inside is 127.0.0.1; names, ports and the certificate are the tests', the rest is real.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from parlour.access.providers import Draft, Kind, Provider, add_provider
from parlour.access.providers.openid import asking, discovery, keys
from parlour.access.providers.openid.asking import BadAnswer
from parlour.access.providers.openid.discovery import Issuer
from parlour.access.providers.saml import importing
from parlour.foundation import clock, fetching
from parlour.foundation.errors import Invalid
from parlour.foundation.fetching import Guard
from parlour.foundation.installation import Installation
from tests.access.providers.desk import near
from tests.builders import Company

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
NAMES = ["outside.test", "inside.test", "rebinding.test"]
METADATA = "<EntityDescriptor/>"


@dataclass
class Net:
    """A provider outside, a service inside, and who came to either."""

    port: int
    inside_port: int
    installation: Installation
    at_the_provider: list[str]
    inside: list[str]
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By path: a status with its headers, and a body."""

    def address(self, path: str, host: str = "outside.test") -> str:
        return f"https://{host}:{self.port}{path}"

    def within(self, path: str, host: str = "inside.test") -> str:
        return f"https://{host}:{self.inside_port}{path}"

    def leads_on(self, path: str, target: str) -> None:
        self.answers[path] = (f"302 Found\r\nlocation: {target}", "")

    def describes_itself(self, **more: str) -> None:
        described = {
            "issuer": self.address(""),
            "authorization_endpoint": self.address("/authorize"),
            "token_endpoint": self.address("/token"),
            "jwks_uri": self.address("/keys"),
            **more,
        }
        self.answers["/.well-known/openid-configuration"] = ("200 OK", json.dumps(described))


@pytest_asyncio.fixture
async def net(acme: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Net]:
    served, trusted = _certificates(tmp_path)
    strict = acme.installation.settings.model_copy(update={"private_hosts": "refuse"})
    made = Net(0, 0, msgspec.structs.replace(acme.installation, settings=strict), [], [])

    async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        made.at_the_provider.append(path)
        head, body = made.answers.get(path, ("404 Not Found", "{}"))
        writer.write(f"HTTP/1.1 {head}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.inside.append("somebody")
        writer.close()

    first = await asyncio.start_server(provider, OUTSIDE, 0, ssl=served)
    second = await asyncio.start_server(service, INSIDE, 0)
    made.port = first.sockets[0].getsockname()[1]
    made.inside_port = second.sockets[0].getsockname()[1]
    turns = iter([OUTSIDE])

    async def names(host: str, _: int) -> list[str]:
        known = {"outside.test": OUTSIDE, "inside.test": INSIDE}
        # Looked at once it is the provider's, and from then on our own machine's.
        return [known.get(host) or (next(turns, INSIDE) if host == "rebinding.test" else host.strip("[]"))]

    real = fetching.is_public
    monkeypatch.setattr(fetching, "is_public", lambda address: address == OUTSIDE or real(address))
    for room in asking, importing:
        monkeypatch.setattr(room, "PUBLIC", Guard(ports=None, resolve=names, tls=trusted))
    yield made
    for server in first, second:
        server.close()


async def provider_at(acme: Company, net: Net, host: str = "outside.test") -> Provider:
    draft = Draft(Kind.OPENID, "Theirs", net.address("", host), "parlour", "the secret")
    async with acme.database.transaction(acme.organization_id) as tx:
        return await add_provider(tx, near(acme), draft, by=acme.alice)


async def test_what_lies_outside_is_fetched(acme: Company, net: Net) -> None:
    """Or nothing here would show anything."""
    net.answers["/metadata"] = ("200 OK", METADATA)
    net.leads_on("/moved", net.address("/metadata"))
    for path in "/metadata", "/moved":
        assert await importing.fetched_metadata(net.installation, net.address(path)) == METADATA
    net.describes_itself()
    net.answers["/keys"] = ("200 OK", json.dumps({"keys": [{"kty": "RSA", "kid": "one"}]}))
    provider = await provider_at(acme, net)
    issuer = await discovery.issuer_of(net.installation, provider)
    assert await keys.keys_for(net.installation, provider, issuer, "one") == [{"kty": "RSA", "kid": "one"}]


@pytest.mark.parametrize(
    "place",
    [
        "https://inside.test:{port}/",
        "https://127.0.0.1:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
        "http://inside.test:{port}/",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ],
)
async def test_metadata_is_fetched_from_no_place_inside_by_whatever_way(net: Net, place: str) -> None:
    target = place.format(port=net.inside_port)
    net.leads_on("/metadata", target)
    net.leads_on("/twice", net.address("/metadata"))
    for address in target, net.address("/metadata"), net.address("/twice"):
        with pytest.raises(Invalid):
            await importing.fetched_metadata(net.installation, address)
    assert net.inside == []
    assert net.at_the_provider == ["/metadata", "/twice", "/metadata"]


async def test_metadata_at_a_name_that_changes_its_mind_on_the_way_is_not_fetched(net: Net) -> None:
    net.leads_on("/metadata", net.within("/", "rebinding.test"))
    net.leads_on("/", net.within("/", "rebinding.test"))
    with pytest.raises(Invalid):
        await importing.fetched_metadata(net.installation, net.address("/metadata", "rebinding.test"))
    assert (net.at_the_provider, net.inside) == (["/metadata"], [])


PLACES = ["https://inside.test:{port}/x", "https://127.0.0.1:{port}/x", "https://[::1]:{port}/x", "https://10.0.0.1/x"]


@pytest.mark.parametrize("place", PLACES)
async def test_no_code_secret_or_question_goes_where_a_description_points_inside(
    acme: Company, net: Net, place: str
) -> None:
    target = place.format(port=net.inside_port)
    net.describes_itself(token_endpoint=target, jwks_uri=target, userinfo_endpoint=target)
    provider = await provider_at(acme, net)
    issuer = await discovery.issuer_of(net.installation, provider)
    await _nothing_is_asked(net, provider, issuer)


@pytest.mark.parametrize("place", ["http://outside.test/x", "file:///etc/passwd", "gopher://inside.test/", 7, ["x"]])
@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint", "authorization_endpoint"])
async def test_a_description_that_leads_out_of_tls_counts_for_nothing(
    acme: Company, net: Net, name: str, place: Any
) -> None:
    net.describes_itself(**{name: place})
    provider = await provider_at(acme, net)
    with pytest.raises(BadAnswer):
        await discovery.issuer_of(net.installation, provider)
    assert net.at_the_provider == ["/.well-known/openid-configuration"]


async def test_no_redirect_of_a_provider_is_followed(acme: Company, net: Net) -> None:
    net.describes_itself()
    for path in "/token", "/keys":
        net.leads_on(path, net.within("/"))
    provider = await provider_at(acme, net)
    issuer = await discovery.issuer_of(net.installation, provider)
    await _nothing_is_asked(net, provider, issuer)
    assert sorted(net.at_the_provider[1:]) == ["/keys", "/token"]


async def test_a_provider_whose_name_changes_its_mind_gets_no_secret(acme: Company, net: Net) -> None:
    host = {"host": "rebinding.test"}
    net.describes_itself(
        issuer=net.address("", **host),
        token_endpoint=net.within("/token", **host),
        jwks_uri=net.within("/keys", **host),
    )
    provider = await provider_at(acme, net, "rebinding.test")
    issuer = await discovery.issuer_of(net.installation, provider)
    await _nothing_is_asked(net, provider, issuer)
    assert net.at_the_provider == ["/.well-known/openid-configuration"]


async def _nothing_is_asked(net: Net, provider: Provider, issuer: Issuer) -> None:
    with pytest.raises(BadAnswer):
        await keys.keys_for(net.installation, provider, issuer, "one")
    with pytest.raises(BadAnswer):
        await asking.ask(net.installation, issuer.token, body=b"code=the-code&client_secret=the-secret")
    if issuer.user:
        with pytest.raises(BadAnswer):
            await asking.ask(net.installation, issuer.user, headers={"authorization": "Bearer x"})
    assert net.inside == []


def _certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows, and who trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now().astimezone(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "outside.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_plain(now - timedelta(days=1)))
        .not_valid_after(_plain(now + timedelta(days=1)))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return served, ssl.create_default_context(cafile=str(folder / "certificate.pem"))


def _plain(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
