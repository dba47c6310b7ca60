"""Pictures of mails on the agents' page: hidden first, shown through us when somebody asks."""

from parlour.tickets import Words
from tests.builders import Company
from tests.doors.conftest import Connect
from tests.doors.test_composer import last
from tests.doors.test_dashboard import desk

PICTURES = (
    '<p>Look <img data-remote-src="https://shop.test/kettle.png" alt="Kettle"></p>'
    '<img data-remote-src="https://shop.test/open.gif" width="1" height="1">'
)


async def test_pictures_from_elsewhere_are_shown_on_request_through_us_and_trackers_never(
    acme: Company, connect: Connect
) -> None:
    ticket = await acme.ticket(words=Words("Look", PICTURES))
    comment = await last(acme, ticket)
    alice = await desk(connect, acme, acme.alice)
    page = (await alice.get(f"/dashboard/tickets/{ticket.number}")).text
    assert "1 picture from elsewhere is not shown" in page
    assert "open.gif" not in page
    path = f"/dashboard/tickets/{ticket.number}/comments/{comment.id}/pictures"
    shown = (await alice.get(path, headers={"turbo-frame": f"words-{comment.id}"})).text
    assert 'src="/images?url=https%3A%2F%2Fshop.test%2Fkettle.png' in shown
    assert "open.gif" not in shown
    answer = await alice.get(path)
    assert (
        answer.headers["location"] == f"/dashboard/tickets/{ticket.number}?pictures={comment.id}#comment-{comment.id}"
    )
    assert 'src="/images?url=' in (await alice.get(answer.headers["location"])).text
    other = await acme.ticket("Another")
    assert (await alice.get(f"/dashboard/tickets/{other.number}/comments/{comment.id}/pictures")).status_code == 404
