"""Mails of Parlour's own to one person: links and news about their access. They belong to no ticket."""

from parlour.email.notices.addresses import confirm_address, send_address_link, tell_of_new_address
from parlour.email.notices.asking import ask_for_link, send_link
from parlour.email.notices.inviting import send_invitation
from parlour.email.notices.sending import resume_notices, send_notice
from parlour.email.notices.unchangeable import Unchangeable
from parlour.email.notices.warning import (
    tell_of_copied_token,
    tell_of_ending_token,
    tell_of_new_password,
    tell_of_passkey,
)
from parlour.email.notices.writing import Notice, write_notice

__all__ = [
    "Notice",
    "Unchangeable",
    "ask_for_link",
    "confirm_address",
    "resume_notices",
    "send_address_link",
    "send_invitation",
    "send_link",
    "send_notice",
    "tell_of_copied_token",
    "tell_of_ending_token",
    "tell_of_new_address",
    "tell_of_new_password",
    "tell_of_passkey",
    "write_notice",
]
