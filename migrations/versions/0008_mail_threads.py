"""Which tickets belong together, and what the ledger knows of each mail."""

from alembic import op

revision = "0008"
down_revision = "0007"

RELATIONS = """
    create table ticket_relations (
        organization_id uuid not null,
        ticket_id uuid not null,
        related_id uuid not null,
        kind text not null check (kind in ('FOLLOW_UP', 'MENTION')),
        created_at timestamptz not null,
        primary key (organization_id, ticket_id, related_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, related_id) references tickets on delete cascade,
        check (ticket_id <> related_id)
    );
    create index ticket_relations_backwards on ticket_relations (organization_id, related_id);
    call raise_wall('ticket_relations');

    create table follow_up_rules (
        organization_id uuid primary key references organizations on delete cascade,
        -- null: however old a closed ticket is, an answer opens it again.
        days integer check (days between 0 and 3650)
    );
    call raise_wall('follow_up_rules');
"""

LEDGER = """
    alter table inbound_messages
        -- Who wrote to whom, as the mail says: {email, name}, or lists of them.
        add column sent_from jsonb,
        add column sent_to jsonb not null default '[]',
        add column sent_cc jsonb not null default '[]',
        add column language text check (length(language) <= 10),
        -- The same for the same mail, by whatever way and however often it comes; null where nothing tells.
        add column identity bytea,
        add column attempts integer not null default 0,
        add column begun_at timestamptz,
        add column failures integer not null default 0,
        add column last_error text,
        add column nudged_at timestamptz;

    update inbound_messages set identity = sha256(convert_to(message_id, 'UTF8') || digest)
    where outcome = 'ADMITTED' and message_id is not null;

    drop index inbound_messages_admitted;
    -- What makes a second delivery of the same mail a duplicate, whatever two workers do at once.
    create unique index inbound_messages_once on inbound_messages (organization_id, identity)
        where outcome in ('ADMITTED', 'AUTOMATIC', 'BOUNCE', 'QUARANTINED');

    create policy doorkeeper_of_waiting_mail on inbound_messages for select to parlour_doorkeeper using (true);
    grant select (organization_id, processed_at, received_at) on inbound_messages to parlour_doorkeeper;
    create function doorway_organizations_with_waiting_mail() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from inbound_messages
         where processed_at is null and received_at < now() - interval ''10 minutes''';
    call open_doorway('doorway_organizations_with_waiting_mail()');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(RELATIONS)
    op.execute(LEDGER)
