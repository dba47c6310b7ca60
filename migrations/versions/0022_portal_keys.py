"""Portal keys: what an organization's own site signs its customers' way into the portal with."""

from alembic import op

revision = "0022"
down_revision = "0021"

TABLES = """
    create table portal_keys (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        algorithm text not null check (algorithm in ('HS256', 'RS256', 'EdDSA')),
        -- Of HS256: the secret that both sides know.
        sealed_secret bytea,
        -- Of the others: the half that may be known.
        public_key text check (length(public_key) <= 10000),
        created_at timestamptz not null,
        primary key (organization_id, id),
        check ((algorithm = 'HS256') = (sealed_secret is not null)),
        check ((algorithm = 'HS256') = (public_key is null))
    );
    call raise_wall('portal_keys');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
