"""Carries words in and out by mail."""
