"""Filters, orders, pages, search."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from parlour import tickets
from parlour.foundation import clock
from parlour.tickets import BadCursor, Changes, Filter, Priority, Sort, Source, Status
from parlour.tickets.search import query_of, words_of
from tests.builders import Company

START = datetime(2026, 1, 1, tzinfo=UTC)


async def _numbers(company: Company, which: Filter, sort: Sort = Sort.UPDATED) -> list[int]:
    async with company.database.reading(company.organization_id) as tx:
        return [one.number for one in (await tickets.list_page(tx, which, seen_by=company.bob, sort=sort)).tickets]


async def _some(company: Company) -> None:
    """#1 to #6, an hour apart, each with something of its own."""
    openings: list[dict[str, object]] = [
        {"priority": Priority.LOW},
        {"priority": Priority.URGENT, "tags": ["vip"]},
        {"department_id": company.billing_id, "source": Source.CHAT},
        {"assignee_id": company.bob.user_id, "tags": ["vip", "loud"]},
        {"requester_id": company.dave.user_id},
        {},
    ]
    for hour, opening in enumerate(openings):
        with clock.frozen(START + timedelta(hours=hour)):
            await company.ticket(f"Ticket {hour + 1}", **opening)


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"priorities": [Priority.URGENT, Priority.LOW]}, [2, 1]),
        ({"assignee_id": None}, [6, 5, 3, 2, 1]),
        ({"tags": ["VIP"]}, [4, 2]),
        ({"tags": ["loud", "none"]}, [4]),
        ({"sources": [Source.CHAT]}, [3]),
        ({"statuses": [Status.OPEN, Status.PENDING]}, [6, 5, 4, 3, 2, 1]),
        ({"statuses": [Status.CLOSED]}, []),
        ({"created_from": START + timedelta(hours=2), "created_before": START + timedelta(hours=4)}, [4, 3]),
        ({"updated_from": START + timedelta(hours=5)}, [6]),
        ({"in_bin": True}, []),
        ({"q": "ticket 4"}, [4]),
        ({"q": "vip"}, []),
        ({"q": "...", "tags": ["vip"]}, []),
        ({"q": "dave"}, [5]),
        ({"q": "ticket", "tags": ["vip"], "statuses": [Status.OPEN]}, [4, 2]),
    ],
)
async def test_a_filter_lists_exactly_its_tickets(acme: Company, which: dict[str, object], numbers: list[int]) -> None:
    await _some(acme)
    assert await _numbers(acme, Filter(**which)) == numbers


