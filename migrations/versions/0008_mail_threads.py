"""Related tickets and follow-ups."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward only."""
    op.execute("select 1")
