"""Programs: one's own tokens, everybody's, and the company's directory."""
