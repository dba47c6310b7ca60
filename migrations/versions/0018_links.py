"""Links by mail, and the mails of our own that carry them."""

from alembic import op

revision = "0018"
down_revision = "0017"

TABLES = """
    set local lock_timeout = '5s';

    create table links (
        organization_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        purpose text not null check (purpose in ('SIGN_IN', 'PASSWORD', 'ADDRESS')),
        -- Where it was sent: it shows that somebody reads mail there, and nothing else.
        email text not null check (email = lower(email) and length(email) <= 254),
        -- Asked for where no organization was named: it opens all in which this address signs in.
        everywhere boolean not null default false,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz,
        primary key (organization_id, id),
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index links_by_user on links (organization_id, user_id, purpose, created_at);

    create table notices (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        kind text not null,
        mailbox_id uuid,
        address text not null check (length(address) <= 254),
        -- The words as they were chosen, and what stands in their places. Never the link itself: it is made when
        -- the mail is, from what names it.
        words jsonb not null,
        scene jsonb not null,
        language text not null,
        path text not null default '',
        purpose text not null default '',
        link_id uuid,
        message_id text not null,
        state text not null default 'QUEUED' check (state in ('QUEUED', 'SENDING', 'SENT', 'FAILED')),
        attempts integer not null default 0,
        last_error text,
        created_at timestamptz not null,
        next_attempt_at timestamptz not null,
        -- After that it is of no use to anybody.
        expires_at timestamptz not null,
        sent_at timestamptz,
        primary key (organization_id, id),
        foreign key (organization_id, mailbox_id) references mailboxes on delete cascade,
        check ((purpose = '') = (link_id is null)),
        check (state <> 'SENT' or sent_at is not null)
    );
    create index notices_due on notices (next_attempt_at) where state in ('QUEUED', 'SENDING');

    call raise_wall('links');
    call raise_wall('notices');
"""

WORDS = """
    alter table wordings
        drop constraint wordings_kind_check,
        add constraint wordings_kind_check check (kind in (
            'SIGNATURE', 'TEMPLATE', 'ACKNOWLEDGEMENT', 'SIGN_IN_LINK', 'PASSWORD_LINK', 'PASSWORD_CHANGED',
            'ADDRESS_LINK', 'ADDRESS_CHANGED', 'INVITATION'
        )),
        add constraint wordings_automatic
            check (kind in ('SIGNATURE', 'TEMPLATE') or num_nonnulls(department_id, user_id) = 0);
"""

DOORWAYS = """
    create policy doorkeeper on notices for select to parlour_doorkeeper using (true);
    grant select (organization_id, state, next_attempt_at) on notices to parlour_doorkeeper;

    create function doorway_organizations_with_notices_due(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from notices
         where state in (''QUEUED'', ''SENDING'') and next_attempt_at <= before';
    call open_doorway('doorway_organizations_with_notices_due(timestamptz)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TABLES, WORDS, DOORWAYS):
        op.execute(part)
