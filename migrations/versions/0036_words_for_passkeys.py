"""The words of two automatic mails more: a passkey was added to somebody's account, or removed from it."""

from alembic import op

revision = "0036"
down_revision = "0035"

WORDS = """
    set local lock_timeout = '5s';

    alter table wordings
        drop constraint wordings_kind_check,
        add constraint wordings_kind_check check (kind in (
            'SIGNATURE', 'TEMPLATE', 'ACKNOWLEDGEMENT', 'SIGN_IN_LINK', 'PASSWORD_LINK', 'PASSWORD_CHANGED',
            'ADDRESS_LINK', 'ADDRESS_CHANGED', 'INVITATION', 'TOKEN_COPIED', 'PASSKEY_ADDED', 'PASSKEY_REMOVED'
        ));
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(WORDS)
