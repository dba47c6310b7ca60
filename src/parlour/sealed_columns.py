"""Every column that holds something sealed, and how each value's place is named: what rotation goes through."""

from typing import Final

from parlour.foundation.keys.columns import SealedColumn

SEALED_COLUMNS: Final = (
    SealedColumn("mailbox_secrets", "sealed", key=("mailbox_id", "name"), row="mailbox_id", named="'sealed.' || name"),
    SealedColumn("signing_keys", "sealed"),
    SealedColumn("identity_providers", "sealed"),
    SealedColumn("saml_keys", "sealed"),
    SealedColumn("second_factors", "sealed_seed", key=("user_id",), row="user_id"),
    SealedColumn("portal_keys", "sealed_secret"),
    SealedColumn("idempotency_keys", "sealed_answer", key=("user_id", "key"), row="user_id || ':' || key"),
)
