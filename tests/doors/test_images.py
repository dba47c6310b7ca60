"""The proxy for pictures of mails is no open one."""

from urllib.parse import urlencode

from parlour.email.safety.pictures import address_of
from tests.builders import Company
from tests.doors.conftest import Connect, token_of


async def test_nobody_is_shown_nothing(acme: Company, connect: Connect) -> None:
    answer = await connect(accept="application/json").get(_address(acme))
    assert answer.status_code in (401, 303)


async def test_what_was_not_signed_is_not_fetched(acme: Company, globex: Company, connect: Connect) -> None:
    client = connect(authorization=f"Bearer {await token_of(acme, acme.bob)}")
    unsigned = "/images?" + urlencode({"url": "http://93.184.215.14/a.png", "until": "30000", "mark": "abc"})
    for address in ("/images", unsigned, _address(globex), _address(acme).replace("a.png", "b.png")):
        assert (await client.get(address)).status_code == 404


async def test_a_signed_address_inside_our_network_is_not_fetched_either(acme: Company, connect: Connect) -> None:
    client = connect(authorization=f"Bearer {await token_of(acme, acme.carol)}")
    answer = await client.get(_address(acme))
    assert (answer.status_code, answer.headers["content-security-policy"]) == (
        404,
        "default-src 'none'; frame-ancestors 'none'; sandbox",
    )


def _address(company: Company) -> str:
    return address_of(company.installation.signer, company.organization_id, "http://127.0.0.1/a.png")
