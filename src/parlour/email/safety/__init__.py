"""What may come in, from whom, and what must not be answered."""

from parlour.email.safety.judging import judge
from parlour.email.safety.keeping import keep_verdict
from parlour.email.safety.verdicts import Action, Authentication, Automatic, Bounce, Kind, Spam, Verdict

__all__ = ["Action", "Authentication", "Automatic", "Bounce", "Kind", "Spam", "Verdict", "judge", "keep_verdict"]
