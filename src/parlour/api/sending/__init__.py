"""What programs do about mail going out."""

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

from parlour.api.sending import domains, replies

__all__ = ["HANDLERS"]

HANDLERS: Sequence[HTTPRouteHandler] = (
    replies.read_recipients,
    replies.undo_reply,
    replies.send_reply_now,
    replies.read_sending_settings,
    replies.change_sending_settings,
    domains.list_domains,
    domains.add_domain,
    domains.read_domain,
    domains.remove_domain,
    domains.check_domain,
    domains.renew_domain_keys,
)
