"""Signing out at the provider too, and being told by it that somebody has signed out there."""
