"""Parlour: a multi-tenant customer-support platform."""
