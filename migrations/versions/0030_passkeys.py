"""Passkeys: the public halves of keys that people keep in their devices."""

from alembic import op

revision = "0030"
down_revision = "0029"

TABLES = """
    set local lock_timeout = '5s';

    create table passkeys (
        organization_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        credential_id bytea not null check (length(credential_id) between 1 and 1023),
        public_key bytea not null,
        sign_count bigint not null check (sign_count >= 0),
        transports text[] not null,
        -- Which make of authenticator it says it is. Nothing is decided by it.
        aaguid uuid not null,
        is_backed_up boolean not null,
        -- Whose page it was made on: a browser shows it to no other.
        rp_id text not null,
        name text not null check (length(name) between 1 and 100),
        created_at timestamptz not null,
        used_at timestamptz,
        primary key (organization_id, id),
        foreign key (organization_id, user_id) references users on delete cascade
    );
    -- Over all organizations: it finds out whose it is before an organization is known.
    create unique index passkeys_by_credential on passkeys (credential_id);
    create index passkeys_by_user on passkeys (organization_id, user_id, created_at);

    call raise_wall('passkeys');
"""

DOORWAYS = """
    create policy doorkeeper on passkeys for select to parlour_doorkeeper using (true);
    grant select (organization_id, id, credential_id) on passkeys to parlour_doorkeeper;

    create function doorway_passkey(credential bytea) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as
        'select p.organization_id, p.id from passkeys p where p.credential_id = credential';
    call open_doorway('doorway_passkey(bytea)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TABLES, DOORWAYS):
        op.execute(part)
