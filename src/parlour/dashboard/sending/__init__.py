"""What agents send: replies and notes, whom they go to, what waits, and what is still being written."""

from parlour.dashboard.sending import drafts, held, recipients, replies

ROUTES = [
    replies.reply,
    replies.note,
    recipients.show,
    drafts.show,
    drafts.keep,
    held.undo,
    held.send,
]

__all__ = ["ROUTES"]
