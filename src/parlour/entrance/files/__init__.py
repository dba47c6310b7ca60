"""Files that somebody sent: given out in whole or in part, by us or by a host that does nothing else."""
