"""An organization's own measure of spam, and of how much mail of one sender is a loop."""

from alembic import op

revision = "0017"
down_revision = "0016"

RULES = """
    set local lock_timeout = '5s';

    alter table organization_mail_settings
        -- From which score of the filter on a mail is spam; null: as the filter itself decides.
        add column spam_threshold double precision check (spam_threshold between 0 and 1000),
        -- Mails of one sender within ten minutes; null: as the installation is set.
        add column sender_limit integer check (sender_limit between 1 and 100000);
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(RULES)
