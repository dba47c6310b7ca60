"""Companies of customers: who belongs to them, and whose tickets are seen because of it."""

import pytest

from parlour import access, people, tickets
from parlour.access import Client, Identity, Method
from parlour.email import correspondents
from parlour.email.reading import Address
from parlour.foundation.errors import BadRequest, Conflict, Invalid, NotFound
from parlour.live import rooms
from parlour.live.announcing import events_of
from parlour.people import Actor, CompanyDraft, PortalView
from parlour.tickets import Filter, Ticket, TicketOpened, Upload, Words
from parlour.tickets.events import about
from tests.builders import Company
from tests.tickets.test_who_sees_what import _all, _sees

NORTHWIND = CompanyDraft("Northwind", ["northwind.test"], portal_view=PortalView.COMPANY)


async def founded(company: Company, draft: CompanyDraft = NORTHWIND) -> people.Company:
    async with company.database.transaction(company.organization_id) as tx:
        return await people.add_company(tx, draft)


async def put(company: Company, actor: Actor, into: people.Company | None, own: PortalView | None = None) -> Actor:
    """Into a company by hand; the actor they are from then on."""
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.find_user(tx, actor.user_id)
        await people.set_membership(tx, user, into.id if into else None, own)
        found = await people.actor_of(tx, actor.user_id)
    assert found
    return found


async def company_of(company: Company, actor: Actor) -> str | None:
    async with company.database.reading(company.organization_id) as tx:
        return (await people.membership_of(tx, actor.user_id)).company_name


async def with_address(company: Company, actor: Actor, email: str) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("update users set email = %(email)s where id = %(id)s", email=email, id=actor.user_id)


async def test_a_colleague_sees_the_companys_tickets_and_a_stranger_none(acme: Company) -> None:
    before = await acme.ticket("Asked before they joined")
    northwind = await founded(acme)
    dave = await put(acme, acme.dave, northwind)
    assert await _sees(acme, before, dave) == _all(False)
    carol = await put(acme, acme.carol, northwind)
    after = await acme.ticket("Asked since")
    for ticket in (before, after):
        assert await _sees(acme, ticket, dave) == _all(True)
        assert await _sees(acme, ticket, carol) == _all(True)
    gone = await put(acme, acme.carol, None)
    assert await _sees(acme, before, dave) == _all(False)
    assert await _sees(acme, before, gone) == _all(True)


async def test_what_is_seen_is_decided_for_the_company_and_for_one_person_alone(acme: Company) -> None:
    discreet = await founded(acme, CompanyDraft("Discreet"))
    await put(acme, acme.carol, discreet)
    ticket = await acme.ticket()
    assert await _sees(acme, ticket, await put(acme, acme.dave, discreet)) == _all(False)
    assert await _sees(acme, ticket, await put(acme, acme.dave, discreet, PortalView.COMPANY)) == _all(True)
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.change_company(tx, discreet, CompanyDraft("Discreet", portal_view=PortalView.COMPANY))
    assert await _sees(acme, ticket, await put(acme, acme.dave, discreet, PortalView.OWN)) == _all(False)
    assert await _sees(acme, ticket, await put(acme, acme.dave, discreet)) == _all(True)


async def test_a_colleague_reads_what_customers_read_and_no_note_or_file_of_one(acme: Company) -> None:
    northwind = await founded(acme)
    await put(acme, acme.carol, northwind)
    dave, ticket = await put(acme, acme.dave, northwind), await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        files = [
            await tickets.store_attachment(tx, acme.installation.blobs, Upload(name, "text/plain", b"x"), by=acme.bob)
            for name in ("said.txt", "noted.txt")
        ]
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        said = Words("For you", attachment_ids=[files[0].id])
        await tickets.reply(tx, held, said, by=acme.bob, source=tickets.Source.API)
        await tickets.note(tx, held, Words("Among us", attachment_ids=[files[1].id]), by=acme.bob)
    async with acme.database.reading(acme.organization_id) as tx:
        found = await tickets.find(tx, ticket.id, seen_by=dave)
        words = [comment.text for comment in await tickets.last_comments(tx, found, 10, seen_by=dave)]
        assert words == ["It hums, but nothing comes out.", "For you"]
        assert (await tickets.find_attachment(tx, files[0].id, seen_by=dave)).name == "said.txt"
        with pytest.raises(NotFound):
            await tickets.find_attachment(tx, files[1].id, seen_by=dave)


