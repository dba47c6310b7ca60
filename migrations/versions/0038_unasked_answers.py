"""SAML connections that take sign-ins which begin at the provider."""

from alembic import op

revision = "0038"
down_revision = "0037"

COLUMN = """
    set local lock_timeout = '5s';
    alter table saml_connections add column takes_unasked boolean not null default false;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(COLUMN)
