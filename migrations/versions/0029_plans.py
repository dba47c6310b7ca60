"""Which plan an organization has, how much of it is used, and that its administrators were told."""

from alembic import op

revision = "0029"
down_revision = "0028"

TABLES = """
    set local lock_timeout = '5s';

    -- Without a row there is no limit.
    create table subscriptions (
        organization_id uuid primary key references organizations on delete cascade,
        plan text not null check (plan in ('FREE', 'TEAM', 'BUSINESS', 'UNLIMITED')),
        -- By resource, where an operator agreed to another limit than the plan's; null there: none.
        agreed jsonb not null default '{}'
    );
    call raise_wall('subscriptions');

    create table usage_counts (
        organization_id uuid not null references organizations on delete cascade,
        resource text not null check (resource in ('SEATS', 'MAILBOXES', 'STORAGE', 'TICKETS')),
        amount bigint not null check (amount >= 0),
        counted_at timestamptz not null,
        -- The highest mark, in percent, that its administrators were told of.
        told integer not null default 0 check (told in (0, 80, 100)),
        primary key (organization_id, resource)
    );
    call raise_wall('usage_counts');

    alter table notifications
        add column usage_of text,
        drop constraint notifications_are_about_something,
        add constraint notifications_are_about_something check (
            ticket_id is not null or mailbox_id is not null or sending_domain_id is not null or usage_of is not null
        );
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
