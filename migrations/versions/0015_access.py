"""How people come in: second factors, backup codes, remembered browsers, and what each organization asks for."""

from alembic import op

revision = "0015"
down_revision = "0014"

TABLES = """
    set local lock_timeout = '5s';

    alter table users add column password_changed_at timestamptz;

    create table second_factors (
        organization_id uuid not null,
        user_id uuid not null,
        -- Sealed: the database alone opens nothing.
        sealed_seed bytea not null,
        created_at timestamptz not null,
        -- Null until a first code has shown that the app was set up.
        confirmed_at timestamptz,
        -- The last time step whose code was used: neither it nor an earlier one counts again.
        last_step bigint not null default 0,
        primary key (organization_id, user_id),
        foreign key (organization_id, user_id) references users on delete cascade
    );

    create table backup_codes (
        organization_id uuid not null,
        user_id uuid not null,
        digest bytea not null check (length(digest) = 32),
        used_at timestamptz,
        primary key (organization_id, user_id, digest),
        foreign key (organization_id, user_id) references users on delete cascade
    );

    create table devices (
        organization_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        name text not null check (length(name) between 1 and 100),
        address text not null check (length(address) <= 100),
        created_at timestamptz not null,
        used_at timestamptz not null,
        expires_at timestamptz not null,
        primary key (organization_id, id),
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index devices_by_user on devices (organization_id, user_id);

    create table security_policies (
        organization_id uuid primary key references organizations on delete cascade,
        second_factor_for text[] not null default '{}'
            check (second_factor_for <@ array['ADMIN', 'MANAGER', 'AGENT', 'CUSTOMER']),
        second_factor_from timestamptz,
        idle_minutes integer check (idle_minutes between 5 and 129600),
        longest_hours integer check (longest_hours between 1 and 8760),
        device_days integer not null default 30 check (device_days between 0 and 90)
    );

    call raise_wall('second_factors');
    call raise_wall('backup_codes');
    call raise_wall('devices');
    call raise_wall('security_policies');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
