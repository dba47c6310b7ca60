"""Signing in with SAML: the honest answer, and each way in which one can lie."""
