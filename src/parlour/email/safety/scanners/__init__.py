"""Programs that know spam and viruses: what they wrote into a mail's headers, and what they say when asked."""

from parlour.email.safety.scanners.spam import spam_asked
from parlour.email.safety.scanners.told import spam_told
from parlour.email.safety.scanners.viruses import Scanned, viruses_in

__all__ = ["Scanned", "spam_asked", "spam_told", "viruses_in"]
