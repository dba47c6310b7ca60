"""What an organization says of itself: its zone, its logo; and its earlier short names."""

from alembic import op

revision = "0026"
down_revision = "0025"

TABLES = """
    set local lock_timeout = '5s';

    alter table organizations
        add column time_zone text not null default 'UTC' check (length(time_zone) between 1 and 60),
        -- Names the picture: its address and its blob carry it, and another picture has another one. Null: none.
        add column logo text check (logo ~ '^[0-9a-f]{32}$');

    create table former_slugs (
        organization_id uuid not null references organizations on delete cascade,
        slug text not null,
        until timestamptz not null,
        primary key (organization_id, slug)
    );
    create index former_slugs_by_slug on former_slugs (slug);
    call raise_wall('former_slugs');
"""

DOORWAYS = """
    create policy doorkeeper on former_slugs for select to parlour_doorkeeper using (true);
    grant select (organization_id, slug, until) on former_slugs to parlour_doorkeeper;

    create function doorway_organization_by_former_slug(wanted text, at timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from former_slugs where slug = wanted and until > at';

    call open_doorway('doorway_organization_by_former_slug(text, timestamptz)');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
    op.execute(DOORWAYS)
