"""Mail before real scanners: rspamd, SpamAssassin, ClamAV."""
