"""How mail goes out: held replies, frozen recipients, templates, signatures, signing keys of domains."""

from alembic import op

revision = "0006"
down_revision = "0005"

COMMENTS = """
    -- A reply that was written and not yet said: agents see it, customers don't.
    alter table comments add column held_at timestamptz;
"""

OUTBOUND = """
    alter table outbound_messages
        alter column comment_id drop not null,
        add column kind text not null default 'REPLY' check (kind in ('REPLY', 'AUTOMATIC')),
        add column bcc_addresses text[] not null default '{}',
        -- How each address is called in the headers; frozen like the addresses.
        add column names jsonb not null default '{}',
        -- What the next server has said of each address: taken, or refused and why.
        add column taken_addresses text[] not null default '{}',
        add column refusals jsonb not null default '{}',
        -- When its bytes were written; from then on every attempt sends the same ones.
        add column composed_at timestamptz default now(),
        -- Attempts after which nobody knows whether the server has taken it.
        add column doubtful_attempts integer not null default 0,
        -- An automatic mail has no comment to take its words from.
        add column text text,
        add constraint outbound_messages_have_words check ((kind = 'AUTOMATIC') = (text is not null)),
        add constraint outbound_messages_answer check (kind = 'AUTOMATIC' or comment_id is not null);
    alter table outbound_messages
        -- Those that were there have theirs; from now on it is set when it happens.
        alter column composed_at drop default,
        drop constraint outbound_messages_state_check,
        add constraint outbound_messages_state_check
            check (state in ('QUEUED', 'SENDING', 'SENT', 'BOUNCED', 'FAILED', 'CANCELLED')),
        drop constraint outbound_messages_check,
        add constraint outbound_messages_sent check (state <> 'SENT' or sent_at is not null);
    create index outbound_messages_due on outbound_messages (next_attempt_at) where state in ('QUEUED', 'SENDING');

    create table held_replies (
        organization_id uuid not null,
        comment_id uuid not null,
        ticket_id uuid not null,
        release_at timestamptz not null,
        -- Not said at all if the customer writes before.
        unless_answered boolean not null,
        -- Where the ticket stands once it is said.
        status_after text check (status_after in ('OPEN', 'IN_PROGRESS', 'PENDING', 'RESOLVED', 'CLOSED')),
        created_at timestamptz not null,
        cancelled_at timestamptz,
        primary key (organization_id, comment_id),
        foreign key (organization_id, comment_id) references comments on delete cascade,
        foreign key (organization_id, ticket_id) references tickets on delete cascade
    );
    create index held_replies_due on held_replies (release_at) where cancelled_at is null;
    create index held_replies_by_ticket on held_replies (organization_id, ticket_id);

    create table sending_settings (
        organization_id uuid primary key references organizations on delete cascade,
        undo_seconds integer not null default 10 check (undo_seconds between 0 and 120)
    );

    call raise_wall('held_replies');
    call raise_wall('sending_settings');
"""

WORDS = """
    create table templates (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) between 1 and 80),
        language text not null check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$'),
        -- Whose: a mailbox's, an agent's own, or, with neither, everybody's.
        mailbox_id uuid,
        user_id uuid,
        subject text not null default '' check (length(subject) <= 500),
        text text not null check (length(text) between 1 and 20000),
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (organization_id, id),
        unique nulls not distinct (organization_id, name, language, mailbox_id, user_id),
        foreign key (organization_id, mailbox_id) references mailboxes on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade,
        check (mailbox_id is null or user_id is null)
    );

    create table signatures (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        language text check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$'),
        mailbox_id uuid,
        user_id uuid,
        text text not null check (length(text) between 1 and 5000),
        updated_at timestamptz not null,
        primary key (organization_id, id),
        unique nulls not distinct (organization_id, language, mailbox_id, user_id),
        foreign key (organization_id, mailbox_id) references mailboxes on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );

    call raise_wall('templates');
    call raise_wall('signatures');
"""

SIGNING = """
    create table sending_domains (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        domain text not null check (domain = lower(domain) and length(domain) between 4 and 253),
        selector text not null check (selector ~ '^[a-z0-9]{1,32}$'),
        -- Encrypted: see foundation/sealing.py. Public halves as the DNS has them.
        sealed_rsa bytea not null,
        sealed_ed25519 bytea not null,
        public_rsa text not null,
        public_ed25519 text not null,
        created_at timestamptz not null,
        checked_at timestamptz,
        -- Which of the records were found as they should be.
        found jsonb not null default '{}',
        rsa_verified_at timestamptz,
        ed25519_verified_at timestamptz,
        primary key (organization_id, id),
        unique (organization_id, domain)
    );
    create index sending_domains_unchecked on sending_domains (checked_at);
    call raise_wall('sending_domains');
"""

DOORWAYS = """
    create policy doorkeeper on held_replies for select to parlour_doorkeeper using (true);
    grant select (organization_id, release_at, cancelled_at) on held_replies to parlour_doorkeeper;
    create policy doorkeeper on outbound_messages for select to parlour_doorkeeper using (true);
    grant select (organization_id, state, next_attempt_at) on outbound_messages to parlour_doorkeeper;
    create policy doorkeeper on sending_domains for select to parlour_doorkeeper using (true);
    grant select (organization_id, checked_at) on sending_domains to parlour_doorkeeper;

    create function doorway_organizations_with_held_replies_due(now timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from held_replies where cancelled_at is null and release_at <= now';
    call open_doorway('doorway_organizations_with_held_replies_due(timestamptz)');

    create function doorway_organizations_with_mail_due(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from outbound_messages
         where state in (''QUEUED'', ''SENDING'') and next_attempt_at <= before';
    call open_doorway('doorway_organizations_with_mail_due(timestamptz)');

    create function doorway_organizations_with_domains_to_check(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from sending_domains where checked_at is null or checked_at <= before';
    call open_doorway('doorway_organizations_with_domains_to_check(timestamptz)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (COMMENTS, OUTBOUND, WORDS, SIGNING, DOORWAYS):
        op.execute(part)
