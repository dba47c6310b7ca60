"""What an organization may ask beyond the settings, and the web pages elsewhere that may ask in its name."""

from alembic import op

revision = "0023"
down_revision = "0022"

TABLES = """
    set local lock_timeout = '5s';

    create table allowances (
        organization_id uuid not null references organizations on delete cascade,
        kind text not null check (kind in ('api', 'tickets', 'socket')),
        most integer not null check (most between 1 and 1000000),
        seconds integer not null check (seconds between 1 and 86400),
        primary key (organization_id, kind)
    );
    call raise_wall('allowances');

    create table allowed_origins (
        organization_id uuid not null references organizations on delete cascade,
        origin text not null check (length(origin) <= 300),
        primary key (organization_id, origin)
    );
    create index allowed_origins_by_origin on allowed_origins (origin);
    call raise_wall('allowed_origins');
"""

DOORWAYS = """
    create policy doorkeeper on allowed_origins for select to parlour_doorkeeper using (true);
    grant select (organization_id, origin) on allowed_origins to parlour_doorkeeper;

    create or replace function doorway_organization_by_origin(asked text) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from allowed_origins where origin = asked limit 1';
    call open_doorway('doorway_organization_by_origin(text)');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
    op.execute(DOORWAYS)
