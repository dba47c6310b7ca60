"""The audit trail: who did what that matters to security, in a chain that shows when somebody touched it."""

from parlour.audit.acts import Act, Group, words_of
from parlour.audit.anchoring import anchor_anew, anchor_trail, anchor_trails, weigh_anchor
from parlour.audit.exporting import Form, export_trail
from parlour.audit.reading import Edge, Entry, TrailFilter, note_export, note_look, trail_length, trail_page
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
    "Edge",
    "Entry",
    "Form",
    "Group",
    "Outcome",
    "Subject",
    "TrailFilter",
    "Verdict",
    "anchor_anew",
    "anchor_trail",
    "anchor_trails",
    "changes",
    "export_trail",
    "keep_days",
    "note_export",
    "note_look",
    "record",
    "record_nothing",
    "set_keep_days",
    "trail_length",
    "trail_page",
    "trim_trail",
    "trim_trails",
    "verify",
    "weigh_anchor",
    "words_of",
]