async def test_filters_by_person_and_department(acme: Company) -> None:
    await _some(acme)
    assert await _numbers(acme, Filter(assignee_id=acme.bob.user_id)) == [4]
    assert await _numbers(acme, Filter(requester_id=acme.dave.user_id)) == [5]
    assert await _numbers(acme, Filter(department_ids=[acme.billing_id])) == [3]
    assert await _numbers(acme, Filter(department_ids=[acme.billing_id, acme.support_id])) == [3]


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        (Sort.UPDATED, [1, 6, 5, 4, 3, 2]),
        (Sort.LEAST_RECENTLY_UPDATED, [2, 3, 4, 5, 6, 1]),
        (Sort.CREATED, [6, 5, 4, 3, 2, 1]),
        (Sort.FIRST_CREATED, [1, 2, 3, 4, 5, 6]),
        (Sort.PRIORITY, [2, 6, 5, 4, 3, 1]),
        (Sort.NUMBER, [6, 5, 4, 3, 2, 1]),
    ],
)
@pytest.mark.parametrize("statuses", [(), tickets.UNRESOLVED])
async def test_pages_of_every_order_join_without_a_gap(
    acme: Company, sort: Sort, numbers: list[int], statuses: tuple[Status, ...]
) -> None:
    await _some(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        first = await tickets.hold(tx, 1, seen_by=acme.bob)
        await tickets.change(tx, first, Changes(status=Status.PENDING), by=acme.bob)
    collected: list[int] = []
    after = None
    async with acme.database.reading(acme.organization_id) as tx:
        for _ in range(3):
            page = await tickets.list_page(
                tx, Filter(statuses=statuses), seen_by=acme.bob, sort=sort, after=after, limit=2
            )
            assert len(page.tickets) == 2
            collected += [ticket.number for ticket in page.tickets]
            after = page.next
        assert await tickets.count(tx, Filter(statuses=statuses), seen_by=acme.bob) == 6
    assert collected == numbers
    assert after is None


@pytest.mark.parametrize("after", ["x", "", "bm90IGpzb24", "WzEsMiwzLDRd", "é", "a" * 10_000])
async def test_a_cursor_that_is_not_ours_is_refused(acme: Company, after: str) -> None:
    async with acme.database.reading(acme.organization_id) as tx:
        if not after:
            await tickets.list_page(tx, Filter(), seen_by=acme.bob, after=after)
            return
        with pytest.raises(BadCursor):
            await tickets.list_page(tx, Filter(), seen_by=acme.bob, after=after)


async def test_a_cursor_belongs_to_its_order(acme: Company) -> None:
    await acme.ticket()
    await acme.ticket()
    async with acme.database.reading(acme.organization_id) as tx:
        page = await tickets.list_page(tx, Filter(), seen_by=acme.bob, limit=1)
        with pytest.raises(BadCursor):
            await tickets.list_page(tx, Filter(), seen_by=acme.bob, sort=Sort.CREATED, after=page.next)


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("Übergrößenträger", "ubergro"),
        ("Übergrößenträger", "ÜBERGRÖSSENTRÄGER"),
        ("Le café est froid", "cafe"),
        ("東京タワーへ行きました", "タワー"),
        ("東京タワーへ行きました", "東"),
        ("배송이 늦어요", "배송"),
        ("Write to jo.doe@sub.example.com please", "jo.doe@sub.example"),
        ("Write to jo.doe@sub.example.com please", "example"),
        ("Order A-4711/B", "4711"),
        ("It's O'Brien's", "o'brien"),
        ("Привет, мир", "прив"),
        ("snake_case_name", "snake"),
    ],
)
async def test_words_of_any_language_are_found_by_their_beginning(acme: Company, text: str, q: str) -> None:
    ticket = await acme.ticket(text)
    await acme.ticket("Something else")
    assert await _numbers(acme, Filter(q=q)) == [ticket.number]


@pytest.mark.parametrize("q", ["'", "\\", "a & !b", "x:*", "((", "' or 1=1 --", "a\\'b", "\u202e", "%", "🦄"])
async def test_a_search_can_hold_any_sign(acme: Company, q: str) -> None:
    await acme.ticket()
    assert await _numbers(acme, Filter(q=q)) in ([], [1])


def test_a_number_is_found_as_a_ticket_or_as_a_word() -> None:
    organization_id = UUID("01890000-0000-7000-8000-0000deadbeef")
    assert query_of(organization_id, "#42") == "'deadbeef#42'"
    assert query_of(organization_id, "42") == "('deadbeef#42' | 'deadbeef42':*)"


def test_a_book_in_a_mail_is_searched_up_to_its_four_thousandth_word() -> None:
    assert len(words_of(" ".join(f"word{number}" for number in range(10_000)))) == 4000


async def test_a_list_by_tag_follows_what_tickets_wear(acme: Company) -> None:
    worn = [await acme.ticket("One", tags=["vip"]), await acme.ticket("Two", tags=["vip", "loud"])]
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, worn[1].id, seen_by=acme.bob)
        await tickets.change(tx, held, Changes(tags=["loud", "calm"]), by=acme.bob)
    assert [await _numbers(acme, Filter(tags=[tag])) for tag in ("vip", "loud", "calm")] == [[1], [2], [2]]
    async with acme.database.transaction(acme.organization_id) as tx:
        loud, calm = [tag for tag in await tickets.tags(tx) if tag.name in ("loud", "calm")][::-1]
        await tickets.change_tag(tx, loud, "noisy", "red")
        await tickets.remove_tag(tx, calm)
    assert [await _numbers(acme, Filter(tags=[tag])) for tag in ("loud", "noisy", "calm")] == [[], [2], []]
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.add_tag(tx, "calm")
    assert await _numbers(acme, Filter(tags=["calm"])) == []


async def test_nobody_finds_a_tag_by_writing_its_word(acme: Company) -> None:
    ticket = await acme.ticket("One", tags=["vip"])
    async with acme.database.reading(acme.organization_id) as tx:
        [vip] = await tickets.tags(tx)
    for q in (f"~{vip.id.hex}", f"~{vip.id.hex}@x", vip.id.hex, "~", "vip"):
        assert await _numbers(acme, Filter(q=q)) == [], q
    assert await _numbers(acme, Filter(tags=["vip"])) == [ticket.number]
