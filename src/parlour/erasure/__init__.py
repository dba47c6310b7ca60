"""Deleting an organization: asked for and called off, told to its administrators, and done, piece by piece."""

from parlour.erasure.asking import call_off, close_for_deletion
from parlour.erasure.erasing import JOBS, SLUG_KEPT_FOR, erase, erase_organization
from parlour.erasure.looking import erase_due_organizations, remind_of_erasures

__all__ = [
    "JOBS",
    "SLUG_KEPT_FOR",
    "call_off",
    "close_for_deletion",
    "erase",
    "erase_due_organizations",
    "erase_organization",
    "remind_of_erasures",
]
