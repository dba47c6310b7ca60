"""Addresses that are not confirmed yet, and those that somebody is about to have."""

from alembic import op

revision = "0025"
down_revision = "0024"

TABLES = """
    set local lock_timeout = '5s';

    -- Whoever signed an organization up and has not shown yet that they read mail at their address.
    alter table users add column unconfirmed_since timestamptz;
    create index users_unconfirmed on users (organization_id) where unconfirmed_since is not null;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
