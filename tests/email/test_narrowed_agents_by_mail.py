"""What an agent's role and departments keep them from, they keep them from by mail as well."""

import pytest

from parlour import people, tickets
from parlour.foundation.errors import Forbidden
from parlour.tickets import Status, Visibility
from tests.email.post import Post, Row, mail
from tests.email.test_agents_by_mail import BOB, bring_proved, related

ERIN = "Erin <erin@acme.test>"


async def test_an_agent_limited_to_departments_answers_what_they_see(post: Post) -> None:
    first = await post.bring(mail())
    await change(post, first, tickets.Changes(department_id=post.company.billing_id))
    await bring_proved(post, mail("Mine too.", sender=ERIN), post.reply_address(await post.ticket(first)))
    assert [comment.author_name for comment in await post.comments(first)] == ["Carol", "Erin"]


@pytest.mark.parametrize("text", ["Mine too.", "#note\nMine too.", "#close", "#assign me\nMine too."])
@pytest.mark.parametrize("is_proved", [True, False])
async def test_a_ticket_an_agent_does_not_see_stays_as_it_is_though_they_hold_its_address(
    post: Post, text: str, is_proved: bool
) -> None:
    first = await post.bring(mail())
    await change(post, first, tickets.Changes(department_id=post.company.support_id))
    before, to = await post.ticket(first), post.reply_address(await post.ticket(first))
    raw = mail(text, sender=ERIN)
    row = await (bring_proved(post, raw, to) if is_proved else post.bring(raw, sender="erin@acme.test", to=[to]))
    assert await post.ticket(first) == before
    assert len(await post.comments(first)) == 1
    assert await post.participants(first) == ["carol@customer.test"]
    # Nothing is swallowed: it waits as a ticket of their own, for those who see both.
    own = await post.ticket(row)
    assert (own.requester_email, own.status, own.assignee_id) == ("erin@acme.test", Status.OPEN, None)
    assert [comment.text for comment in await post.comments(row)] == [text]
    assert [(each.id, each.relation) for each in await related(post, row)] == [(before.id, tickets.Relation.MENTION)]


@pytest.mark.parametrize(
    ("allowed", "text", "comments", "status"),
    [
        ({"REPLY_TO_TICKETS"}, "Switch it on.", [("Switch it on.", Visibility.PUBLIC)], Status.OPEN),
        (
            {"REPLY_TO_TICKETS"},
            "#close\nSwitch it on.",
            [
                ("Switch it on.", Visibility.PUBLIC),
                (
                    f"“#close” was not carried out: {Forbidden().message}",
                    Visibility.INTERNAL,
                ),
            ],
            Status.OPEN,
        ),
        (
            {"WRITE_NOTES"},
            "Switch it on.",
            [
                ("Switch it on.", Visibility.INTERNAL),
                (
                    "This was not sent to the customer: Bob may write notes, but not answer customers.",
                    Visibility.INTERNAL,
                ),
            ],
            Status.OPEN,
        ),
        ({"WRITE_NOTES"}, "#note\nShe is angry.", [("She is angry.", Visibility.INTERNAL)], Status.OPEN),
        ({"CHANGE_TICKETS"}, "#close", [], Status.CLOSED),
    ],
)
async def test_a_role_of_ones_own_counts_by_mail_as_it_does_in_the_dashboard(
    post: Post, allowed: set[str], text: str, comments: list[tuple[str, Visibility]], status: Status
) -> None:
    first = await post.bring(mail())
    await narrow_bob(post, allowed)
    row = await bring_proved(post, mail(text, sender=BOB), post.reply_address(await post.ticket(first)))
    assert row.ticket_id == first.ticket_id
    assert [(each.text, each.visibility) for each in (await post.comments(first))[1:]] == comments
    assert (await post.ticket(first)).status is status


@pytest.mark.parametrize(
    ("allowed", "text"),
    [
        (set(), "Switch it on."),
        ({"REPLY_TO_TICKETS"}, "#note\nShe is angry."),
        ({"WRITE_NOTES", "REPLY_TO_TICKETS"}, "#close"),
        ({"CHANGE_TICKETS"}, "#close\nSwitch it on."),
    ],
)
async def test_what_a_role_does_not_allow_at_all_opens_a_ticket_of_their_own(
    post: Post, allowed: set[str], text: str
) -> None:
    first = await post.bring(mail())
    await narrow_bob(post, allowed)
    before = await post.ticket(first)
    row = await bring_proved(post, mail(text, sender=BOB), post.reply_address(before))
    assert (await post.ticket(first), len(await post.comments(first))) == (before, 1)
    assert (await post.ticket(row)).requester_email == "bob@acme.test"
    async with post.company.database.reading(post.company.organization_id) as tx:
        assert await tx.value("select count(*) from outbound_messages") == 0


@pytest.mark.parametrize("allowed", [{"WRITE_NOTES"}, {"OPEN_TICKETS"}])
async def test_who_may_not_open_tickets_or_write_notes_passes_nothing_on(post: Post, allowed: set[str]) -> None:
    await narrow_bob(post, allowed)
    forward = (
        "Look.\n\n---------- Forwarded message ---------\nFrom: Eve <eve@x.test>\nDate: x\nSubject: y\nTo: z\n\nDead."
    )
    row = await post.bring(mail(forward, sender=BOB, subject="Fwd: y"), sender="bob@acme.test")
    assert (await post.ticket(row)).requester_email == "bob@acme.test"
    assert len(await post.comments(row)) == 1


async def change(post: Post, row: Row, changes: tickets.Changes) -> None:
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, (await post.ticket(row)).id, seen_by=company.alice)
        await tickets.change(tx, held, changes, by=company.alice)


async def narrow_bob(post: Post, allowed: set[str]) -> None:
    company = post.company
    permissions = frozenset(people.Permission[name] for name in allowed)
    async with company.database.transaction(company.organization_id) as tx:
        draft = people.RoleDraft("Narrow", "", people.Role.AGENT, people.Reach.ORGANIZATION, permissions)
        role = await people.add_custom_role(tx, draft, by=company.alice)
        user = await people.find_user(tx, company.bob.user_id)
        await people.change_user(tx, user, people.UserChanges(custom_role_id=role.id), by=company.alice)
