"""Mailboxes, the ledger of mail that came in, and the mail that goes out."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
    create table mailboxes (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        -- One address leads to one organization: mail has nothing else to go by.
        address text not null unique check (address = lower(address) and length(address) between 3 and 254),
        name text not null default '' check (length(name) <= 120),
        department_id uuid,
        created_at timestamptz not null,
        primary key (organization_id, id),
        foreign key (organization_id, department_id) references departments on delete set null (department_id)
    );

    create table inbound_messages (
        organization_id uuid not null,
        id uuid not null,
        mailbox_id uuid not null,
        envelope_sender text not null,
        envelope_recipients text[] not null,
        blob_key text not null,
        size bigint not null,
        digest bytea not null,
        received_at timestamptz not null,
        message_id text,
        outcome text check (outcome in ('ADMITTED', 'DUPLICATE', 'REFUSED')),
        reason text,
        ticket_id uuid,
        comment_id uuid,
        processed_at timestamptz,
        primary key (organization_id, id),
        foreign key (organization_id, mailbox_id) references mailboxes,
        foreign key (organization_id, ticket_id) references tickets on delete set null (ticket_id),
        foreign key (organization_id, comment_id) references comments on delete set null (comment_id),
        check ((outcome is null) = (processed_at is null)),
        check (outcome = 'ADMITTED' or outcome is null or reason is not null)
    );
    -- What makes a second delivery of the same mail a duplicate, whatever two workers do at once.
    create unique index inbound_messages_admitted on inbound_messages (organization_id, message_id, digest)
        where outcome = 'ADMITTED';
    create index inbound_messages_by_message_id on inbound_messages (organization_id, message_id)
        where ticket_id is not null;
    create index inbound_messages_by_comment on inbound_messages (organization_id, comment_id)
        where comment_id is not null;
    create index inbound_messages_by_ticket on inbound_messages (organization_id, ticket_id, id)
        where ticket_id is not null;
    create index inbound_messages_unaccounted on inbound_messages (organization_id, received_at)
        where processed_at is null;

    create table outbound_messages (
        organization_id uuid not null,
        id uuid not null,
        ticket_id uuid not null,
        comment_id uuid not null,
        mailbox_id uuid,
        envelope_sender text not null,
        to_addresses text[] not null,
        cc_addresses text[] not null,
        subject text not null,
        message_id text not null,
        in_reply_to text,
        reference_ids text[] not null,
        blob_key text not null,
        state text not null check (state in ('QUEUED', 'SENDING', 'SENT', 'FAILED')),
        attempts integer not null default 0,
        last_error text,
        next_attempt_at timestamptz not null,
        created_at timestamptz not null,
        sent_at timestamptz,
        primary key (organization_id, id),
        -- One comment is one mail, however often its job runs.
        unique (organization_id, comment_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, comment_id) references comments on delete cascade,
        foreign key (organization_id, mailbox_id) references mailboxes,
        check ((state = 'SENT') = (sent_at is not null)),
        check (mailbox_id is not null or state = 'FAILED')
    );
    create unique index outbound_messages_by_message_id on outbound_messages (organization_id, message_id);
    create index outbound_messages_by_ticket on outbound_messages (organization_id, ticket_id, id);

    call raise_wall('mailboxes');
    call raise_wall('inbound_messages');
    call raise_wall('outbound_messages');
"""

DOORWAYS = """
    create policy doorkeeper on mailboxes for select to parlour_doorkeeper using (true);
    grant select (organization_id, id, address) on mailboxes to parlour_doorkeeper;

    -- The very address first, then what is left of it without `+detail`.
    create function doorway_mailbox_by_address(wanted text) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
        select m.organization_id, m.id
        from mailboxes m
        where m.address in (lower(wanted), regexp_replace(lower(wanted), '[+].*@', '@'),
                            regexp_replace(lower(wanted), '[+]t[.][^@+]*@', '@'))
        order by length(m.address) desc
        limit 1
    $$;
    call open_doorway('doorway_mailbox_by_address(text)');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
    op.execute(DOORWAYS)
