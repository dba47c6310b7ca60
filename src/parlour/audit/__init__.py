"""The audit trail: who did what that matters to security, in a chain that shows when somebody touched it."""

from parlour.audit.acts import Act, Group, words_of
from parlour.audit.recording import Outcome, Subject, changes, record, record_nothing
from parlour.audit.retention import LEAST_DAYS, MOST_DAYS, keep_days, set_keep_days, trim_trail, trim_trails
from parlour.audit.verifying import Verdict, verify

JOBS = (trim_trail,)
"""What this room lets the queue run."""

__all__ = [
    "JOBS",
    "LEAST_DAYS",
    "MOST_DAYS",
    "Act",
    "Group",
    "Outcome",
    "Subject",
    "Verdict",
    "changes",
    "keep_days",
    "record",
    "record_nothing",
    "set_keep_days",
    "trim_trail",
    "trim_trails",
    "verify",
    "words_of",
]
