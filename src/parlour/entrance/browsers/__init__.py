"""What browsers are told to keep to, and what they report."""
