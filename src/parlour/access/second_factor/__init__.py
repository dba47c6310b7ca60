"""The second factor: codes of an app, backup codes, remembered browsers."""
