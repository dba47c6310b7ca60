"""Invitations: somebody is asked by mail to answer customers here."""

from alembic import op

revision = "0019"
down_revision = "0018"

TABLES = """
    create table invitations (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        email text not null check (email = lower(email) and length(email) <= 254),
        role text not null check (role in ('ADMIN', 'MANAGER', 'AGENT')),
        reach text not null check (reach in ('ORGANIZATION', 'DEPARTMENTS')),
        -- Those that are gone by the time it is accepted are passed over.
        department_ids uuid[] not null default '{}',
        message text not null default '' check (length(message) <= 500),
        invited_by uuid not null,
        created_at timestamptz not null,
        sent_at timestamptz not null,
        expires_at timestamptz not null,
        accepted_at timestamptz,
        accepted_by uuid,
        revoked_at timestamptz,
        primary key (organization_id, id),
        foreign key (organization_id, invited_by) references users on delete cascade,
        foreign key (organization_id, accepted_by) references users on delete cascade,
        check ((accepted_at is null) = (accepted_by is null)),
        check (accepted_at is null or revoked_at is null)
    );
    create unique index invitations_once on invitations (organization_id, email)
        where accepted_at is null and revoked_at is null;
    create index invitations_pending on invitations (organization_id, id)
        where accepted_at is null and revoked_at is null;
    call raise_wall('invitations');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
