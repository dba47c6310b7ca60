"""Where mail comes from: how each mailbox is reached, its secrets, how far it has been read, and how it is."""

from alembic import op

revision = "0005"
down_revision = "0004"

MAILBOXES = """
    alter table mailboxes
        add column kind text not null default 'SMTP' check (kind in ('SMTP', 'IMAP', 'PUSH')),
        add column is_active boolean not null default true,
        add column removed_at timestamptz,
        add column imap jsonb,
        add column outgoing jsonb,
        add column push jsonb,
        -- Of the address that a provider's webhook calls: who knows its last part may hand in mail.
        add column push_digest bytea unique,
        -- Grows with each change: whoever reads this mailbox just now begins anew.
        add column revision integer not null default 1,
        add check (kind <> 'IMAP' or imap is not null);
    -- A removed mailbox stays for its ledger; its address is free.
    alter table mailboxes drop constraint mailboxes_address_key;
    create unique index mailboxes_by_address on mailboxes (address) where removed_at is null;

    create table mailbox_secrets (
        organization_id uuid not null,
        mailbox_id uuid not null,
        name text not null,
        sealed bytea not null,
        expires_at timestamptz,
        primary key (organization_id, mailbox_id, name),
        foreign key (organization_id, mailbox_id) references mailboxes on delete cascade
    );

    -- What changes by the second stands apart from what is set up.
    create table mailbox_states (
        organization_id uuid not null,
        mailbox_id uuid not null,
        -- Who reads it now, and until when if nothing more is heard of them.
        lease_holder uuid,
        lease_until timestamptz,
        -- How far it has been read (RFC 9051, 2.3.1.1). Up to `recount_until` messages may be in the ledger already.
        uid_validity bigint,
        last_uid bigint not null default 0,
        recount_until bigint not null default 0,
        behind integer not null default 0,
        seen_at timestamptz,
        failures integer not null default 0,
        failing_since timestamptz,
        trouble text,
        words text,
        advice text,
        alerted_at timestamptz,
        primary key (organization_id, mailbox_id),
        foreign key (organization_id, mailbox_id) references mailboxes on delete cascade
    ) with (fillfactor = 50);
    create index mailboxes_to_fetch on mailboxes (organization_id, id)
        where kind = 'IMAP' and is_active and removed_at is null;

    call raise_wall('mailbox_secrets');
    call raise_wall('mailbox_states');
"""

LEDGER = """
    alter table inbound_messages
        add column source text not null default 'SMTP' check (source in ('SMTP', 'IMAP', 'PUSH'));
    -- The counts of the ledger's page, read from the index alone; and the page itself, for one mailbox or one outcome.
    create index inbound_messages_counts on inbound_messages (organization_id, mailbox_id, outcome);
    create index inbound_messages_by_outcome on inbound_messages (organization_id, outcome, id);
    create index inbound_messages_by_mailbox on inbound_messages (organization_id, mailbox_id, id);
    create index inbound_messages_by_arrival on inbound_messages (organization_id, mailbox_id, received_at);
    -- Whether a message that a server numbers anew is known.
    create index inbound_messages_by_digest on inbound_messages (organization_id, mailbox_id, digest);
    -- Counting from the index needs to know which pages everybody sees.
    alter table inbound_messages
        set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);
"""

NOTIFICATIONS = """
    -- What waits for an administrator may be about a mailbox.
    alter table notifications
        alter column ticket_id drop not null,
        alter column version drop not null,
        add column mailbox_id uuid,
        add column words text,
        add foreign key (organization_id, mailbox_id) references mailboxes on delete cascade,
        add check (ticket_id is not null or mailbox_id is not null);
"""

DOORWAYS = """
    grant select (organization_id, id, address, kind, is_active, removed_at, push_digest) on mailboxes
        to parlour_doorkeeper;
    create policy doorkeeper on mailbox_states for select to parlour_doorkeeper using (true);
    grant select (organization_id, mailbox_id, lease_until) on mailbox_states to parlour_doorkeeper;

    create or replace function doorway_mailbox_by_address(wanted text) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
        select m.organization_id, m.id
        from mailboxes m
        where m.address in (lower(wanted), regexp_replace(lower(wanted), '[+].*@', '@'),
                            regexp_replace(lower(wanted), '[+]t[.][^@+]*@', '@'))
            and m.removed_at is null and m.is_active
        order by length(m.address) desc
        limit 1
    $$;

    create function doorway_mailbox_by_push(wanted bytea) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
        select m.organization_id, m.id
        from mailboxes m
        where m.push_digest = wanted and m.kind = 'PUSH' and m.removed_at is null and m.is_active
    $$;

    -- Those that nobody reads at the moment, the longest waiting first.
    create function doorway_mailboxes_to_fetch(most integer) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
        select m.organization_id, m.id
        from mailboxes m
        left join mailbox_states s on s.organization_id = m.organization_id and s.mailbox_id = m.id
        where m.kind = 'IMAP' and m.is_active and m.removed_at is null
            and (s.lease_until is null or s.lease_until < now())
        order by s.lease_until nulls first
        limit most
    $$;

    create function doorway_organizations_with_mailboxes() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
        select distinct m.organization_id from mailboxes m where m.removed_at is null
    $$;

    call open_doorway('doorway_mailbox_by_push(bytea)');
    call open_doorway('doorway_mailboxes_to_fetch(integer)');
    call open_doorway('doorway_organizations_with_mailboxes()');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(MAILBOXES)
    op.execute(LEDGER)
    op.execute(NOTIFICATIONS)
    op.execute(DOORWAYS)
