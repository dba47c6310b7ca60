"""A passkey's life in a browser that has a device: made, shown alone, as the second step and once more, removed."""

from playwright.async_api import CDPSession, Page, expect

from tests.browser.desks import Desks
from tests.browser.screens import PHONE
from tests.browser.test_looks import violations
from tests.builders import Company
from tests.doors.test_signing_in import PASSWORD, with_password

HERE = "/dashboard/settings/security"
# The device would say yes at once to what the email field proposes.
PROPOSES_NOTHING = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def device_of(page: Page) -> tuple[CDPSession, str]:
    """A device that says yes, as whoever holds it would."""
    browser = await page.context.new_cdp_session(page)
    await browser.send("WebAuthn.enable")
    return browser, (await browser.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE}))["authenticatorId"]


async def with_the_password(page: Page, address: str, door: str = "/sign-in") -> None:
    await page.goto(door)
    await page.get_by_label("Email").fill(address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(lambda url: not url.endswith(door))


async def leave(page: Page) -> None:
    await page.locator("summary.account-button").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()


async def test_it_is_made_and_comes_in_alone_by_the_button_and_by_what_the_browser_proposes(
    acme: Company, named: Desks
) -> None:
    address = await with_password(acme, acme.bob)
    page = await named.page()
    await device_of(page)
    await with_the_password(page, address)
    await page.goto(HERE)
    await page.get_by_role("link", name="Add a passkey").press("Enter")
    name = page.get_by_label("Name")
    await expect(name).to_have_value("Chrome on Linux")
    assert await violations(page) == []
    await name.fill("Blue key")
    await name.press("Enter")
    row = page.locator(".passkey summary")
    await expect(row).to_contain_text("Blue key")
    await row.press("Enter")
    await expect(page.get_by_text("This is your only second step.")).to_be_visible()
    assert await violations(page) == []
    await leave(page)
    # Or else the device would say yes to what the email field proposes, before the button is pressed.
    await page.route("**/sign-in/passkey/begin", lambda route: route.abort())
    await page.goto("/sign-in?next=/dashboard/notifications")
    await page.wait_for_load_state("networkidle")
    assert await violations(page) == []
    await page.unroute("**/sign-in/passkey/begin")
    await page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    await page.wait_for_url(f"{named.url}/dashboard/notifications")
    await leave(page)
    await page.goto("/sign-in")
    await page.wait_for_url("**/dashboard**")


async def test_it_is_the_second_step_and_confirms_and_what_went_wrong_is_said(acme: Company, named: Desks) -> None:
    address = await with_password(acme, acme.mara)
    page = await named.page(size=PHONE)
    await page.add_init_script(PROPOSES_NOTHING)
    browser, device = await device_of(page)
    await with_the_password(page, address)
    await page.goto(f"{HERE}/passkeys/new")
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.locator(".passkey summary")).to_be_visible()
    await page.goto(f"{HERE}/passkeys/new")
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.get_by_text("This device has a passkey for your account already.")).to_be_visible()
    assert await violations(page) == []
    await page.goto(f"/confirm?next={HERE}")
    await page.get_by_role("button", name="Use your passkey").press("Enter")
    await page.wait_for_url(f"**{HERE}")
    await page.context.clear_cookies()
    await with_the_password(page, address)
    await expect(page.get_by_role("button", name="Use your passkey")).to_be_focused()
    assert await violations(page) == []
    kept = (await browser.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
    await browser.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("there is no passkey for this account in reach")).to_be_visible()
    await browser.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": kept[0]})
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard**")
    await page.goto(HERE)
    await page.locator(".passkey summary").click()
    await page.get_by_role("button", name="Remove Chrome on").click()
    await expect(page.get_by_text("That passkey opens nothing any more.")).to_be_visible()
    await expect(page.locator(".passkey")).to_have_count(0)
    await page.context.clear_cookies()
    await page.goto("/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("That passkey could not be used here.")).to_be_visible()


async def test_a_customer_makes_the_first_one_where_one_is_asked_for_and_comes_in_with_it(
    acme: Company, named: Desks
) -> None:
    address = await with_password(acme, acme.carol)
    desk = await named.page(acme, acme.alice)
    await desk.goto("/dashboard/settings/sign-in")
    await desk.get_by_label("Customers").check()
    await desk.get_by_label("From when").select_option("At once")
    await desk.get_by_role("button", name="Save").click()
    await expect(desk.get_by_text("Saved.")).to_be_visible()
    page = await named.page(size=PHONE, scheme="dark")
    await page.add_init_script(PROPOSES_NOTHING)
    await device_of(page)
    door = f"/portal/{acme.slug}"
    await with_the_password(page, address, f"{door}/sign-in")
    await page.wait_for_load_state("networkidle")
    assert await violations(page) == []
    await page.get_by_role("button", name="Make a passkey").press("Enter")
    await page.wait_for_url(named.url + door)
    await page.goto(f"{door}/security")
    await page.locator(".passkey summary").click()
    await page.get_by_role("button", name="Remove Chrome on").click()
    await expect(page.get_by_text("this is your last")).to_be_visible()
    await page.context.clear_cookies()
    await page.goto(f"{door}/sign-in")
    assert await violations(page) == []
    await page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    await page.wait_for_url(named.url + door)
