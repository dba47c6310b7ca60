"""An organization's own words: signatures, templates, automatic mails, each in several languages."""

from alembic import op

revision = "0010"
down_revision = "0009"

WORDINGS = """
    -- Two earlier tables for the same purpose; nothing ever wrote into them.
    drop table templates;
    drop table signatures;

    create table wordings (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        kind text not null check (kind in ('SIGNATURE', 'TEMPLATE', 'ACKNOWLEDGEMENT')),
        name text not null check (length(name) <= 80),
        -- Whose: one of these, or, with none, the organization's.
        mailbox_id uuid,
        department_id uuid,
        user_id uuid,
        -- By language: {"de": {"subject": "", "text": "…", "html": ""}}.
        texts jsonb not null check (jsonb_typeof(texts) = 'object' and texts <> '{}'),
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (organization_id, id),
        foreign key (organization_id, mailbox_id) references mailboxes on delete cascade,
        foreign key (organization_id, department_id) references departments on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade,
        check (num_nonnulls(mailbox_id, department_id, user_id) <= 1),
        check ((kind = 'TEMPLATE') = (name <> '')),
        check (kind <> 'SIGNATURE' or department_id is null),
        check (kind <> 'ACKNOWLEDGEMENT' or num_nonnulls(department_id, user_id) = 0)
    );
    create unique index wordings_once
        on wordings (organization_id, kind, lower(name), mailbox_id, department_id, user_id) nulls not distinct;
    call raise_wall('wordings');
"""

SENDING = """
    alter table sending_settings
        -- What the organization writes in, the first one first.
        add column languages text[] not null default '{en}' check (cardinality(languages) between 1 and 30);
    alter table outbound_messages
        -- What stands under the words: frozen like them.
        add column signature text,
        add column signature_html text,
        add column signature_language text,
        -- Of an automatic mail.
        add column html text,
        add column language text;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(WORDINGS)
    op.execute(SENDING)
