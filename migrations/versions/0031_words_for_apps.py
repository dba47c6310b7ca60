"""The words of one automatic mail more: an app was signed out, because somebody has a copy of its token."""

from alembic import op

revision = "0031"
down_revision = "0030"

WORDS = """
    set local lock_timeout = '5s';

    alter table wordings
        drop constraint wordings_kind_check,
        add constraint wordings_kind_check check (kind in (
            'SIGNATURE', 'TEMPLATE', 'ACKNOWLEDGEMENT', 'SIGN_IN_LINK', 'PASSWORD_LINK', 'PASSWORD_CHANGED',
            'ADDRESS_LINK', 'ADDRESS_CHANGED', 'INVITATION', 'TOKEN_COPIED'
        ));
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(WORDS)
