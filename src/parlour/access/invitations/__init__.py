"""Invitations: who may ask whom to answer customers here, and what happens when they accept."""
