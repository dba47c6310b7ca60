"""Programs: the tokens they come in with, and what each may do."""
