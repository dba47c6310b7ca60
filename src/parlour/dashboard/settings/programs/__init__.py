"""Programs: one's own tokens, and everybody's."""