async def test_lists_of_a_company_and_of_ones_own_share_nothing_and_miss_nothing(acme: Company) -> None:
    northwind = await founded(acme)
    await put(acme, acme.carol, northwind)
    dave = await put(acme, acme.dave, northwind)
    hers = await acme.ticket("Hers")
    his = await acme.ticket("His", requester_id=acme.dave.user_id)
    both = await acme.ticket("Both", participant_ids=[acme.dave.user_id])
    async with acme.database.transaction(acme.organization_id) as tx:
        outsider = await people.customer_by_email(tx, "gus@elsewhere.test", "Gus")
    invited = await acme.ticket("Invited", requester_id=outsider.id, participant_ids=[acme.dave.user_id])

    async def numbers(which: Filter, **more: int) -> list[int]:
        async with acme.database.reading(acme.organization_id) as tx:
            page = await tickets.list_page(tx, which, seen_by=dave, limit=more.get("limit", 25))
            rest = await tickets.list_page(tx, which, seen_by=dave, after=page.next) if page.next else page
        listed = page.tickets if rest is page else [*page.tickets, *rest.tickets]
        return [ticket.number for ticket in listed]

    def of(*found: Ticket) -> list[int]:
        return sorted((ticket.number for ticket in found), reverse=True)

    assert await numbers(Filter()) == of(hers, his, both, invited)
    assert await numbers(Filter(), limit=2) == of(hers, his, both, invited)
    assert await numbers(Filter(statuses=[tickets.Status.OPEN])) == of(hers, his, both, invited)
    assert await numbers(Filter(q="hums")) == of(hers, his, both, invited)
    assert await numbers(Filter(q="hers")) == of(hers)
    assert await numbers(Filter(company_id=northwind.id)) == of(hers, his, both)
    assert await numbers(Filter(participant_id=dave.user_id)) == of(his, both, invited)
    # What an agent's filter may name, a customer's may too, and sees no more for it.
    theirs = Filter(participant_id=outsider.id)
    assert await numbers(theirs) == of(invited)


