"""The pages of coming in and of its rules with the keyboard alone; and in both themes, at both widths, what no address
alone leads to: steps that are half done, refusals, passkeys where browsers know them."""

from collections.abc import Sequence

from playwright.async_api import Page

from parlour import access
from parlour.access import Client, Method, Policy, providers
from parlour.entrance import COOKIE
from parlour.foundation import clock
from parlour.people import Actor, Role
from tests.access.authenticator import code
from tests.access.device import Device
from tests.access.providers import desk
from tests.browser.desks import Desks
from tests.browser.screens import DESKTOP, PHONE
from tests.browser.test_looks import violations
from tests.builders import Company, begin_session
from tests.doors.test_signing_in import PASSWORD, with_password, with_second_factor

SETTINGS = "/dashboard/settings/"
SIGNED_OUT = ("/sign-in/elsewhere", "/sign-in/ask", "/sign-in/ask?for=password", "/sign-in/link?token=x")
OWN = (f"{SETTINGS}security", f"{SETTINGS}security/passkeys/new", "/sign-in/connected", "/confirm")
MORE = (
    f"{SETTINGS}security/second-factor",
    f"{SETTINGS}tokens",
    "/switch",
    f"{SETTINGS}sign-in",
    f"{SETTINGS}single-sign-on",
    f"{SETTINGS}programs",
    f"{SETTINGS}directory",
    f"{SETTINGS}portal-keys",
    f"{SETTINGS}roles",
    f"{SETTINGS}audit",
)

# Whatever can be acted on and is seen. Of a group of radio buttons the keyboard stops at one.
UNREACHED = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((each) => !each.disabled && !each.reached && each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => each.type !== "radio" || ![...document.getElementsByName(each.name)].some((other) => other.reached))
    .map((each) => each.outerHTML.slice(0, 120))"""  # noqa: E501
# Where the keyboard is now: null where it was before, and between the end of the page and its beginning; else what is
# wrong there.
STOP = """() => {
    const at = document.activeElement;
    // A field for a date has several stops of its own.
    if (at === document.body || at === window.lastStop) return "";
    if (at.reached) return null;
    at.reached = true;
    window.lastStop = at;
    const box = at.getBoundingClientRect();
    const isOnScreen = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    const marks = [at, at.parentElement].map((each) => getComputedStyle(each));
    const isMarked = marks.some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none");
    return isOnScreen && isMarked ? "" : `${isOnScreen ? "unmarked" : "off the screen"}: ${at.outerHTML.slice(0, 120)}`;
}"""
MOST_STOPS = 200


async def look_over(page: Page, paths: Sequence[str], *, only_walk: Sequence[str] = ()) -> None:
    for path in paths:
        await page.goto(path)
        await look(page)
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    for path in only_walk:
        await page.goto(path)
        await walk(page)


async def look(page: Page) -> None:
    """At the page that is open."""
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    await walk(page)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for width, height in (DESKTOP, PHONE):
            await page.set_viewport_size({"width": width, "height": height})
            # Colours change by and by; half way they are nobody's.
            await page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
            where = (page.url, scheme, width)
            assert (where, await violations(page)) == (where, [])
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, where


async def walk(page: Page) -> None:
    """With the tabulator alone, once around."""
    await page.evaluate("document.activeElement.blur()")
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        wrong = await page.evaluate(STOP)
        if wrong is None:
            break
        assert wrong == "", page.url
    assert (page.url, await page.evaluate(UNREACHED)) == (page.url, [])


async def desk_of(company: Company, named: Desks, actor: Actor) -> Page:
    """With both factors shown."""
    page = await named.page()
    cookie = await begin_session(company, actor, Method.PASSWORD, Method.PASSKEY)
    await page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": named.url}])
    return page


async def add_passkey(company: Company, actor: Actor, name: str, host: str = "localhost") -> None:
    key, identity = Device(f"http://{host}", host), access.Identity(company.organization_id, actor.user_id, ())
    party, client = access.party_at(f"http://{host}"), Client("192.0.2.7")
    token, options = await access.begin_registration(company.installation, identity, party, client)
    await access.add_passkey(company.installation, identity, token, key.make(options), client, name)


async def furnish(company: Company) -> None:
    """Something of everything that such a page may list."""
    await desk.add(company, "", kind=providers.Kind.GITHUB, name="GitHub")
    for actor in (company.alice, company.carol):
        await with_password(company, actor)
        await add_passkey(company, actor, "Blue key")
        await add_passkey(company, actor, "The one at the old address", "old.example")
    async with company.database.transaction(company.organization_id) as tx:
        await access.create_token(tx, company.alice.user_id, "Nightly report")
        await access.create_token(tx, company.bob.user_id, "Wall board", allowed=access.READ_ONLY)


async def with_the_password(page: Page, door: str, address: str) -> None:
    await page.goto(door)
    await page.get_by_label("Email").fill(address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(lambda url: not url.endswith(door))


async def test_the_pages_before_somebody_is_in(acme: Company, named: Desks) -> None:
    await furnish(acme)
    bob, mara = await with_password(acme, acme.bob), await with_password(acme, acme.mara)
    seed, _ = await with_second_factor(acme, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=(Role.AGENT, Role.MANAGER)))
    page, portal = await named.page(), f"/portal/{acme.slug}/sign-in"
    walked = (*SIGNED_OUT, f"/sign-in/at/{acme.slug}", f"{portal}/ask")
    await look_over(page, ("/sign-in", portal), only_walk=walked)
    await page.goto("/sign-in")
    await page.get_by_label("Email").fill(bob)
    await page.get_by_label("Password").fill("not the password")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".banner")
    await look(page)
    await with_the_password(page, "/sign-in", bob)
    await look(page)
    await page.get_by_label("Code", exact=True).fill(code(seed, clock.now()))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard/**")
    await page.context.clear_cookies()
    await with_the_password(page, "/sign-in", mara)
    await look(page)


async def test_the_pages_of_ones_own_access_and_of_everybodys(acme: Company, named: Desks) -> None:
    await furnish(acme)
    await look_over(await desk_of(acme, named, acme.alice), OWN, only_walk=MORE)


async def test_the_pages_of_a_customers_own_access(acme: Company, named: Desks) -> None:
    await furnish(acme)
    portal = f"/portal/{acme.slug}"
    own = [f"{portal}/{page}" for page in ("security", "security/passkeys/new", "confirm")]
    await look_over(await desk_of(acme, named, acme.carol), own, only_walk=[f"{portal}/security/second-factor"])
