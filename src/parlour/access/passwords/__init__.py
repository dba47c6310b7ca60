"""Passwords: hashed, judged, changed, and signing in with one."""
