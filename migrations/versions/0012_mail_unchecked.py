"""What a scanner was to look at in a mail and did not."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("alter table inbound_messages add column unchecked text")
