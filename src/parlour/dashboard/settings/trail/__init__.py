"""The audit trail's page: looked through, taken away, verified, and how long it is kept."""
