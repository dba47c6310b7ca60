"""Verdicts, quarantine, bounces, and what an organization lets in."""

from alembic import op

revision = "0007"
down_revision = "0006"

LEDGER = """
    alter table inbound_messages drop constraint if exists inbound_messages_outcome_check;
    alter table inbound_messages add constraint inbound_messages_outcome_check check
        (outcome in ('ADMITTED', 'DUPLICATE', 'REFUSED', 'QUARANTINED', 'AUTOMATIC', 'BOUNCE', 'FAILED'));

    alter table inbound_messages
        -- Who handed it over, where that was the listener: what SPF is about.
        add column client_address text,
        add column client_name text,
        -- As the mail says, for lists that must not read the mail again.
        add column sender text,
        add column subject text,
        add column authentication jsonb,
        add column spam jsonb,
        add column automatic text check (automatic in ('VACATION', 'BOUNCE', 'LIST', 'NOTICE')),
        -- Whether a program may write back to its sender.
        add column answerable boolean not null default true,
        -- Which of its files the organization's limits kept out, and why.
        add column left_out text,
        -- Let out of quarantine by somebody: no verdict holds it again.
        add column released_at timestamptz,
        add column released_by uuid;
    create index inbound_messages_quarantined on inbound_messages (organization_id, id)
        where outcome = 'QUARANTINED';

    alter table mailboxes
        -- The server whose Authentication-Results are believed (RFC 8601 section 2.5); null where none is.
        add column trusted_authserv_id text check (length(trusted_authserv_id) between 1 and 255),
        -- null: as the organization's rules say.
        add column acknowledges boolean;
"""

RULES = """
    create table organization_mail_settings (
        organization_id uuid primary key references organizations on delete cascade,
        acknowledges boolean not null default false,
        quarantines_spam boolean not null default true,
        quarantines_forgeries boolean not null default true,
        attachment_limit bigint not null default 26214400 check (attachment_limit between 0 and 1073741824),
        attachments_limit bigint not null default 52428800 check (attachments_limit between 0 and 1073741824),
        refused_endings text[] not null default '{}' check (cardinality(refused_endings) <= 200)
    );

    -- Whose mail was let out of quarantine once: it isn't held as spam again.
    create table trusted_senders (
        organization_id uuid not null references organizations on delete cascade,
        email text not null check (length(email) <= 254),
        added_by uuid,
        added_at timestamptz not null,
        primary key (organization_id, email)
    );

    -- One acknowledgement a ticket; and how many went to an address lately.
    create table acknowledgements (
        organization_id uuid not null,
        ticket_id uuid not null,
        email text not null,
        at timestamptz not null,
        primary key (organization_id, ticket_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade
    );
    create index acknowledgements_by_address on acknowledgements (organization_id, email, at);

    call raise_wall('organization_mail_settings');
    call raise_wall('trusted_senders');
    call raise_wall('acknowledgements');
"""

PEOPLE = """
    alter table users
        -- Set where the last mail to them came back for good.
        add column mail_state text check (mail_state in ('BOUNCING')),
        add column mail_state_words text,
        add column mail_state_at timestamptz;

    -- Why a file is dangerous to open, in words; null where nothing speaks against it.
    alter table attachments add column warning text check (length(warning) <= 500);
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(LEDGER)
    op.execute(RULES)
    op.execute(PEOPLE)
