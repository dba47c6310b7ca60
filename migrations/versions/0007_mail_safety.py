"""Verdicts, quarantine, bounces."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only."""
    op.execute("select 1")
