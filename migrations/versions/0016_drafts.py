"""What agents are writing: kept with the server until it is sent."""

from alembic import op

revision = "0016"
down_revision = "0015"

DRAFTS = """
    set local lock_timeout = '5s';

    create table drafts (
        organization_id uuid not null,
        ticket_id uuid not null,
        user_id uuid not null,
        kind text not null check (kind in ('REPLY', 'NOTE')),
        text text not null check (length(text) <= 200000),
        -- As they were typed, unfinished ones included; null where nobody has touched them.
        recipients jsonb,
        attachment_ids uuid[] not null default '{}' check (cardinality(attachment_ids) <= 50),
        -- The newest comment that was there when the writing began.
        seen_comment_id uuid,
        updated_at timestamptz not null,
        primary key (organization_id, ticket_id, user_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index drafts_by_user on drafts (organization_id, user_id);

    call raise_wall('drafts');
"""

# Who was not on the ticket when a reply was written joins it when the reply is said, not when it may still be undone.
NEWCOMERS = """
    alter table held_replies add column newcomers text[] not null default '{}';
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(DRAFTS)
    op.execute(NEWCOMERS)
