"""What may come in, from whom, and what must not be answered."""

from parlour.email.safety.judging import judge
from parlour.email.safety.keeping import keep_verdict
from parlour.email.safety.loops import too_many_on
from parlour.email.safety.pictures import (
    Pictures,
    fetch_picture,
    is_signed,
    with_pictures,
    without_pictures,
)
from parlour.email.safety.returned import Bounced, heard_from, record_bounce
from parlour.email.safety.rules import MailRules, change_mail_rules, mail_rules
from parlour.email.safety.verdicts import Action, Authentication, Automatic, Bounce, Kind, Spam, Verdict

__all__ = [
    "Action",
    "Authentication",
    "Automatic",
    "Bounce",
    "Bounced",
    "Kind",
    "MailRules",
    "Pictures",
    "Spam",
    "Verdict",
    "change_mail_rules",
    "fetch_picture",
    "heard_from",
    "is_signed",
    "judge",
    "keep_verdict",
    "mail_rules",
    "record_bounce",
    "too_many_on",
    "with_pictures",
    "without_pictures",
]