async def test_an_address_that_was_shown_joins_a_company_and_one_that_was_not_does_not(acme: Company) -> None:
    await founded(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        claimed = await correspondents.writer(tx, Address("eve@northwind.test", "Eve"), is_proved=False)
    assert await company_of(acme, claimed.actor) is None
    async with acme.database.transaction(acme.organization_id) as tx:
        proved = await correspondents.writer(tx, Address("eve@northwind.test", "Eve"), is_proved=True)
        below = await correspondents.writer(tx, Address("sub@mail.northwind.test", "Sub"), is_proved=True)
    assert await company_of(acme, proved.actor) == "Northwind"
    # By mail nobody acts on a ticket they don't take part in.
    assert proved.actor.company_id is None
    assert await company_of(acme, below.actor) is None


@pytest.mark.parametrize(("method", "joins"), [(Method.LINK, True), (Method.PASSWORD, False)])
async def test_a_link_that_was_sent_to_an_address_shows_whose_it_is(acme: Company, method: Method, joins: bool) -> None:
    await founded(acme)
    await with_address(acme, acme.carol, "carol@northwind.test")
    shown = Identity(acme.organization_id, acme.carol.user_id, (access.proof(method),))
    assert isinstance(await access.arrive(acme.installation, (shown,), Client("192.0.2.8")), access.Entered)
    assert await company_of(acme, acme.carol) == ("Northwind" if joins else None)


async def test_what_was_decided_by_hand_no_address_changes(acme: Company) -> None:
    northwind, other = await founded(acme), await founded(acme, CompanyDraft("Other"))
    await with_address(acme, acme.carol, "carol@northwind.test")
    for into in (other, None):
        await put(acme, acme.carol, into)
        async with acme.database.transaction(acme.organization_id) as tx:
            await people.join_by_domain(tx, acme.carol.user_id)
        assert await company_of(acme, acme.carol) == (into.name if into else None)
    await with_address(acme, acme.dave, "dave@northwind.test")
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.join_by_domain(tx, acme.dave.user_id)
        await people.change_address(tx, await people.find_user(tx, acme.dave.user_id), "dave@elsewhere.test")
    assert await company_of(acme, acme.dave) is None
    assert northwind.domains == ["northwind.test"]


@pytest.mark.parametrize("domain", ["gmail.com", "GMAIL.com ", "@outlook.com", "gmx.de", "icloud.com", "proton.me"])
async def test_where_anybody_can_have_an_address_is_no_companys_domain(acme: Company, domain: str) -> None:
    with pytest.raises(Invalid):
        await founded(acme, CompanyDraft("Everybody", [domain]))
    async with acme.database.transaction(acme.organization_id) as tx:
        assert await people.companies(tx) == []
        user = await people.customer_by_email(tx, f"x@{domain.strip().lower().removeprefix('@')}")
        await people.join_by_domain(tx, user.id)
        assert (await people.membership_of(tx, user.id)).company_id is None


@pytest.mark.parametrize(
    "domain", ["", "x", "a..b", "-a.test", "127.0.0.1", "a b.test", "a.test/b", "x" * 64 + ".test"]
)
async def test_what_is_no_domain_is_refused(acme: Company, domain: str) -> None:
    with pytest.raises(Invalid):
        await founded(acme, CompanyDraft("Odd", [domain]))


async def test_names_and_domains_are_one_companys_only(acme: Company, globex: Company) -> None:
    await founded(acme)
    await founded(globex)
    with pytest.raises(Conflict):
        await founded(acme, CompanyDraft("northwind"))
    with pytest.raises(Conflict):
        await founded(acme, CompanyDraft("Southwind", ["southwind.test", "NORTHWIND.test"]))
    async with acme.database.reading(acme.organization_id) as tx:
        assert [one.name for one in await people.companies(tx)] == ["Northwind"]
        assert [one.name for one in await people.companies(tx, q="northwind.t")] == ["Northwind"]
        assert await people.companies(tx, q="wind") == []


async def test_only_customers_belong_to_a_company(acme: Company) -> None:
    northwind = await founded(acme)
    with pytest.raises(BadRequest):
        await put(acme, acme.bob, northwind)


async def test_a_company_goes_and_its_people_and_tickets_stay(acme: Company) -> None:
    northwind = await founded(acme)
    await put(acme, acme.carol, northwind)
    ticket, dave = await acme.ticket(), await put(acme, acme.dave, northwind)
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.remove_company(tx, await people.find_company(tx, northwind.id))
        after = await people.actor_of(tx, dave.user_id)
    assert after
    assert after.company_id is None
    assert (await acme.now(ticket)).company_id is None
    assert await _sees(acme, ticket, after) == _all(False)
    assert await _sees(acme, ticket, acme.carol) == _all(True)


async def test_screens_of_colleagues_hear_what_customers_may(acme: Company) -> None:
    northwind = await founded(acme)
    await put(acme, acme.carol, northwind)
    dave = await put(acme, acme.dave, northwind)
    ticket = await acme.ticket()
    room = rooms.company(northwind.id)
    assert room in rooms.of_actor(dave)
    assert room not in rooms.of_actor(acme.dave) | rooms.of_actor(acme.bob)
    opened = TicketOpened(**about(ticket, acme.carol.user_id), comment_id=ticket.id)
    noted = tickets.NoteAdded(**about(ticket, acme.bob.user_id), comment_id=ticket.id)
    [shown], [hidden] = (list(events_of(acme.organization_id, [fact])) for fact in (opened, noted))
    assert (room in shown.rooms, room in hidden.rooms) == (True, False)
